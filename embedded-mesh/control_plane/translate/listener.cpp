// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/listener.h"

#include "embedded-mesh/control_plane/translate/cluster.h"

#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include <fmt/format.h>

#include <utility>

namespace meshyard::control_plane {

namespace {

namespace listener_v3 = envoy::config::listener::v3;
using Manager
    = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;

void addFilter(
    Manager& manager, const std::string& name, const google::protobuf::Message& filterConfig)
{
    auto* filter = manager.add_http_filters();
    filter->set_name(name);
    *filter->mutable_typed_config() = packDeterministically(filterConfig);
}

} // namespace

listener_v3::FilterChain httpChain(const std::string& name, ListenerRole role, CorsFilter cors)
{
    Manager manager;
    manager.set_stat_prefix(name);
    manager.mutable_rds()->set_route_config_name(name);
    *manager.mutable_rds()->mutable_config_source() = adsSource();
    if (role == ListenerRole::Gateway)
        manager.mutable_use_remote_address()->set_value(true);
    if (cors == CorsFilter::Present)
        addFilter(
            manager, "envoy.filters.http.cors", envoy::extensions::filters::http::cors::v3::Cors());
    if (role != ListenerRole::Inbound)
        addFilter(manager, "envoy.filters.http.fault",
            envoy::extensions::filters::http::fault::v3::HTTPFault());
    addFilter(manager, "envoy.filters.http.router",
        envoy::extensions::filters::http::router::v3::Router());
    listener_v3::FilterChain chain;
    auto* filter = chain.add_filters();
    filter->set_name("envoy.filters.network.http_connection_manager");
    *filter->mutable_typed_config() = packDeterministically(manager);
    return chain;
}

listener_v3::FilterChain tcpChain(const std::string& name, TcpProxy proxy)
{
    proxy.set_stat_prefix(name);
    listener_v3::FilterChain chain;
    auto* filter = chain.add_filters();
    filter->set_name("envoy.filters.network.tcp_proxy");
    *filter->mutable_typed_config() = packDeterministically(proxy);
    return chain;
}

listener_v3::Listener listenerAt(const std::string& name, const BindAddress& bind,
    ListenerRole role, const listener_v3::FilterChain& chain)
{
    listener_v3::Listener listener;
    listener.set_name(name);
    auto* socket = listener.mutable_address()->mutable_socket_address();
    socket->set_address(bind.address);
    socket->set_port_value(bind.port);
    listener.set_traffic_direction(role == ListenerRole::Inbound
            ? envoy::config::core::v3::INBOUND
            : envoy::config::core::v3::OUTBOUND);
    *listener.add_filter_chains() = chain;
    return listener;
}

std::string outboundName(const config::HostTarget& service, std::uint16_t port)
{
    return fmt::format("outbound|{}/{}|{}", service.ns, service.service, port);
}

} // namespace meshyard::control_plane
