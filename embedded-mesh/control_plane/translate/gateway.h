// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/listener.h"
#include "embedded-mesh/control_plane/translate/route_scope.h"

#include "envoy/config/route/v3/route.pb.h"

#include <vector>

namespace meshyard::control_plane {

/// What a gateway instance serves from outside.
struct GatewayConfig
{
    std::vector<envoy::config::listener::v3::Listener> listeners;
    std::vector<envoy::config::route::v3::RouteConfiguration> routes;
};

/// Listeners `gateway|<port>` for the servers of the Gateway documents of its namespace that select
/// the instance, bound to the host port each server port is mapped to.
GatewayConfig gatewayConfig(const InstanceView& instance, const RouteScope& scope);

} // namespace meshyard::control_plane
