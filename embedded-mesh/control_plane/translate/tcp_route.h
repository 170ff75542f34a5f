// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/route_scope.h"

#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"

namespace meshyard::control_plane {

using TcpProxy = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;

/// The first `tcp` route of the document that acts for the scope; false = none does.
bool writeTcpTargets(const VirtualServiceDoc& document, const RouteScope& scope, TcpProxy& proxy);

/// Where connections to a service's TCP port go.
TcpProxy tcpProxyOf(const config::HostTarget& service, const RouteScope& scope);

} // namespace meshyard::control_plane
