// SPDX-License-Identifier: GPL-3.0-or-later
// The registry as others see it: translation, hub, console.
#include "embedded-mesh/control_plane/discovery/registry.h"

#include <algorithm>

namespace meshyard::control_plane {
namespace {

std::map<std::uint16_t, std::uint16_t> narrow(
    const google::protobuf::Map<std::uint32_t, std::uint32_t>& ports)
{
    std::map<std::uint16_t, std::uint16_t> out;
    for (const auto& [from, to] : ports)
        out[static_cast<std::uint16_t>(from)] = static_cast<std::uint16_t>(to);
    return out;
}

void setKey(const NodeKey& key, v1::NodeKey* out)
{
    out->set_namespace_(key.ns);
    out->set_service(key.service);
    out->set_version(key.version);
}

std::string localityOf(const v1::InstanceSpec& spec)
{
    std::string text = spec.region();
    for (const std::string& part : {spec.zone(), spec.sub_zone()}) {
        if (!part.empty())
            text += "/" + part;
    }
    return text;
}

/// A load generator without sidecar and ports stands outside the graph.
bool isDrawn(const v1::InstanceSpec& spec)
{
    return spec.sidecar() || spec.ports_size() > 0;
}

} // namespace

NodeKey Registry::nodeOf(const v1::InstanceSpec& spec) const
{
    return {spec.namespace_(), spec.service(), spec.version()};
}

bool Registry::isReady(const Entry& entry) const
{
    return entry.reported && entry.status.state() == "ready";
}

std::vector<ServiceView> Registry::servicesLocked() const
{
    std::map<std::pair<std::string, std::string>, ServiceView> services;
    for (const auto& [id, entry] : m_entries) {
        const v1::InstanceSpec& spec = entry.spec;
        if (spec.gateway() || spec.ports().empty())
            continue;
        ServiceView& service = services[{spec.namespace_(), spec.service()}];
        service.ns = spec.namespace_();
        service.name = spec.service();
        const auto slot = m_serviceSlots.find(service.ns + "/" + service.name);
        service.slot = slot == m_serviceSlots.end() ? 0 : slot->second;
        for (const v1::PortSpec& port : spec.ports()) {
            const auto number = static_cast<std::uint16_t>(port.port());
            const bool known = std::any_of(service.ports.begin(), service.ports.end(),
                [number](const PortView& p) { return p.port == number; });
            if (!known)
                service.ports.push_back({port.name(), number, protocolOf(port.protocol())});
        }
    }
    std::vector<ServiceView> list;
    for (auto& [key, service] : services)
        list.push_back(std::move(service));
    return list;
}

MeshView Registry::view() const
{
    const std::scoped_lock lock(m_mutex);
    MeshView view;
    view.services = servicesLocked();
    for (const auto& [id, entry] : m_entries) {
        if (!entry.reported)
            continue;
        const v1::InstanceSpec& spec = entry.spec;
        InstanceView instance;
        instance.id = id;
        instance.node = nodeOf(spec);
        instance.labels = {spec.labels().begin(), spec.labels().end()};
        instance.region = spec.region();
        instance.zone = spec.zone();
        instance.subZone = spec.sub_zone();
        instance.ready = isReady(entry);
        instance.draining = entry.retiring || entry.status.state() == "stopping";
        instance.sidecar = spec.sidecar();
        instance.gateway = spec.gateway();
        instance.targetPorts = narrow(entry.status.target_ports());
        instance.inboundPorts = narrow(entry.status.inbound_ports());
        instance.hostPorts = narrow(entry.status.host_ports());
        instance.outboundPort = static_cast<std::uint16_t>(entry.status.outbound_port());
        if (entry.status.captured())
            instance.captureBase = entry.captureBase;
        instance.slot = spec.slot();
        view.instances.push_back(std::move(instance));
    }
    return view;
}

std::vector<v1::Instance> Registry::instances() const
{
    const std::scoped_lock lock(m_mutex);
    std::vector<v1::Instance> list;
    for (const auto& [id, entry] : m_entries) {
        const v1::InstanceStatus& status = entry.status;
        v1::Instance instance;
        instance.set_id(id);
        setKey(nodeOf(entry.spec), instance.mutable_node());
        const auto& ports
            = status.inbound_ports().empty() ? status.target_ports() : status.inbound_ports();
        const auto& shown = entry.spec.gateway() ? status.host_ports() : ports;
        if (!shown.empty())
            instance.set_address("127.0.0.1:" + std::to_string(shown.begin()->second));
        instance.set_ready(isReady(entry));
        std::string state = entry.reported ? status.state() : "starting";
        if (!status.detail().empty())
            state += ": " + status.detail();
        instance.set_state(state);
        instance.set_locality(localityOf(entry.spec));
        instance.set_pid(status.workload_pid() > 0 ? status.workload_pid() : status.proxy_pid());
        instance.set_knobs(status.knobs());
        list.push_back(std::move(instance));
    }
    return list;
}

std::vector<v1::Node> Registry::nodes() const
{
    const std::scoped_lock lock(m_mutex);
    std::map<NodeKey, v1::Node> nodes;
    for (const auto& [id, entry] : m_entries) {
        if (!isDrawn(entry.spec))
            continue;
        const NodeKey key = nodeOf(entry.spec);
        auto [found, isNew] = nodes.try_emplace(key);
        v1::Node& node = found->second;
        if (isNew) {
            setKey(key, node.mutable_key());
            node.set_mesh_traffic_captured(true);
            *node.mutable_labels() = entry.spec.labels();
        }
        if (entry.spec.gateway())
            node.set_kind(v1::NODE_GATEWAY);
        node.set_instances(node.instances() + 1);
        node.set_ready(node.ready() + (isReady(entry) ? 1 : 0));
        const std::string locality = localityOf(entry.spec);
        if (std::find(node.localities().begin(), node.localities().end(), locality)
                == node.localities().end()
            && !locality.empty())
            node.add_localities(locality);
        const bool calls = entry.spec.gateway() || !entry.reported || entry.status.captured();
        node.set_mesh_traffic_captured(node.mesh_traffic_captured() && calls);
    }
    for (const auto& [id, departed] : m_departed) {
        auto [found, isNew] = nodes.try_emplace(departed.node);
        if (!isNew || departed.node.service.empty())
            continue;
        setKey(departed.node, found->second.mutable_key());
        found->second.set_mesh_traffic_captured(true);
        if (departed.gateway)
            found->second.set_kind(v1::NODE_GATEWAY);
        for (const auto& [name, value] : departed.labels)
            (*found->second.mutable_labels())[name] = value;
    }
    std::vector<v1::Node> list;
    for (auto& [key, node] : nodes)
        list.push_back(std::move(node));
    return list;
}

std::map<std::string, NodeKey> Registry::nodesById() const
{
    const std::scoped_lock lock(m_mutex);
    std::map<std::string, NodeKey> nodes;
    for (const auto& [id, departed] : m_departed)
        nodes[id] = departed.node;
    for (const auto& [id, entry] : m_entries)
        nodes[id] = nodeOf(entry.spec);
    return nodes;
}

std::map<std::string, v1::InstanceStatus> Registry::statuses() const
{
    const std::scoped_lock lock(m_mutex);
    std::map<std::string, v1::InstanceStatus> statuses;
    for (const auto& [id, entry] : m_entries) {
        if (entry.reported)
            statuses[id] = entry.status;
    }
    return statuses;
}

Registry::Counts Registry::counts() const
{
    const std::scoped_lock lock(m_mutex);
    Counts counts;
    for (const auto& [key, plan] : m_plans)
        counts.wanted += plan.replicas;
    for (const auto& [id, entry] : m_entries) {
        const bool counted = !entry.retiring && !entry.workload.empty();
        counts.ready += counted && isReady(entry) ? 1U : 0U;
    }
    return counts;
}

} // namespace meshyard::control_plane
