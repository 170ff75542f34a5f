// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"

#include <QFontMetricsF>

#include <vector>

namespace meshyard::scene {

/// Finds places for badges, their words, edge labels and weights: at their own edge, never over a
/// node, a title, a badge, another label or, if it can be helped, a foreign edge. What finds none
/// is left out.
class LabelPlacer final
{
public:
    /// @param before the same structure a moment ago: what still fits stays where it was. May be
    /// null.
    LabelPlacer(PlacedScene& scene, const PlacedScene* before);

    void run();

private:
    struct Candidate
    {
        QRectF rect;
        double cost = 0;
    };

    void placeBadges();
    void placeBadge(std::size_t edge);
    void placeWords(std::size_t edge);
    void placeWeights(std::size_t split);
    void placeLabels();
    void placeLabel(const QString& text, const QPolygonF& points, double length, double width,
        std::uint32_t line, const QRectF& before, QRectF& placed);
    double obstruction(const QRectF& rect, std::uint32_t line) const;
    bool taken(const QRectF& rect) const;
    void occupy(const QRectF& rect);
    bool take(std::vector<Candidate> candidates, std::uint32_t line, QRectF& placed);

    PlacedScene& m_scene;
    const PlacedScene* m_before;
    const bool m_big;
    QFontMetricsF m_label;
    QFontMetricsF m_words;
    QHash<qint64, std::vector<QRectF>> m_nodes; // by cell
    QHash<qint64, std::vector<QRectF>> m_occupied;
};

/// @return where the titles of frames and environments are written.
std::vector<QRectF> titleRects(const PlacedScene& scene);

/// @return whether the badge of this kind is the small tick.
bool isSmallBadge(BadgeKind kind);

} // namespace meshyard::scene
