// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/keyboard_walk.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace meshyard::widgets {
namespace {

using scene::Part;
using scene::PartKind;
using scene::PlacedScene;

/// The edges of a node on one side, top to bottom at their far end.
std::vector<int> edgesOf(const PlacedScene& placed, int node, bool outgoing)
{
    std::vector<int> edges;
    for (std::size_t i = 0; i < placed.edges.size(); ++i) {
        const auto& edge = placed.edges[i];
        if (edge.drawn() && (outgoing ? edge.source : edge.target) == node)
            edges.push_back(static_cast<int>(i));
    }
    const auto farY = [&](int i) {
        const auto& edge = placed.edges[static_cast<std::size_t>(i)];
        return placed.nodes[static_cast<std::size_t>(outgoing ? edge.target : edge.source)].y();
    };
    std::ranges::stable_sort(edges, [&](int a, int b) { return farY(a) < farY(b); });
    return edges;
}

Part edgePart(const PlacedScene& placed, int edge)
{
    return {PartKind::Edge, placed.model->edges[static_cast<std::size_t>(edge)].id};
}

Part stepFromNode(const PlacedScene& placed, const Part& from, Direction way)
{
    const int node = placed.nodeIndex.value(from.id, -1);
    if (node < 0)
        return from;
    const QRectF own = placed.nodes[static_cast<std::size_t>(node)];
    if (way == Direction::Left || way == Direction::Right) {
        const auto edges = edgesOf(placed, node, way == Direction::Right);
        int best = -1;
        double nearest = std::numeric_limits<double>::max();
        for (const int i : edges) {
            const auto& edge = placed.edges[static_cast<std::size_t>(i)];
            const int other = way == Direction::Right ? edge.target : edge.source;
            const double distance = std::abs(
                placed.nodes[static_cast<std::size_t>(other)].center().y() - own.center().y());
            if (distance < nearest) {
                nearest = distance;
                best = i;
            }
        }
        return best < 0 ? from : edgePart(placed, best);
    }
    Part best = from;
    double nearest = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < placed.nodes.size(); ++i) {
        const QPointF apart = placed.nodes[i].center() - own.center();
        const double down = way == Direction::Down ? apart.y() : -apart.y();
        if (down < 1)
            continue;
        const double distance = down + 4 * std::abs(apart.x());
        if (distance < nearest) {
            nearest = distance;
            best = {PartKind::Node, placed.model->nodes[i].id};
        }
    }
    return best;
}

Part stepFromEdge(const PlacedScene& placed, const Part& from, Direction way)
{
    const int index = placed.edgeIndex.value(from.id, -1);
    if (index < 0)
        return from;
    const auto& edge = placed.edges[static_cast<std::size_t>(index)];
    if (edge.source < 0 || edge.target < 0)
        return from;
    if (way == Direction::Right)
        return {PartKind::Node, placed.nodeOf(edge.target).id};
    if (way == Direction::Left)
        return {PartKind::Node, placed.nodeOf(edge.source).id};
    const auto siblings = edgesOf(placed, edge.source, true);
    const auto at = std::ranges::find(siblings, index) - siblings.begin();
    const auto next = at + (way == Direction::Down ? 1 : -1);
    if (next < 0 || next >= static_cast<std::ptrdiff_t>(siblings.size()))
        return from;
    return edgePart(placed, siblings[static_cast<std::size_t>(next)]);
}

Part stepFromSplit(const PlacedScene& placed, const Part& from, Direction way)
{
    const int index = placed.splitIndex.value(from.id, -1);
    if (index < 0)
        return from;
    const auto& split = placed.splits[static_cast<std::size_t>(index)];
    if (way == Direction::Left && split.source >= 0)
        return {PartKind::Node, placed.nodeOf(split.source).id};
    if (split.branches.empty())
        return from;
    return edgePart(
        placed, way == Direction::Down ? split.branches.back() : split.branches.front());
}

} // namespace

Part stepFrom(const PlacedScene& placed, const Part& from, Direction way)
{
    switch (from.kind) {
    case PartKind::Node:
        return stepFromNode(placed, from, way);
    case PartKind::Edge:
    case PartKind::EdgeEnd:
    case PartKind::Badge:
        return stepFromEdge(placed, from, way);
    case PartKind::Diamond:
    case PartKind::Trunk:
        return stepFromSplit(placed, from, way);
    default:
        break;
    }
    const auto nodes = nodesInOrder(placed);
    return nodes.isEmpty() ? Part{} : nodes.front();
}

QList<Part> nodesInOrder(const PlacedScene& placed)
{
    std::vector<std::size_t> order(placed.nodes.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    const auto environmentTop = [&placed](std::size_t node) {
        const QString& id = placed.model->nodes[node].environment;
        for (std::size_t i = 0; i < placed.environments.size(); ++i) {
            if (placed.model->environments[i].id == id)
                return placed.environments[i].top();
        }
        return std::numeric_limits<double>::max();
    };
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        return std::tuple(environmentTop(a), placed.nodes[a].x(), placed.nodes[a].y())
            < std::tuple(environmentTop(b), placed.nodes[b].x(), placed.nodes[b].y());
    });
    QList<Part> parts;
    for (const std::size_t i : order)
        parts.append({PartKind::Node, placed.model->nodes[i].id});
    return parts;
}

QList<Part> allParts(const PlacedScene& placed)
{
    QList<Part> parts = nodesInOrder(placed);
    for (std::size_t i = 0; i < placed.edges.size(); ++i) {
        if (!placed.edges[i].drawn())
            continue;
        const QString& id = placed.model->edges[i].id;
        parts.append({PartKind::Edge, id});
        parts.append({PartKind::EdgeEnd, id});
        if (!placed.edges[i].badgeRect.isNull())
            parts.append({PartKind::Badge, id});
    }
    for (std::size_t i = 0; i < placed.splits.size(); ++i) {
        if (!placed.splits[i].diamondRect.isNull())
            parts.append({PartKind::Diamond, placed.model->splits[i].id});
    }
    return parts;
}

QRectF rectOf(const PlacedScene& placed, const Part& part)
{
    const auto edge = static_cast<std::size_t>(placed.edgeIndex.value(part.id, -1));
    const bool isEdge = edge < placed.edges.size() && placed.edges[edge].drawn();
    const auto split = static_cast<std::size_t>(placed.splitIndex.value(part.id, -1));
    switch (part.kind) {
    case PartKind::Node: {
        const int node = placed.nodeIndex.value(part.id, -1);
        return node < 0 ? QRectF() : placed.nodes[static_cast<std::size_t>(node)];
    }
    case PartKind::Edge:
        return isEdge ? placed.edges[edge].points.boundingRect().adjusted(-2, -2, 2, 2) : QRectF();
    case PartKind::EdgeEnd:
        return isEdge ? placed.edges[edge].gripRect : QRectF();
    case PartKind::Badge:
        return isEdge ? placed.edges[edge].badgeRect : QRectF();
    case PartKind::Diamond:
        return split < placed.splits.size() ? placed.splits[split].diamondRect : QRectF();
    case PartKind::Trunk:
        return split < placed.splits.size() ? placed.splits[split].points.boundingRect() : QRectF();
    default:
        return {};
    }
}

} // namespace meshyard::widgets
