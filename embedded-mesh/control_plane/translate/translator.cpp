// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/translator.h"

#include "embedded-mesh/control_plane/translate/cluster.h"
#include "embedded-mesh/control_plane/translate/gateway.h"
#include "embedded-mesh/control_plane/translate/listener.h"
#include "embedded-mesh/control_plane/translate/outbound.h"
#include "embedded-mesh/control_plane/translate/route_match.h"

#include <utility>

namespace meshyard::control_plane {

namespace {

/// Built once for all callers of one signature.
struct CallerGroup
{
    ResourceSet clusters;
    ResourceSetPtr endpoints;
    OutboundConfig outbound;
    ResourceSet routes;
};

envoy::config::route::v3::RouteConfiguration inboundRoutes(const std::string& name)
{
    envoy::config::route::v3::RouteConfiguration config;
    config.set_name(name);
    auto* host = config.add_virtual_hosts();
    host->set_name(name);
    host->add_domains("*");
    auto* route = host->add_routes();
    route->set_name("default");
    *route->mutable_match() = matchAll();
    route->mutable_route()->set_cluster(name);
    route->mutable_route()->mutable_timeout();
    return config;
}

class TranslationRun
{
public:
    TranslationRun(std::span<const config::Resource> resources, const MeshView& mesh)
        : m_mesh(mesh)
        , m_config(resources)
        , m_directory(mesh)
    {
    }

    Translation run(std::span<const ForeignNode> foreignNodes)
    {
        Translation out;
        for (const InstanceView& instance : m_mesh.instances) {
            if (instance.sidecar)
                out.nodes.emplace(instance.id, instanceSnapshot(instance));
        }
        for (const ForeignNode& node : foreignNodes)
            out.nodes.try_emplace(node.id, foreignSnapshot(node));
        out.warnings.assign(m_warnings.begin(), m_warnings.end());
        return out;
    }

private:
    struct Parts
    {
        ResourceSet clusters;
        ResourceSet listeners;
        ResourceSet routes;
    };

    RouteScope scopeFor(const Caller& caller)
    {
        return {caller, m_config, m_directory, m_warnings, {}, 0};
    }

    const CallerGroup& groupOf(const Caller& caller)
    {
        auto [entry, isNew] = m_groups.try_emplace(m_config.callerSignature(caller));
        CallerGroup& group = entry->second;
        if (!isNew)
            return group;
        const RouteScope scope = scopeFor(caller);
        auto endpoints = std::make_shared<ResourceSet>();
        addOutboundClusters(scope, m_endpoints, group.clusters, *endpoints);
        endpoints->seal();
        group.endpoints = std::move(endpoints);
        group.outbound = outboundConfig(scope);
        for (const auto& routes : group.outbound.routes)
            group.routes.add(makeResource(routes.name(), routes));
        return group;
    }

    NodeSnapshot instanceSnapshot(const InstanceView& instance)
    {
        const Caller caller{
            instance.node.ns, instance.node.service, instance.node.version, labelsOf(instance)};
        const CallerGroup& group = groupOf(caller);
        Parts parts{group.clusters, {}, {}};
        if (!instance.captureBase.empty())
            addCaptured(instance, group, parts);
        if (instance.outboundPort != 0)
            addAny(group, instance.outboundPort, parts);
        if (instance.gateway)
            addGateway(instance, caller, parts);
        else
            addInbound(instance, parts);
        return finish(group, std::move(parts));
    }

    NodeSnapshot foreignSnapshot(const ForeignNode& node)
    {
        const CallerGroup& group = groupOf({node.ns, {}, {}, {}});
        Parts parts{group.clusters, {}, {}};
        addAny(group, node.outboundPort, parts);
        return finish(group, std::move(parts));
    }

    static void addCaptured(const InstanceView& instance, const CallerGroup& group, Parts& parts)
    {
        for (const CapturedPort& captured : group.outbound.captured) {
            if (captured.slot == 0)
                continue;
            const BindAddress bind{
                captureAddress(instance.captureBase, instance.slot, captured.slot), captured.port};
            if (bind.address.empty())
                continue;
            parts.listeners.add(makeResource(captured.listener,
                listenerAt(captured.listener, bind, ListenerRole::Outbound, captured.chain)));
            if (const auto found = group.routes.resources.find(captured.listener);
                found != group.routes.resources.end())
                parts.routes.add(found->second);
        }
    }

    void addAny(const CallerGroup& group, std::uint16_t port, Parts& parts)
    {
        const CorsFilter cors = m_config.usesCors() ? CorsFilter::Present : CorsFilter::Absent;
        parts.listeners.add(makeResource(kOutboundAny,
            listenerAt(kOutboundAny, {"127.0.0.1", port}, ListenerRole::Outbound,
                httpChain(kOutboundAny, ListenerRole::Outbound, cors))));
        parts.routes.add(group.routes.resources.find(kOutboundAny)->second);
    }

    void addGateway(const InstanceView& instance, const Caller& caller, Parts& parts)
    {
        const GatewayConfig gateway = gatewayConfig(instance, scopeFor(caller));
        for (const auto& listener : gateway.listeners)
            parts.listeners.add(makeResource(listener.name(), listener));
        for (const auto& routes : gateway.routes)
            parts.routes.add(makeResource(routes.name(), routes));
    }

    void addInbound(const InstanceView& instance, Parts& parts)
    {
        const ServiceView* service = m_directory.find({instance.node.ns, instance.node.service});
        for (const auto& [port, inboundPort] : instance.inboundPorts) {
            const auto target = instance.targetPorts.find(port);
            if (target == instance.targetPorts.end() || inboundPort == 0)
                continue;
            const std::string name = inboundName(port);
            const PortView* declared = service ? ServiceDirectory::portOf(*service, port) : nullptr;
            const Protocol protocol = declared ? declared->protocol : Protocol::Http1;
            addInboundCluster(port, target->second, protocol, parts.clusters);
            const BindAddress bind{"127.0.0.1", inboundPort};
            if (protocol == Protocol::Tcp) {
                TcpProxy proxy;
                proxy.set_cluster(name);
                parts.listeners.add(makeResource(
                    name, listenerAt(name, bind, ListenerRole::Inbound, tcpChain(name, proxy))));
                continue;
            }
            parts.listeners.add(makeResource(name,
                listenerAt(
                    name, bind, ListenerRole::Inbound, httpChain(name, ListenerRole::Inbound))));
            parts.routes.add(makeResource(name, inboundRoutes(name)));
        }
    }

    static NodeSnapshot finish(const CallerGroup& group, Parts parts)
    {
        NodeSnapshot snapshot;
        const auto put = [&snapshot](XdsType type, ResourceSet set) {
            set.seal();
            snapshot.set(type) = std::make_shared<const ResourceSet>(std::move(set));
        };
        put(XdsType::Cluster, std::move(parts.clusters));
        put(XdsType::Listener, std::move(parts.listeners));
        put(XdsType::Route, std::move(parts.routes));
        snapshot.set(XdsType::Endpoints) = group.endpoints;
        return snapshot;
    }

    const MeshView& m_mesh;
    const ConfigIndex m_config;
    const ServiceDirectory m_directory;
    std::map<std::string, CallerGroup> m_groups;
    EndpointCache m_endpoints;
    WarningSink m_warnings;
};

} // namespace

Translation translate(std::span<const config::Resource> resources, const MeshView& mesh,
    std::span<const ForeignNode> foreignNodes)
{
    return TranslationRun(resources, mesh).run(foreignNodes);
}

} // namespace meshyard::control_plane
