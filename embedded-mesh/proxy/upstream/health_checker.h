// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/cluster.h"
#include "embedded-mesh/proxy/upstream/health_probe.h"

#include <map>

namespace meshyard::proxy {

/// Probes the endpoints of all clusters that ask for it: one checker a process, whatever the
/// number of workers; what it finds goes to each of them.
///
/// Follows Envoy: arch_overview/upstream/health_checking.
/// Thread: the first worker's.
class HealthChecker final
{
public:
    /// After every probe. @param passed this one was good, whatever the thresholds made of it.
    using Sink = std::function<void(const std::string& cluster, const net::SocketAddress& endpoint,
        CheckState verdict, bool passed)>;

    struct Counters
    {
        std::uint64_t attempts = 0;
        std::uint64_t successes = 0;
        std::uint64_t failures = 0; // of both kinds
        std::uint64_t networkFailures = 0;
    };

    HealthChecker(net::EventLoop& loop, std::uint64_t seed, Sink sink);
    ~HealthChecker();

    /// Follows a cluster as it is now: probes begin for endpoints that came, end for those gone.
    void follow(const std::shared_ptr<const Cluster>& cluster);
    /// Ends what is not followed any more.
    void keepOnly(const std::function<bool(const std::string&)>& isWanted);
    /// @return nullptr = not checked.
    const Counters* counters(const std::string& cluster) const;

private:
    class Session;
    struct Watch;

    net::EventLoop& m_loop;
    std::uint64_t m_random;
    Sink m_sink;
    HealthProbe::Clients m_clients;
    std::map<std::string, std::unique_ptr<Watch>, std::less<>> m_watches; // by cluster
};

} // namespace meshyard::proxy
