// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace meshyard::proxy {

/// Envoy `circuit_breakers`: caps on concurrency. Not the breaker.
struct ResourceLimits
{
    std::uint32_t connections = 1024;
    std::uint32_t pending = 1024;
    std::uint32_t requests = 1024;
    std::uint32_t retries = 3;
    std::optional<double> retryBudget; // share of active requests, in place of `retries`
    std::uint32_t minRetryConcurrency = 3;
    bool trackRemaining = false; // gauges of what is left

    bool operator==(const ResourceLimits&) const = default;
};

/// Which limits a request is under: Envoy's routing priority.
enum class RoutingPriority : std::uint8_t { Default, High };
inline constexpr std::size_t kRoutingPriorities = 2;

/// What the limits refused since start.
struct LimitCounters
{
    std::uint64_t requests = 0;
    std::uint64_t pending = 0;
    std::uint64_t connections = 0; // had to wait for one
    std::uint64_t retries = 0;
};

} // namespace meshyard::proxy
