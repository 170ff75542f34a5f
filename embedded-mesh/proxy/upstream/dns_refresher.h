// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/cluster_spec.h"
#include "embedded-mesh/proxy/upstream/dns_lookup.h"

#include <map>

namespace meshyard::proxy {

/// Keeps the endpoints of STRICT_DNS and LOGICAL_DNS clusters what their names say: looks each name
/// up again after dns_refresh_rate or its TTL; an answer that fails leaves the endpoints alone and
/// is asked for again sooner or later, as dns_failure_refresh_rate says.
///
/// Follows Envoy: arch_overview/upstream/service_discovery.
/// Thread: the first worker's.
class DnsRefresher final
{
public:
    using Sink = std::function<void(
        const std::string& cluster, const std::shared_ptr<const EndpointSet>& endpoints)>;

    /// @param servers for tests, see DnsLookup.
    DnsRefresher(net::EventLoop& loop, std::uint64_t seed, Sink sink, std::string servers = {});
    ~DnsRefresher();

    /// A cluster as configured now. @return the endpoints to use: the newest known of that set.
    std::shared_ptr<const EndpointSet> follow(
        const ClusterSpec& spec, const std::shared_ptr<const EndpointSet>& configured);
    void keepOnly(const std::function<bool(const std::string&)>& isWanted);

private:
    class Name;
    struct Watch;

    void publish(Watch& watch);
    std::chrono::microseconds jittered(std::chrono::microseconds pause, const DnsSpec& spec);

    net::EventLoop& m_loop;
    std::uint64_t m_random;
    Sink m_sink;
    const std::string m_servers;
    std::unique_ptr<DnsLookup> m_lookup; // from the first DNS cluster on
    std::map<std::string, std::unique_ptr<Watch>> m_watches; // by cluster
};

} // namespace meshyard::proxy
