// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/worker.h"

#include <map>
#include <string>

namespace meshyard::proxy {

/// Sums of a CallCounters since start.
struct CallFigures
{
    std::array<std::uint64_t, kCallResults> results{};
    std::array<std::uint64_t, 6> classes{}; // by status / 100
    std::uint64_t retries = 0;
    std::uint64_t bytesOut = 0;
    std::uint64_t bytesIn = 0;

    void add(const CallCounters& counters);
    void add(const CallFigures& other);
    std::uint64_t result(CallResult which) const
    {
        return results[static_cast<std::size_t>(which)];
    }
    std::uint64_t total() const;
};

struct EndpointFigures
{
    std::string instance;
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
    std::string health;
    CallFigures calls;
    std::uint32_t active = 0;
    std::uint32_t connections = 0;
    std::uint64_t ejections = 0;
    bool ejected = false;
    bool healthy = true;
};

struct ClusterFigures
{
    ResourceLimits limits;
    CallFigures calls; // all endpoints' and those that reached none
    std::map<std::string, EndpointFigures> endpoints; // by address
    std::uint32_t activeRequests = 0;
    std::uint32_t pending = 0;
    std::uint64_t connections = 0;
    std::uint64_t totalConnections = 0;
    std::uint64_t limited = 0; // refused by a limit
    std::map<std::string, std::uint64_t> stats; // whole names: limits, outliers, health checks
    std::string_view breaker;
    std::string breakerJson; // the owner's
};

/// What the admin pages and the metrics show, summed over workers, so that pages are made away
/// from the workers' threads.
struct Figures
{
    std::uint32_t workers = 0;
    std::uint32_t downstreamConnections = 0;
    bool live = false;
    std::uint64_t uptimeSeconds = 0;
    std::uint64_t memoryAllocated = 0;
    std::uint64_t connectionsRefused = 0; // by the limit of the process
    std::uint64_t acceptRefusals = 0; // out of descriptors
    std::uint64_t spansSent = 0;
    std::uint64_t spansDropped = 0;
    std::uint64_t logLinesWritten = 0;
    std::uint64_t logLinesDropped = 0;
    std::map<std::string, ClusterFigures> clusters;
    IstioTable::Map istio;
    std::map<std::string, std::uint64_t> filters; // shared by the workers: taken once
    std::map<std::string, MirrorCounters> mirrors; // by cluster

    /// On the worker's thread.
    void add(const Worker& worker);
};

} // namespace meshyard::proxy
