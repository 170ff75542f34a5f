// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/scene_motion.h"

namespace meshyard::widgets {
namespace {

QPointF mix(QPointF a, QPointF b, double share)
{
    return a + (b - a) * share;
}

QRectF mix(const QRectF& a, const QRectF& b, double share)
{
    return {mix(a.topLeft(), b.topLeft(), share), mix(a.bottomRight(), b.bottomRight(), share)};
}

QPolygonF mix(const QPolygonF& a, double lengthA, const QPolygonF& b, double lengthB, double share)
{
    constexpr int kPieces = 28;
    QPolygonF points;
    for (int i = 0; i <= kPieces; ++i) {
        const double at = static_cast<double>(i) / kPieces;
        points << mix(
            scene::pointAlong(a, lengthA * at), scene::pointAlong(b, lengthB * at), share);
    }
    return points;
}

void moveNodes(const scene::PlacedScene& from, scene::PlacedScene& scene, double share)
{
    for (std::size_t i = 0; i < scene.nodes.size(); ++i) {
        const int old = from.nodeIndex.value(scene.model->nodes[i].id, -1);
        if (old >= 0)
            scene.nodes[i] = mix(from.nodes[static_cast<std::size_t>(old)], scene.nodes[i], share);
    }
    for (scene::FrameShape& frame : scene.frames) {
        const QString& id = scene.model->frames[static_cast<std::size_t>(frame.frame)].id;
        for (const scene::FrameShape& old : from.frames) {
            if (from.model->frames[static_cast<std::size_t>(old.frame)].id == id) {
                frame.rect = mix(old.rect, frame.rect, share);
                break;
            }
        }
    }
    for (std::size_t i = 0; i < scene.environments.size(); ++i) {
        for (std::size_t old = 0; old < from.environments.size(); ++old) {
            if (from.model->environments[old].id == scene.model->environments[i].id)
                scene.environments[i] = mix(from.environments[old], scene.environments[i], share);
        }
    }
}

void moveEdges(const scene::PlacedScene& from, scene::PlacedScene& scene, double share)
{
    for (std::size_t i = 0; i < scene.edges.size(); ++i) {
        scene::EdgeShape& shape = scene.edges[i];
        const int index = from.edgeIndex.value(scene.model->edges[i].id, -1);
        shape.labelRect = {};
        shape.wordsRect = {};
        if (index < 0 || !shape.drawn())
            continue;
        const scene::EdgeShape& old = from.edges[static_cast<std::size_t>(index)];
        if (!old.drawn())
            continue;
        shape.points = mix(old.points, old.length, shape.points, shape.length, share);
        shape.length = old.length + (shape.length - old.length) * share;
        if (!shape.badgeRect.isNull()) {
            const double at = shape.badgeAt;
            shape.badgeAt = std::min(at, shape.length);
            shape.badge = scene::pointAlong(shape.points, shape.badgeAt);
            shape.badgeRect.moveCenter(shape.badge);
        }
        const QPointF end = shape.points.back();
        shape.gripRect = QRectF(end.x() - 10, end.y() - 5, 10, 10);
    }
}

void moveSplits(const scene::PlacedScene& from, scene::PlacedScene& scene, double share)
{
    for (std::size_t i = 0; i < scene.splits.size(); ++i) {
        scene::SplitShape& shape = scene.splits[i];
        const int index = from.splitIndex.value(scene.model->splits[i].id, -1);
        shape.labelRect = {};
        shape.weightsRect = {};
        if (index < 0 || shape.diamondRect.isNull())
            continue;
        const scene::SplitShape& old = from.splits[static_cast<std::size_t>(index)];
        if (old.diamondRect.isNull())
            continue;
        shape.points = mix(old.points, old.length, shape.points, shape.length, share);
        shape.diamond = mix(old.diamond, shape.diamond, share);
        shape.diamondRect.moveCenter(shape.diamond);
    }
}

} // namespace

scene::PlacedScenePtr between(
    const scene::PlacedScene& from, const scene::PlacedScene& to, double share)
{
    auto scene = std::make_shared<scene::PlacedScene>(to);
    moveNodes(from, *scene, share);
    moveEdges(from, *scene, share);
    moveSplits(from, *scene, share);
    scene->extent = mix(from.extent, to.extent, share);
    scene->grid = {};
    for (std::size_t i = 0; i < scene->edges.size(); ++i)
        scene->grid.add(static_cast<std::uint32_t>(i), scene->edges[i].points);
    for (std::size_t i = 0; i < scene->splits.size(); ++i)
        scene->grid.add(
            static_cast<std::uint32_t>(scene->edges.size() + i), scene->splits[i].points);
    scene->grid.build();
    return scene;
}

bool nodesMove(const scene::PlacedScene& from, const scene::PlacedScene& to)
{
    for (std::size_t i = 0; i < to.nodes.size(); ++i) {
        const int old = from.nodeIndex.value(to.model->nodes[i].id, -1);
        if (old >= 0
            && from.nodes[static_cast<std::size_t>(old)].topLeft() != to.nodes[i].topLeft())
            return true;
    }
    return false;
}

} // namespace meshyard::widgets
