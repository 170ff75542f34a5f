// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker_policy.h"
#include "embedded-mesh/http/h2_options.h"
#include "embedded-mesh/proxy/upstream/endpoint_set.h"
#include "embedded-mesh/proxy/upstream/health_check_spec.h"
#include "embedded-mesh/proxy/upstream/outlier_spec.h"
#include "embedded-mesh/proxy/upstream/resource_limits.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace envoy::config::cluster::v3 {
class Cluster;
}

namespace meshyard::proxy {

struct TcpKeepalive
{
    int probes = 0; // 0 = the system's
    int timeSeconds = 0;
    int intervalSeconds = 0;

    bool operator==(const TcpKeepalive&) const = default;
};

/// How requests go to the endpoints of a cluster.
enum class UpstreamProtocol : std::uint8_t {
    Http1,
    Http2,
    AsDownstream, // as the request came
    Negotiated, // by ALPN
};

/// A Cluster compiled for the workers; immutable.
struct ClusterSpec
{
    using Micros = std::chrono::microseconds;

    std::string name;
    BalanceSpec balance;
    Micros connectTimeout = std::chrono::seconds(5);
    Micros idleTimeout = std::chrono::hours(1);
    Micros maxConnectionDuration{0}; // 0 = no limit
    std::uint32_t maxRequestsPerConnection = 0; // 0 = no limit
    UpstreamProtocol protocol = UpstreamProtocol::Http1;
    http::H2Options http2;
    ResourceLimits limits; // of RoutingPriority::Default
    ResourceLimits highLimits;
    std::uint32_t maxConnectionsPerHost = UINT32_MAX;
    std::optional<TcpKeepalive> keepalive;
    OutlierSpec outlier;
    std::vector<HealthCheckSpec> healthChecks;
    bool ignoresNewHostsUntilChecked = false;
    bool closesOnHealthFailure = false; // connections of an endpoint that fails its check
    bool closesOnSetChange = false; // all connections when endpoints come or go
    bool ignoresHealthOnRemoval = false; // else a healthy endpoint stays until a check fails
    std::optional<DnsSpec> dns;
    BreakerPolicy breaker;
    bool usesEds = false;
    std::string edsName;
    bool usesOriginalDestination = false; // endpoints are where callers meant to go
    UpstreamTransport transport;

    const ResourceLimits& limitsOf(RoutingPriority priority) const
    {
        return priority == RoutingPriority::High ? highLimits : limits;
    }

    /// @param warnings gets what is understood but not supported yet.
    static Result<std::shared_ptr<const ClusterSpec>> compile(
        const envoy::config::cluster::v3::Cluster& cluster, std::vector<std::string>& warnings);
};

} // namespace meshyard::proxy
