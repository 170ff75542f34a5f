// SPDX-License-Identifier: GPL-3.0-or-later
// What TopologyView puts on the screen: the static layer and what is alive above it.
#include "widgets/scene/fonts.h"
#include "widgets/scene/scene_painter.h"
#include "widgets/topology/edit_gesture.h"
#include "widgets/topology/keyboard_walk.h"
#include "widgets/topology/topology_view_p.h"

#include <QFontMetricsF>
#include <QPainter>

namespace meshyard::widgets {

using scene::Part;
using scene::PartKind;

void TopologyView::paintEvent(QPaintEvent* event)
{
    Q_UNUSED(event)
    QPainter painter(viewport());
    d->paint(painter);
}

scene::SceneState TopologyView::Private::layerState() const
{
    scene::SceneState calm = state;
    calm.selected = {};
    calm.hovered = {};
    calm.focused = {};
    return calm;
}

void TopologyView::Private::paint(QPainter& painter)
{
    const QSizeF size(q->viewport()->size());
    if (shown == nullptr) {
        painter.fillRect(QRectF(QPointF(0, 0), size), tokens->canvas);
    } else {
        StaticLayer::Frame frame;
        frame.scene = shown;
        frame.state = layerState();
        frame.tokens = tokens;
        frame.map = map;
        frame.viewport = size;
        frame.ratio = q->viewport()->devicePixelRatioF();
        layer.draw(painter, frame);
        paintOverlay(painter);
    }
    if (mode == ViewMode::Past) {
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.setPen(QPen(tokens->time, 2, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(QPointF(0, 0), size).adjusted(1, 1, -1, -1));
    }
}

void TopologyView::Private::paintOverlay(QPainter& painter)
{
    painter.save();
    painter.scale(map.zoom, map.zoom);
    painter.translate(-map.origin);
    const scene::ScenePainter drawer(*tokens, *shown, state);
    const QString moving = gesture == Gesture::Reroute ? edited : state.preview.edge;
    for (const Part& part : {state.hovered, state.selected}) {
        if (part.id == moving)
            continue; // its new way is what counts
        const int edge = shown->edgeIndex.value(part.id, -1);
        const int split = shown->splitIndex.value(part.id, -1);
        const int node = shown->nodeIndex.value(part.id, -1);
        if (part.kind == PartKind::Node && node >= 0)
            drawer.paintNodeAbove(painter, node);
        else if (split >= 0)
            drawer.paintSplitAbove(painter, split);
        else if (edge >= 0)
            drawer.paintEdgeAbove(painter, edge);
    }
    if (traffic.isActive())
        drawer.paintParticles(painter, map.visible(q->viewport()->size()),
            static_cast<double>(clock.elapsed()) / 1000);
    QString why;
    for (const Part& part : {state.hovered, state.selected}) {
        const int edge = shown->edgeIndex.value(part.id, -1);
        if (edge >= 0 && part.id != moving && mayEdit(part, why))
            drawer.paintGrip(painter, edge);
    }
    if (gesture == Gesture::Reroute || (keepEdit && !state.preview.target.isEmpty())) {
        const int edge = shown->edgeIndex.value(moving, -1);
        const QString& target
            = gesture == Gesture::Reroute ? state.candidate : state.preview.target;
        if (edge >= 0 && (!target.isEmpty() || !byKeyboard))
            drawer.paintDragLine(painter, edge,
                target.isEmpty() ? map.toScene(pointer) : targetPort(*shown, target));
    }
    if (gesture == Gesture::MoveNode) {
        const int node = shown->nodeIndex.value(edited, -1);
        if (node >= 0) {
            painter.setPen(QPen(tokens->accent, 2 / map.zoom, Qt::DashLine));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(shown->nodes[static_cast<std::size_t>(node)].translated(
                                        (pointer - pressedAt) / map.zoom),
                9, 9);
        }
    }
    painter.restore();
    if (q->hasFocus() && state.focused) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(tokens->accent, 1.6, Qt::DotLine));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(
            map.toView(rectOf(*shown, state.focused)).adjusted(-6, -6, 6, 6), 9, 9);
    }
    paintReason(painter);
}

/// Beside the pointer: why the node under it cannot take the route.
void TopologyView::Private::paintReason(QPainter& painter) const
{
    if (gesture != Gesture::Reroute || reason.isEmpty() || byKeyboard)
        return;
    const QFont font = scene::textFont(12);
    const QFontMetricsF metrics(font);
    const QSizeF room(q->viewport()->size());
    QRectF box(0, 0, std::min(metrics.horizontalAdvance(reason) + 24, room.width() - 16), 28);
    box.moveTopLeft(pointer + QPointF(16, 18));
    box.moveLeft(std::clamp(box.left(), 8.0, std::max(8.0, room.width() - box.width() - 8)));
    if (box.bottom() > room.height() - 8)
        box.moveBottom(pointer.y() - 12);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(tokens->warn, 1.2));
    painter.setBrush(tokens->panel);
    painter.drawRoundedRect(box, 7, 7);
    painter.setFont(font);
    painter.setPen(tokens->warnText);
    painter.drawText(box.adjusted(12, 0, -12, 0), Qt::AlignVCenter | Qt::AlignLeft,
        metrics.elidedText(reason, Qt::ElideRight, box.width() - 24));
}

} // namespace meshyard::widgets
