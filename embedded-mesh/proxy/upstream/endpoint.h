// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/proxy/upstream/call_counters.h"
#include "embedded-mesh/proxy/upstream/cluster_spec.h"

#include <memory>
#include <vector>

namespace meshyard::proxy {

class H2Pool;
class UpstreamConnection;

/// Requests and successes of one interval.
struct SuccessBucket
{
    std::uint32_t requests = 0;
    std::uint32_t successes = 0;
};

/// Why outlier detection found an endpoint to be one.
enum class OutlierCause : std::uint8_t {
    Consecutive5xx,
    ConsecutiveGateway,
    ConsecutiveLocal,
    SuccessRate,
    LocalSuccessRate,
    FailurePercentage,
    LocalFailurePercentage,
};
inline constexpr std::size_t kOutlierCauses = 7;

/// Ejection of one endpoint by outlier detection.
struct EjectionRecord
{
    std::uint32_t consecutive5xx = 0;
    std::uint32_t consecutiveGateway = 0;
    std::uint32_t consecutiveLocal = 0;
    SuccessBucket external; // since the last sweep
    SuccessBucket local; // with split_external_local_origin_errors
    double successRate = -1; // percent in the last interval; -1 = too few requests
    std::uint32_t timesEjected = 0; // multiplier of the next ejection; shrinks while it behaves
    bool ejected = false;
    OutlierCause cause = OutlierCause::Consecutive5xx;
    TimePoint since{};
    TimePoint until{}; // the first sweep from then on lets it back
    std::uint64_t totalEjections = 0;
};

/// What active health checks say.
enum class CheckState : std::uint8_t {
    None, // not checked, or nothing known yet and nothing better either
    Pending, // new in a running cluster: out until its first check has passed
    Passing,
    Degraded,
    Failing,
};

/// One endpoint in one worker: its idle connections, load and counters. Survives EDS updates.
///
/// Thread: its worker's.
class Endpoint final
{
public:
    explicit Endpoint(EndpointSpec spec);
    ~Endpoint();
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    const EndpointSpec& spec() const { return m_spec; }
    void setSpec(EndpointSpec spec) { m_spec = std::move(spec); }
    enum class Health : std::uint8_t { Unhealthy, Degraded, Healthy };

    /// As control plane, health checks and outlier detection see it together.
    Health health() const
    {
        if (!m_spec.healthy || m_spec.draining || ejection.ejected || check == CheckState::Failing
            || check == CheckState::Pending)
            return Health::Unhealthy;
        return m_spec.degraded || check == CheckState::Degraded ? Health::Degraded
                                                                : Health::Healthy;
    }
    bool isHealthy() const { return health() == Health::Healthy; }
    /// Not even counted until its first check has passed.
    bool isExcluded() const { return check == CheckState::Pending && excludedWhilePending; }

    /// The most recently used idle connection that the peer has not closed; nullptr = none.
    std::unique_ptr<UpstreamConnection> takeIdle();
    void putIdle(std::unique_ptr<UpstreamConnection> connection);
    /// Takes one idle connection out, because its peer went away or it idled too long.
    std::unique_ptr<UpstreamConnection> removeIdle(UpstreamConnection* connection);
    void closeIdle();
    void closeIdleBefore(TimePoint oldest);
    /// Idle ones only: a busy one is not kept when its request ends.
    void closeOpenedBefore(TimePoint oldest);
    std::size_t idleCount() const { return m_idle.size(); }

    std::uint32_t active = 0; // attempts in flight: what least request looks at
    std::uint32_t connections = 0;
    std::unique_ptr<H2Pool> http2; // HTTP/2 connections; nullptr = never any
    bool speaksHttp1 = false; // has chosen HTTP/1 where it might have chosen HTTP/2
    bool removed = false; // no longer in the set: connections are not kept
    CallCounters counters;
    EjectionRecord ejection;
    CheckState check = CheckState::None;
    bool excludedWhilePending = false;
    bool removalPending = false; // gone from the set, stays until a health check fails
    TimePoint healthySince{}; // for slow start
    TimePoint keepsConnectionsFrom{}; // older ones are not used again

private:
    EndpointSpec m_spec;
    std::vector<std::unique_ptr<UpstreamConnection>> m_idle; // last used at the back
};

} // namespace meshyard::proxy
