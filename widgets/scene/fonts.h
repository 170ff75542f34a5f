// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFont>

namespace meshyard::scene {

/// Inter with the look's fallbacks. @param pixels 11 labels, 12 secondary, 13 body, 16 titles, 19
/// figures.
QFont textFont(double pixels, QFont::Weight weight = QFont::Normal);

/// JetBrains Mono for times, YAML and code.
QFont monoFont(double pixels, QFont::Weight weight = QFont::Normal);

} // namespace meshyard::scene
