// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"

namespace meshyard {

class MeshModel;

/// One edge over a window: what tables, `meshyardctl edges` and snapshot files show.
struct EdgeFigures
{
    Edge edge;
    std::uint32_t windowS = 0; // seconds actually covered
    Outcomes outcomes;
    std::uint64_t bytesOut = 0;
    std::uint64_t bytesIn = 0;
    std::uint32_t inFlight = 0;
    std::uint32_t connections = 0;
    std::uint32_t tlsConnections = 0;
    LatencySketch latency;
    LatencySketch serverLatency;
    EdgeBreaker breaker;

    double rps() const; // finished calls per second, rejected ones included
    std::optional<double> successRate() const; // 0..1; nullopt without calls
    std::optional<double> percentileMs(double quantile) const;
    /// Every connection is encrypted; false without connections.
    bool mtls() const;

    bool operator==(const EdgeFigures&) const = default;
};

/// The figures of every edge of the model over its last `seconds` (1..60), in key order.
std::vector<EdgeFigures> edgeFigures(const MeshModel& model, std::uint32_t seconds = 10);

} // namespace meshyard
