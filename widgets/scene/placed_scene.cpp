// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/placed_scene.h"

#include "widgets/scene/label_placer.h"

#include <QLineF>

#include <algorithm>
#include <cmath>

namespace meshyard::scene {
namespace {

QRectF toRect(const layout::Box& box)
{
    return {box.x, box.y, box.width, box.height};
}

QPainterPath toPath(const layout::Curve& curve)
{
    QPainterPath path;
    if (curve.empty())
        return path;
    path.moveTo(curve[0].x, curve[0].y);
    for (std::size_t i = 1; i + 2 < curve.size(); i += 3)
        path.cubicTo(
            curve[i].x, curve[i].y, curve[i + 1].x, curve[i + 1].y, curve[i + 2].x, curve[i + 2].y);
    return path;
}

QPointF cubicAt(const layout::Point& a, const layout::Point& b, const layout::Point& c,
    const layout::Point& d, double t)
{
    const double s = 1 - t;
    const double wa = s * s * s;
    const double wb = 3 * s * s * t;
    const double wc = 3 * s * t * t;
    const double wd = t * t * t;
    return {wa * a.x + wb * b.x + wc * c.x + wd * d.x, wa * a.y + wb * b.y + wc * c.y + wd * d.y};
}

QPolygonF flatten(const layout::Curve& curve)
{
    QPolygonF points;
    if (curve.empty())
        return points;
    points << QPointF(curve[0].x, curve[0].y);
    for (std::size_t i = 1; i + 2 < curve.size(); i += 3) {
        const layout::Point& from = curve[i - 1];
        const layout::Point& to = curve[i + 2];
        const bool level = std::abs(from.y - to.y) < 0.01 && std::abs(from.y - curve[i].y) < 0.01;
        const double span = std::hypot(to.x - from.x, to.y - from.y);
        const int pieces = level ? 1 : std::clamp(static_cast<int>(span / 10), 10, 28);
        for (int piece = 1; piece <= pieces; ++piece)
            points << cubicAt(
                from, curve[i], curve[i + 1], to, piece / static_cast<double>(pieces));
    }
    return points;
}

double lengthOf(const QPolygonF& points)
{
    double sum = 0;
    for (qsizetype i = 0; i + 1 < points.size(); ++i)
        sum += QLineF(points[i], points[i + 1]).length();
    return sum;
}

void addEdges(PlacedScene& scene)
{
    for (std::size_t i = 0; i < scene.model->edges.size(); ++i) {
        const SceneEdge& edge = scene.model->edges[i];
        scene.edgeIndex.insert(edge.id, static_cast<int>(i));
        EdgeShape shape;
        shape.source = scene.nodeIndex.value(edge.source, -1);
        shape.target = scene.nodeIndex.value(edge.target, -1);
        shape.split = scene.splitIndex.value(edge.split, -1);
        shape.width = edgeWidth(edge.rate);
        scene.edges.push_back(std::move(shape));
    }
    std::size_t routed = 0; // the layout saw only edges between known nodes
    for (EdgeShape& shape : scene.edges) {
        if (shape.source < 0 || shape.target < 0)
            continue;
        const layout::Curve& curve = scene.layout.edges[routed++];
        shape.path = toPath(curve);
        shape.points = flatten(curve);
        shape.length = lengthOf(shape.points);
        if (shape.drawn()) {
            const QPointF end = shape.points.back();
            shape.gripRect = QRectF(end.x() - 10, end.y() - 5, 10, 10);
        }
    }
}

void addSplits(PlacedScene& scene)
{
    for (std::size_t i = 0; i < scene.splits.size(); ++i) {
        SplitShape& shape = scene.splits[i];
        const layout::SplitRoute& route = scene.layout.splits[i];
        double rate = 0;
        for (std::size_t e = 0; e < scene.edges.size(); ++e) {
            if (scene.edges[e].split == static_cast<int>(i) && scene.edges[e].drawn()) {
                shape.branches.push_back(static_cast<int>(e));
                rate += scene.model->edges[e].rate;
            }
        }
        shape.source = scene.nodeIndex.value(scene.model->splits[i].source, -1);
        if (shape.branches.empty() || route.trunk.empty())
            continue;
        shape.width = edgeWidth(rate);
        shape.trunk = toPath(route.trunk);
        shape.points = flatten(route.trunk);
        shape.length = lengthOf(shape.points);
        shape.diamond = {route.diamond.x, route.diamond.y};
        shape.diamondRect = QRectF(shape.diamond.x() - 12, shape.diamond.y() - 12, 24, 24);
    }
}

void indexIds(PlacedScene& scene)
{
    for (std::size_t i = 0; i < scene.model->nodes.size(); ++i)
        scene.nodeIndex.insert(scene.model->nodes[i].id, static_cast<int>(i));
    for (std::size_t i = 0; i < scene.model->splits.size(); ++i)
        scene.splitIndex.insert(scene.model->splits[i].id, static_cast<int>(i));
    scene.splits.resize(scene.model->splits.size());
}

layout::NodeKind kindOf(NodeShape shape)
{
    switch (shape) {
    case NodeShape::Service:
        return layout::NodeKind::Service;
    case NodeShape::Gateway:
        return layout::NodeKind::Gateway;
    case NodeShape::External:
        return layout::NodeKind::External;
    case NodeShape::Database:
        return layout::NodeKind::Database;
    case NodeShape::Unknown:
        break;
    }
    return layout::NodeKind::Unknown;
}

template <typename Items> QHash<QString, std::uint32_t> numbers(const Items& items)
{
    QHash<QString, std::uint32_t> index;
    for (std::size_t i = 0; i < items.size(); ++i)
        index.insert(items[i].id, static_cast<std::uint32_t>(i));
    return index;
}

/// Primary environments first, the others in their order.
std::vector<std::size_t> environmentOrder(const SceneModel& model)
{
    std::vector<std::size_t> order;
    for (const bool primary : {true, false}) {
        for (std::size_t i = 0; i < model.environments.size(); ++i) {
            if (model.environments[i].primary == primary)
                order.push_back(i);
        }
    }
    return order;
}

layout::LayoutNode layoutNode(
    const SceneNode& node, const PlacedScene* previous, const QHash<QString, QPointF>& pinned)
{
    layout::LayoutNode placed;
    placed.id = node.id.toStdString();
    placed.kind = kindOf(node.shape);
    if (previous != nullptr) {
        if (const auto at = previous->nodeIndex.constFind(node.id);
            at != previous->nodeIndex.constEnd()) {
            const QRectF& rect = previous->nodes[static_cast<std::size_t>(*at)];
            placed.previous = layout::Point{rect.x(), rect.y()};
        }
    }
    if (const auto pin = pinned.constFind(node.id); pin != pinned.constEnd())
        placed.pinned = layout::Point{pin->x(), pin->y()};
    return placed;
}

std::optional<layout::Point> freePlace(const QString& id, layout::Size size,
    const PlacedScene& previous, const QHash<QString, QPointF>& remembered)
{
    const auto place = remembered.constFind(id);
    if (place == remembered.constEnd())
        return std::nullopt;
    const QRectF rect(*place, QSizeF(size.width, size.height));
    const QRectF wide = rect.adjusted(-8, -8, 8, 8);
    for (const QRectF& other : previous.nodes) {
        if (other.intersects(wide))
            return std::nullopt;
    }
    return layout::Point{place->x(), place->y()};
}

void addLayoutEdges(
    layout::LayoutInput& input, const SceneModel& model, const PlacedScene* previous)
{
    const auto nodes = numbers(model.nodes);
    const auto splits = numbers(model.splits);
    QHash<QString, std::size_t> ways; // layout index of the previous scene's edges
    if (previous != nullptr) {
        std::size_t routed = 0;
        for (std::size_t i = 0; i < previous->edges.size(); ++i) {
            if (previous->edges[i].source >= 0 && previous->edges[i].target >= 0)
                ways.insert(previous->model->edges[i].id, routed++);
        }
    }
    for (const SceneEdge& edge : model.edges) {
        const auto source = nodes.constFind(edge.source);
        const auto target = nodes.constFind(edge.target);
        if (source == nodes.constEnd() || target == nodes.constEnd())
            continue;
        layout::LayoutEdge added;
        added.source = *source;
        added.target = *target;
        added.weight = edge.rate;
        added.split = splits.value(edge.split, layout::kNone);
        if (const auto way = ways.constFind(edge.id); way != ways.constEnd())
            added.bends = previous->layout.bends[*way];
        input.edges.push_back(std::move(added));
    }
}

} // namespace

double edgeWidth(double rate)
{
    return 1.4 + 1.25 * std::log10(1 + std::max(0.0, rate));
}

QPointF pointAlong(const QPolygonF& points, double distance, double* angle)
{
    for (qsizetype i = 0; i + 1 < points.size(); ++i) {
        const QLineF piece(points[i], points[i + 1]);
        const double length = piece.length();
        if (distance <= length || i + 2 == points.size()) {
            if (angle != nullptr)
                *angle = piece.angle();
            return length > 0 ? piece.pointAt(std::clamp(distance / length, 0.0, 1.0)) : points[i];
        }
        distance -= length;
    }
    return points.isEmpty() ? QPointF() : points.back();
}

QPolygonF partOf(const QPolygonF& points, double from, double to)
{
    QPolygonF part;
    double passed = 0;
    for (qsizetype i = 0; i + 1 < points.size(); ++i) {
        const QLineF piece(points[i], points[i + 1]);
        const double length = piece.length();
        const double start = std::max(from, passed);
        const double end = std::min(to, passed + length);
        if (end > start && length > 0) {
            if (part.isEmpty())
                part << piece.pointAt((start - passed) / length);
            part << piece.pointAt((end - passed) / length);
        }
        passed += length;
    }
    return part;
}

QPointF PlacedScene::pointOnEdge(int edge, double distance) const
{
    return pointAlong(edges[static_cast<std::size_t>(edge)].points, distance);
}

layout::LayoutInput layoutInput(const SceneModel& model, const PlacedScene* previous,
    const QHash<QString, QPointF>& pinned, const QHash<QString, QPointF>& remembered)
{
    layout::LayoutInput input;
    QHash<QString, std::uint32_t> environments;
    for (const std::size_t i : environmentOrder(model)) {
        environments.insert(
            model.environments[i].id, static_cast<std::uint32_t>(input.environments.size()));
        input.environments.push_back({model.environments[i].id.toStdString(), true});
    }
    const auto frames = numbers(model.frames);
    for (const SceneFrame& frame : model.frames)
        input.frames.push_back({frame.id.toStdString()});
    for (const SceneNode& node : model.nodes) {
        layout::LayoutNode placed = layoutNode(node, previous, pinned);
        placed.environment = environments.value(node.environment, layout::kNone);
        placed.frame = frames.value(node.frame, layout::kNone);
        if (!placed.previous && previous != nullptr)
            placed.previous = freePlace(node.id, placed.size, *previous, remembered);
        input.nodes.push_back(std::move(placed));
    }
    input.splits = static_cast<std::uint32_t>(model.splits.size());
    addLayoutEdges(input, model, previous);
    return input;
}

PlacedScenePtr placeScene(SceneModelPtr model, layout::LayoutResult layout)
{
    auto scene = std::make_shared<PlacedScene>();
    scene->model = std::move(model);
    scene->layout = std::move(layout);
    indexIds(*scene);
    for (const layout::Box& box : scene->layout.nodes)
        scene->nodes.push_back(toRect(box));
    addEdges(*scene);
    addSplits(*scene);
    for (const layout::FramePart& part : scene->layout.frames)
        scene->frames.push_back({static_cast<int>(part.frame), toRect(part.box)});
    const auto order = environmentOrder(*scene->model);
    scene->environments.resize(scene->model->environments.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        scene->environments[order[i]] = toRect(scene->layout.environments[i]);
    scene->extent = toRect(scene->layout.extent);
    for (std::size_t i = 0; i < scene->edges.size(); ++i) {
        scene->grid.add(static_cast<std::uint32_t>(i), scene->edges[i].points);
        if (scene->edges[i].drawn())
            scene->extent |= scene->edges[i].points.boundingRect();
    }
    for (std::size_t i = 0; i < scene->splits.size(); ++i)
        scene->grid.add(
            static_cast<std::uint32_t>(scene->edges.size() + i), scene->splits[i].points);
    scene->grid.build();
    LabelPlacer(*scene, nullptr).run();
    return scene;
}

PlacedScenePtr refreshScene(const PlacedScene& placed, SceneModelPtr model)
{
    auto scene = std::make_shared<PlacedScene>(placed);
    scene->model = std::move(model);
    for (std::size_t i = 0; i < scene->edges.size(); ++i)
        scene->edges[i].width = edgeWidth(scene->model->edges[i].rate);
    for (SplitShape& split : scene->splits) {
        double rate = 0;
        for (const int branch : split.branches)
            rate += scene->model->edges[static_cast<std::size_t>(branch)].rate;
        split.width = edgeWidth(rate);
    }
    LabelPlacer(*scene, &placed).run();
    return scene;
}

bool sameStructure(const SceneModel& a, const SceneModel& b)
{
    const auto same
        = [](const auto& x, const auto& y, auto equal) { return std::ranges::equal(x, y, equal); };
    return same(a.nodes, b.nodes,
               [](const SceneNode& x, const SceneNode& y) {
                   return x.id == y.id && x.environment == y.environment && x.frame == y.frame;
               })
        && same(a.edges, b.edges,
            [](const SceneEdge& x, const SceneEdge& y) {
                return x.id == y.id && x.source == y.source && x.target == y.target
                    && x.split == y.split;
            })
        && same(a.splits, b.splits,
            [](const SceneSplit& x, const SceneSplit& y) { return x.id == y.id; })
        && same(a.frames, b.frames,
            [](const SceneFrame& x, const SceneFrame& y) { return x.id == y.id; })
        && same(a.environments, b.environments,
            [](const SceneEnvironment& x, const SceneEnvironment& y) {
                return x.id == y.id && x.primary == y.primary;
            });
}

} // namespace meshyard::scene
