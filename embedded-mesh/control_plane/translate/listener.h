// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/tcp_route.h"

#include "envoy/config/listener/v3/listener.pb.h"

#include <string>

namespace meshyard::control_plane {

enum class ListenerRole {
    Outbound,
    Inbound,
    Gateway,
};

enum class CorsFilter {
    Absent,
    Present, ///< some route has a corsPolicy
};

/// HTTP with routes by RDS under `name`.
envoy::config::listener::v3::FilterChain httpChain(
    const std::string& name, ListenerRole role, CorsFilter cors = CorsFilter::Absent);
envoy::config::listener::v3::FilterChain tcpChain(const std::string& name, TcpProxy proxy);

struct BindAddress
{
    std::string address;
    std::uint16_t port = 0;
};
envoy::config::listener::v3::Listener listenerAt(const std::string& name, const BindAddress& bind,
    ListenerRole role, const envoy::config::listener::v3::FilterChain& chain);

/// `outbound|<ns>/<svc>|<port>`
std::string outboundName(const config::HostTarget& service, std::uint16_t port);
inline constexpr const char* kOutboundAny = "outbound|any";

} // namespace meshyard::control_plane
