// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/destination_rule.h"

#include "embedded-mesh/control_plane/xds/snapshot.h"

#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include <limits>

namespace meshyard::control_plane {

namespace {

namespace cluster_v3 = envoy::config::cluster::v3;
using kinds::v1::ConnectionPoolSettings;
using kinds::v1::LoadBalancerSettings;

constexpr std::uint32_t kNoLimit = std::numeric_limits<std::uint32_t>::max();

std::uint32_t limitOf(std::int32_t value)
{
    return value > 0 ? static_cast<std::uint32_t>(value) : kNoLimit;
}

void applyConsistentHash(
    const LoadBalancerSettings::ConsistentHashLB& hash, cluster_v3::Cluster& cluster)
{
    if (hash.has_maglev()) {
        cluster.set_lb_policy(cluster_v3::Cluster::MAGLEV);
        if (hash.maglev().table_size() > 0)
            cluster.mutable_maglev_lb_config()->mutable_table_size()->set_value(
                hash.maglev().table_size());
        return;
    }
    cluster.set_lb_policy(cluster_v3::Cluster::RING_HASH);
    std::uint64_t size = hash.minimum_ring_size() > 0 ? hash.minimum_ring_size() : 1024;
    if (hash.ring_hash().minimum_ring_size() > 0)
        size = hash.ring_hash().minimum_ring_size();
    cluster.mutable_ring_hash_lb_config()->mutable_minimum_ring_size()->set_value(size);
}

void applyWarmup(const LoadBalancerSettings& settings, cluster_v3::Cluster& cluster)
{
    const bool isNew = settings.has_warmup();
    if (!isNew && !settings.has_warmup_duration_secs())
        return;
    cluster_v3::Cluster::SlowStartConfig* slow = nullptr;
    if (cluster.lb_policy() == cluster_v3::Cluster::ROUND_ROBIN)
        slow = cluster.mutable_round_robin_lb_config()->mutable_slow_start_config();
    else if (cluster.lb_policy() == cluster_v3::Cluster::LEAST_REQUEST)
        slow = cluster.mutable_least_request_lb_config()->mutable_slow_start_config();
    else
        return;
    *slow->mutable_slow_start_window()
        = isNew ? settings.warmup().duration() : settings.warmup_duration_secs();
    if (settings.warmup().has_aggression())
        slow->mutable_aggression()->set_default_value(settings.warmup().aggression().value());
    if (settings.warmup().has_minimum_percent())
        slow->mutable_min_weight_percent()->set_value(settings.warmup().minimum_percent().value());
}

void applyLoadBalancer(const LoadBalancerSettings& settings, cluster_v3::Cluster& cluster)
{
    cluster.set_lb_policy(cluster_v3::Cluster::LEAST_REQUEST);
    if (settings.has_consistent_hash()) {
        applyConsistentHash(settings.consistent_hash(), cluster);
        return;
    }
    switch (settings.simple()) {
    case LoadBalancerSettings::ROUND_ROBIN:
    case LoadBalancerSettings::PASSTHROUGH: // endpoints come from the registry: nothing to pass
        cluster.set_lb_policy(cluster_v3::Cluster::ROUND_ROBIN);
        break;
    case LoadBalancerSettings::RANDOM:
        cluster.set_lb_policy(cluster_v3::Cluster::RANDOM);
        break;
    default:
        break;
    }
    applyWarmup(settings, cluster);
}

void applyLimits(const kinds::v1::TrafficPolicy& policy, cluster_v3::Cluster& cluster)
{
    const ConnectionPoolSettings& pool = policy.connection_pool();
    auto* limits = cluster.mutable_circuit_breakers()->add_thresholds();
    limits->mutable_max_connections()->set_value(limitOf(pool.tcp().max_connections()));
    limits->mutable_max_pending_requests()->set_value(
        limitOf(pool.http().http1_max_pending_requests()));
    limits->mutable_max_requests()->set_value(limitOf(pool.http().http2_max_requests()));
    limits->mutable_max_retries()->set_value(limitOf(pool.http().max_retries()));
    limits->set_track_remaining(true);
    if (policy.has_retry_budget()) {
        const auto& asked = policy.retry_budget();
        auto* budget = limits->mutable_retry_budget();
        budget->mutable_budget_percent()->set_value(
            asked.has_percent() ? asked.percent().value() : 20.0);
        budget->mutable_min_retry_concurrency()->set_value(
            asked.min_retry_concurrency() > 0 ? asked.min_retry_concurrency() : 3);
    }
}

void applyTcp(const ConnectionPoolSettings::TCPSettings& tcp, cluster_v3::Cluster& cluster)
{
    if (tcp.has_connect_timeout())
        *cluster.mutable_connect_timeout() = tcp.connect_timeout();
    else
        cluster.mutable_connect_timeout()->set_seconds(10);
    if (!tcp.has_tcp_keepalive())
        return;
    auto* keepalive = cluster.mutable_upstream_connection_options()->mutable_tcp_keepalive();
    const auto& asked = tcp.tcp_keepalive();
    if (asked.probes() > 0)
        keepalive->mutable_keepalive_probes()->set_value(asked.probes());
    if (asked.has_time())
        keepalive->mutable_keepalive_time()->set_value(
            static_cast<std::uint32_t>(asked.time().seconds()));
    if (asked.has_interval())
        keepalive->mutable_keepalive_interval()->set_value(
            static_cast<std::uint32_t>(asked.interval().seconds()));
}

void applyHttp(const ConnectionPoolSettings& pool, Protocol protocol, cluster_v3::Cluster& cluster)
{
    if (protocol == Protocol::Tcp)
        return;
    const ConnectionPoolSettings::HTTPSettings& http = pool.http();
    envoy::extensions::upstreams::http::v3::HttpProtocolOptions options;
    auto* common = options.mutable_common_http_protocol_options();
    if (http.has_idle_timeout())
        *common->mutable_idle_timeout() = http.idle_timeout();
    else
        common->mutable_idle_timeout()->set_seconds(3600);
    if (http.max_requests_per_connection() > 0)
        common->mutable_max_requests_per_connection()->set_value(
            static_cast<std::uint32_t>(http.max_requests_per_connection()));
    if (pool.tcp().has_max_connection_duration())
        *common->mutable_max_connection_duration() = pool.tcp().max_connection_duration();
    const bool speaksHttp2 = protocol == Protocol::Http2 || protocol == Protocol::Grpc
        || http.h2_upgrade_policy() == ConnectionPoolSettings::HTTPSettings::UPGRADE;
    if (speaksHttp2) {
        auto* http2 = options.mutable_explicit_http_config()->mutable_http2_protocol_options();
        if (http.max_concurrent_streams() > 0)
            http2->mutable_max_concurrent_streams()->set_value(
                static_cast<std::uint32_t>(http.max_concurrent_streams()));
    } else {
        options.mutable_explicit_http_config()->mutable_http_protocol_options();
    }
    (*cluster.mutable_typed_extension_protocol_options())
        ["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
        = packDeterministically(options);
}

void applyOutlierDetection(const kinds::v1::OutlierDetection& asked, cluster_v3::Cluster& cluster)
{
    auto* outlier = cluster.mutable_outlier_detection();
    outlier->mutable_enforcing_success_rate()->set_value(0);
    if (asked.has_consecutive_5xx_errors()) {
        const std::uint32_t count = asked.consecutive_5xx_errors().value();
        outlier->mutable_consecutive_5xx()->set_value(count);
        outlier->mutable_enforcing_consecutive_5xx()->set_value(count > 0 ? 100 : 0);
    }
    if (asked.has_consecutive_gateway_errors()) {
        const std::uint32_t count = asked.consecutive_gateway_errors().value();
        outlier->mutable_consecutive_gateway_failure()->set_value(count);
        outlier->mutable_enforcing_consecutive_gateway_failure()->set_value(count > 0 ? 100 : 0);
    }
    if (asked.has_interval())
        *outlier->mutable_interval() = asked.interval();
    if (asked.has_base_ejection_time())
        *outlier->mutable_base_ejection_time() = asked.base_ejection_time();
    if (asked.max_ejection_percent() > 0)
        outlier->mutable_max_ejection_percent()->set_value(
            static_cast<std::uint32_t>(asked.max_ejection_percent()));
    if (asked.split_external_local_origin_errors()) {
        outlier->set_split_external_local_origin_errors(true);
        if (asked.has_consecutive_local_origin_failures()) {
            const std::uint32_t count = asked.consecutive_local_origin_failures().value();
            outlier->mutable_consecutive_local_origin_failure()->set_value(count);
            outlier->mutable_enforcing_consecutive_local_origin_failure()->set_value(
                count > 0 ? 100 : 0);
        }
        outlier->mutable_enforcing_local_origin_success_rate()->set_value(0);
    }
    if (asked.min_health_percent() > 0)
        cluster.mutable_common_lb_config()->mutable_healthy_panic_threshold()->set_value(
            asked.min_health_percent());
}

} // namespace

void applyTrafficPolicy(
    const kinds::v1::TrafficPolicy& policy, Protocol protocol, cluster_v3::Cluster& cluster)
{
    auto* common = cluster.mutable_common_lb_config();
    common->mutable_healthy_panic_threshold()->set_value(0);
    common->mutable_update_merge_window();
    applyLoadBalancer(policy.load_balancer(), cluster);
    applyLimits(policy, cluster);
    applyTcp(policy.connection_pool().tcp(), cluster);
    applyHttp(policy.connection_pool(), protocol, cluster);
    if (policy.has_outlier_detection())
        applyOutlierDetection(policy.outlier_detection(), cluster);
}

bool addHashPolicy(
    const kinds::v1::TrafficPolicy& policy, envoy::config::route::v3::RouteAction& action)
{
    if (!policy.load_balancer().has_consistent_hash())
        return false;
    const auto& hash = policy.load_balancer().consistent_hash();
    auto* wanted = action.add_hash_policy();
    using Hash = LoadBalancerSettings::ConsistentHashLB;
    switch (hash.hash_key_case()) {
    case Hash::kHttpHeaderName:
        wanted->mutable_header()->set_header_name(hash.http_header_name());
        break;
    case Hash::kHttpCookie:
        wanted->mutable_cookie()->set_name(hash.http_cookie().name());
        wanted->mutable_cookie()->set_path(hash.http_cookie().path());
        if (hash.http_cookie().has_ttl())
            *wanted->mutable_cookie()->mutable_ttl() = hash.http_cookie().ttl();
        break;
    case Hash::kHttpQueryParameterName:
        wanted->mutable_query_parameter()->set_name(hash.http_query_parameter_name());
        break;
    default:
        wanted->mutable_connection_properties()->set_source_ip(true);
        break;
    }
    return true;
}

} // namespace meshyard::control_plane
