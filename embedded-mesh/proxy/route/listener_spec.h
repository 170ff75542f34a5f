// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/proxy/route/route_table.h"

namespace envoy::config::listener::v3 {
class Listener;
}

namespace meshyard::proxy {

struct TelemetryRules;

/// A Listener compiled for the workers; immutable.
struct ListenerSpec
{
    enum class Role : std::uint8_t { Outbound, Inbound, Gateway };

    struct TcpTarget
    {
        std::string cluster;
        std::uint32_t weight = 1;
    };

    std::string name;
    net::SocketAddress address;
    Role role = Role::Outbound;
    std::uint16_t servicePort = 0; // inbound: the port callers know it by

    std::vector<TcpTarget> tcpTargets; // not empty: plain TCP, no HTTP
    std::uint64_t tcpWeight = 0;
    std::chrono::microseconds tcpIdleTimeout = std::chrono::hours(1);

    std::string routeConfigName; // RDS; empty = inlineRoutes
    std::shared_ptr<const RouteTable> inlineRoutes;
    std::shared_ptr<const FaultRules> fault; // of the filter itself, where a route has none
    std::chrono::microseconds idleTimeout = std::chrono::hours(1); // between requests
    std::chrono::microseconds headTimeout{0}; // request_headers_timeout; 0 = none
    std::chrono::microseconds streamIdleTimeout = std::chrono::minutes(5); // 0 = none
    std::chrono::microseconds requestTimeout{0}; // for a whole request to arrive; 0 = none
    std::chrono::microseconds maxConnectionDuration{0}; // 0 = none
    std::uint32_t maxRequestsPerConnection = 0; // 0 = no limit
    bool ignoresConnectionLimit = false; // the process's

    std::shared_ptr<const TelemetryRules> telemetry; // access logs, tracing; nullptr = none

    bool isTcp() const { return !tcpTargets.empty(); }

    /// @param warnings gets what is understood but not supported yet.
    static Result<std::shared_ptr<const ListenerSpec>> compile(
        const envoy::config::listener::v3::Listener& listener, std::vector<std::string>& warnings);
};

} // namespace meshyard::proxy
