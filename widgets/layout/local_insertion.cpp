// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/local_insertion.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace meshyard::layout {

LocalInsertion::LocalInsertion(
    const LayoutInput& input, std::vector<Box>& boxes, std::vector<bool> placed)
    : m_input(input)
    , m_boxes(boxes)
    , m_placed(std::move(placed))
{
}

void LocalInsertion::run()
{
    collectColumns();
    for (std::uint32_t node = nextNode(); node != kNone; node = nextNode()) {
        place(node);
        m_placed[node] = true;
    }
}

void LocalInsertion::collectColumns()
{
    std::vector<Column> spans;
    for (std::size_t i = 0; i < m_boxes.size(); ++i) {
        if (m_placed[i])
            spans.push_back({m_boxes[i].x, m_boxes[i].width});
    }
    std::ranges::sort(spans, {}, &Column::left);
    for (const Column& span : spans) {
        if (!m_columns.empty() && span.left < m_columns.back().left + m_columns.back().width) {
            Column& last = m_columns.back();
            last.width = std::max(last.width, span.left + span.width - last.left);
        } else {
            m_columns.push_back(span);
        }
    }
}

/// The unplaced node with the most placed neighbours: what hangs on it follows.
std::uint32_t LocalInsertion::nextNode() const
{
    std::vector<int> known(m_boxes.size(), 0);
    for (const LayoutEdge& edge : m_input.edges) {
        if (m_placed[edge.source])
            ++known[edge.target];
        if (m_placed[edge.target])
            ++known[edge.source];
    }
    std::uint32_t best = kNone;
    for (std::uint32_t i = 0; i < m_boxes.size(); ++i) {
        if (!m_placed[i] && (best == kNone || known[i] > known[best]))
            best = i;
    }
    return best;
}

bool LocalInsertion::isFree(const Box& box, std::uint32_t node) const
{
    const Box wide = box.grown(14);
    const std::uint32_t frame = m_input.nodes[node].frame;
    const Spacing& spacing = m_input.spacing;
    for (std::uint32_t i = 0; i < m_boxes.size(); ++i) {
        if (!m_placed[i] || i == node)
            continue;
        Box taken = m_boxes[i];
        const std::uint32_t other = m_input.nodes[i].frame;
        if (other != kNone && other != frame) // keep out of frames, their header above all
            taken = {taken.x - spacing.framePadding, taken.y - spacing.frameHeader,
                taken.width + 2 * spacing.framePadding,
                taken.height + spacing.frameHeader + spacing.frameFooter};
        if (taken.intersects(wide))
            return false;
    }
    return true;
}

Box LocalInsertion::band(std::uint32_t environment) const
{
    Box box;
    for (std::uint32_t i = 0; i < m_boxes.size(); ++i) {
        if (m_placed[i] && m_input.nodes[i].environment == environment) {
            Box own = m_boxes[i];
            if (m_input.nodes[i].frame != kNone)
                own.height += m_input.spacing.frameFooter;
            box = box.united(own);
        }
    }
    return box;
}

bool LocalInsertion::lastBand(std::uint32_t environment) const
{
    const Box own = band(environment);
    for (std::uint32_t i = 0; i < m_boxes.size(); ++i) {
        if (m_placed[i] && m_input.nodes[i].environment != environment
            && m_boxes[i].y >= own.bottom())
            return false;
    }
    return true;
}

void LocalInsertion::place(std::uint32_t node)
{
    const Size size = m_input.nodes[node].size;
    const std::uint32_t environment = m_input.nodes[node].environment;
    if (band(environment).empty()) { // first of its environment: below everything
        Box all;
        for (std::size_t i = 0; i < m_boxes.size(); ++i) {
            if (m_placed[i])
                all = all.united(m_boxes[i]);
        }
        const Spacing& s = m_input.spacing;
        const double y = all.empty() ? s.environmentHeader
                                     : all.bottom() + s.frameFooter + s.environmentPadding + 8
                + s.environmentGap + s.environmentHeader + s.frameHeader;
        m_boxes[node] = {all.empty() ? 0 : all.x, y, size.width, size.height};
        return;
    }
    if (!placeInFrame(node))
        placeInColumn(node);
}

bool LocalInsertion::placeInFrame(std::uint32_t node)
{
    const std::uint32_t frame = m_input.nodes[node].frame;
    if (frame == kNone)
        return false;
    Box siblings;
    for (std::uint32_t i = 0; i < m_boxes.size(); ++i) {
        if (m_placed[i] && m_input.nodes[i].frame == frame)
            siblings = siblings.united(m_boxes[i]);
    }
    if (siblings.empty())
        return false;
    const Size size = m_input.nodes[node].size;
    const Box area = band(m_input.nodes[node].environment);
    const bool mayGrow = lastBand(m_input.nodes[node].environment);
    const double rows = m_input.spacing.rows;
    const Box below{siblings.x, siblings.bottom() + rows, size.width, size.height};
    const Box above{siblings.x, siblings.y - rows - size.height, size.width, size.height};
    if (isFree(below, node) && (mayGrow || below.bottom() <= area.bottom())) {
        m_boxes[node] = below;
        return true;
    }
    Box withHeader = above;
    withHeader.y -= m_input.spacing.frameHeader;
    withHeader.height += m_input.spacing.frameHeader;
    if (isFree(withHeader, node) && withHeader.y >= area.y) {
        m_boxes[node] = above;
        return true;
    }
    return false;
}

double LocalInsertion::wantedX(std::uint32_t node) const
{
    double afterCallers = -std::numeric_limits<double>::infinity();
    double beforeCallees = std::numeric_limits<double>::infinity();
    const Size size = m_input.nodes[node].size;
    for (const LayoutEdge& edge : m_input.edges) {
        if (edge.source == edge.target)
            continue;
        if (edge.target == node && m_placed[edge.source])
            afterCallers = std::max(
                afterCallers, m_boxes[edge.source].right() + m_input.spacing.columns * 0.6);
        if (edge.source == node && m_placed[edge.target])
            beforeCallees = std::min(
                beforeCallees, m_boxes[edge.target].x - m_input.spacing.columns * 0.6 - size.width);
    }
    if (std::isfinite(afterCallers)) {
        for (const Column& column : m_columns) {
            if (column.left >= afterCallers)
                return column.left + (column.width - size.width) / 2;
        }
        const Column& last = m_columns.back();
        return std::max(afterCallers, last.left + last.width + m_input.spacing.columns);
    }
    if (std::isfinite(beforeCallees)) {
        for (auto column = m_columns.rbegin(); column != m_columns.rend(); ++column) {
            if (column->left <= beforeCallees)
                return column->left + (column->width - size.width) / 2;
        }
        return std::min(
            beforeCallees, m_columns.front().left - m_input.spacing.columns - size.width);
    }
    const bool entry = m_input.nodes[node].kind == NodeKind::Gateway;
    return entry || m_columns.empty() ? (m_columns.empty() ? 0 : m_columns.front().left)
                                      : m_columns.back().left;
}

double LocalInsertion::wantedY(std::uint32_t node, double fallback) const
{
    double sum = 0;
    double weight = 0;
    for (const LayoutEdge& edge : m_input.edges) {
        std::uint32_t other = kNone;
        if (edge.target == node)
            other = edge.source;
        else if (edge.source == node)
            other = edge.target;
        if (other == kNone || other == node || !m_placed[other])
            continue;
        const double share = 1 + std::log10(1 + std::max(0.0, edge.weight));
        sum += m_boxes[other].centreY() * share;
        weight += share;
    }
    return weight > 0 ? sum / weight - m_input.nodes[node].size.height / 2 : fallback;
}

/// Tries rows around `y` in one column, up to `reach` away.
bool LocalInsertion::tryColumn(
    std::uint32_t node, double x, double y, double reach, Box& found) const
{
    const Size size = m_input.nodes[node].size;
    const Box area = band(m_input.nodes[node].environment);
    const bool mayGrow = lastBand(m_input.nodes[node].environment);
    constexpr double kStep = 4;
    for (double distance = 0; distance <= reach; distance += kStep) {
        for (const double direction : {1.0, -1.0}) {
            const Box box{x, y + direction * distance, size.width, size.height};
            if (box.y < area.y - 0.5 || (!mayGrow && box.bottom() > area.bottom() + 0.5))
                continue;
            if (isFree(box.grown(6), node)) {
                found = box;
                return true;
            }
        }
    }
    return false;
}

void LocalInsertion::placeInColumn(std::uint32_t node)
{
    const Size size = m_input.nodes[node].size;
    const Box area = band(m_input.nodes[node].environment);
    const double x = wantedX(node);
    double y = std::round(wantedY(node, area.bottom() - size.height));
    y = std::clamp(y, area.y, std::max(area.y, area.bottom() - size.height));
    const bool mayGrow = lastBand(m_input.nodes[node].environment);
    const double reach = area.height + (mayGrow ? size.height + m_input.spacing.rows : 0);
    Box found;
    if (tryColumn(node, x, y, reach, found)) {
        m_boxes[node] = found;
        return;
    }
    double edge = x; // the columns to the right, then a new one
    for (const Column& column : m_columns) {
        edge = std::max(edge, column.left + column.width);
        if (column.left > x + 1 && tryColumn(node, column.left, y, reach, found)) {
            m_boxes[node] = found;
            return;
        }
    }
    const double fresh = edge + m_input.spacing.columns;
    m_columns.push_back({fresh, size.width});
    if (!tryColumn(node, fresh, y, reach, found))
        found = {fresh, y, size.width, size.height};
    m_boxes[node] = found;
}

} // namespace meshyard::layout
