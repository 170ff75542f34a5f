// SPDX-License-Identifier: GPL-3.0-or-later
// Cluster to ClusterSpec: everything that can be refused is refused here.
#include "embedded-mesh/proxy/route/http2_options.h"
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/breaker_struct.h"
#include "embedded-mesh/proxy/upstream/cluster_spec.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

namespace meshyard::proxy {

namespace {

namespace cluster = envoy::config::cluster::v3;
using Proto = cluster::Cluster;

template <typename Wrapper, typename Value>
void take(bool has, const Wrapper& wrapper, Value& value)
{
    if (has)
        value = wrapper.value();
}

void compileLimits(const cluster::CircuitBreakers& breakers, ClusterSpec& spec)
{
    for (const auto& row : breakers.thresholds()) {
        ResourceLimits& limits
            = row.priority() == envoy::config::core::v3::HIGH ? spec.highLimits : spec.limits;
        take(row.has_max_connections(), row.max_connections(), limits.connections);
        take(row.has_max_pending_requests(), row.max_pending_requests(), limits.pending);
        take(row.has_max_requests(), row.max_requests(), limits.requests);
        take(row.has_max_retries(), row.max_retries(), limits.retries);
        limits.trackRemaining = row.track_remaining();
        if (!row.has_retry_budget())
            continue;
        const auto& budget = row.retry_budget();
        limits.retryBudget
            = budget.has_budget_percent() ? budget.budget_percent().value() / 100.0 : 0.2;
        take(budget.has_min_retry_concurrency(), budget.min_retry_concurrency(),
            limits.minRetryConcurrency);
    }
    for (const auto& row : breakers.per_host_thresholds())
        take(row.has_max_connections(), row.max_connections(), spec.maxConnectionsPerHost);
}

void compileKeepalive(const Proto& proto, ClusterSpec& spec)
{
    if (!proto.upstream_connection_options().has_tcp_keepalive())
        return;
    const auto& options = proto.upstream_connection_options().tcp_keepalive();
    const auto seconds = [](const google::protobuf::UInt32Value& value) {
        return static_cast<int>(std::min(value.value(), 32767U));
    };
    spec.keepalive = TcpKeepalive{seconds(options.keepalive_probes()),
        seconds(options.keepalive_time()), seconds(options.keepalive_interval())};
}

Result<void> compileHealth(const Proto& proto, ClusterSpec& spec)
{
    for (const auto& row : proto.health_checks()) {
        auto check = HealthCheckSpec::compile(row);
        if (!check)
            return tl::unexpected(check.error());
        spec.healthChecks.push_back(std::move(*check));
    }
    if (spec.healthChecks.size() > 1) // as in Envoy
        return failure(ErrorCode::InvalidArgument, "health_checks: at most one is supported");
    if (proto.has_transport_socket() && !spec.healthChecks.empty()
        && spec.healthChecks.front().kind == HealthCheckSpec::Kind::Http
        && !spec.healthChecks.front().http2)
        return failure(ErrorCode::InvalidArgument,
            "http_health_check over HTTP/1 with a transport_socket is not supported yet");
    spec.ignoresNewHostsUntilChecked = proto.common_lb_config().ignore_new_hosts_until_first_hc();
    spec.closesOnSetChange = proto.common_lb_config().close_connections_on_host_set_change();
    spec.closesOnHealthFailure = proto.close_connections_on_host_health_failure();
    spec.ignoresHealthOnRemoval = proto.ignore_health_on_host_removal();
    if (!proto.has_outlier_detection())
        return {};
    auto outlier = OutlierSpec::compile(proto.outlier_detection());
    if (!outlier)
        return tl::unexpected(outlier.error());
    spec.outlier = *outlier;
    return {};
}

Result<void> compileDns(const Proto& proto, ClusterSpec& spec)
{
    const bool logical = proto.type() == Proto::LOGICAL_DNS;
    if (!logical && proto.type() != Proto::STRICT_DNS)
        return {};
    constexpr DnsSpec::Family kFamilies[] = {DnsSpec::Family::Auto, DnsSpec::Family::V4Only,
        DnsSpec::Family::V6Only, DnsSpec::Family::V4Preferred, DnsSpec::Family::All};
    DnsSpec dns;
    dns.logical = logical;
    dns.family = kFamilies[std::clamp<int>(proto.dns_lookup_family(), 0, 4)];
    if (proto.has_dns_refresh_rate())
        dns.refresh = toMicros(proto.dns_refresh_rate());
    if (dns.refresh < std::chrono::milliseconds(1))
        return failure(ErrorCode::InvalidArgument, "dns_refresh_rate must be 1 ms or more");
    dns.jitter = toMicros(proto.dns_jitter());
    dns.respectTtl = proto.respect_dns_ttl();
    dns.failureBase = toMicros(proto.dns_failure_refresh_rate().base_interval());
    dns.failureMax = proto.dns_failure_refresh_rate().has_max_interval()
        ? toMicros(proto.dns_failure_refresh_rate().max_interval())
        : dns.failureBase * 10;
    if (logical
        && (proto.load_assignment().endpoints_size() != 1
            || proto.load_assignment().endpoints(0).lb_endpoints_size() != 1))
        return failure(ErrorCode::InvalidArgument, "LOGICAL_DNS wants exactly one endpoint");
    spec.dns = dns;
    return {};
}

using Options = envoy::extensions::upstreams::http::v3::HttpProtocolOptions;

Result<void> takeHttp2(
    const envoy::config::core::v3::Http2ProtocolOptions& proto, ClusterSpec& spec)
{
    auto options = http2OptionsFrom(proto);
    if (!options)
        return at("http2_protocol_options", options.error());
    spec.http2 = *options;
    return {};
}

Result<void> compileProtocol(const Options& options, ClusterSpec& spec)
{
    switch (options.upstream_protocol_options_case()) {
    case Options::kExplicitHttpConfig:
        if (!options.explicit_http_config().has_http2_protocol_options())
            return {};
        spec.protocol = UpstreamProtocol::Http2;
        return takeHttp2(options.explicit_http_config().http2_protocol_options(), spec);
    case Options::kUseDownstreamProtocolConfig:
        spec.protocol = UpstreamProtocol::AsDownstream;
        return takeHttp2(options.use_downstream_protocol_config().http2_protocol_options(), spec);
    case Options::kAutoConfig:
        spec.protocol = UpstreamProtocol::Negotiated;
        return takeHttp2(options.auto_config().http2_protocol_options(), spec);
    default:
        return {};
    }
}

Result<void> compileHttp(const Proto& proto, ClusterSpec& spec)
{
    envoy::config::core::v3::HttpProtocolOptions common = proto.common_http_protocol_options();
    for (const auto& [name, any] : proto.typed_extension_protocol_options()) {
        Options options;
        if (!any.UnpackTo(&options)) {
            return failure(ErrorCode::InvalidArgument,
                "typed_extension_protocol_options '" + name + "' is no HttpProtocolOptions");
        }
        common.MergeFrom(options.common_http_protocol_options());
        if (auto done = compileProtocol(options, spec); !done)
            return done;
    }
    if (proto.has_http2_protocol_options()) { // how it was said before HttpProtocolOptions
        if (auto done = takeHttp2(proto.http2_protocol_options(), spec); !done)
            return done;
        spec.protocol = UpstreamProtocol::Http2;
    }
    if (common.has_idle_timeout())
        spec.idleTimeout = toMicros(common.idle_timeout());
    if (spec.idleTimeout.count() <= 0)
        spec.idleTimeout = std::chrono::hours(1);
    take(common.has_max_requests_per_connection(), common.max_requests_per_connection(),
        spec.maxRequestsPerConnection);
    spec.maxConnectionDuration = toMicros(common.max_connection_duration());
    return {};
}

Result<void> compileBreaker(const Proto& proto, ClusterSpec& spec)
{
    const auto& groups = proto.metadata().filter_metadata();
    if (const auto found = groups.find("meshyard.breaker"); found != groups.end()) {
        auto policy = breakerPolicyFrom(found->second);
        if (!policy)
            return at("metadata 'meshyard.breaker'", policy.error());
        spec.breaker = std::move(*policy);
        return {};
    }
    // Nothing is refused that nobody asked to refuse.
    spec.breaker.mode = BreakerMode::Observe;
    spec.breaker.enabled = !proto.name().starts_with("inbound|");
    return {};
}

} // namespace

Result<std::shared_ptr<const ClusterSpec>> ClusterSpec::compile(
    const Proto& proto, std::vector<std::string>& warnings)
{
    const std::string place = "cluster '" + proto.name() + "'";
    if (proto.name().empty())
        return failure(ErrorCode::InvalidArgument, "a cluster has no name");
    auto spec = std::make_shared<ClusterSpec>();
    spec->name = proto.name();
    spec->usesEds = proto.type() == Proto::EDS;
    spec->usesOriginalDestination = proto.type() == Proto::ORIGINAL_DST;
    if (spec->usesEds) {
        spec->edsName = proto.eds_cluster_config().service_name().empty()
            ? proto.name()
            : proto.eds_cluster_config().service_name();
    }
    if (proto.has_connect_timeout())
        spec->connectTimeout = toMicros(proto.connect_timeout());
    if (spec->connectTimeout.count() <= 0)
        return failure(ErrorCode::InvalidArgument, place + ": connect_timeout must be above 0");
    if (auto done = compileHttp(proto, *spec); !done)
        return at(place, done.error());
    take(proto.has_max_requests_per_connection(), proto.max_requests_per_connection(),
        spec->maxRequestsPerConnection);
    if (spec->protocol == UpstreamProtocol::Negotiated && !proto.has_transport_socket())
        spec->protocol = UpstreamProtocol::Http1; // without TLS there is no ALPN
    auto transport = UpstreamTransport::compile(proto);
    if (!transport)
        return at(place, transport.error());
    spec->transport = std::move(*transport);
    if (spec->protocol == UpstreamProtocol::Http2)
        spec->transport.offer({"h2"}, false);
    else if (spec->protocol == UpstreamProtocol::Negotiated)
        spec->transport.offer({"h2", "http/1.1"}, true);
    auto balance = BalanceSpec::compile(proto, warnings);
    if (!balance)
        return at(place, balance.error());
    spec->balance = std::move(*balance);
    compileLimits(proto.circuit_breakers(), *spec);
    compileKeepalive(proto, *spec);
    for (const auto compile : {compileHealth, compileDns}) {
        if (auto done = compile(proto, *spec); !done)
            return at(place, done.error());
    }
    if (auto done = compileBreaker(proto, *spec); !done)
        return at(place, done.error());
    return spec;
}

} // namespace meshyard::proxy
