// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/layout/layered_graph.h"

#include <vector>

namespace meshyard::layout {

/// The blocks and block edges of one environment (kNone: the nodes outside all of them).
LayeredGraph collectBlocks(const LayoutInput& input, std::uint32_t environment);

/// Puts the ordered environments under each other, columns in line, and fills nodes, frames,
/// environments, bends and extent of the result.
void composeEnvironments(
    const LayoutInput& input, std::vector<LayeredGraph>& graphs, LayoutResult& result);

/// Boxes of frames and environments around nodes that stand already.
void drawBoxes(const LayoutInput& input, LayoutResult& result);

/// Environments top to bottom; nodes outside all of them come last, as kNone.
std::vector<std::uint32_t> environmentOrder(const LayoutInput& input);

} // namespace meshyard::layout
