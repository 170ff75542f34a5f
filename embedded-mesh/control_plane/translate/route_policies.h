// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "envoy/config/route/v3/route_components.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"

#include <string>

namespace meshyard::control_plane {

/// Header that says why a request was refused by its route.
inline constexpr const char* kReasonHeader = "x-meshyard-reason";

/// Answers with a status and a reason instead of forwarding.
void refuse(
    envoy::config::route::v3::Route& route, std::uint32_t status, const std::string& reason);

/// retries of a route; absent = Istio's default (2 further attempts, on what is safe to repeat).
/// @param hashed the destination is chosen by hash: a retry may meet the same host again.
void addRetries(
    const kinds::v1::HttpRoute& http, bool hashed, envoy::config::route::v3::RouteAction& action);

/// delay and abort, before the router and so before any breaker.
void addFault(const kinds::v1::HttpFaultInjection& fault, envoy::config::route::v3::Route& route);

void addCors(const kinds::v1::CorsPolicy& cors, envoy::config::route::v3::Route& route);

void addRedirect(const kinds::v1::HttpRedirect& redirect, envoy::config::route::v3::Route& route);

void addRewrite(
    const kinds::v1::HttpRewrite& rewrite, envoy::config::route::v3::RouteAction& action);

/// `value` percent as Envoy's fraction, in millionths.
void setPercent(double value, envoy::type::v3::FractionalPercent& fraction);

/// Writes request and response operations into a Route or a ClusterWeight.
/// @return what is to become the authority, "" = unchanged.
template <typename Target>
std::string addHeaderOperations(const kinds::v1::Headers& headers, Target& target);

} // namespace meshyard::control_plane
