// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker_policy.h"
#include "embedded-mesh/http/h2_options.h"
#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/proxy/upstream/balance_spec.h"
#include "embedded-mesh/proxy/upstream/health_check_spec.h"
#include "embedded-mesh/proxy/upstream/outlier_spec.h"
#include "embedded-mesh/proxy/upstream/upstream_transport.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
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
    std::string hostname;
    TransportLabels transportLabels; // what chooses among the cluster's transport sockets
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
    std::uint32_t locality = 0; // index into EndpointSet::localityWeights
    bool healthy = true; // as the control plane sees it
    bool draining = false;
    bool degraded = false;
    MetadataPairs metadata; // "envoy.lb"
    MetadataPairs listedMetadata; // items of the lists in it
    std::string hashKey; // "envoy.lb"/"hash_key"
    net::SocketAddress healthCheckAddress; // where checks go; empty = the address
    std::string healthCheckHost;
    bool healthChecked = true;

    bool operator==(const EndpointSpec&) const = default;
};

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

/// How names become addresses.
struct DnsSpec
{
    using Micros = std::chrono::microseconds;
    enum class Family : std::uint8_t { Auto, V4Only, V6Only, V4Preferred, All };

    bool logical = false; // LOGICAL_DNS: one address at a time, connections outlive it
    Family family = Family::Auto; // V6 if there is one, else V4
    Micros refresh = std::chrono::seconds(5);
    Micros jitter{0};
    Micros failureBase{0}; // 0 = refresh
    Micros failureMax{0};
    bool respectTtl = false;

    bool operator==(const DnsSpec&) const = default;
    /// Those of the asked-for family.
    std::vector<net::SocketAddress> filtered(std::vector<net::SocketAddress> addresses) const;
};

struct TcpKeepalive
{
    int probes = 0; // 0 = the system's
    int timeSeconds = 0;
    int intervalSeconds = 0;

    bool operator==(const TcpKeepalive&) const = default;
};

/// A name of a DNS cluster: what all addresses it resolves to have in common.
struct DnsName
{
    std::string host;
    std::uint16_t port = 0;
    EndpointSpec common; // without address

    bool operator==(const DnsName&) const = default;
};

/// Endpoints of a cluster: from EDS or from the cluster itself.
struct EndpointSet
{
    std::vector<EndpointSpec> endpoints;
    std::vector<DnsName> names; // of a DNS cluster, looked up again and again
    std::size_t fixedEndpoints = 0; // the first so many are literal addresses beside the names
    std::vector<std::uint32_t> localityWeights;
    std::uint32_t overprovisioning = 140; // percent
    bool weightedPriorityHealth = false;

    /// Names are looked up here (blocking), never by a worker.
    static Result<std::shared_ptr<const EndpointSet>> compile(
        const envoy::config::endpoint::v3::ClusterLoadAssignment& assignment);
    /// For a DNS cluster: names stay names; a first look-up that fails leaves their endpoints out.
    static Result<std::shared_ptr<const EndpointSet>> compileNames(
        const envoy::config::endpoint::v3::ClusterLoadAssignment& assignment, const DnsSpec& dns);
    /// The same set with these addresses for its names, in the order of the names.
    std::shared_ptr<const EndpointSet> withAddresses(
        const std::vector<std::vector<net::SocketAddress>>& addresses, const DnsSpec& dns) const;
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
