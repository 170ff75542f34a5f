// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/fonts.h"

#include <QStringList>

#include <algorithm>
#include <cmath>

namespace meshyard::scene {
namespace {

QFont sized(const QStringList& families, double pixels, QFont::Weight weight)
{
    QFont font(families);
    font.setPixelSize(std::max(1, static_cast<int>(std::lround(pixels))));
    font.setWeight(weight);
    font.setHintingPreference(QFont::PreferNoHinting); // the same widths at every zoom
    return font;
}

} // namespace

QFont textFont(double pixels, QFont::Weight weight)
{
    static const QStringList families{QStringLiteral("Inter"), QStringLiteral("Noto Sans"),
        QStringLiteral("Noto Sans CJK JP"), QStringLiteral("DejaVu Sans")};
    return sized(families, pixels, weight);
}

QFont monoFont(double pixels, QFont::Weight weight)
{
    static const QStringList families{QStringLiteral("JetBrains Mono"),
        QStringLiteral("Noto Sans Mono"), QStringLiteral("DejaVu Sans Mono")};
    return sized(families, pixels, weight);
}

} // namespace meshyard::scene
