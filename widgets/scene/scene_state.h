// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/scene_model.h"

#include <QHash>
#include <QPointF>
#include <QString>

namespace meshyard::scene {

/// What a place on the canvas belongs to.
enum class PartKind : std::uint8_t {
    None,
    Node,
    Edge,
    EdgeEnd, // the 10 px grip
    Badge,
    Diamond,
    Trunk,
    Frame,
    Environment,
};

struct Part
{
    PartKind kind = PartKind::None;
    QString id; // of the node, edge, split, frame or environment

    explicit operator bool() const { return kind != PartKind::None; }
    bool operator==(const Part&) const = default;
};

enum class TargetState : std::uint8_t { Dimmed, Valid, Involved };

/// The passing state of a picture: what is pointed at, selected, dragged or tried out.
struct SceneState
{
    Part selected;
    Part hovered;
    Part focused; // by keyboard: an outline
    ScenePreview preview;
    bool dragging = false; // nodes outside `targets` are dimmed
    QHash<QString, TargetState> targets; // by node id
    QString candidate; // node id under the drag
    bool lost = false; // greyed: nobody answers
    double zoom = 1;
};

} // namespace meshyard::scene
