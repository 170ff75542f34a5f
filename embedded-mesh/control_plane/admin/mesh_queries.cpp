// SPDX-License-Identifier: GPL-3.0-or-later
// What the controller knows, as the admin API shows it.
#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/control_plane/admin/mesh_controller.h"
#include "embedded-mesh/control_plane/admin/proto_convert.h"
#include "istio/kinds/v1/destination_rule.pb.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>

namespace meshyard::control_plane {
namespace {

constexpr std::size_t kMostProblems = 50;

/// A proxy that no supervisor runs still has a name and a place.
v1::ProxyState proxyOf(const NodeStatus& status)
{
    v1::ProxyState proxy;
    proxy.set_node_id(status.node.id);
    *proxy.mutable_node()
        = toProto(NodeKey{status.node.ns, status.node.service, status.node.version});
    proxy.set_connected(status.connected);
    proxy.set_in_sync(status.connected && status.inSync);
    proxy.set_acked_revision(status.appliedRevision);
    proxy.set_nack(status.nackText());
    proxy.set_kind(status.node.kind);
    return proxy;
}

} // namespace

config::MeshView MeshController::validationView() const
{
    config::MeshView view;
    const MeshView mesh = m_registry.view();
    for (const ServiceView& service : mesh.services) {
        config::MeshView::Service out;
        out.ns = service.ns;
        out.name = service.name;
        for (const PortView& port : service.ports)
            out.ports.push_back(port.port);
        for (const InstanceView& instance : mesh.instances) {
            if (instance.node.ns == service.ns && instance.node.service == service.name)
                out.instances.push_back(instance.labels);
        }
        view.services.push_back(std::move(out));
    }
    return view;
}

std::vector<v1::Service> MeshController::serviceList() const
{
    const ResourcesPtr resources = m_configuration.resources();
    std::vector<v1::Service> list;
    for (const ServiceView& service : m_registry.view().services) {
        v1::Service out;
        out.set_namespace_(service.ns);
        out.set_name(service.name);
        for (const PortView& port : service.ports) {
            v1::ServicePort& shown = *out.add_ports();
            shown.set_name(port.name);
            shown.set_port(port.port);
            shown.set_protocol(static_cast<v1::Protocol>(port.protocol));
        }
        const config::Resource* rule
            = config::destinationRuleOf(*resources, {service.ns, service.name});
        if (rule != nullptr) {
            if (const auto* spec = config::specOf<kinds::v1::DestinationRule>(*rule)) {
                for (const auto& subset : spec->subsets())
                    out.add_subsets(subset.name());
            }
        }
        list.push_back(std::move(out));
    }
    return list;
}

std::vector<v1::ProxyState> MeshController::proxyList() const
{
    const auto statuses = m_registry.statuses();
    const auto nodes = m_registry.nodesById();
    std::vector<v1::ProxyState> list;
    for (const NodeStatus& status : m_tracker.nodes()) {
        const auto instance = statuses.find(status.node.id);
        if (instance == statuses.end() && !status.connected)
            continue; // gone for good
        v1::ProxyState proxy = proxyOf(status);
        if (instance != statuses.end()) {
            proxy.set_admin(instance->second.admin());
            *proxy.mutable_node() = toProto(nodes.at(status.node.id));
        }
        list.push_back(std::move(proxy));
    }
    return list;
}

std::uint64_t MeshController::appliedRevision() const
{
    return m_tracker.appliedRevision(m_store.newest());
}

bool MeshController::allInSync() const
{
    for (const InstanceView& instance : m_registry.view().instances) {
        if (!instance.sidecar)
            continue;
        const auto status = m_tracker.node(instance.id);
        if (!status || !status->connected || !status->inSync)
            return false;
    }
    return true;
}

std::string MeshController::gatewayAddress() const
{
    for (const InstanceView& instance : m_registry.view().instances) {
        if (instance.gateway && instance.node.ns == "production" && !instance.hostPorts.empty())
            return fmt::format("127.0.0.1:{}", instance.hostPorts.begin()->second);
    }
    return {};
}

v1::MeshInfo MeshController::meshInfo() const
{
    v1::MeshInfo mesh;
    mesh.set_id(m_store.meshId());
    mesh.set_name(m_options.demo ? "demo" : "local");
    mesh.set_revision(m_store.newest());
    mesh.set_applied_revision(appliedRevision());
    for (const NodeStatus& status : m_tracker.nodes()) {
        if (!status.connected)
            continue;
        mesh.set_proxies(mesh.proxies() + 1);
        mesh.set_proxies_in_sync(mesh.proxies_in_sync() + (status.inSync ? 1 : 0));
        if (const std::string nack = status.nackText(); !nack.empty())
            mesh.add_problems(status.node.id + " refused its configuration: " + nack);
    }
    mesh.set_demo(m_options.demo);
    mesh.set_started_unix_ms(m_startedUnixMs);
    mesh.set_gateway_address(gatewayAddress());
    mesh.set_can_undo(m_store.canUndo());
    mesh.set_can_redo(m_store.canRedo());
    const Registry::Counts counts = m_registry.counts();
    mesh.set_workloads_wanted(counts.wanted);
    mesh.set_workloads_ready(counts.ready);
    const std::scoped_lock lock(m_mutex);
    for (std::size_t i = 0; i < std::min(m_problems.size(), kMostProblems); ++i)
        mesh.add_problems(m_problems[i]);
    return mesh;
}

Catalog MeshController::catalog() const
{
    Catalog catalog;
    catalog.mesh = meshInfo();
    catalog.services = serviceList();
    catalog.nodes = m_registry.nodes();
    catalog.instances = m_registry.instances();
    catalog.proxies = proxyList();
    catalog.overrides = m_overrides.active();
    return catalog;
}

v1::StatusResponse MeshController::status() const
{
    v1::StatusResponse response;
    *response.mutable_mesh() = meshInfo();
    response.set_version(m_options.version);
    response.set_pid(::getpid());
    response.set_data_dir(m_options.dataDir);
    for (v1::ActiveOverride& active : m_overrides.active())
        *response.add_overrides() = std::move(active);
    for (v1::Event& event : m_hub.recentEvents())
        *response.add_recent_events() = std::move(event);
    return response;
}

v1::ListServicesResponse MeshController::services(const std::string& ns) const
{
    v1::ListServicesResponse response;
    for (v1::Service& service : serviceList()) {
        if (selects(ns, service.namespace_()))
            *response.add_services() = std::move(service);
    }
    for (v1::Node& node : m_registry.nodes()) {
        if (selects(ns, node.key().namespace_()))
            *response.add_nodes() = std::move(node);
    }
    return response;
}

v1::ListProxiesResponse MeshController::proxies(const std::string& ns) const
{
    v1::ListProxiesResponse response;
    std::vector<v1::ProxyState> list = proxyList();
    m_hub.completeProxies(list);
    for (v1::ProxyState& proxy : list) {
        if (selects(ns, proxy.node().namespace_()))
            *response.add_proxies() = std::move(proxy);
    }
    return response;
}

v1::ListBreakersResponse MeshController::breakers(const std::string& ns) const
{
    const ResourcesPtr resources = m_configuration.resources();
    const config::BreakerResolver resolver(*resources);
    v1::ListBreakersResponse response;
    for (const TelemetryHub::BreakerOfEdge& row : m_hub.breakers()) {
        if (!selects(ns, row.key.source.ns) && !selects(ns, row.key.destination.ns))
            continue;
        v1::BreakerRow& out = *response.add_breakers();
        setEdgeKey(row.key, out.mutable_edge());
        *out.mutable_breaker() = row.breaker;
        const config::EffectiveBreaker policy
            = resolver.resolve({row.key.source.ns, row.key.source.service, row.key.source.version,
                row.key.destination.ns, row.key.destination.service, row.key.subset});
        out.set_policy(policy.name.empty() ? "default (observe)" : policy.name);
    }
    return response;
}

Result<v1::ConfigDumpResponse> MeshController::configDump(const std::string& nodeId) const
{
    const NodeSnapshotPtr snapshot = m_cache.snapshot(nodeId);
    if (!snapshot)
        return failure(ErrorCode::NotFound,
            fmt::format("there is no proxy \"{}\"; see meshyardctl proxies", nodeId));
    std::string json = fmt::format("{{\"node\":\"{}\",\"revision\":{}", nodeId, snapshot->revision);
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    for (const XdsType type : kAllXdsTypes) {
        json += fmt::format(",\"{}\":[", shortName(type));
        const char* separator = "";
        for (const auto& [name, resource] : snapshot->of(type).resources) {
            std::string text;
            if (!google::protobuf::util::MessageToJsonString(resource->body, &text, options).ok())
                continue;
            json += separator + text;
            separator = ",";
        }
        json += "]";
    }
    v1::ConfigDumpResponse response;
    response.set_json(json + "}");
    return response;
}

} // namespace meshyard::control_plane
