// SPDX-License-Identifier: GPL-3.0-or-later
// Cluster and ClusterLoadAssignment to specs: everything that can be refused is refused here.
#include "embedded-mesh/proxy/route/http2_options.h"
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/breaker_struct.h"
#include "embedded-mesh/proxy/upstream/cluster_spec.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/endpoint/v3/endpoint_components.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

namespace meshyard::proxy {

namespace {

namespace cluster = envoy::config::cluster::v3;
namespace endpoint = envoy::config::endpoint::v3;
using Proto = cluster::Cluster;

template <typename Wrapper, typename Value>
void take(bool has, const Wrapper& wrapper, Value& value)
{
    if (has)
        value = wrapper.value();
}

ResourceLimits compileLimits(const cluster::CircuitBreakers& breakers)
{
    ResourceLimits limits;
    for (const auto& row : breakers.thresholds()) {
        if (row.priority() != envoy::config::core::v3::DEFAULT)
            continue;
        take(row.has_max_connections(), row.max_connections(), limits.connections);
        take(row.has_max_pending_requests(), row.max_pending_requests(), limits.pending);
        take(row.has_max_requests(), row.max_requests(), limits.requests);
        take(row.has_max_retries(), row.max_retries(), limits.retries);
        if (row.has_retry_budget()) {
            const auto& budget = row.retry_budget();
            limits.retryBudget
                = budget.has_budget_percent() ? budget.budget_percent().value() / 100.0 : 0.2;
            take(budget.has_min_retry_concurrency(), budget.min_retry_concurrency(),
                limits.minRetryConcurrency);
        }
    }
    return limits;
}

OutlierSpec compileOutlier(const cluster::OutlierDetection& rules)
{
    OutlierSpec spec;
    spec.enabled = true;
    take(rules.has_consecutive_5xx(), rules.consecutive_5xx(), spec.consecutive5xx);
    if (rules.has_enforcing_consecutive_5xx() && rules.enforcing_consecutive_5xx().value() == 0)
        spec.consecutive5xx = 0;
    if (rules.enforcing_consecutive_gateway_failure().value() > 0) {
        spec.consecutiveGateway = 5;
        take(rules.has_consecutive_gateway_failure(), rules.consecutive_gateway_failure(),
            spec.consecutiveGateway);
    }
    if (rules.has_base_ejection_time())
        spec.baseEjection = toMicros(rules.base_ejection_time());
    spec.maxEjection = std::max(spec.maxEjection, spec.baseEjection);
    if (rules.has_max_ejection_time())
        spec.maxEjection = std::max(toMicros(rules.max_ejection_time()), spec.baseEjection);
    take(rules.has_max_ejection_percent(), rules.max_ejection_percent(), spec.maxPercent);
    spec.alwaysEjectOne = rules.always_eject_one_host().value();
    return spec;
}

Result<net::SocketAddress> compileAddress(const envoy::config::core::v3::Address& address)
{
    if (address.has_pipe())
        return net::SocketAddress::fromPath(address.pipe().path());
    const auto& socket = address.socket_address();
    const auto port = static_cast<std::uint16_t>(socket.port_value());
    if (socket.port_value() == 0 || socket.port_value() > 65535)
        return failure(ErrorCode::InvalidArgument, "socket_address: port_value must be 1..65535");
    if (auto literal = net::SocketAddress::fromIp(socket.address(), port))
        return *literal;
    auto resolved = net::resolve(socket.address(), port);
    if (!resolved)
        return tl::unexpected(resolved.error());
    return resolved->front();
}

std::string metadataText(
    const envoy::config::core::v3::Metadata& metadata, const char* group, const char* key)
{
    const auto found = metadata.filter_metadata().find(group);
    if (found == metadata.filter_metadata().end())
        return {};
    const auto value = found->second.fields().find(key);
    return value == found->second.fields().end() ? std::string() : value->second.string_value();
}

Result<EndpointSpec> compileEndpoint(
    const endpoint::LbEndpoint& proto, const endpoint::LocalityLbEndpoints& locality)
{
    EndpointSpec spec;
    auto address = compileAddress(proto.endpoint().address());
    if (!address)
        return tl::unexpected(address.error());
    spec.address = *address;
    spec.instance = metadataText(proto.metadata(), "meshyard", "instance");
    spec.version = metadataText(proto.metadata(), "meshyard", "version");
    if (spec.instance.empty())
        spec.instance = spec.address.toString();
    take(proto.has_load_balancing_weight(), proto.load_balancing_weight(), spec.weight);
    spec.weight = std::max(spec.weight, 1U);
    spec.transportLabels = UpstreamTransport::labelsOf(proto.metadata());
    spec.priority = locality.priority();
    using envoy::config::core::v3::HealthStatus;
    switch (proto.health_status()) {
    case HealthStatus::UNHEALTHY:
    case HealthStatus::TIMEOUT:
        spec.healthy = false;
        break;
    case HealthStatus::DRAINING:
        spec.draining = true;
        break;
    default:
        break;
    }
    return spec;
}

void compileBalance(const Proto& proto, ClusterSpec& spec, std::vector<std::string>& warnings)
{
    switch (proto.lb_policy()) {
    case Proto::ROUND_ROBIN:
        spec.balance = BalancePolicy::RoundRobin;
        break;
    case Proto::RANDOM:
        spec.balance = BalancePolicy::Random;
        break;
    case Proto::LEAST_REQUEST:
        spec.balance = BalancePolicy::LeastRequest;
        take(proto.least_request_lb_config().has_choice_count(),
            proto.least_request_lb_config().choice_count(), spec.choices);
        spec.choices = std::max(spec.choices, 2U);
        break;
    case Proto::CLUSTER_PROVIDED: // ORIGINAL_DST: nothing is chosen
        break;
    default:
        warnings.push_back("cluster '" + proto.name() + "': lb_policy "
            + Proto::LbPolicy_Name(proto.lb_policy())
            + " is not supported yet, LEAST_REQUEST is used");
        break;
    }
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

Result<std::shared_ptr<const EndpointSet>> EndpointSet::compile(
    const endpoint::ClusterLoadAssignment& assignment)
{
    auto set = std::make_shared<EndpointSet>();
    const std::string place = "load assignment '" + assignment.cluster_name() + "'";
    for (const auto& locality : assignment.endpoints()) {
        for (const auto& proto : locality.lb_endpoints()) {
            auto spec = compileEndpoint(proto, locality);
            if (!spec)
                return at(place, spec.error());
            set->endpoints.push_back(std::move(*spec));
        }
    }
    take(assignment.policy().has_overprovisioning_factor(),
        assignment.policy().overprovisioning_factor(), set->overprovisioning);
    return set;
}

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
    compileBalance(proto, *spec, warnings);
    spec->limits = compileLimits(proto.circuit_breakers());
    if (proto.has_outlier_detection())
        spec->outlier = compileOutlier(proto.outlier_detection());
    if (proto.common_lb_config().has_healthy_panic_threshold())
        spec->panicThreshold = proto.common_lb_config().healthy_panic_threshold().value();
    if (auto done = compileBreaker(proto, *spec); !done)
        return at(place, done.error());
    return spec;
}

} // namespace meshyard::proxy
