// SPDX-License-Identifier: GPL-3.0-or-later
// Listener to ListenerSpec: everything that can be refused is refused here.
#include "embedded-mesh/proxy/filter/filter_chain.h"
#include "embedded-mesh/proxy/filter/rbac_filter.h"
#include "embedded-mesh/proxy/route/http2_options.h"
#include "embedded-mesh/proxy/route/listener_spec.h"
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/telemetry/access_log.h"
#include "embedded-mesh/proxy/telemetry/span_compiler.h"

#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h"
#include "envoy/extensions/filters/listener/original_dst/v3/original_dst.pb.h"
#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"

#include <charconv>

namespace meshyard::proxy {

namespace {

namespace listener = envoy::config::listener::v3;
using Hcm = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using TcpProxy = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
using TlsInspector = envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector;
using HttpInspector = envoy::extensions::filters::listener::http_inspector::v3::HttpInspector;
using OriginalDst = envoy::extensions::filters::listener::original_dst::v3::OriginalDst;
using NetworkRbacProto = envoy::extensions::filters::network::rbac::v3::RBAC;

std::string_view typeName(const google::protobuf::Any& any)
{
    const std::string_view url = any.type_url();
    return url.substr(url.rfind('/') + 1);
}

Result<void> addTelemetry(
    const TelemetryRules::Logs& logs, const Hcm::Tracing* tracing, FilterChainSpec& spec)
{
    if (logs.empty() && tracing == nullptr)
        return {};
    auto rules = std::make_shared<TelemetryRules>();
    if (auto done = rules->addLogs(logs); !done)
        return done;
    if (tracing != nullptr) {
        auto spans
            = compileSpanRules(*tracing, spec.role != FilterChainSpec::Role::Outbound, rules->plan);
        if (!spans)
            return tl::unexpected(spans.error());
        rules->spans = std::move(*spans);
    }
    spec.telemetry = std::move(rules);
    return {};
}

Result<void> compileClientCert(const Hcm& hcm, ClientCertRules& rules)
{
    using Mode = ClientCertRules::Mode;
    switch (hcm.forward_client_cert_details()) {
    case Hcm::FORWARD_ONLY:
        rules.mode = Mode::ForwardOnly;
        break;
    case Hcm::APPEND_FORWARD:
        rules.mode = Mode::AppendForward;
        break;
    case Hcm::SANITIZE_SET:
        rules.mode = Mode::SanitizeSet;
        break;
    case Hcm::ALWAYS_FORWARD_ONLY:
        rules.mode = Mode::AlwaysForwardOnly;
        break;
    default:
        break;
    }
    const auto& details = hcm.set_current_client_cert_details();
    if (details.cert() || details.chain()) {
        return failure(ErrorCode::InvalidArgument,
            "set_current_client_cert_details: cert and chain are not supported");
    }
    rules.subject = details.subject().value();
    rules.uri = details.uri();
    rules.dns = details.dns();
    return {};
}

Result<void> compileHttp(const Hcm& hcm, FilterChainSpec& spec, std::vector<std::string>& warnings)
{
    auto filters = FilterChain::compile(hcm, "listener '" + spec.name + "'", warnings);
    if (!filters)
        return tl::unexpected(filters.error());
    spec.filters = std::move(*filters);
    spec.pathRules = PathRules::compile(hcm);
    if (hcm.codec_type() == Hcm::HTTP3)
        return failure(ErrorCode::InvalidArgument, "codec_type: HTTP3 is not supported");
    using Codec = FilterChainSpec::Codec;
    if (hcm.codec_type() != Hcm::AUTO)
        spec.codec = hcm.codec_type() == Hcm::HTTP2 ? Codec::Http2 : Codec::Http1;
    auto http2 = http2OptionsFrom(hcm.http2_protocol_options());
    if (!http2)
        return at("http2_protocol_options", http2.error());
    spec.http2 = *http2;
    for (const auto& upgrade : hcm.upgrade_configs())
        spec.upgrades.rules.push_back(
            {upgrade.upgrade_type(), !upgrade.has_enabled() || upgrade.enabled().value()});
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
    if (hcm.has_generate_request_id())
        spec.makesRequestIds = hcm.generate_request_id().value();
    if (hcm.has_request_timeout())
        spec.requestTimeout = toMicros(hcm.request_timeout());
    const auto& common = hcm.common_http_protocol_options();
    if (common.has_max_connection_duration())
        spec.maxConnectionDuration = toMicros(common.max_connection_duration());
    spec.maxRequestsPerConnection = common.max_requests_per_connection().value();
    if (hcm.has_stream_idle_timeout())
        spec.streamIdleTimeout = toMicros(hcm.stream_idle_timeout());
    if (auto done
        = addTelemetry(hcm.access_log(), hcm.has_tracing() ? &hcm.tracing() : nullptr, spec);
        !done)
        return done;
    if (auto done = compileClientCert(hcm, spec.clientCert); !done)
        return done;
    if (hcm.use_remote_address().value())
        spec.role = ListenerSpec::Role::Gateway;
    if (spec.role == ListenerSpec::Role::Gateway)
        spec.trust = RequestView::Trust::Connection;
    spec.trustedHops = hcm.xff_num_trusted_hops();
    return {};
}

/// Filters before the last one: only those that may refuse the connection.
Result<void> compileGuard(const listener::Filter& filter, FilterChainSpec& spec)
{
    NetworkRbacProto rbac;
    if (!filter.typed_config().Is<NetworkRbacProto>() || !filter.typed_config().UnpackTo(&rbac)
        || spec.networkRbac != nullptr) {
        return failure(ErrorCode::InvalidArgument,
            "network filter '" + filter.name() + "' is not supported there");
    }
    auto compiled = NetworkRbac::compile(rbac);
    if (!compiled)
        return at("network filter '" + filter.name() + "'", compiled.error());
    spec.networkRbac = std::move(*compiled);
    return {};
}

Result<void> compileTcp(const TcpProxy& tcp, FilterChainSpec& spec)
{
    if (tcp.has_weighted_clusters()) {
        for (const auto& target : tcp.weighted_clusters().clusters())
            spec.tcpTargets.push_back({target.name(), target.weight()});
    } else {
        spec.tcpTargets.push_back({tcp.cluster(), 1});
    }
    for (const FilterChainSpec::TcpTarget& target : spec.tcpTargets) {
        if (target.cluster.empty())
            return failure(ErrorCode::InvalidArgument, "a target has no cluster name");
        spec.tcpWeight += target.weight;
    }
    if (spec.tcpWeight == 0)
        return failure(ErrorCode::InvalidArgument, "no target has a weight");
    if (auto done = addTelemetry(tcp.access_log(), nullptr, spec); !done)
        return done;
    if (tcp.has_idle_timeout())
        spec.tcpIdleTimeout = toMicros(tcp.idle_timeout());
    if (tcp.has_max_connect_attempts())
        spec.tcpConnectAttempts = std::max(tcp.max_connect_attempts().value(), 1U);
    return {};
}

Result<void> compileTls(const listener::FilterChain& chain, FilterChainSpec& spec)
{
    if (chain.has_transport_socket_connect_timeout())
        spec.handshakeTimeout = toMicros(chain.transport_socket_connect_timeout());
    if (!chain.has_transport_socket())
        return {};
    auto settings = TlsSettings::compile(chain.transport_socket(), TlsSettings::Side::Server);
    if (!settings)
        return tl::unexpected(settings.error());
    spec.tlsSettings = std::move(*settings);
    return {};
}

Result<void> compileFilters(
    const listener::FilterChain& chain, FilterChainSpec& spec, std::vector<std::string>& warnings)
{
    if (chain.filters_size() == 0)
        return failure(ErrorCode::InvalidArgument, "filter chain has no filters");
    const auto& filter = chain.filters(chain.filters_size() - 1);
    for (int i = 0; i + 1 < chain.filters_size(); ++i) {
        if (auto done = compileGuard(chain.filters(i), spec); !done)
            return done;
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

/// @param base what all chains of the listener have.
Result<std::shared_ptr<const FilterChainSpec>> compileChain(const listener::FilterChain& chain,
    const FilterChainSpec& base, std::vector<std::string>& warnings)
{
    auto spec = std::make_shared<FilterChainSpec>(base);
    auto match = FilterChainMatch::compile(chain.filter_chain_match());
    if (!match)
        return at("filter_chain_match", match.error());
    spec->match = std::move(*match);
    if (auto done = compileTls(chain, *spec); !done)
        return tl::unexpected(done.error());
    if (auto done = compileFilters(chain, *spec, warnings); !done)
        return tl::unexpected(done.error());
    // A connection follows its chain's changes unless it would not have been accepted like this.
    spec->key = chain.filter_chain_match().SerializeAsString() + '\n'
        + (spec->tlsSettings ? spec->tlsSettings->key : std::string())
        + (spec->isTcp() ? "\ntcp" : "\nhttp");
    return spec;
}

void readRole(
    const listener::Listener& proto, const net::SocketAddress& address, FilterChainSpec& spec)
{
    const std::string_view name = spec.name;
    const std::size_t bar = name.rfind('|');
    if (proto.traffic_direction() == envoy::config::core::v3::INBOUND
        || name.starts_with("inbound|")) {
        spec.role = ListenerSpec::Role::Inbound;
        spec.servicePort = address.port();
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

Result<void> compileListenerFilter(const listener::ListenerFilter& filter, ListenerSpec& spec)
{
    const auto& config = filter.typed_config();
    if (config.Is<TlsInspector>())
        return {}; // looked for whenever a chain asks: see FilterChainMatch
    if (config.Is<HttpInspector>()) {
        spec.inspectsHttp = true;
        return {};
    }
    if (config.Is<OriginalDst>()) {
        spec.findsOriginalDestination = true;
        return {};
    }
    return failure(ErrorCode::InvalidArgument,
        "listener filter '" + filter.name() + "' (" + std::string(typeName(config))
            + ") is not supported");
}

Result<void> compileInspection(const listener::Listener& proto, ListenerSpec& spec)
{
    for (const auto& filter : proto.listener_filters()) {
        if (auto done = compileListenerFilter(filter, spec); !done)
            return done;
    }
    spec.binds = !proto.has_bind_to_port() || proto.bind_to_port().value();
    spec.handsOn = proto.use_original_dst().value();
    if (proto.has_listener_filters_timeout())
        spec.inspectionTimeout = toMicros(proto.listener_filters_timeout());
    spec.servesUninspected = proto.continue_on_listener_filters_timeout();
    return {};
}

Result<void> compileChains(const listener::Listener& proto, const FilterChainSpec& base,
    ListenerSpec& spec, std::vector<std::string>& warnings)
{
    if (proto.filter_chains_size() == 0 && !proto.has_default_filter_chain())
        return failure(ErrorCode::InvalidArgument, "no filter chain");
    for (int i = 0; i < proto.filter_chains_size(); ++i) {
        const std::string place = "filter_chains[" + std::to_string(i) + "]";
        auto chain = compileChain(proto.filter_chains(i), base, warnings);
        if (!chain)
            return at(place, chain.error());
        for (const auto& other : spec.chains) {
            if (other->match == (*chain)->match)
                return failure(ErrorCode::InvalidArgument,
                    place + ".filter_chain_match equals an earlier one: it would never match");
        }
        spec.inspects = spec.inspects || (*chain)->match.needsFirstBytes();
        spec.chains.push_back(std::move(*chain));
    }
    if (!proto.has_default_filter_chain())
        return {};
    auto chain = compileChain(proto.default_filter_chain(), base, warnings);
    if (!chain)
        return at("default_filter_chain", chain.error());
    spec.defaultChain = std::move(*chain);
    return {};
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
    spec->ignoresConnectionLimit = proto.ignore_global_conn_limit();
    FilterChainSpec base;
    base.name = spec->name;
    readRole(proto, spec->address, base);
    if (auto done = compileInspection(proto, *spec); !done)
        return at(place, done.error());
    base.findsOriginalDestination = spec->findsOriginalDestination || spec->handsOn;
    if (auto done = compileChains(proto, base, *spec, warnings); !done)
        return at(place, done.error());
    return spec;
}

std::shared_ptr<const FilterChainSpec> ListenerSpec::choose(const ConnectionFacts& facts) const
{
    std::vector<const FilterChainMatch*> matches;
    matches.reserve(chains.size());
    for (const auto& chain : chains)
        matches.push_back(&chain->match);
    const auto found = chooseFilterChain(matches, facts);
    return found ? chains[*found] : defaultChain;
}

std::set<std::string> ListenerSpec::routeNames() const
{
    std::set<std::string> names;
    for (const auto& chain : chains)
        names.insert(chain->routeConfigName);
    if (defaultChain)
        names.insert(defaultChain->routeConfigName);
    names.erase(std::string());
    return names;
}

} // namespace meshyard::proxy
