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

/// Ejection of one endpoint by outlier detection.
struct EjectionRecord
{
    std::uint32_t consecutive5xx = 0;
    std::uint32_t consecutiveGateway = 0;
    std::uint32_t timesEjected = 0; // multiplier of the next ejection; shrinks while it behaves
    bool ejected = false;
    TimePoint until{}; // when ejected: end; else: when timesEjected shrinks
    std::uint64_t totalEjections = 0;
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
    /// In rotation unless the control plane or outlier detection says no.
    bool isHealthy() const { return m_spec.healthy && !m_spec.draining && !ejection.ejected; }

    /// The most recently used idle connection that the peer has not closed; nullptr = none.
    std::unique_ptr<UpstreamConnection> takeIdle();
    void putIdle(std::unique_ptr<UpstreamConnection> connection);
    /// Takes one idle connection out, because its peer went away or it idled too long.
    std::unique_ptr<UpstreamConnection> removeIdle(UpstreamConnection* connection);
    void closeIdle();
    void closeIdleBefore(TimePoint oldest);
    std::size_t idleCount() const { return m_idle.size(); }

    std::uint32_t active = 0; // attempts in flight: what least request looks at
    std::uint32_t connections = 0;
    std::unique_ptr<H2Pool> http2; // HTTP/2 connections; nullptr = never any
    bool speaksHttp1 = false; // has chosen HTTP/1 where it might have chosen HTTP/2
    bool removed = false; // no longer in the set: connections are not kept
    CallCounters counters;
    EjectionRecord ejection;

private:
    EndpointSpec m_spec;
    std::vector<std::unique_ptr<UpstreamConnection>> m_idle; // last used at the back
};

} // namespace meshyard::proxy
