// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/ids.h"
#include "embedded-mesh/core/latency_sketch.h"
#include "meshyard/v1/observer.pb.h"
#include "meshyard/v1/telemetry.pb.h"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// Call outcomes in the order of meshyard.v1.Outcomes, so that adding is a loop.
using OutcomeCounts = std::array<std::uint32_t, 11>;

OutcomeCounts countsOf(const v1::Outcomes& outcomes);
void writeCounts(const OutcomeCounts& counts, v1::Outcomes& out);
void add(OutcomeCounts& into, const OutcomeCounts& more);
/// Finished calls: all but the retries.
std::uint64_t finished(const OutcomeCounts& counts);
bool isZero(const OutcomeCounts& counts);

/// Values at one moment, not sums.
struct Gauges
{
    std::uint32_t inFlight = 0;
    std::uint32_t connections = 0;
    std::uint32_t tlsConnections = 0;

    bool operator==(const Gauges&) const = default;
};

/// One second of one edge while it is open.
struct OpenSecond
{
    OutcomeCounts outcomes{};
    std::uint64_t bytesOut = 0;
    std::uint64_t bytesIn = 0;
    LatencySketch latency;
    LatencySketch serverLatency;
    bool touched = false;
};

/// One closed second, as small as it can be kept for two minutes.
struct ClosedSecond
{
    std::int64_t second = 0;
    OutcomeCounts outcomes{};
    std::uint64_t bytesOut = 0;
    std::uint64_t bytesIn = 0;
    v1::Sketch latency;
    v1::Sketch serverLatency;
};

struct EdgeState;

/// The breakers that all instances of one source run for one cluster; its edges share them.
struct BreakerGroup
{
    NodeKey source;
    std::string cluster;
    std::vector<EdgeState*> edges;
    std::map<std::string, v1::BreakerSecond> members; ///< by source instance

    /// The edge that carries most calls; nullptr = no call has been seen yet.
    EdgeState* mainEdge() const;
};

struct EdgeState
{
    std::uint32_t id = 0;
    EdgeKey key;
    std::set<std::string> clusters;
    std::vector<BreakerGroup*> groups;
    std::array<OpenSecond, 2> open; ///< second S lives in slot S % 2
    std::deque<ClosedSecond> closed; ///< ascending, at most two minutes, idle seconds left out
    Gauges gauges;
    double weight = 0; ///< calls a second that reached an endpoint, smoothed, kept while rejected
    std::set<std::string> reporters;
    TimePoint lastReport;
    std::string sentBreaker; ///< as last sent, serialized
    bool sentStale = false;
    bool described = false; ///< its descriptor is in a frame already
};

/// The vector over source instances, summed up: worst state first.
v1::EdgeBreaker summarize(const EdgeState& edge);

} // namespace meshyard::control_plane
