// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/listener.h"
#include "embedded-mesh/control_plane/translate/route_scope.h"

#include "envoy/config/route/v3/route.pb.h"

#include <vector>

namespace meshyard::control_plane {

/// A service port that callers reach at an address of its own (capture (a)).
struct CapturedPort
{
    std::uint32_t slot = 0;
    std::uint16_t port = 0;
    std::string listener;
    envoy::config::listener::v3::FilterChain chain;
};

/// What all callers of one signature share on the way out.
struct OutboundConfig
{
    std::vector<CapturedPort> captured;
    std::vector<envoy::config::route::v3::RouteConfiguration>
        routes; ///< of captured, and `outbound|any`
};

/// @param scope with any port: each service's own is used.
OutboundConfig outboundConfig(const RouteScope& scope);

} // namespace meshyard::control_plane
