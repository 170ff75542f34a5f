// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/cluster.h"

#include "embedded-mesh/control_plane/translate/circuit_breaker.h"
#include "embedded-mesh/control_plane/translate/destination_rule.h"

#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include <fmt/format.h>

#include <limits>

namespace meshyard::control_plane {

namespace {

namespace cluster_v3 = envoy::config::cluster::v3;

struct SubsetView
{
    std::string name = "*";
    Labels labels;
};

std::vector<SubsetView> subsetsOf(const DestinationRuleDoc* rule)
{
    std::vector<SubsetView> subsets{{}};
    if (!rule)
        return subsets;
    for (const auto& subset : rule->spec->subsets())
        subsets.push_back({subset.name(), Labels(subset.labels().begin(), subset.labels().end())});
    return subsets;
}

cluster_v3::Cluster outboundCluster(
    const ClusterName& name, const PortView& port, const RouteScope& scope)
{
    cluster_v3::Cluster cluster;
    cluster.set_name(name.toString());
    cluster.set_type(cluster_v3::Cluster::EDS);
    *cluster.mutable_eds_cluster_config()->mutable_eds_config() = adsSource();
    applyTrafficPolicy(trafficPolicyOf({name.ns, name.service}, name.subset, name.port, scope),
        port.protocol, cluster);
    const Caller& caller = scope.caller;
    const config::Resource* document = scope.config.breakers().document(
        {caller.ns, caller.service, caller.version, name.ns, name.service, name.subset});
    (*cluster.mutable_metadata()->mutable_filter_metadata())[kBreakerMetadata]
        = breakerMetadata(document);
    return cluster;
}

XdsResourcePtr endpointsOf(const ClusterName& name, const ServiceView& service,
    const Labels& labels, const RouteScope& scope, EndpointCache& cache)
{
    const std::string cluster = name.toString();
    std::string key = cluster;
    for (const auto& [label, value] : labels)
        key += fmt::format("\n{}={}", label, value);
    XdsResourcePtr& cached = cache[key];
    if (!cached)
        cached
            = makeResource(cluster, scope.directory.endpoints(cluster, service, labels, name.port));
    return cached;
}

void useHttp2(cluster_v3::Cluster& cluster)
{
    envoy::extensions::upstreams::http::v3::HttpProtocolOptions options;
    options.mutable_explicit_http_config()->mutable_http2_protocol_options();
    (*cluster.mutable_typed_extension_protocol_options())
        ["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
        = packDeterministically(options);
}

} // namespace

envoy::config::core::v3::ConfigSource adsSource()
{
    envoy::config::core::v3::ConfigSource source;
    source.mutable_ads();
    source.set_resource_api_version(envoy::config::core::v3::V3);
    return source;
}

std::string inboundName(std::uint16_t servicePort)
{
    return fmt::format("inbound|{}", servicePort);
}

void addOutboundClusters(
    const RouteScope& scope, EndpointCache& cache, ResourceSet& clusters, ResourceSet& endpoints)
{
    for (const ServiceView* service : scope.directory.visibleFrom(scope.caller.ns)) {
        const auto* rule
            = scope.config.destinationRuleFor(scope.caller, {service->ns, service->name});
        for (const SubsetView& subset : subsetsOf(rule)) {
            for (const PortView& port : service->ports) {
                const ClusterName name{service->ns, service->name, subset.name, port.port};
                clusters.add(makeResource(name.toString(), outboundCluster(name, port, scope)));
                endpoints.add(endpointsOf(name, *service, subset.labels, scope, cache));
            }
        }
    }
}

void addInboundCluster(std::uint16_t servicePort, std::uint16_t targetPort, Protocol protocol,
    ResourceSet& clusters)
{
    cluster_v3::Cluster cluster;
    cluster.set_name(inboundName(servicePort));
    cluster.set_type(cluster_v3::Cluster::STATIC);
    cluster.mutable_connect_timeout()->set_seconds(5);
    auto* limits = cluster.mutable_circuit_breakers()->add_thresholds();
    constexpr std::uint32_t noLimit = std::numeric_limits<std::uint32_t>::max();
    limits->mutable_max_connections()->set_value(noLimit);
    limits->mutable_max_pending_requests()->set_value(noLimit);
    limits->mutable_max_requests()->set_value(noLimit);
    if (protocol == Protocol::Grpc || protocol == Protocol::Http2)
        useHttp2(cluster);
    auto* assignment = cluster.mutable_load_assignment();
    assignment->set_cluster_name(cluster.name());
    auto* socket = assignment->add_endpoints()
                       ->add_lb_endpoints()
                       ->mutable_endpoint()
                       ->mutable_address()
                       ->mutable_socket_address();
    socket->set_address("127.0.0.1");
    socket->set_port_value(targetPort);
    clusters.add(makeResource(cluster.name(), cluster));
}

} // namespace meshyard::control_plane
