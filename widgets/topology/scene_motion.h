// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"

namespace meshyard::widgets {

/// A picture between two arrangements of the same or a similar mesh: what both have glides, what
/// is new stands where it will be. Pills are left out while things move.
/// @param share 0 = `from`, 1 = `to`.
scene::PlacedScenePtr between(
    const scene::PlacedScene& from, const scene::PlacedScene& to, double share);

/// @return whether any node of both stands elsewhere.
bool nodesMove(const scene::PlacedScene& from, const scene::PlacedScene& to);

} // namespace meshyard::widgets
