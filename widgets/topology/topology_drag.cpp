// SPDX-License-Identifier: GPL-3.0-or-later
// Pointer input of TopologyView: panning, selecting and the gestures that edit.
#include "widgets/scene/hit_test.h"
#include "widgets/topology/edit_gesture.h"
#include "widgets/topology/keyboard_walk.h"
#include "widgets/topology/topology_view_p.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>

#include <cmath>

namespace meshyard::widgets {

using scene::Part;
using scene::PartKind;
using scene::TargetState;

namespace {

constexpr double kDragStart = 4; // px before a press becomes a drag

Qt::CursorShape cursorFor(const Part& part)
{
    switch (part.kind) {
    case PartKind::EdgeEnd:
    case PartKind::Diamond:
        return Qt::SizeAllCursor;
    case PartKind::Badge:
    case PartKind::Edge:
    case PartKind::Trunk:
        return Qt::PointingHandCursor;
    default:
        return Qt::ArrowCursor;
    }
}

QString toolTipOf(const scene::PlacedScene& placed, const Part& part)
{
    const auto& model = *placed.model;
    if (const int node = placed.nodeIndex.value(part.id, -1); node >= 0)
        return model.nodes[static_cast<std::size_t>(node)].toolTip;
    if (const int split = placed.splitIndex.value(part.id, -1); split >= 0)
        return model.splits[static_cast<std::size_t>(split)].toolTip;
    const int edge = placed.edgeIndex.value(part.id, -1);
    if (edge < 0)
        return {};
    const auto& shape = model.edges[static_cast<std::size_t>(edge)];
    return part.kind == PartKind::Badge ? shape.badge.toolTip : shape.toolTip;
}

} // namespace

bool TopologyView::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip && d->shown != nullptr) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const Part part = partAt(help->pos());
        const QString text = toolTipOf(*d->shown, part);
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), text, viewport(), viewportRectOf(part));
        Q_EMIT toolTipWanted(part, help->globalPos());
        return true;
    }
    if (event->type() == QEvent::Leave)
        d->setHovered({});
    return QAbstractScrollArea::viewportEvent(event);
}

void TopologyView::mousePressEvent(QMouseEvent* event)
{
    if (d->shown == nullptr || d->gesture != Gesture::None) {
        if (event->button() == Qt::RightButton)
            d->cancel();
        return;
    }
    const bool pan = event->button() == Qt::MiddleButton
        || (event->button() == Qt::LeftButton && d->spaceHeld);
    if (!pan && event->button() != Qt::LeftButton)
        return;
    d->press(pan ? Part{} : partAt(event->position().toPoint()), event->position());
}

void TopologyView::Private::press(const Part& part, QPointF at)
{
    gesture = Gesture::Pressed;
    settled = true;
    byKeyboard = false;
    pressedPart = part;
    pressedAt = at;
    pointer = at;
    startOrigin = map.origin;
    state.focused = {};
}

void TopologyView::mouseMoveEvent(QMouseEvent* event)
{
    if (d->shown == nullptr)
        return;
    d->pointer = event->position();
    if (d->gesture == Gesture::None || d->byKeyboard) {
        const Part part = partAt(event->position().toPoint());
        d->setHovered(part);
        viewport()->setCursor(d->spaceHeld ? Qt::OpenHandCursor : cursorFor(part));
        return;
    }
    d->drag(event->position(), event->modifiers());
}

void TopologyView::Private::drag(QPointF at, Qt::KeyboardModifiers modifiers)
{
    if (gesture == Gesture::Pressed) {
        if (QLineF(pressedAt, at).length() < kDragStart)
            return;
        beginGesture(at);
    }
    switch (gesture) {
    case Gesture::Pan:
        autoFit = false;
        map.origin = startOrigin - (at - pressedAt) / map.zoom;
        mapChanged();
        break;
    case Gesture::Reroute:
        trackReroute(map.toScene(at));
        break;
    case Gesture::Weights:
        trackWeights(map.toScene(at), modifiers.testFlag(Qt::ShiftModifier));
        break;
    case Gesture::MoveNode:
        q->viewport()->update();
        break;
    case Gesture::None:
    case Gesture::Pressed:
        break;
    }
}

void TopologyView::Private::beginGesture(QPointF at)
{
    Q_UNUSED(at)
    QString why;
    switch (pressedPart.kind) {
    case PartKind::EdgeEnd:
    case PartKind::Diamond:
        if (!mayEdit(pressedPart, why)) {
            gesture = Gesture::None;
            setHint(why);
            Q_EMIT q->rerouteRefused(pressedPart.id, why);
            return;
        }
        setSelected(pressedPart);
        if (pressedPart.kind == PartKind::EdgeEnd) {
            beginReroute(pressedPart.id);
        } else {
            gesture = Gesture::Weights;
            edited = pressedPart.id;
            updateHint();
        }
        break;
    case PartKind::Node:
        gesture = Gesture::MoveNode;
        edited = pressedPart.id;
        q->viewport()->setCursor(Qt::SizeAllCursor);
        break;
    default:
        gesture = Gesture::Pan;
        q->viewport()->setCursor(Qt::ClosedHandCursor);
        break;
    }
}

void TopologyView::mouseReleaseEvent(QMouseEvent* event)
{
    if (d->shown == nullptr || d->gesture == Gesture::None || d->byKeyboard)
        return;
    d->release(event->position());
    viewport()->setCursor(cursorFor(partAt(event->position().toPoint())));
}

void TopologyView::Private::release(QPointF at)
{
    pointer = at;
    switch (gesture) {
    case Gesture::Pressed: {
        gesture = Gesture::None;
        const bool empty
            = pressedPart.kind == PartKind::Environment || pressedPart.kind == PartKind::Frame;
        setSelected(empty ? Part{} : pressedPart);
        if (pressedPart.kind == PartKind::Badge)
            Q_EMIT q->badgeActivated(pressedPart.id, q->globalRectOf(pressedPart));
        break;
    }
    case Gesture::Reroute:
        endReroute();
        break;
    case Gesture::Weights:
        endWeights();
        break;
    case Gesture::MoveNode: {
        gesture = Gesture::None;
        const QString node = std::exchange(edited, QString());
        const int index = shown->nodeIndex.value(node, -1);
        if (index >= 0) {
            const QPointF from = shown->nodes[static_cast<std::size_t>(index)].topLeft();
            pinned.insert(node, from + (at - pressedAt) / map.zoom);
            requestLayout(false);
            Q_EMIT q->pinnedChanged();
        }
        break;
    }
    case Gesture::Pan:
    case Gesture::None:
        gesture = Gesture::None;
        break;
    }
    updateHint();
    q->viewport()->update();
}

void TopologyView::Private::beginReroute(const QString& edge)
{
    gesture = Gesture::Reroute;
    edited = edge;
    keepEdit = false;
    reason.clear();
    state.preview = {};
    state.candidate.clear();
    state.targets.clear();
    const int index = shown->edgeIndex.value(edge, -1);
    for (std::size_t i = 0; i < shown->model->nodes.size(); ++i) {
        const QString& id = shown->model->nodes[i].id;
        if (rules != nullptr && rules->canReroute(edge, id).valid)
            state.targets.insert(id, TargetState::Valid);
    }
    const auto& shape = shown->edges[static_cast<std::size_t>(index)];
    for (const int involved : {shape.source, shape.target}) {
        const QString& id = shown->nodeOf(involved).id;
        if (!state.targets.contains(id))
            state.targets.insert(id, TargetState::Involved);
    }
    state.dragging = true;
    updateHint();
    repaint(true);
    Q_EMIT q->rerouteStarted(edge);
}

void TopologyView::Private::trackReroute(QPointF scenePoint)
{
    const int node = scene::nodeAt(*shown, scenePoint);
    const QString id = node < 0 ? QString() : shown->nodeOf(node).id;
    const bool valid = state.targets.value(id, TargetState::Dimmed) == TargetState::Valid;
    reason.clear();
    if (!id.isEmpty() && !valid && rules != nullptr)
        reason = rules->canReroute(edited, id).reason;
    updateHint();
    setCandidate(valid ? id : QString());
    q->viewport()->update();
}

void TopologyView::Private::setCandidate(const QString& node)
{
    if (state.candidate == node)
        return;
    state.candidate = node;
    repaint(true);
    Q_EMIT q->rerouteCandidate(edited, node);
}

void TopologyView::Private::endReroute()
{
    const QString edge = edited;
    const QString target = state.candidate;
    const QString why = reason;
    gesture = Gesture::None;
    reason.clear();
    if (target.isEmpty()) {
        forgetEdit();
        if (!why.isEmpty())
            Q_EMIT q->rerouteRefused(edge, why);
        Q_EMIT q->editCancelled();
        return;
    }
    keepEdit = true;
    if (state.preview.target.isEmpty()) { // whoever previews may put in more
        state.preview.edge = edge;
        state.preview.target = target;
    }
    edited.clear();
    repaint(true);
    Q_EMIT q->rerouteDropped(edge, target);
}

void TopologyView::Private::trackWeights(QPointF scenePoint, bool fine)
{
    const int split = shown->splitIndex.value(edited, -1);
    if (split < 0)
        return;
    const QList<int> pulled = pulledWeights(*shown, split, scenePoint, fine ? 1 : 5);
    if (pulled == weights)
        return;
    weights = pulled;
    state.preview.weights = {{edited, {weights.begin(), weights.end()}}};
    repaint(true);
    Q_EMIT q->weightsDragged(edited, weights);
}

void TopologyView::Private::endWeights()
{
    const QString split = std::exchange(edited, QString());
    const QList<int> released = std::exchange(weights, {});
    gesture = Gesture::None;
    const int index = shown->splitIndex.value(split, -1);
    const auto before = index >= 0 ? currentWeights(*shown, index) : std::vector<int>();
    if (released.isEmpty() || QList<int>(before.begin(), before.end()) == released) {
        forgetEdit();
        Q_EMIT q->editCancelled();
        return;
    }
    keepEdit = true;
    Q_EMIT q->weightsReleased(split, released);
}

void TopologyView::Private::forgetEdit()
{
    keepEdit = false;
    edited.clear();
    weights.clear();
    reason.clear();
    state.preview = {};
    state.candidate.clear();
    state.targets.clear();
    state.dragging = false;
    repaint(true);
}

void TopologyView::Private::cancel()
{
    const bool editing = gesture == Gesture::Reroute || gesture == Gesture::Weights || keepEdit
        || !state.preview.empty();
    gesture = Gesture::None;
    byKeyboard = false;
    forgetEdit();
    updateHint();
    if (editing)
        Q_EMIT q->editCancelled();
}

void TopologyView::mouseDoubleClickEvent(QMouseEvent* event)
{
    const Part part = partAt(event->position().toPoint());
    if (part.kind == PartKind::Node || part.kind == PartKind::Edge)
        Q_EMIT activated(part);
}

void TopologyView::wheelEvent(QWheelEvent* event)
{
    if (d->shown == nullptr)
        return;
    d->settled = true;
    const QPoint pixels = event->pixelDelta();
    const bool touchpad = !pixels.isNull() && !event->modifiers().testFlag(Qt::ControlModifier);
    if (touchpad || event->modifiers().testFlag(Qt::ShiftModifier)) {
        const QPointF step = touchpad ? QPointF(pixels) : QPointF(event->angleDelta().y() / 2.0, 0);
        d->autoFit = false;
        d->map.origin -= step / d->map.zoom;
        d->mapChanged();
    } else {
        d->setZoom(d->map.zoom * std::pow(1.0016, event->angleDelta().y()), event->position());
    }
    event->accept();
}

void TopologyView::contextMenuEvent(QContextMenuEvent* event)
{
    const bool keyboard = event->reason() == QContextMenuEvent::Keyboard;
    const Part part = keyboard ? selected() : partAt(viewport()->mapFromGlobal(event->globalPos()));
    if (!keyboard && part)
        d->setSelected(part);
    const QPoint at = keyboard && part ? globalRectOf(part).center() : event->globalPos();
    Q_EMIT contextMenuWanted(part, at);
}

} // namespace meshyard::widgets
