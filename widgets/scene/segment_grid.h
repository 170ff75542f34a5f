// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPolygonF>
#include <QRectF>

#include <cstdint>
#include <vector>

namespace meshyard::scene {

/// Finds the pieces of flattened curves near a point or in a rectangle.
class SegmentGrid final
{
public:
    struct Segment
    {
        std::uint32_t line = 0; // the number given to add()
        QPointF from;
        QPointF to;
    };

    /// Call once for each line, in ascending order, then build().
    void add(std::uint32_t line, const QPolygonF& points);
    void build();

    /// @return the line nearest to `point` within `reach`; -1 = none.
    std::int64_t nearest(QPointF point, double reach) const;

    /// How many different lines other than `own` pass through `rect`; counting ends at `limit`.
    int linesThrough(const QRectF& rect, std::uint32_t own, int limit) const;

    /// Every line that has a piece in `rect`, ascending.
    std::vector<std::uint32_t> linesIn(const QRectF& rect) const;

private:
    template <typename Visit> void visit(const QRectF& rect, Visit visitor) const;

    std::vector<Segment> m_segments;
    std::vector<std::vector<std::uint32_t>> m_cells;
    QRectF m_bounds;
    int m_columns = 0;
    int m_rows = 0;
};

double distanceToSegment(QPointF point, QPointF from, QPointF to);
bool segmentMeets(const QRectF& rect, QPointF from, QPointF to);

} // namespace meshyard::scene
