// SPDX-License-Identifier: GPL-3.0-or-later
// What TopologyView says: the hint line and the names of its parts.
#include "widgets/topology/topology_view_p.h"

namespace meshyard::widgets {

using scene::Part;
using scene::PartKind;

void TopologyView::Private::setHint(const QString& text)
{
    if (hint == text)
        return;
    hint = text;
    hintLabel->setText(text);
    Q_EMIT q->hintChanged(text);
}

bool TopologyView::Private::mayEdit(const Part& part, QString& why) const
{
    if (mode == ViewMode::Past)
        why = tr("The past cannot be edited. Go back to live first.");
    else if (mode == ViewMode::Lost)
        why = tr("Nothing can be changed while the control plane does not answer.");
    else if (!editable)
        why = whyNotEditable;
    else if (const int edge = shown->edgeIndex.value(part.id, -1); edge >= 0) {
        const auto& model = shown->model->edges[static_cast<std::size_t>(edge)];
        why = model.whyNotEditable;
        return model.editable;
    } else if (const int split = shown->splitIndex.value(part.id, -1); split >= 0) {
        const auto& model = shown->model->splits[static_cast<std::size_t>(split)];
        why = model.whyNotEditable;
        return model.editable;
    } else
        return true;
    return false;
}

void TopologyView::Private::updateHint()
{
    if (gesture == Gesture::Reroute) {
        setHint(!reason.isEmpty() ? reason
                : byKeyboard      ? tr("Up and Down choose a target, Enter takes it, Esc cancels.")
                             : tr("Targets that can take this route are outlined. Esc cancels."));
        return;
    }
    if (gesture == Gesture::Weights) {
        setHint(byKeyboard ? tr("Up and Down choose a version, + and − shift its weight, Enter "
                                "takes it, Esc cancels.")
                           : tr("Pull towards a version to give it more. Shift for single steps, "
                                "Esc cancels."));
        return;
    }
    if (keepEdit) {
        setHint(tr("Not applied yet. Esc drops the change."));
        return;
    }
    const Part& part = state.hovered ? state.hovered : state.selected;
    QString why;
    const bool edge = part.kind == PartKind::Edge || part.kind == PartKind::EdgeEnd;
    const bool split = part.kind == PartKind::Diamond || part.kind == PartKind::Trunk;
    if (shown != nullptr && (edge || split) && !mayEdit(part, why))
        setHint(why);
    else if (edge)
        setHint(tr("Drag the edge's end to another version or service to reroute (R)."));
    else if (split)
        setHint(tr("Drag the diamond towards a version to shift weights (W)."));
    else if (part.kind == PartKind::Badge)
        setHint(tr("Click to open the breaker (B)."));
    else if (mode == ViewMode::Live && editable)
        setHint(tr("Drag an edge's end to reroute, a diamond to shift weights, click a breaker"));
    else
        setHint(mode == ViewMode::Live ? whyNotEditable : QString());
}

QString TopologyView::nameOf(const Part& part) const
{
    if (d->shown == nullptr)
        return {};
    const auto& model = *d->shown->model;
    if (part.kind == PartKind::Node) {
        const int index = d->shown->nodeIndex.value(part.id, -1);
        if (index < 0)
            return {};
        const auto& node = model.nodes[static_cast<std::size_t>(index)];
        return node.accessibleName.isEmpty() ? node.title : node.accessibleName;
    }
    if (part.kind == PartKind::Diamond || part.kind == PartKind::Trunk) {
        const int index = d->shown->splitIndex.value(part.id, -1);
        return index < 0 ? QString() : model.splits[static_cast<std::size_t>(index)].accessibleName;
    }
    const int index = d->shown->edgeIndex.value(part.id, -1);
    if (index < 0)
        return {};
    const auto& edge = model.edges[static_cast<std::size_t>(index)];
    if (part.kind == PartKind::EdgeEnd)
        return tr("End of: %1").arg(edge.accessibleName);
    if (part.kind == PartKind::Badge)
        return edge.badge.accessibleName.isEmpty() ? tr("Breaker of: %1").arg(edge.accessibleName)
                                                   : edge.badge.accessibleName;
    return edge.accessibleName;
}

} // namespace meshyard::widgets
