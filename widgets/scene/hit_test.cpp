// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/hit_test.h"

#include <QLineF>

namespace meshyard::scene {
namespace {

const QString& edgeId(const PlacedScene& scene, std::size_t edge)
{
    return scene.model->edges[edge].id;
}

Part markAt(const PlacedScene& scene, QPointF point, double reach)
{
    for (std::size_t i = 0; i < scene.splits.size(); ++i) {
        const SplitShape& split = scene.splits[i];
        if (split.diamondRect.adjusted(-2, -2, 2, 2).contains(point)
            || split.weightsRect.contains(point))
            return {PartKind::Diamond, scene.model->splits[i].id};
    }
    const double grow = std::min(4.0, reach / 2);
    for (std::size_t i = 0; i < scene.edges.size(); ++i) {
        const EdgeShape& edge = scene.edges[i];
        if (edge.badgeRect.isNull())
            continue;
        if (edge.badgeRect.adjusted(-grow, -grow, grow, grow).contains(point)
            || edge.wordsRect.contains(point))
            return {PartKind::Badge, edgeId(scene, i)};
    }
    return {};
}

Part labelAt(const PlacedScene& scene, QPointF point)
{
    for (std::size_t i = 0; i < scene.edges.size(); ++i) {
        if (scene.edges[i].labelRect.contains(point))
            return {PartKind::Edge, edgeId(scene, i)};
    }
    for (std::size_t i = 0; i < scene.splits.size(); ++i) {
        if (scene.splits[i].labelRect.contains(point))
            return {PartKind::Trunk, scene.model->splits[i].id};
    }
    return {};
}

Part gripAt(const PlacedScene& scene, QPointF point, double reach)
{
    Part best;
    double nearest = std::max(8.0, reach);
    for (std::size_t i = 0; i < scene.edges.size(); ++i) {
        if (!scene.edges[i].drawn())
            continue;
        const double distance = QLineF(point, scene.edges[i].gripRect.center()).length();
        if (distance < nearest) {
            nearest = distance;
            best = {PartKind::EdgeEnd, edgeId(scene, i)};
        }
    }
    return best;
}

} // namespace

int nodeAt(const PlacedScene& scene, QPointF point)
{
    for (std::size_t i = scene.nodes.size(); i-- > 0;) {
        if (scene.nodes[i].contains(point))
            return static_cast<int>(i);
    }
    return -1;
}

Part partAt(const PlacedScene& scene, QPointF point, double reach, const Part& selected)
{
    if (const auto own = scene.edgeIndex.constFind(selected.id);
        own != scene.edgeIndex.constEnd()) { // the selected edge's grip wins over its neighbours
        const EdgeShape& shape = scene.edges[static_cast<std::size_t>(*own)];
        if (shape.drawn() && QLineF(point, shape.gripRect.center()).length() < std::max(8.0, reach))
            return {PartKind::EdgeEnd, selected.id};
    }
    if (const Part mark = markAt(scene, point, reach))
        return mark;
    if (const int node = nodeAt(scene, point); node >= 0)
        return {PartKind::Node, scene.nodeOf(node).id};
    if (const Part grip = gripAt(scene, point, reach))
        return grip;
    if (const Part label = labelAt(scene, point))
        return label;
    if (const std::int64_t line = scene.grid.nearest(point, reach); line >= 0) {
        const auto index = static_cast<std::size_t>(line);
        if (index < scene.edges.size())
            return {PartKind::Edge, edgeId(scene, index)};
        return {PartKind::Trunk, scene.model->splits[index - scene.edges.size()].id};
    }
    for (const FrameShape& frame : scene.frames) {
        if (frame.rect.contains(point))
            return {PartKind::Frame, scene.model->frames[static_cast<std::size_t>(frame.frame)].id};
    }
    for (std::size_t i = 0; i < scene.environments.size(); ++i) {
        if (scene.environments[i].contains(point))
            return {PartKind::Environment, scene.model->environments[i].id};
    }
    return {};
}

} // namespace meshyard::scene
