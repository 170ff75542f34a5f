// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/scene_model.h"
#include "widgets/scene/tokens.h"

#include <QPointF>

class QPainter;

namespace meshyard::scene {

/// Draws a breaker's silhouette, 24 px wide at scale 1, the tick of `Closed` 11 px.
/// @param full draws `Closed` as the whole glyph: hovered or selected.
void drawBreakerGlyph(QPainter& painter, const Tokens& tokens, const SceneBadge& badge,
    QPointF centre, bool full = false);

/// The colour a badge speaks in, for lines and for words.
QColor badgeColour(const Tokens& tokens, BadgeKind kind);
QColor badgeWordColour(const Tokens& tokens, BadgeKind kind);

/// The kind of a node: hexagon, arch, globe, cylinder, question mark; 16 px.
void drawNodeIcon(QPainter& painter, NodeShape shape, QPointF centre, const QColor& colour);

/// A lock, closed or (for TlsMark::Missing) open; 9 px.
void drawLock(QPainter& painter, const Tokens& tokens, TlsMark mark, QPointF centre);

/// Health as colours: of bars and lines, of words.
QColor healthColour(const Tokens& tokens, Health health);
QColor healthWordColour(const Tokens& tokens, Health health);

} // namespace meshyard::scene
