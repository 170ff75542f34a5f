// SPDX-License-Identifier: GPL-3.0-or-later
// Listener to ListenerSpec: everything that can be refused is refused here.
#include "embedded-mesh/proxy/route/listener_spec.h"
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/telemetry/access_log.h"

#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"

#include <charconv>

namespace meshyard::proxy {

namespace {

namespace listener = envoy::config::listener::v3;
using Hcm = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using TcpProxy = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
using HttpFault = envoy::extensions::filters::http::fault::v3::HTTPFault;

constexpr std::string_view kRouter = "envoy.extensions.filters.http.router.v3.Router";

std::string_view typeName(const google::protobuf::Any& any)
{
    const std::string_view url = any.type_url();
    return url.substr(url.rfind('/') + 1);
}

Result<void> compileHttpFilter(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter& filter,
    ListenerSpec& spec, std::vector<std::string>& warnings)
{
    const std::string_view type = typeName(filter.typed_config());
    if (filter.disabled() || type == kRouter)
        return {};
    if (filter.typed_config().Is<HttpFault>()) {
        HttpFault fault;
        if (!filter.typed_config().UnpackTo(&fault))
            return failure(ErrorCode::InvalidArgument, "HTTPFault does not decode");
        if (!fault.has_abort() && !fault.has_delay())
            return {};
        auto rules = FaultRules::compile(fault);
        if (!rules)
            return tl::unexpected(rules.error());
        spec.fault = std::move(*rules);
        return {};
    }
    if (filter.is_optional() || type == "envoy.extensions.filters.http.cors.v3.Cors") {
        warnings.push_back("listener '" + spec.name + "': http filter '" + filter.name()
            + "' is not supported yet and has no effect");
        return {};
    }
    // A filter that might deny requests is never left out in silence.
    return failure(ErrorCode::InvalidArgument,
        "http_filters '" + filter.name() + "' (" + std::string(type) + ") is not supported");
}

Result<void> addTelemetry(const TelemetryRules::Logs& logs, ListenerSpec& spec)
{
    if (logs.empty())
        return {};
    auto rules = std::make_shared<TelemetryRules>();
    if (auto done = rules->addLogs(logs); !done)
        return done;
    spec.telemetry = std::move(rules);
    return {};
}

Result<void> compileHttp(const Hcm& hcm, ListenerSpec& spec, std::vector<std::string>& warnings)
{
    for (const auto& filter : hcm.http_filters()) {
        if (auto done = compileHttpFilter(filter, spec, warnings); !done)
            return done;
    }
    if (hcm.codec_type() == Hcm::HTTP2 || hcm.codec_type() == Hcm::HTTP3)
        return failure(
            ErrorCode::InvalidArgument, "codec_type: only AUTO and HTTP1 are supported yet");
    if (hcm.has_rds()) {
        spec.routeConfigName = hcm.rds().route_config_name();
        if (spec.routeConfigName.empty())
            return failure(ErrorCode::InvalidArgument, "rds.route_config_name is empty");
    } else if (hcm.has_route_config()) {
        auto table = RouteTable::compile(hcm.route_config());
        if (!table)
            return tl::unexpected(table.error());
        spec.inlineRoutes = std::move(*table);
    } else {
        return failure(ErrorCode::InvalidArgument, "neither rds nor route_config is set");
    }
    if (hcm.common_http_protocol_options().has_idle_timeout())
        spec.idleTimeout = toMicros(hcm.common_http_protocol_options().idle_timeout());
    if (hcm.has_request_headers_timeout())
        spec.headTimeout = toMicros(hcm.request_headers_timeout());
    if (hcm.has_request_timeout())
        spec.requestTimeout = toMicros(hcm.request_timeout());
    const auto& common = hcm.common_http_protocol_options();
    if (common.has_max_connection_duration())
        spec.maxConnectionDuration = toMicros(common.max_connection_duration());
    spec.maxRequestsPerConnection = common.max_requests_per_connection().value();
    if (hcm.has_stream_idle_timeout())
        spec.streamIdleTimeout = toMicros(hcm.stream_idle_timeout());
    if (auto done = addTelemetry(hcm.access_log(), spec); !done)
        return done;
    if (hcm.use_remote_address().value())
        spec.role = ListenerSpec::Role::Gateway;
    return {};
}

Result<void> compileTcp(const TcpProxy& tcp, ListenerSpec& spec)
{
    if (tcp.has_weighted_clusters()) {
        for (const auto& target : tcp.weighted_clusters().clusters())
            spec.tcpTargets.push_back({target.name(), target.weight()});
    } else {
        spec.tcpTargets.push_back({tcp.cluster(), 1});
    }
    for (const ListenerSpec::TcpTarget& target : spec.tcpTargets) {
        if (target.cluster.empty())
            return failure(ErrorCode::InvalidArgument, "a target has no cluster name");
        spec.tcpWeight += target.weight;
    }
    if (spec.tcpWeight == 0)
        return failure(ErrorCode::InvalidArgument, "no target has a weight");
    if (auto done = addTelemetry(tcp.access_log(), spec); !done)
        return done;
    if (tcp.has_idle_timeout())
        spec.tcpIdleTimeout = toMicros(tcp.idle_timeout());
    return {};
}

Result<void> compileChain(
    const listener::FilterChain& chain, ListenerSpec& spec, std::vector<std::string>& warnings)
{
    if (chain.has_transport_socket())
        return failure(ErrorCode::InvalidArgument, "transport_socket (TLS) is not supported yet");
    if (chain.filters_size() == 0)
        return failure(ErrorCode::InvalidArgument, "filter chain has no filters");
    const auto& filter = chain.filters(chain.filters_size() - 1);
    if (chain.filters_size() > 1) {
        return failure(ErrorCode::InvalidArgument,
            "network filter '" + chain.filters(0).name() + "' is not supported yet");
    }
    Hcm hcm;
    if (filter.typed_config().Is<Hcm>() && filter.typed_config().UnpackTo(&hcm))
        return compileHttp(hcm, spec, warnings);
    TcpProxy tcp;
    if (filter.typed_config().Is<TcpProxy>() && filter.typed_config().UnpackTo(&tcp))
        return compileTcp(tcp, spec);
    return failure(ErrorCode::InvalidArgument,
        "filter '" + filter.name() + "' (" + std::string(typeName(filter.typed_config()))
            + ") is not supported");
}

void readRole(const listener::Listener& proto, ListenerSpec& spec)
{
    const std::string_view name = spec.name;
    const std::size_t bar = name.rfind('|');
    if (proto.traffic_direction() == envoy::config::core::v3::INBOUND
        || name.starts_with("inbound|")) {
        spec.role = ListenerSpec::Role::Inbound;
        spec.servicePort = spec.address.port();
        if (bar != std::string_view::npos) {
            std::uint16_t port = 0;
            const auto [end, error]
                = std::from_chars(name.data() + bar + 1, name.data() + name.size(), port);
            if (error == std::errc() && end == name.data() + name.size())
                spec.servicePort = port;
        }
    } else if (name.starts_with("gateway|")) {
        spec.role = ListenerSpec::Role::Gateway;
    }
}

Result<net::SocketAddress> listenAddress(const envoy::config::core::v3::Address& address)
{
    if (address.has_pipe())
        return net::SocketAddress::fromPath(address.pipe().path());
    const auto& socket = address.socket_address();
    if (socket.port_value() > 65535)
        return failure(
            ErrorCode::InvalidArgument, "address.socket_address.port_value is above 65535");
    return net::SocketAddress::fromIp(
        socket.address(), static_cast<std::uint16_t>(socket.port_value()));
}

} // namespace

Result<std::shared_ptr<const ListenerSpec>> ListenerSpec::compile(
    const listener::Listener& proto, std::vector<std::string>& warnings)
{
    const std::string place = "listener '" + proto.name() + "'";
    auto spec = std::make_shared<ListenerSpec>();
    spec->name = proto.name();
    auto address = listenAddress(proto.address());
    if (!address)
        return at(place, address.error());
    spec->address = *address;
    if (spec->name.empty())
        spec->name = spec->address.toString();
    readRole(proto, *spec);
    spec->ignoresConnectionLimit = proto.ignore_global_conn_limit();
    if (proto.filter_chains_size() > 1)
        return failure(
            ErrorCode::InvalidArgument, place + ": several filter_chains are not supported yet");
    if (proto.filter_chains_size() == 0 && !proto.has_default_filter_chain())
        return failure(ErrorCode::InvalidArgument, place + ": no filter chain");
    const auto& chain
        = proto.filter_chains_size() == 1 ? proto.filter_chains(0) : proto.default_filter_chain();
    if (auto done = compileChain(chain, *spec, warnings); !done)
        return at(place, done.error());
    return spec;
}

} // namespace meshyard::proxy
