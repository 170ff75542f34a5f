// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "envoy/config/route/v3/route_components.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"

namespace meshyard::control_plane {

/// The part of a match block that is tested per request; who calls, on which port and through which
/// gateway is decided at translation.
envoy::config::route::v3::RouteMatch routeMatch(const kinds::v1::HttpMatchRequest& match);

/// Matches everything.
envoy::config::route::v3::RouteMatch matchAll();

/// Whether no request can pass it by.
bool isCatchAll(const envoy::config::route::v3::RouteMatch& match);

/// A StringMatch as Envoy's; false = it has no value (presence only).
bool stringMatcher(const kinds::v1::StringMatch& match, bool ignoreCase,
    envoy::type::matcher::v3::StringMatcher& matcher);

} // namespace meshyard::control_plane
