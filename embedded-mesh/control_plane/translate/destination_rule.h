// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "istio/kinds/v1/destination_rule.pb.h"

#include "embedded-mesh/core/ids.h"

namespace meshyard::control_plane {

/// Writes a traffic policy into a cluster: load balancing, limits, protocol options, outlier
/// detection. Unset blocks get Istio's defaults: least request, no limits, no ejection, 10 s to
/// connect; panic routing is off unless asked for.
void applyTrafficPolicy(const kinds::v1::TrafficPolicy& policy, Protocol protocol,
    envoy::config::cluster::v3::Cluster& cluster);

/// Hash policy of routes to a destination with consistentHash; false = it has none.
bool addHashPolicy(
    const kinds::v1::TrafficPolicy& policy, envoy::config::route::v3::RouteAction& action);

} // namespace meshyard::control_plane
