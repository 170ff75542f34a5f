// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control_plane/translate/bookinfo_mesh.h"

#include <fmt/format.h>

#include <stdexcept>

namespace meshyard::test {

using namespace control_plane;
namespace route_v3 = envoy::config::route::v3;

namespace {

InstanceView instance(MeshView& mesh, const std::string& id, NodeKey node)
{
    InstanceView view;
    view.id = id;
    view.node = std::move(node);
    view.labels = {{"app", view.node.service}};
    view.region = "local";
    view.zone = "a";
    view.ready = true;
    view.captureBase = "127.16.0.0";
    view.slot = static_cast<std::uint32_t>(mesh.instances.size());
    view.outboundPort = static_cast<std::uint16_t>(20'000 + view.slot);
    view.targetPorts[9080] = static_cast<std::uint16_t>(30'000 + view.slot);
    view.inboundPorts[9080] = static_cast<std::uint16_t>(40'000 + view.slot);
    return view;
}

template <typename Message> Message unpack(const XdsResource* resource, const std::string& name)
{
    Message message;
    if (!resource || !resource->body.UnpackTo(&message))
        throw std::runtime_error("no resource " + name);
    return message;
}

std::string describeMatch(const route_v3::RouteMatch& match)
{
    std::string text = match.has_safe_regex() ? "~" + match.safe_regex().regex()
        : match.path().empty()                ? match.prefix() + "*"
                                              : match.path();
    for (const auto& header : match.headers()) {
        text += fmt::format(" {}{}{}", header.invert_match() ? "!" : "", header.name(),
            header.has_string_match() ? "=" + header.string_match().exact()
                    + header.string_match().prefix() + header.string_match().safe_regex().regex()
                                      : "");
    }
    for (const auto& parameter : match.query_parameters())
        text += fmt::format(" ?{}={}", parameter.name(), parameter.string_match().exact());
    if (match.has_runtime_fraction())
        text += fmt::format(" {}ppm", match.runtime_fraction().default_value().numerator());
    return text;
}

std::string describeAction(const route_v3::Route& route)
{
    if (route.has_direct_response()) {
        std::string body = route.direct_response().body().inline_string();
        while (body.ends_with('\n'))
            body.pop_back();
        return fmt::format("{} {}", route.direct_response().status(), body);
    }
    if (route.has_redirect())
        return fmt::format("redirect {}{} {}", route.redirect().host_redirect(),
            route.redirect().path_redirect(), static_cast<int>(route.redirect().response_code()));
    if (!route.route().has_weighted_clusters())
        return route.route().cluster();
    std::string text;
    for (const auto& target : route.route().weighted_clusters().clusters())
        text += fmt::format(
            "{}{} {}", text.empty() ? "" : ", ", target.weight().value(), target.name());
    return text;
}

} // namespace

MeshView bookinfoMesh()
{
    MeshView mesh;
    std::uint32_t slot = 0;
    for (const char* name : {"details", "productpage", "ratings", "reviews"})
        mesh.services.push_back(
            {"production", name, ++slot, {{"http", 9080, Protocol::Http1}}, {}});
    mesh.services.push_back({"staging", "reviews", ++slot, {{"http", 9080, Protocol::Http1}}, {}});
    const auto add = [&mesh](const std::string& id, const NodeKey& node) -> InstanceView& {
        return mesh.instances.emplace_back(instance(mesh, id, node));
    };
    add("details-v1-a", {"production", "details", "v1"});
    add("productpage-v1-a", {"production", "productpage", "v1"});
    add("ratings-v1-a", {"production", "ratings", "v1"});
    add("ratings-v2-a", {"production", "ratings", "v2"});
    for (const char* version : {"v1", "v2", "v3"})
        add(fmt::format("reviews-{}-a", version), {"production", "reviews", version});
    add("staging-reviews-v3-a", {"staging", "reviews", "v3"});
    InstanceView& gateway = add("ingressgateway-a", {"production", "ingressgateway", ""});
    gateway.gateway = true;
    gateway.labels = {{"istio", "ingressgateway"}};
    gateway.inboundPorts.clear();
    gateway.targetPorts.clear();
    gateway.captureBase.clear();
    gateway.hostPorts[8080] = 18'080;
    return mesh;
}

std::vector<config::Resource> documents(const std::string& yaml)
{
    config::ParsedResources parsed = config::parseResources(yaml);
    for (const config::Resource& resource : parsed.resources) {
        if (resource.broken)
            throw std::runtime_error(resource.id.name + ": " + parsed.diagnostics.front().message);
    }
    std::uint64_t revision = 0;
    for (config::Resource& resource : parsed.resources)
        resource.created = ++revision;
    return std::move(parsed.resources);
}

NodeConfig::NodeConfig(const Translation& translation, const std::string& node)
    : m_snapshot(translation.nodes.at(node))
{
}

bool NodeConfig::hasCluster(const std::string& name) const
{
    return m_snapshot.of(XdsType::Cluster).find(name) != nullptr;
}

envoy::config::cluster::v3::Cluster NodeConfig::cluster(const std::string& name) const
{
    return unpack<envoy::config::cluster::v3::Cluster>(
        m_snapshot.of(XdsType::Cluster).find(name), name);
}

envoy::config::listener::v3::Listener NodeConfig::listener(const std::string& name) const
{
    return unpack<envoy::config::listener::v3::Listener>(
        m_snapshot.of(XdsType::Listener).find(name), name);
}

route_v3::RouteConfiguration NodeConfig::routes(const std::string& name) const
{
    return unpack<route_v3::RouteConfiguration>(m_snapshot.of(XdsType::Route).find(name), name);
}

std::string NodeConfig::instances(const std::string& cluster) const
{
    const auto assignment = unpack<envoy::config::endpoint::v3::ClusterLoadAssignment>(
        m_snapshot.of(XdsType::Endpoints).find(cluster), cluster);
    std::string text;
    for (const auto& locality : assignment.endpoints()) {
        for (const auto& target : locality.lb_endpoints()) {
            const auto& ours = target.metadata().filter_metadata().at("meshyard").fields();
            text += (text.empty() ? "" : " ") + ours.at("instance").string_value();
        }
    }
    return text;
}

std::vector<std::string> NodeConfig::names(XdsType type) const
{
    std::vector<std::string> names;
    for (const auto& [name, resource] : m_snapshot.of(type).resources)
        names.push_back(name);
    return names;
}

std::string describe(const route_v3::RouteConfiguration& config)
{
    std::string text;
    for (const auto& host : config.virtual_hosts()) {
        if (config.virtual_hosts_size() > 1)
            text += fmt::format("[{}]\n", fmt::join(host.domains(), " "));
        for (const auto& route : host.routes())
            text += fmt::format("{} -> {}\n", describeMatch(route.match()), describeAction(route));
    }
    return text;
}

} // namespace meshyard::test
