// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/edge_router.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace meshyard::layout {
namespace {

constexpr double kDiamondBeforeFrame = 38;
constexpr double kDiamondBeforeNode = 56;
constexpr double kDiamondHalf = 11;
constexpr double kLaneDistance = 16;
constexpr double kCurl = 34;
constexpr double kClearance = 10;

void lineTo(Curve& curve, Point end)
{
    const Point start = curve.back();
    const double third = (end.x - start.x) / 3;
    curve.push_back({start.x + third, start.y + (end.y - start.y) / 3});
    curve.push_back({end.x - third, end.y - (end.y - start.y) / 3});
    curve.push_back(end);
}

/// A cubic that leaves and arrives level.
void sweepTo(Curve& curve, Point end)
{
    const Point start = curve.back();
    if (std::abs(start.y - end.y) < 0.01) {
        lineTo(curve, end);
        return;
    }
    const double half = (end.x - start.x) * 0.5;
    curve.push_back({start.x + half, start.y});
    curve.push_back({end.x - half, end.y});
    curve.push_back(end);
}

/// A bow to the side: to the right for positive `out`.
void curlTo(Curve& curve, Point end, double out)
{
    const Point start = curve.back();
    const double reach = out > 0 ? std::max(start.x, end.x) + out : std::min(start.x, end.x) + out;
    curve.push_back({reach, start.y});
    curve.push_back({reach, end.y});
    curve.push_back(end);
}

} // namespace

EdgeRouter::EdgeRouter(const LayoutInput& input, LayoutResult& result)
    : m_input(input)
    , m_result(result)
{
}

void EdgeRouter::run()
{
    m_result.edges.assign(m_input.edges.size(), {});
    m_result.bends.resize(m_input.edges.size());
    m_result.splits.assign(m_input.splits, {});
    std::vector<std::pair<double, double>> spans;
    for (const Box& box : m_result.nodes)
        spans.emplace_back(box.x, box.right());
    std::ranges::sort(spans);
    for (const auto& [left, right] : spans) {
        if (m_columns.empty() || left >= m_columns.back().second)
            m_columns.emplace_back(left, right);
        else
            m_columns.back().second = std::max(m_columns.back().second, right);
    }
    collectLines();
    placeDiamonds();
    for (Line& line : m_lines)
        avoidNodes(line);
    assignPorts(true);
    assignPorts(false);
    for (Line& line : m_lines)
        route(line);
}

void EdgeRouter::collectLines()
{
    std::vector<bool> trunk(m_input.splits, false);
    for (std::uint32_t i = 0; i < m_input.edges.size(); ++i) {
        const LayoutEdge& edge = m_input.edges[i];
        Line line;
        line.source = edge.source;
        line.target = edge.target;
        line.edge = i;
        line.split = edge.split < m_input.splits ? edge.split : kNone;
        if (line.split != kNone && !trunk[line.split]) {
            trunk[line.split] = true;
            Line first = line;
            first.target = kNone;
            m_lines.push_back(first);
        }
        m_lines.push_back(line);
    }
}

const std::vector<Bend>& EdgeRouter::bendsOf(const Line& line) const
{
    return m_result.bends[line.edge];
}

void EdgeRouter::placeDiamonds()
{
    for (std::uint32_t split = 0; split < m_input.splits; ++split) {
        Box targets;
        Box source;
        std::uint32_t frame = kNone;
        double throughY = 0;
        for (std::uint32_t i = 0; i < m_input.edges.size(); ++i) {
            const LayoutEdge& edge = m_input.edges[i];
            if (edge.split != split)
                continue;
            if (targets.empty()) {
                source = m_result.nodes[edge.source];
                frame = m_input.nodes[edge.target].frame;
                const auto& bends = m_result.bends[i];
                throughY = bends.empty() ? source.centreY() : bends.back().y;
            }
            targets = targets.united(m_result.nodes[edge.target]);
        }
        if (targets.empty())
            continue;
        double x = targets.x - kDiamondBeforeNode;
        for (const FramePart& part : m_result.frames) {
            if (part.frame == frame && part.box.intersects(targets))
                x = std::min(x, part.box.x - kDiamondBeforeFrame);
        }
        const double y
            = std::clamp(throughY, targets.y + 12, std::max(targets.y + 12, targets.bottom() - 12));
        m_result.splits[split].diamond = {x, y};
    }
}

Box EdgeRouter::targetBox(const Line& line) const
{
    if (line.target != kNone)
        return m_result.nodes[line.target];
    const Point diamond = m_result.splits[line.split].diamond;
    return {diamond.x - kDiamondHalf, diamond.y - kDiamondHalf, 2 * kDiamondHalf, 2 * kDiamondHalf};
}

std::vector<std::pair<double, double>> EdgeRouter::rowsTaken(double left, double right) const
{
    std::vector<std::pair<double, double>> rows;
    for (const Box& box : m_result.nodes) {
        if (box.x < right && box.right() > left)
            rows.emplace_back(box.y - kClearance, box.bottom() + kClearance);
    }
    std::ranges::sort(rows);
    return rows;
}

/// Bends for a line that has none yet although columns lie in its way.
void EdgeRouter::avoidNodes(Line& line)
{
    const Box from = m_result.nodes[line.source];
    const Box to = targetBox(line);
    if (line.split != kNone && line.target != kNone)
        return; // a branch is short
    line.backward = to.x < from.right() + 8;
    auto& bends = m_result.bends[line.edge];
    if (line.backward || !bends.empty() || line.source == line.target)
        return;
    Point at{from.right(), from.centreY()};
    for (const auto& [left, right] : m_columns) {
        if (left <= from.right() || right >= to.x)
            continue;
        const double share = (left - at.x) / std::max(1.0, to.x - at.x);
        const double straight = at.y + (to.centreY() - at.y) * share;
        double above = straight;
        double below = straight;
        const auto rows = rowsTaken(left, right);
        for (const auto& [top, bottom] : rows) {
            if (below > top && below < bottom)
                below = bottom;
        }
        for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
            if (above > row->first && above < row->second)
                above = row->first;
        }
        const double y = straight - above <= below - straight ? above : below;
        bends.push_back({left, right, y});
        at = {right, y};
    }
}

double EdgeRouter::nextY(const Line& line, bool atSource) const
{
    const auto& bends = bendsOf(line);
    if (line.split != kNone && line.target != kNone)
        return m_result.splits[line.split].diamond.y;
    if (!bends.empty() && line.backward == (bends.front().left > bends.back().left))
        return atSource ? bends.front().y : bends.back().y;
    return atSource ? targetBox(line).centreY() : m_result.nodes[line.source].centreY();
}

void EdgeRouter::assignPorts(bool atSource)
{
    std::vector<std::vector<std::uint32_t>> users(m_result.nodes.size());
    for (std::uint32_t i = 0; i < m_lines.size(); ++i) {
        const Line& line = m_lines[i];
        const bool branch = line.split != kNone && line.target != kNone;
        if (atSource && !branch)
            users[line.source].push_back(i);
        if (!atSource && line.target != kNone)
            users[line.target].push_back(i);
    }
    for (std::uint32_t node = 0; node < users.size(); ++node) {
        auto& lines = users[node];
        std::ranges::stable_sort(lines, [this, atSource](std::uint32_t a, std::uint32_t b) {
            return nextY(m_lines[a], atSource) < nextY(m_lines[b], atSource);
        });
        const Box& box = m_result.nodes[node];
        const double count = static_cast<double>(lines.size());
        const double step = lines.size() < 2 ? 0 : std::min(16.0, (box.height - 18) / (count - 1));
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const double y = box.centreY() + (static_cast<double>(i) - (count - 1) / 2) * step;
            Line& line = m_lines[lines[i]];
            (atSource ? line.rightY : line.leftY) = y;
            line.lane = static_cast<double>(i % 3) * 5;
        }
    }
}

void EdgeRouter::route(Line& line)
{
    Curve curve;
    const bool trunk = line.target == kNone;
    const bool branch = line.split != kNone && !trunk;
    if (branch) {
        const Point diamond = m_result.splits[line.split].diamond;
        curve.push_back({diamond.x + kDiamondHalf, diamond.y});
        const Box& box = m_result.nodes[line.target];
        sweepTo(curve, {box.x, line.leftY});
    } else {
        const Box& box = m_result.nodes[line.source];
        curve.push_back({box.right(), line.rightY});
        if (line.backward)
            routeBackward(line, curve);
        else
            routeForward(line, curve);
    }
    if (trunk)
        m_result.splits[line.split].trunk = std::move(curve);
    else
        m_result.edges[line.edge] = std::move(curve);
}

void EdgeRouter::routeForward(const Line& line, Curve& curve) const
{
    for (const Bend& bend : bendsOf(line)) {
        if (bend.left <= curve.back().x)
            continue;
        sweepTo(curve, {bend.left, bend.y});
        lineTo(curve, {bend.right, bend.y});
    }
    const Box box = targetBox(line);
    sweepTo(curve, {box.x, line.target == kNone ? box.centreY() : line.leftY});
}

void EdgeRouter::routeBackward(const Line& line, Curve& curve) const
{
    const Box from = m_result.nodes[line.source];
    const Box to = targetBox(line);
    const double endY = line.target == kNone ? to.centreY() : line.leftY;
    const bool above = line.source == line.target || nextY(line, true) < from.centreY();
    const double distance = kLaneDistance + line.lane;
    const double lane = above ? from.y - distance : from.bottom() + distance;
    curlTo(curve, {from.right(), lane}, kCurl + line.lane);
    if (to.right() > from.x) { // the same column: around the left side at once
        lineTo(curve, {std::min(from.x, to.x), lane});
        curlTo(curve, {to.x, endY}, -kCurl - line.lane);
        return;
    }
    lineTo(curve, {from.x, lane});
    for (const Bend& bend : bendsOf(line)) {
        if (bend.right >= curve.back().x || bend.left <= to.right())
            continue;
        sweepTo(curve, {bend.right, bend.y});
        lineTo(curve, {bend.left, bend.y});
    }
    const bool fromAbove = curve.back().y < to.centreY();
    const double last = fromAbove ? to.y - distance : to.bottom() + distance;
    sweepTo(curve, {to.right(), last});
    lineTo(curve, {to.x, last});
    curlTo(curve, {to.x, endY}, -kCurl - line.lane);
}

} // namespace meshyard::layout
