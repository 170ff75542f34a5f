// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_state.h"

#include <QList>

namespace meshyard::widgets {

/// @return the weights of a split when its diamond is pulled from where it stands to `pointer`:
/// the branch pulled towards gains, at its end it has 100; the others keep their proportion.
/// @param step rounds to multiples of it.
QList<int> pulledWeights(
    const scene::PlacedScene& placed, int split, QPointF pointer, int step = 5);

/// @return weights with `branch` set to `value` and the others keeping their proportion; sum 100.
QList<int> withWeight(const std::vector<int>& weights, std::size_t branch, int value);

/// The weights of a split as drawn: configured ones, else measured shares.
std::vector<int> currentWeights(const scene::PlacedScene& placed, int split);

/// Where an edge's drag line ends when it is to go to a node.
QPointF targetPort(const scene::PlacedScene& placed, const QString& node);

} // namespace meshyard::widgets
