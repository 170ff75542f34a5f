// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker_policy.h"
#include "embedded-mesh/http/h2_options.h"
#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/proxy/upstream/upstream_transport.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace envoy::config::cluster::v3 {
class Cluster;
}
namespace envoy::config::endpoint::v3 {
class ClusterLoadAssignment;
}

namespace meshyard::proxy {

struct EndpointSpec
{
    net::SocketAddress address;
    std::string instance; // endpoint metadata "meshyard"/"instance"; else the address
    std::string version; // endpoint metadata "meshyard"/"version"; may be empty
    TransportLabels transportLabels; // what chooses among the cluster's transport sockets
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
    bool healthy = true; // as the control plane sees it
    bool draining = false;

    bool operator==(const EndpointSpec&) const = default;
};

/// Endpoints of a cluster: from EDS or from the cluster itself.
struct EndpointSet
{
    std::vector<EndpointSpec> endpoints;
    std::uint32_t overprovisioning = 140; // percent

    /// Names are looked up here (blocking), never by a worker.
    static Result<std::shared_ptr<const EndpointSet>> compile(
        const envoy::config::endpoint::v3::ClusterLoadAssignment& assignment);
};

enum class BalancePolicy : std::uint8_t { LeastRequest, RoundRobin, Random };

/// Envoy `circuit_breakers`: caps on concurrency. Not the breaker.
struct ResourceLimits
{
    std::uint32_t connections = 1024;
    std::uint32_t pending = 1024;
    std::uint32_t requests = 1024;
    std::uint32_t retries = 3;
    double retryBudget = 0; // share of active requests; 0 = `retries` counts
    std::uint32_t minRetryConcurrency = 3;

    bool operator==(const ResourceLimits&) const = default;
};

/// Consecutive-error rules of outlier detection.
struct OutlierSpec
{
    using Micros = std::chrono::microseconds;

    bool enabled = false;
    std::uint32_t consecutive5xx = 5; // 0 = off
    std::uint32_t consecutiveGateway = 0; // 0 = off, and unless it is enforced
    Micros baseEjection = std::chrono::seconds(30);
    Micros maxEjection = std::chrono::seconds(300);
    std::uint32_t maxPercent = 10;
    bool alwaysEjectOne = false;

    bool operator==(const OutlierSpec&) const = default;
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
    std::string name;
    BalancePolicy balance = BalancePolicy::LeastRequest;
    std::uint32_t choices = 2; // least request
    std::chrono::microseconds connectTimeout = std::chrono::seconds(5);
    std::chrono::microseconds idleTimeout = std::chrono::hours(1);
    std::uint32_t maxRequestsPerConnection = 0; // 0 = no limit
    UpstreamProtocol protocol = UpstreamProtocol::Http1;
    http::H2Options http2;
    ResourceLimits limits;
    OutlierSpec outlier;
    double panicThreshold = 50; // percent of healthy endpoints below which health is ignored
    BreakerPolicy breaker;
    bool usesEds = false;
    std::string edsName;
    bool usesOriginalDestination = false; // endpoints are where callers meant to go
    UpstreamTransport transport;

    /// @param warnings gets what is understood but not supported yet.
    static Result<std::shared_ptr<const ClusterSpec>> compile(
        const envoy::config::cluster::v3::Cluster& cluster, std::vector<std::string>& warnings);
};

} // namespace meshyard::proxy
