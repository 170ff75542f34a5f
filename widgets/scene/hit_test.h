// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_state.h"

namespace meshyard::scene {

/// Says what is at a point; exact for curves.
/// @param reach how far from a line still counts, in scene units (6 px on screen).
/// @param selected its grip is there even when nothing hovers.
Part partAt(const PlacedScene& scene, QPointF point, double reach, const Part& selected = {});

/// @return the index of the node at a point; -1 = none.
int nodeAt(const PlacedScene& scene, QPointF point);

} // namespace meshyard::scene
