// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/topology_state.h"

#include "client/history/archive.h"

#include <algorithm>

namespace meshyard::history {

namespace {

/// What of a breaker is drawn or told; its running counts are in no keyframe of their own.
auto essence(const EdgeBreaker& b)
{
    return std::tie(b.state, b.overrideKind, b.overrideId, b.openInstances, b.halfOpenInstances,
        b.instances, b.known, b.observeOnly, b.insufficient, b.limited, b.panic, b.shared,
        b.trialsIssued, b.trialsWanted, b.ejectedEndpoints, b.endpoints, b.drainPercent);
}

bool sameMembers(const EdgeBreaker& a, const EdgeBreaker& b)
{
    return std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
        [](const BreakerMember& x, const BreakerMember& y) {
            return x.instance == y.instance && x.state == y.state;
        });
}

auto essence(const ProxyState& p)
{
    return std::tie(p.connected, p.inSync, p.ackedRevision, p.nack, p.kind, p.admin);
}

template <typename Map, typename Values, typename KeyOf>
void takeChanged(const Map& known, const Values& values, Values& changed, KeyOf keyOf)
{
    for (const auto& value : values) {
        const auto it = known.find(keyOf(value));
        if (it == known.end() || !(it->second == value))
            changed.push_back(value);
    }
}

std::string serviceName(const Service& service)
{
    return service.ns + '/' + service.name;
}

} // namespace

template <typename A, Is<TopologyState::BreakerAt> V> void io(A& a, V& v)
{
    a(v.edge, v.unixMs, v.breaker);
}

template <typename A, Is<TopologyState::Change> V> void io(A& a, V& v)
{
    a(v.full, v.mesh, v.services, v.nodes, v.edges, v.instances, v.proxies, v.overrides,
        v.removedEdges, v.removedNodes, v.removedServices, v.removedInstances, v.breakers);
}

bool TopologyState::Change::isEmpty() const
{
    return !full && !mesh && services.empty() && nodes.empty() && edges.empty() && instances.empty()
        && proxies.empty() && !overrides && removedEdges.empty() && removedNodes.empty()
        && removedServices.empty() && removedInstances.empty() && breakers.empty();
}

TopologyState::Change TopologyState::take(
    const MeshFrame& frame, const std::unordered_map<EdgeId, EdgeId>& ids)
{
    if (frame.full)
        *this = TopologyState();
    Change change;
    change.full = frame.full;
    if (frame.mesh && (frame.full || *frame.mesh != m_mesh))
        change.mesh = frame.mesh;
    takeChanged(m_services, frame.services, change.services, serviceName);
    takeChanged(m_nodes, frame.nodes, change.nodes, [](const Node& n) { return n.key; });
    takeChanged(
        m_instances, frame.instances, change.instances, [](const Instance& i) { return i.id; });
    for (const ProxyState& proxy : frame.proxies) {
        const auto it = m_proxies.find(proxy.nodeId);
        if (it == m_proxies.end() || essence(it->second) != essence(proxy))
            change.proxies.push_back(proxy);
    }
    for (const Edge& edge : frame.edges) {
        const Edge own{ids.at(edge.id), edge.key, edge.clusters};
        const auto it = m_edges.find(own.id);
        if (it == m_edges.end() || !(it->second == own))
            change.edges.push_back(own);
    }
    if (frame.overrides && (frame.full || *frame.overrides != m_overrides))
        change.overrides = frame.overrides;
    for (const EdgeId edge : frame.removedEdges) {
        if (const auto it = ids.find(edge); it != ids.end())
            change.removedEdges.push_back(it->second);
    }
    change.removedNodes = frame.removedNodes;
    change.removedServices = frame.removedServices;
    change.removedInstances = frame.removedInstances;
    takeBreakers(frame, ids, change);
    apply(change);
    return change;
}

void TopologyState::takeBreakers(
    const MeshFrame& frame, const std::unordered_map<EdgeId, EdgeId>& ids, Change& change) const
{
    for (const EdgeSample& sample : frame.samples) {
        const auto id = ids.find(sample.edge);
        if (!sample.breaker || id == ids.end())
            continue;
        const auto known = m_breakers.find(id->second);
        if (known == m_breakers.end() || essence(known->second.breaker) != essence(*sample.breaker)
            || !sameMembers(known->second.breaker, *sample.breaker))
            change.breakers.push_back({id->second, frame.unixMs, *sample.breaker});
    }
}

void TopologyState::apply(const Change& change)
{
    if (change.full)
        *this = TopologyState();
    if (change.mesh)
        m_mesh = *change.mesh;
    for (const Service& service : change.services)
        m_services.insert_or_assign(serviceName(service), service);
    for (const Node& node : change.nodes)
        m_nodes.insert_or_assign(node.key, node);
    for (const Edge& edge : change.edges)
        m_edges.insert_or_assign(edge.id, edge);
    for (const Instance& instance : change.instances)
        m_instances.insert_or_assign(instance.id, instance);
    for (const ProxyState& proxy : change.proxies)
        m_proxies.insert_or_assign(proxy.nodeId, proxy);
    if (change.overrides)
        m_overrides = *change.overrides;
    for (const BreakerAt& breaker : change.breakers)
        m_breakers.insert_or_assign(breaker.edge, breaker);
    for (const EdgeId edge : change.removedEdges) {
        m_edges.erase(edge);
        m_breakers.erase(edge);
    }
    for (const NodeKey& key : change.removedNodes)
        m_nodes.erase(key);
    for (const std::string& name : change.removedServices)
        m_services.erase(name);
    for (const std::string& id : change.removedInstances) {
        m_instances.erase(id);
        m_proxies.erase(id);
    }
}

TopologyState::Change TopologyState::all() const
{
    Change change;
    change.full = true;
    change.mesh = m_mesh;
    for (const auto& [name, service] : m_services)
        change.services.push_back(service);
    for (const auto& [key, node] : m_nodes)
        change.nodes.push_back(node);
    for (const auto& [id, edge] : m_edges) {
        change.edges.push_back(edge);
        if (const auto it = m_breakers.find(id); it != m_breakers.end())
            change.breakers.push_back(it->second);
    }
    for (const auto& [id, instance] : m_instances)
        change.instances.push_back(instance);
    for (const auto& [id, proxy] : m_proxies)
        change.proxies.push_back(proxy);
    change.overrides = m_overrides;
    return change;
}

MeshFrame TopologyState::toFrame(std::int64_t unixMs) const
{
    return toFrame(all(), unixMs);
}

MeshFrame TopologyState::toFrame(Change change, std::int64_t unixMs)
{
    MeshFrame frame;
    frame.unixMs = unixMs;
    frame.full = change.full;
    frame.closesSecond = true;
    frame.mesh = std::move(change.mesh);
    frame.services = std::move(change.services);
    frame.nodes = std::move(change.nodes);
    frame.edges = std::move(change.edges);
    frame.instances = std::move(change.instances);
    frame.proxies = std::move(change.proxies);
    frame.overrides = std::move(change.overrides);
    frame.removedEdges = std::move(change.removedEdges);
    frame.removedNodes = std::move(change.removedNodes);
    frame.removedServices = std::move(change.removedServices);
    frame.removedInstances = std::move(change.removedInstances);
    for (BreakerAt& breaker : change.breakers) {
        EdgeSample& sample = frame.samples.emplace_back();
        sample.edge = breaker.edge;
        const std::int64_t passed = std::max<std::int64_t>(0, unixMs - breaker.unixMs) / 1000;
        breaker.breaker.secondsLeft
            = std::max<std::int64_t>(0, breaker.breaker.secondsLeft - passed);
        sample.breaker = std::move(breaker.breaker);
    }
    return frame;
}

std::string TopologyState::encode(const Change& change)
{
    OutArchive archive;
    archive(change);
    return compressed(archive.take());
}

std::optional<TopologyState::Change> TopologyState::decode(std::string_view bytes)
{
    const std::string raw = decompressed(bytes);
    InArchive archive(raw);
    Change change;
    archive(change);
    if (raw.empty() || archive.failed())
        return std::nullopt;
    return change;
}

} // namespace meshyard::history
