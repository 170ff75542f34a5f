// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/route_scope.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include <vector>

namespace meshyard::control_plane {

/// The routes of a VirtualService as they act for the scope's caller, in order. They do not end
/// with a catch-all where the document has none: see refuseRest().
std::vector<envoy::config::route::v3::Route> httpRoutes(
    const VirtualServiceDoc& document, const RouteScope& scope);

/// Appends a 404 that names the documents, unless the last route already takes everything.
void refuseRest(const std::string& reason, std::vector<envoy::config::route::v3::Route>& routes);

/// A service without any VirtualService: everything to the cluster without a subset.
envoy::config::route::v3::Route plainRoute(
    const config::HostTarget& service, std::uint16_t port, const RouteScope& scope);

} // namespace meshyard::control_plane
