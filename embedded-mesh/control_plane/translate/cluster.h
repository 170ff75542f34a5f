// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/route_scope.h"
#include "embedded-mesh/control_plane/xds/snapshot.h"

#include "envoy/config/core/v3/config_source.pb.h"

#include <map>
#include <string>

namespace meshyard::control_plane {

/// Endpoint resources already built, by cluster and labels: they are the same for every caller.
using EndpointCache = std::map<std::string, XdsResourcePtr>;

/// Adds a cluster per service, port and subset that the scope's caller sees, each with its
/// endpoints.
void addOutboundClusters(
    const RouteScope& scope, EndpointCache& cache, ResourceSet& clusters, ResourceSet& endpoints);

/// Adds the cluster `inbound|<port>` to the program beside the sidecar, HTTP/2 for a port that
/// speaks it.
void addInboundCluster(std::uint16_t servicePort, std::uint16_t targetPort, Protocol protocol,
    ResourceSet& clusters);

std::string inboundName(std::uint16_t servicePort);

/// ADS, v3.
envoy::config::core::v3::ConfigSource adsSource();

} // namespace meshyard::control_plane
