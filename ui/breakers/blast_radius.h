// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"

#include <QString>

namespace meshyard::ui {

/// What tripping an edge would do, with all it covers, from the last ten seconds.
struct BlastRadius
{
    double rejectedPerSecond = 0;
    std::uint32_t callers = 0; // instances of the source
    std::size_t versions = 0; // of the destination, tripped together
    bool oneCluster = true; // they share one, so that nobody can trip them apart
    std::optional<double> callerSuccess; // of what comes into the source, 0..1
    std::optional<double> callerSuccessAfter; // if each of its calls here decides its own answer
};

BlastRadius blastRadius(const MeshModel& model, const EdgeKey& edge);

/// "Rejects 156 rps from 3 callers. productpage: success 99 → 85 % at worst."
QString blastText(const MeshModel& model, const EdgeKey& edge);

} // namespace meshyard::ui
