// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/layout_engine.h"

#include "widgets/layout/compound.h"
#include "widgets/layout/edge_router.h"
#include "widgets/layout/local_insertion.h"

#include <algorithm>
#include <cmath>

namespace meshyard::layout {
namespace {

/// Puts pinned nodes where people put them; whoever stood there looks for the next free place.
void applyPins(const LayoutInput& input, LayoutResult& result)
{
    std::vector<bool> settled(input.nodes.size(), true);
    bool any = false;
    for (std::size_t i = 0; i < input.nodes.size(); ++i) {
        if (!input.nodes[i].pinned)
            continue;
        any = true;
        result.nodes[i].x = input.nodes[i].pinned->x;
        result.nodes[i].y = input.nodes[i].pinned->y;
    }
    if (!any)
        return;
    bool moved = false;
    for (std::size_t i = 0; i < input.nodes.size(); ++i) {
        if (!input.nodes[i].pinned)
            continue;
        const Box wide = result.nodes[i].grown(8);
        for (std::size_t other = 0; other < input.nodes.size(); ++other) {
            if (other == i || input.nodes[other].pinned || !settled[other])
                continue;
            if (result.nodes[other].intersects(wide)) {
                settled[other] = false;
                moved = true;
            }
        }
    }
    if (moved)
        LocalInsertion(input, result.nodes, std::move(settled)).run();
    result.bends.assign(input.edges.size(), {});
    drawBoxes(input, result);
}

} // namespace

LayoutResult LayoutEngine::layout(const LayoutInput& input, const std::stop_token& stop)
{
    LayoutResult result;
    std::vector<LayeredGraph> graphs;
    for (const std::uint32_t environment : environmentOrder(input)) {
        LayeredGraph graph = collectBlocks(input, environment);
        removeCycles(graph);
        assignLayers(graph);
        buildLayers(graph);
        orderLayers(graph, input.seed, stop);
        assignRows(graph, input.spacing, stop);
        result.crossings += graph.crossings;
        graphs.push_back(std::move(graph));
        if (stop.stop_requested()) {
            result.cancelled = true;
            return result;
        }
    }
    composeEnvironments(input, graphs, result);
    applyPins(input, result);
    EdgeRouter(input, result).run();
    return result;
}

LayoutResult LayoutEngine::insertLocally(const LayoutInput& input, const std::stop_token& stop)
{
    std::vector<bool> placed(input.nodes.size(), false);
    std::size_t known = 0;
    LayoutResult result;
    result.nodes.resize(input.nodes.size());
    for (std::size_t i = 0; i < input.nodes.size(); ++i) {
        const LayoutNode& node = input.nodes[i];
        const auto where = node.pinned ? node.pinned : node.previous;
        if (!where)
            continue;
        result.nodes[i] = {where->x, where->y, node.size.width, node.size.height};
        placed[i] = true;
        ++known;
    }
    if (known == 0)
        return layout(input, stop);
    LocalInsertion(input, result.nodes, std::move(placed)).run();
    return reroute(input, std::move(result.nodes));
}

LayoutResult LayoutEngine::reroute(const LayoutInput& input, std::vector<Box> boxes)
{
    LayoutResult result;
    result.nodes = std::move(boxes);
    for (const LayoutEdge& edge : input.edges)
        result.bends.push_back(edge.bends);
    drawBoxes(input, result);
    EdgeRouter(input, result).run();
    return result;
}

double LayoutEngine::cost(const LayoutInput& input, const std::vector<Box>& boxes)
{
    double sum = 0;
    for (const LayoutEdge& edge : input.edges) {
        if (edge.source == edge.target)
            continue;
        const Box& from = boxes[edge.source];
        const Box& to = boxes[edge.target];
        const double across = to.x - from.right();
        const double length = std::abs(across) + 0.6 * std::abs(to.centreY() - from.centreY());
        sum += across > 0 ? length : 3 * length + 2 * from.width;
    }
    return sum;
}

} // namespace meshyard::layout
