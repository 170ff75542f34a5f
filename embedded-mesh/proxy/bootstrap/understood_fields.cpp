// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/bootstrap/understood_fields.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>

namespace meshyard::proxy {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

using FieldTable = std::map<std::string_view, std::string_view>;

/// Message type (behind "envoy.") → the fields that act here. Of types not listed all do.
const FieldTable& understood()
{
    static const FieldTable table{
        {"config.bootstrap.v3.Bootstrap",
            "node static_resources dynamic_resources admin layered_runtime cluster_manager "
            "stats_flush_interval overload_manager"},
        {"config.bootstrap.v3.Bootstrap.StaticResources", "listeners clusters secrets"},
        {"config.listener.v3.Listener",
            "name address stat_prefix filter_chains default_filter_chain traffic_direction "
            "metadata "
            "reuse_port listener_filters listener_filters_timeout "
            "continue_on_listener_filters_timeout use_original_dst bind_to_port "
            "ignore_global_conn_limit"},
        {"config.listener.v3.FilterChain",
            "name filters metadata transport_socket filter_chain_match "
            "transport_socket_connect_timeout"},
        {"extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "codec_type stat_prefix rds route_config http_filters common_http_protocol_options "
            "http_protocol_options http2_protocol_options stream_idle_timeout "
            "upgrade_configs request_headers_timeout use_remote_address generate_request_id "
            "forward_client_cert_details set_current_client_cert_details access_log "
            "request_timeout tracing "
            "xff_num_trusted_hops normalize_path merge_slashes path_with_escaped_slashes_action"},
        {"extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing",
            "client_sampling random_sampling overall_sampling max_path_tag_length provider"},
        {"config.trace.v3.OpenTelemetryConfig", "grpc_service service_name"},
        {"extensions.filters.network.tcp_proxy.v3.TcpProxy",
            "stat_prefix cluster weighted_clusters idle_timeout max_connect_attempts access_log"},
        {"config.core.v3.HttpProtocolOptions",
            "idle_timeout max_requests_per_connection max_connection_duration"},
        {"config.core.v3.Http2ProtocolOptions",
            "hpack_table_size max_concurrent_streams initial_stream_window_size "
            "initial_connection_window_size allow_connect"},
        {"config.route.v3.RouteConfiguration",
            "name virtual_hosts request_headers_to_add request_headers_to_remove "
            "response_headers_to_add response_headers_to_remove validate_clusters "
            "ignore_port_in_host_matching metadata most_specific_header_mutations_wins "
            "max_direct_response_body_size_bytes ignore_path_parameters_in_path_matching "
            "typed_per_filter_config request_mirror_policies"},
        {"config.route.v3.RouteAction.RequestMirrorPolicy",
            "cluster cluster_header runtime_fraction disable_shadow_host_suffix_append "
            "host_rewrite_literal"},
        {"config.route.v3.VirtualHost",
            "name domains routes request_headers_to_add request_headers_to_remove "
            "response_headers_to_add response_headers_to_remove typed_per_filter_config "
            "retry_policy metadata require_tls request_mirror_policies "
            "include_request_attempt_count include_attempt_count_in_response"},
        {"config.route.v3.Route",
            "name match route redirect direct_response metadata decorator typed_per_filter_config "
            "request_headers_to_add request_headers_to_remove response_headers_to_add "
            "response_headers_to_remove stat_prefix"},
        {"config.route.v3.RouteAction",
            "cluster cluster_header weighted_clusters cluster_not_found_response_code "
            "prefix_rewrite regex_rewrite path_rewrite host_rewrite_literal host_rewrite_header "
            "host_rewrite_path_regex host_rewrite append_x_forwarded_host auto_host_rewrite "
            "request_mirror_policies timeout retry_policy max_stream_duration metadata_match "
            "priority hash_policy "
            "upgrade_configs"},
        {"config.route.v3.RouteAction.UpgradeConfig.ConnectConfig", ""},
        {"config.route.v3.WeightedCluster", "clusters header_name total_weight"},
        {"config.route.v3.WeightedCluster.ClusterWeight",
            "name cluster_header weight request_headers_to_add request_headers_to_remove "
            "response_headers_to_add response_headers_to_remove typed_per_filter_config "
            "host_rewrite_literal metadata_match"},
        {"config.route.v3.RetryPolicy",
            "retry_on num_retries per_try_timeout per_try_idle_timeout retriable_status_codes "
            "retry_back_off rate_limited_retry_back_off retry_host_predicate retry_priority "
            "host_selection_retry_max_attempts retriable_headers retriable_request_headers"},
        {"config.route.v3.RedirectAction",
            "https_redirect scheme_redirect host_redirect port_redirect path_redirect "
            "prefix_rewrite regex_rewrite response_code strip_query"},
        {"extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix status token_bucket filter_enabled filter_enforced "
            "request_headers_to_add_when_not_enforced response_headers_to_add "
            "enable_x_ratelimit_headers rate_limited_as_resource_exhausted"},
        {"extensions.filters.http.compressor.v3.Compressor",
            "compressor_library response_direction_config choose_first"},
        {"extensions.compression.gzip.compressor.v3.Gzip",
            "memory_level compression_level compression_strategy window_bits chunk_size"},
        {"config.core.v3.HttpUri", "uri cluster timeout"},
        {"extensions.filters.http.jwt_authn.v3.JwtProvider",
            "issuer audiences subjects require_expiration max_lifetime remote_jwks local_jwks "
            "forward from_headers from_params from_cookies forward_payload_header "
            "pad_forward_payload_header payload_in_metadata normalize_payload_in_metadata "
            "clock_skew_seconds claim_to_headers clear_route_cache"},
        {"extensions.filters.http.jwt_authn.v3.RemoteJwks", "http_uri cache_duration async_fetch"},
        {"extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers rules bypass_cors_preflight requirement_map strip_failure_response"},
        {"extensions.filters.network.rbac.v3.RBAC",
            "rules shadow_rules stat_prefix shadow_rules_stat_prefix enforcement_type"},
        {"config.cluster.v3.Cluster",
            "name type eds_cluster_config connect_timeout lb_policy load_assignment "
            "max_requests_per_connection circuit_breakers common_http_protocol_options "
            "typed_extension_protocol_options http2_protocol_options outlier_detection "
            "least_request_lb_config "
            "round_robin_lb_config ring_hash_lb_config maglev_lb_config common_lb_config metadata "
            "alt_stat_name track_cluster_stats transport_socket transport_socket_matches "
            "dns_lookup_family "
            "dns_refresh_rate dns_jitter dns_failure_refresh_rate respect_dns_ttl health_checks "
            "lb_subset_config load_balancing_policy upstream_connection_options "
            "close_connections_on_host_health_failure ignore_health_on_host_removal"},
        {"config.cluster.v3.Cluster.CommonLbConfig",
            "healthy_panic_threshold update_merge_window locality_weighted_lb_config "
            "ignore_new_hosts_until_first_hc close_connections_on_host_set_change "
            "consistent_hashing_lb_config"},
        {"config.cluster.v3.Cluster.LeastRequestLbConfig",
            "choice_count active_request_bias slow_start_config"},
        {"config.cluster.v3.Cluster.RoundRobinLbConfig", "slow_start_config"},
        {"config.cluster.v3.Cluster.LbSubsetConfig",
            "fallback_policy default_subset subset_selectors panic_mode_any list_as_any"},
        {"config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetSelector",
            "keys fallback_policy fallback_keys_subset"},
        {"config.route.v3.RouteAction.HashPolicy",
            "header cookie connection_properties query_parameter terminal"},
        {"extensions.load_balancing_policies.common.v3.LocalityLbConfig",
            "locality_weighted_lb_config"},
        {"extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig",
            "use_hostname_for_hashing hash_balance_factor"},
        {"config.core.v3.HealthCheck",
            "timeout interval initial_jitter interval_jitter interval_jitter_percent "
            "unhealthy_threshold healthy_threshold alt_port reuse_connection http_health_check "
            "tcp_health_check grpc_health_check no_traffic_interval no_traffic_healthy_interval "
            "unhealthy_interval unhealthy_edge_interval healthy_edge_interval"},
        {"config.core.v3.HealthCheck.HttpHealthCheck",
            "host path request_headers_to_add expected_statuses retriable_statuses "
            "codec_client_type method"},
        {"config.cluster.v3.CircuitBreakers", "thresholds per_host_thresholds"},
        {"config.cluster.v3.CircuitBreakers.Thresholds",
            "priority max_connections max_pending_requests max_requests max_retries retry_budget "
            "track_remaining"},
        {"config.cluster.v3.OutlierDetection",
            "consecutive_5xx consecutive_gateway_failure enforcing_consecutive_5xx "
            "enforcing_consecutive_gateway_failure base_ejection_time max_ejection_time "
            "max_ejection_time_jitter max_ejection_percent always_eject_one_host interval "
            "split_external_local_origin_errors consecutive_local_origin_failure "
            "enforcing_consecutive_local_origin_failure enforcing_success_rate "
            "enforcing_local_origin_success_rate success_rate_minimum_hosts "
            "success_rate_request_volume success_rate_stdev_factor failure_percentage_threshold "
            "enforcing_failure_percentage enforcing_failure_percentage_local_origin "
            "failure_percentage_minimum_hosts failure_percentage_request_volume "
            "successful_active_health_check_uneject_host"},
        {"config.endpoint.v3.ClusterLoadAssignment.Policy",
            "overprovisioning_factor weighted_priority_health"},
        {"config.endpoint.v3.Endpoint", "address hostname health_check_config"},
    };
    return table;
}

bool acts(const FieldDescriptor& field)
{
    constexpr std::string_view kEnvoy = "envoy.";
    std::string_view type = field.containing_type()->full_name();
    if (!type.starts_with(kEnvoy))
        return true;
    type.remove_prefix(kEnvoy.size());
    const auto found = understood().find(type);
    if (found == understood().end())
        return true;
    std::istringstream names{std::string(found->second)};
    for (std::string name; names >> name;) {
        if (name == field.name())
            return true;
    }
    return false;
}

void collect(const Message& message, const std::string& path, std::vector<std::string>& found);

void collectAny(
    const google::protobuf::Any& any, const std::string& path, std::vector<std::string>& found)
{
    const std::string name = any.type_url().substr(any.type_url().rfind('/') + 1);
    const auto* const type
        = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
    if (type == nullptr)
        return; // refused where it is used
    const std::unique_ptr<Message> content(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
    if (content->ParseFromString(any.value()))
        collect(*content, path, found);
}

void collectValue(const Message& value, const std::string& path, std::vector<std::string>& found)
{
    if (const auto* const any = dynamic_cast<const google::protobuf::Any*>(&value))
        collectAny(*any, path, found);
    else if (!value.GetDescriptor()->full_name().starts_with("google.protobuf."))
        collect(value, path, found);
}

void collect(const Message& message, const std::string& path, std::vector<std::string>& found)
{
    const auto* const reflection = message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        const std::string place = path.empty() ? field->name() : path + "." + field->name();
        if (!acts(*field)) {
            found.push_back(place);
            continue;
        }
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
            continue;
        if (!field->is_repeated()) {
            collectValue(reflection->GetMessage(message, field), place, found);
            continue;
        }
        for (int i = 0; i < reflection->FieldSize(message, field); ++i)
            collectValue(reflection->GetRepeatedMessage(message, field, i),
                place + "[" + std::to_string(i) + "]", found);
    }
}

} // namespace

std::vector<std::string> fieldsWithoutEffect(const Message& message)
{
    std::vector<std::string> found;
    collect(message, {}, found);
    return found;
}

} // namespace meshyard::proxy
