// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/layout/layout_engine.h"

#include <vector>

namespace meshyard::layout {

/// Draws the ways of all edges between placed nodes: ports spread over a side, cubics with level
/// ends, lanes around nodes for calls that run right to left, trunk and branches for splits.
class EdgeRouter final
{
public:
    /// @param result nodes, frames and bends are read; edges and splits are written.
    EdgeRouter(const LayoutInput& input, LayoutResult& result);

    void run();

private:
    /// One drawn line: an edge, or the trunk of a split.
    struct Line
    {
        std::uint32_t source = kNone;
        std::uint32_t target = kNone; // kNone: ends at a diamond
        std::uint32_t edge = kNone; // the first one of a trunk
        std::uint32_t split = kNone; // a trunk when target is kNone, else a branch
        double rightY = 0; // port at the source
        double leftY = 0; // port at the target
        double lane = 0; // a little apart from other lines around the same node
        bool backward = false;
    };

    void collectLines();
    void placeDiamonds();
    void assignPorts(bool atSource);
    void avoidNodes(Line& line);
    void route(Line& line);
    void routeForward(const Line& line, Curve& curve) const;
    void routeBackward(const Line& line, Curve& curve) const;
    Box targetBox(const Line& line) const;
    double nextY(const Line& line, bool atSource) const;
    std::vector<std::pair<double, double>> rowsTaken(double left, double right) const;
    const std::vector<Bend>& bendsOf(const Line& line) const;

    const LayoutInput& m_input;
    LayoutResult& m_result;
    std::vector<Line> m_lines;
    std::vector<std::pair<double, double>> m_columns; // x ranges that hold nodes
};

} // namespace meshyard::layout
