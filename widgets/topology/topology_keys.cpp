// SPDX-License-Identifier: GPL-3.0-or-later
// Keyboard input of TopologyView: a twin for everything the pointer does.
#include "widgets/topology/edit_gesture.h"
#include "widgets/topology/keyboard_walk.h"
#include "widgets/topology/topology_accessible.h"
#include "widgets/topology/topology_view_p.h"

#include <QKeyEvent>

namespace meshyard::widgets {

using scene::Part;
using scene::PartKind;
using scene::TargetState;

void TopologyView::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
        d->spaceHeld = true;
        viewport()->setCursor(Qt::OpenHandCursor);
        return;
    }
    if (d->shown == nullptr || !d->key(event))
        QAbstractScrollArea::keyPressEvent(event);
}

void TopologyView::keyReleaseEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
        d->spaceHeld = false;
        viewport()->unsetCursor();
    }
    QAbstractScrollArea::keyReleaseEvent(event);
}

bool TopologyView::Private::key(QKeyEvent* event)
{
    const int code = event->key();
    settled = true;
    if (code == Qt::Key_Escape) {
        if (gesture != Gesture::None || keepEdit || !state.preview.empty()) {
            cancel();
            return true;
        }
        if (!state.selected)
            return false;
        state.focused = {};
        setSelected({});
        return true;
    }
    if (gesture == Gesture::Reroute && byKeyboard)
        return keyWhileRerouting(code);
    if (gesture == Gesture::Weights && byKeyboard)
        return keyWhileWeighing(code);
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        if (code == Qt::Key_Plus || code == Qt::Key_Equal)
            q->zoomIn();
        else if (code == Qt::Key_Minus)
            q->zoomOut();
        else if (code == Qt::Key_0)
            q->zoomToActual();
        else
            return false;
        return true;
    }
    if (code == Qt::Key_F && event->modifiers() == Qt::NoModifier) {
        q->zoomToFit();
        return true;
    }
    return keyOnPart(code);
}

bool TopologyView::Private::keyOnPart(int code)
{
    Direction way = Direction::Left;
    switch (code) {
    case Qt::Key_Right:
        way = Direction::Right;
        break;
    case Qt::Key_Left:
        break;
    case Qt::Key_Up:
        way = Direction::Up;
        break;
    case Qt::Key_Down:
        way = Direction::Down;
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (!state.selected)
            return false;
        q->activate(state.selected);
        return true;
    case Qt::Key_B: {
        const Part badge{PartKind::Badge, edgeOfSelection()};
        if (rectOf(*shown, badge).isNull())
            return false;
        q->activate(badge);
        return true;
    }
    case Qt::Key_R:
        return beginKeyboardReroute();
    case Qt::Key_W:
        return beginKeyboardWeights();
    default:
        return false;
    }
    const Part next = stepFrom(*shown, state.selected, way);
    state.focused = next;
    setSelected(next);
    q->centreOn(next);
    return true;
}

QString TopologyView::Private::edgeOfSelection() const
{
    return shown->edgeIndex.contains(state.selected.id) ? state.selected.id : QString();
}

int TopologyView::Private::splitOfSelection() const
{
    if (const int split = shown->splitIndex.value(state.selected.id, -1); split >= 0)
        return split;
    const int edge = shown->edgeIndex.value(state.selected.id, -1);
    return edge < 0 ? -1 : shown->edges[static_cast<std::size_t>(edge)].split;
}

bool TopologyView::Private::beginKeyboardReroute()
{
    const QString edge = edgeOfSelection();
    if (edge.isEmpty() || gesture != Gesture::None)
        return false;
    QString why;
    if (!mayEdit({PartKind::EdgeEnd, edge}, why)) {
        setHint(why);
        Q_EMIT q->rerouteRefused(edge, why);
        return true;
    }
    byKeyboard = true;
    beginReroute(edge);
    return true;
}

bool TopologyView::Private::keyWhileRerouting(int code)
{
    QStringList targets;
    for (const Part& part : nodesInOrder(*shown)) {
        if (state.targets.value(part.id, TargetState::Dimmed) == TargetState::Valid)
            targets.append(part.id);
    }
    if (code == Qt::Key_Return || code == Qt::Key_Enter) {
        byKeyboard = false;
        endReroute();
        updateHint();
        return true;
    }
    if (targets.isEmpty())
        return true;
    const qsizetype now = targets.indexOf(state.candidate);
    qsizetype next = now;
    if (code == Qt::Key_Down || code == Qt::Key_Right)
        next = (now + 1) % targets.size();
    else if (code == Qt::Key_Up || code == Qt::Key_Left)
        next = now <= 0 ? targets.size() - 1 : now - 1;
    else
        return true;
    setCandidate(targets[next]);
    announceFocus(q, {PartKind::Node, targets[next]});
    return true;
}

bool TopologyView::Private::beginKeyboardWeights()
{
    const int split = splitOfSelection();
    if (split < 0 || gesture != Gesture::None)
        return false;
    const QString id = shown->model->splits[static_cast<std::size_t>(split)].id;
    QString why;
    if (!mayEdit({PartKind::Diamond, id}, why)) {
        setHint(why);
        return true;
    }
    byKeyboard = true;
    gesture = Gesture::Weights;
    edited = id;
    weightBranch = 0;
    const auto now = currentWeights(*shown, split);
    weights = {now.begin(), now.end()};
    updateHint();
    q->viewport()->update();
    return true;
}

void TopologyView::Private::nudgeWeight(int by)
{
    const std::vector<int> now(weights.begin(), weights.end());
    if (weightBranch >= now.size())
        return;
    weights = withWeight(now, weightBranch, now[weightBranch] + by);
    state.preview.weights = {{edited, {weights.begin(), weights.end()}}};
    repaint(true);
    Q_EMIT q->weightsDragged(edited, weights);
}

bool TopologyView::Private::keyWhileWeighing(int code)
{
    const int split = shown->splitIndex.value(edited, -1);
    if (split < 0)
        return false;
    const auto& branches = shown->splits[static_cast<std::size_t>(split)].branches;
    switch (code) {
    case Qt::Key_Down:
        weightBranch = std::min(weightBranch + 1, branches.size() - 1);
        break;
    case Qt::Key_Up:
        weightBranch = weightBranch > 0 ? weightBranch - 1 : 0;
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
    case Qt::Key_Right:
        nudgeWeight(5);
        break;
    case Qt::Key_Minus:
    case Qt::Key_Left:
        nudgeWeight(-5);
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        byKeyboard = false;
        endWeights();
        updateHint();
        return true;
    default:
        return true;
    }
    const QString& edge = shown->model->edges[static_cast<std::size_t>(branches[weightBranch])].id;
    state.focused = {PartKind::Edge, edge};
    q->viewport()->update();
    return true;
}

/// Tab goes from node to node in reading order and leaves the canvas after the last.
bool TopologyView::focusNextPrevChild(bool next)
{
    if (d->shown == nullptr || !hasFocus() || d->gesture != Gesture::None)
        return QAbstractScrollArea::focusNextPrevChild(next);
    const QList<Part> nodes = nodesInOrder(*d->shown);
    const qsizetype now = nodes.indexOf(d->state.selected);
    const qsizetype wanted = now < 0 ? (next ? 0 : nodes.size() - 1) : now + (next ? 1 : -1);
    if (nodes.isEmpty() || wanted < 0 || wanted >= nodes.size()) {
        d->state.focused = {};
        return QAbstractScrollArea::focusNextPrevChild(next);
    }
    d->state.focused = nodes[wanted];
    d->setSelected(nodes[wanted]);
    centreOn(nodes[wanted]);
    return true;
}

void TopologyView::focusInEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void TopologyView::focusOutEvent(QFocusEvent* event)
{
    d->spaceHeld = false;
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

} // namespace meshyard::widgets
