// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/segment_grid.h"

#include <QLineF>

#include <algorithm>
#include <cmath>

namespace meshyard::scene {
namespace {

constexpr double kCell = 72;

} // namespace

double distanceToSegment(QPointF point, QPointF from, QPointF to)
{
    const QPointF along = to - from;
    const double length = QPointF::dotProduct(along, along);
    double share = 0;
    if (length > 0)
        share = std::clamp(QPointF::dotProduct(point - from, along) / length, 0.0, 1.0);
    return QLineF(point, from + along * share).length();
}

bool segmentMeets(const QRectF& rect, QPointF from, QPointF to)
{
    double enter = 0;
    double leave = 1;
    const auto clip = [&](double start, double step, double low, double high) {
        if (std::abs(step) < 1e-12)
            return start >= low && start <= high;
        double first = (low - start) / step;
        double second = (high - start) / step;
        if (first > second)
            std::swap(first, second);
        enter = std::max(enter, first);
        leave = std::min(leave, second);
        return enter <= leave;
    };
    return clip(from.x(), to.x() - from.x(), rect.left(), rect.right())
        && clip(from.y(), to.y() - from.y(), rect.top(), rect.bottom());
}

void SegmentGrid::add(std::uint32_t line, const QPolygonF& points)
{
    for (qsizetype i = 0; i + 1 < points.size(); ++i)
        m_segments.push_back({line, points[i], points[i + 1]});
}

void SegmentGrid::build()
{
    m_bounds = {};
    for (const Segment& segment : m_segments)
        m_bounds
            = m_bounds.united(QRectF(segment.from, segment.to).normalized().adjusted(-1, -1, 1, 1));
    m_columns = std::max(1, static_cast<int>(std::ceil(m_bounds.width() / kCell)));
    m_rows = std::max(1, static_cast<int>(std::ceil(m_bounds.height() / kCell)));
    m_cells.assign(static_cast<std::size_t>(m_columns) * static_cast<std::size_t>(m_rows), {});
    for (std::uint32_t i = 0; i < m_segments.size(); ++i) {
        const Segment& segment = m_segments[i];
        const QRectF box = QRectF(segment.from, segment.to).normalized();
        const int left = static_cast<int>((box.left() - m_bounds.left()) / kCell);
        const int right = static_cast<int>((box.right() - m_bounds.left()) / kCell);
        const int top = static_cast<int>((box.top() - m_bounds.top()) / kCell);
        const int bottom = static_cast<int>((box.bottom() - m_bounds.top()) / kCell);
        for (int row = std::max(0, top); row <= std::min(m_rows - 1, bottom); ++row) {
            for (int column = std::max(0, left); column <= std::min(m_columns - 1, right); ++column)
                m_cells[static_cast<std::size_t>(row * m_columns + column)].push_back(i);
        }
    }
}

template <typename Visit> void SegmentGrid::visit(const QRectF& rect, Visit visitor) const
{
    if (m_segments.empty() || !rect.intersects(m_bounds))
        return;
    const int left = static_cast<int>((rect.left() - m_bounds.left()) / kCell);
    const int right = static_cast<int>((rect.right() - m_bounds.left()) / kCell);
    const int top = static_cast<int>((rect.top() - m_bounds.top()) / kCell);
    const int bottom = static_cast<int>((rect.bottom() - m_bounds.top()) / kCell);
    for (int row = std::max(0, top); row <= std::min(m_rows - 1, bottom); ++row) {
        for (int column = std::max(0, left); column <= std::min(m_columns - 1, right); ++column) {
            for (const std::uint32_t i :
                m_cells[static_cast<std::size_t>(row * m_columns + column)])
                visitor(m_segments[i]);
        }
    }
}

std::int64_t SegmentGrid::nearest(QPointF point, double reach) const
{
    std::int64_t best = -1;
    double bestDistance = reach;
    const QRectF around(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach);
    visit(around, [&](const Segment& segment) {
        const double distance = distanceToSegment(point, segment.from, segment.to);
        if (distance < bestDistance || (distance == bestDistance && best < 0)) {
            bestDistance = distance;
            best = segment.line;
        }
    });
    return best;
}

int SegmentGrid::linesThrough(const QRectF& rect, std::uint32_t own, int limit) const
{
    std::vector<std::uint32_t> lines;
    visit(rect, [&](const Segment& segment) {
        if (segment.line == own || static_cast<int>(lines.size()) >= limit
            || !segmentMeets(rect, segment.from, segment.to))
            return;
        if (std::ranges::find(lines, segment.line) == lines.end())
            lines.push_back(segment.line);
    });
    return static_cast<int>(lines.size());
}

std::vector<std::uint32_t> SegmentGrid::linesIn(const QRectF& rect) const
{
    std::vector<bool> seen(m_segments.empty() ? 0 : m_segments.back().line + std::size_t{1}, false);
    if (rect.contains(m_bounds)) {
        for (const Segment& segment : m_segments)
            seen[segment.line] = true;
    } else {
        visit(rect, [&](const Segment& segment) { seen[segment.line] = true; });
    }
    std::vector<std::uint32_t> lines;
    for (std::uint32_t line = 0; line < seen.size(); ++line) {
        if (seen[line])
            lines.push_back(line);
    }
    return lines;
}

} // namespace meshyard::scene
