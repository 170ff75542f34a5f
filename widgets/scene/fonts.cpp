// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/fonts.h"

#include <QStringList>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace meshyard::scene {
namespace {

/// Finding the font behind a QFont costs more than drawing with it: each thread keeps what it
/// found.
QFont sized(const QStringList& families, double pixels, QFont::Weight weight)
{
    using Key = std::tuple<QString, int, int>;
    thread_local std::map<Key, QFont> known;
    const Key key{families.first(), std::max(1, static_cast<int>(std::lround(pixels))), weight};
    if (const auto found = known.find(key); found != known.end())
        return found->second;
    QFont font(families);
    font.setPixelSize(std::get<1>(key));
    font.setWeight(weight);
    font.setHintingPreference(QFont::PreferNoHinting); // the same widths at every zoom
    known.emplace(key, font);
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
