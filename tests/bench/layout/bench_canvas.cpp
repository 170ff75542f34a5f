// SPDX-License-Identifier: GPL-3.0-or-later
// Prints what drawing costs: place, paint the whole, paint at 60 %, take over new figures, find
// the curve under a pointer. --short stops at 500 services.
#include "tests/support/synthetic_mesh.h"
#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_painter.h"

#include <QGuiApplication>
#include <QPainter>

#include <cstdio>
#include <cstring>
#include <ctime>

using namespace meshyard;

namespace {

/// CPU time of this process: what drawing costs does not depend on who else is busy.
class CpuTimer final
{
public:
    double milliseconds() const
    {
        return static_cast<double>(std::clock() - m_start) * 1000 / CLOCKS_PER_SEC;
    }

private:
    std::clock_t m_start = std::clock();
};

scene::SceneModelPtr modelOf(std::uint32_t nodes, std::uint32_t edges, double factor)
{
    const auto input = tests::syntheticMesh(nodes, edges, 1);
    auto model = std::make_shared<scene::SceneModel>();
    for (const auto& node : input.nodes) {
        scene::SceneNode added;
        added.id = QString::fromStdString(node.id);
        added.title = added.id;
        added.subtitle = QStringLiteral("2 of 2 · 93 rps");
        added.health = scene::Health::Ok;
        model->nodes.push_back(added);
    }
    for (std::size_t i = 0; i < input.edges.size(); ++i) {
        const auto& edge = input.edges[i];
        scene::SceneEdge added;
        added.id = QString::number(i);
        added.source = model->nodes[edge.source].id;
        added.target = model->nodes[edge.target].id;
        added.rate = edge.weight * factor;
        added.label = QStringLiteral("%1 rps").arg(added.rate, 0, 'f', 0);
        added.health = i % 17 == 0 ? scene::Health::Bad : scene::Health::Ok;
        added.badge.kind = scene::BadgeKind::Closed;
        model->edges.push_back(added);
    }
    return model;
}

double paintMs(const scene::PlacedScene& placed, double zoom, QSize size)
{
    QImage image(size, QImage::Format_RGB32);
    scene::SceneState state;
    state.zoom = zoom;
    const CpuTimer timer;
    image.fill(scene::lightTokens().canvas);
    QPainter painter(&image);
    const QRectF visible(placed.extent.center() - QPointF(size.width(), size.height()) / (2 * zoom),
        QSizeF(size) / zoom);
    painter.scale(zoom, zoom);
    painter.translate(-visible.topLeft());
    scene::ScenePainter(scene::lightTokens(), placed, state).paint(painter, visible);
    painter.end();
    return timer.milliseconds();
}

void run(std::uint32_t nodes, std::uint32_t edges)
{
    const QSize size(1600, 900);
    const auto model = modelOf(nodes, edges, 1);
    const auto newer = modelOf(nodes, edges, 1.1);
    auto laidOut = layout::LayoutEngine::layout(scene::layoutInput(*model, nullptr));
    CpuTimer timer;
    const auto placed = scene::placeScene(model, std::move(laidOut));
    const double place = timer.milliseconds();
    timer = {};
    const auto refreshed = scene::refreshScene(*placed, newer);
    const double refresh = timer.milliseconds();
    const double fit
        = std::min(size.width() / placed->extent.width(), size.height() / placed->extent.height());
    const double whole = paintMs(*refreshed, fit, size);
    const double near = paintMs(*refreshed, 0.6, size);
    timer = {};
    constexpr int kHits = 1000;
    std::int64_t found = 0;
    for (int i = 0; i < kHits; ++i) {
        const QPointF point = placed->extent.topLeft()
            + QPointF(placed->extent.width() * (i % 40) / 40, placed->extent.height() * i / kHits);
        found += placed->grid.nearest(point, 6) >= 0 ? 1 : 0;
    }
    const double hit = timer.milliseconds() * 1000 / kHits;
    std::printf("%6u %7u %9.1f %11.1f %12.1f %11.1f %9.1f (%lld of %d)\n", nodes, edges, place,
        refresh, whole, near, hit, static_cast<long long>(found), kHits);
}

} // namespace

int main(int argc, char** argv)
{
    const QGuiApplication application(argc, argv);
    const bool brief = argc > 1 && std::strcmp(argv[1], "--short") == 0;
    std::printf("%6s %7s %9s %11s %12s %11s %9s\n", "nodes", "edges", "place ms", "refresh ms",
        "whole ms", "60 % ms", "hit us");
    run(13, 60);
    run(100, 500);
    run(500, 2500);
    if (!brief)
        run(2000, 10000);
    return 0;
}
