// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_state.h"

#include <QList>

namespace meshyard::widgets {

enum class Direction : std::uint8_t { Left, Right, Up, Down };

/// The part an arrow key leads to: along edges sideways, to neighbours up and down.
/// @return the same part when there is nothing that way.
scene::Part stepFrom(const scene::PlacedScene& placed, const scene::Part& from, Direction way);

/// Nodes in reading order: environments top to bottom, columns left to right.
QList<scene::Part> nodesInOrder(const scene::PlacedScene& placed);

/// Every part: nodes in reading order, then each edge with its end and badge, then the splits.
QList<scene::Part> allParts(const scene::PlacedScene& placed);

/// Where a part is drawn, in scene coordinates; null when it is not.
QRectF rectOf(const scene::PlacedScene& placed, const scene::Part& part);

} // namespace meshyard::widgets
