// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>

namespace meshyard::scene {

/// The colours of the look, one value a meaning. No colour stands anywhere else in the code.
struct Tokens
{
    QColor canvas; // behind the graph
    QColor panel; // cards, docks, nodes
    QColor rail;
    QColor border;
    QColor grid;
    QColor text;
    QColor sub; // secondary words
    QColor faint; // marks only
    QColor flow; // healthy edges, neutral series
    QColor accent; // selection, links, primary action
    QColor ok;
    QColor okText;
    QColor warn;
    QColor warnText;
    QColor bad;
    QColor badText;
    QColor idle;
    QColor op; // what an operator did
    QColor time; // playhead, the past
    QColor onAccent; // words on accent or op
    bool dark = false;

    bool operator==(const Tokens&) const = default;
};

const Tokens& lightTokens();
const Tokens& darkTokens();

} // namespace meshyard::scene
