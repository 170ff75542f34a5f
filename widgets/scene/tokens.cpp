// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/tokens.h"

namespace meshyard::scene {

const Tokens& lightTokens()
{
    static const Tokens tokens{
        .canvas = QColor(0xF6F7F9),
        .panel = QColor(0xFFFFFF),
        .rail = QColor(0xEEF1F4),
        .border = QColor(0xD8DEE6),
        .grid = QColor(0xE3E8ED),
        .text = QColor(0x18212C),
        .sub = QColor(0x5A6675),
        .faint = QColor(0x84909E),
        .flow = QColor(0x8695A5),
        .accent = QColor(0x0B6CB0),
        .ok = QColor(0x0A8F6A),
        .okText = QColor(0x08775A),
        .warn = QColor(0xC07F00),
        .warnText = QColor(0x8F5E00),
        .bad = QColor(0xC8500A),
        .badText = QColor(0xAD4508),
        .idle = QColor(0x84909E),
        .op = QColor(0xA8477F),
        .time = QColor(0x5B5BD6),
        .onAccent = QColor(0xFFFFFF),
        .dark = false,
    };
    return tokens;
}

const Tokens& darkTokens()
{
    static const Tokens tokens{
        .canvas = QColor(0x11151B),
        .panel = QColor(0x181E26),
        .rail = QColor(0x141920),
        .border = QColor(0x2A333F),
        .grid = QColor(0x222A34),
        .text = QColor(0xE7ECF3),
        .sub = QColor(0x9AA7B7),
        .faint = QColor(0x6F7C8C),
        .flow = QColor(0x5F6E7E),
        .accent = QColor(0x5AB4EC),
        .ok = QColor(0x2FBF93),
        .okText = QColor(0x2FBF93),
        .warn = QColor(0xE9AE3C),
        .warnText = QColor(0xE9AE3C),
        .bad = QColor(0xF07B3A),
        .badText = QColor(0xF08A50),
        .idle = QColor(0x6B7787),
        .op = QColor(0xDE8BBB),
        .time = QColor(0x9A9AF5),
        .onAccent = QColor(0x11151B),
        .dark = true,
    };
    return tokens;
}

} // namespace meshyard::scene
