// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/proxy/upstream/balance_spec.h"
#include "embedded-mesh/proxy/upstream/upstream_transport.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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

} // namespace meshyard::proxy
