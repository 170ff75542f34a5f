// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/edge_figures.h"
#include "embedded-mesh/core/result.h"

namespace meshyard {

/// A mesh at one instant with its figures over a window: what is exported, and opens again.
struct Snapshot
{
    MeshFrame frame; // full; its samples carry the breakers, the figures are in `edges`
    std::vector<EdgeFigures> edges; // in key order
};

/// The model as it is shown, over its last `seconds`.
Snapshot takeSnapshot(const MeshModel& model, std::uint32_t seconds = 10);

/// JSON, stable and complete: parse(print(s)) prints the same text. Shape: docs/snapshot.md.
std::string toJsonText(const Snapshot& snapshot);
/// @return InvalidArgument naming what is wrong with the file.
Result<Snapshot> parseSnapshot(const std::string& text);

/// Graphviz; labels say rate and p99, colours and styles the health.
std::string toDot(const Snapshot& snapshot);
std::string toGraphml(const Snapshot& snapshot);
/// One line an edge, with a header; RFC 4180. A text that a spreadsheet would run is disarmed.
std::string toCsv(const Snapshot& snapshot);

/// The snapshot as a frame for a model: the window's calls spread evenly over its seconds, so that
/// every figure over the window is the one that was saved.
MeshFrame snapshotFrame(const Snapshot& snapshot);

} // namespace meshyard
