// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/model/mesh_model.h"

#include <QThread>

#include <algorithm>

namespace meshyard {

namespace {

constexpr std::size_t kSecondsKept = 60;
constexpr std::size_t kEventsKept = 2000;
constexpr std::uint64_t kHealthCalls = 20;
constexpr std::uint64_t kPercentileSamples = 100;

Health healthOf(const Outcomes& outcomes)
{
    const auto finished = static_cast<double>(outcomes.finished());
    const double failed = static_cast<double>(outcomes.failed()) / finished;
    const double client = static_cast<double>(outcomes.clientErrors) / finished;
    Health health = Health::Healthy;
    if (failed > 0)
        health = failed >= 0.10 ? Health::Failing : Health::Degraded;
    if (client >= 0.10)
        health = std::max(health, client >= 0.20 ? Health::Failing : Health::Degraded);
    return health;
}

} // namespace

double EdgeWindow::rate() const
{
    return seconds == 0 ? 0.0 : static_cast<double>(outcomes.finished()) / seconds;
}

std::optional<double> EdgeWindow::success() const
{
    const std::uint64_t finished = outcomes.finished();
    if (finished == 0)
        return std::nullopt;
    return 1.0 - static_cast<double>(outcomes.failed()) / static_cast<double>(finished);
}

MeshModel::MeshModel(QObject* parent)
    : QObject(parent)
{
}

void MeshModel::clear()
{
    Q_ASSERT(QThread::currentThread() == thread());
    m_unixMs = 0;
    m_mesh = {};
    m_edges.clear();
    m_overrides.clear();
    startOver({});
    Q_EMIT topologyChanged();
    Q_EMIT changed();
}

void MeshModel::apply(const MeshFrame& frame)
{
    Q_ASSERT(QThread::currentThread() == thread());
    if (frame.full)
        startOver(frame);
    const bool added = applyDescriptors(frame);
    const bool removed = applyRemovals(frame);
    if (frame.full || added || removed)
        Q_EMIT topologyChanged();
    if (frame.mesh) {
        m_mesh = *frame.mesh;
        Q_EMIT meshInfoChanged();
    }
    applyInstances(frame);
    if (frame.overrides) {
        m_overrides = *frame.overrides;
        Q_EMIT overridesChanged();
    }
    for (const EdgeSample& sample : frame.samples)
        applySample(sample, frame.unixMs);
    closeSecond(frame);
    if (const int count = addEvents(frame); count > 0)
        Q_EMIT eventsAdded(count);
    Q_EMIT changed();
}

void MeshModel::startOver(const MeshFrame& frame)
{
    // Ids are the stream's own: a new stream numbers anew; keys and their minutes stay.
    std::map<EdgeKey, EdgeState> kept;
    for (const Edge& edge : frame.edges) {
        if (auto known = m_edges.extract(edge.key))
            kept.insert(std::move(known));
    }
    m_edges = std::move(kept);
    m_edgeKeys.clear();
    m_nodes.clear();
    m_services.clear();
    m_instances.clear();
    m_proxies.clear();
    m_events.clear();
}

bool MeshModel::applyDescriptors(const MeshFrame& frame)
{
    bool changed = false;
    for (const Service& service : frame.services)
        m_services.insert_or_assign(service.ns + '/' + service.name, service);
    for (const Node& node : frame.nodes)
        changed |= m_nodes.insert_or_assign(node.key, node).second;
    for (const Edge& edge : frame.edges) {
        const auto [it, inserted] = m_edges.try_emplace(edge.key);
        it->second.edge = edge;
        m_edgeKeys[edge.id] = edge.key;
        changed |= inserted;
    }
    return changed;
}

bool MeshModel::applyRemovals(const MeshFrame& frame)
{
    bool changed = false;
    for (const std::string& name : frame.removedServices)
        changed |= m_services.erase(name) > 0;
    for (const NodeKey& key : frame.removedNodes)
        changed |= m_nodes.erase(key) > 0;
    for (const EdgeId id : frame.removedEdges) {
        const auto it = m_edgeKeys.find(id);
        if (it == m_edgeKeys.end())
            continue;
        m_edges.erase(it->second);
        m_edgeKeys.erase(it);
        changed = true;
    }
    return changed;
}

void MeshModel::applyInstances(const MeshFrame& frame)
{
    for (const Instance& instance : frame.instances)
        m_instances.insert_or_assign(instance.id, instance);
    for (const ProxyState& proxy : frame.proxies)
        m_proxies.insert_or_assign(proxy.nodeId, proxy);
    for (const std::string& id : frame.removedInstances) {
        m_instances.erase(id);
        m_proxies.erase(id);
    }
}

void MeshModel::applySample(const EdgeSample& sample, std::int64_t unixMs)
{
    const auto key = m_edgeKeys.find(sample.edge);
    if (key == m_edgeKeys.end())
        return;
    EdgeState& state = m_edges.at(key->second);
    if (state.firstSeenMs == 0)
        state.firstSeenMs = unixMs;
    if (sample.breaker)
        state.breaker = *sample.breaker;
    state.ageMs = sample.ageMs;
}

void MeshModel::closeSecond(const MeshFrame& frame)
{
    if (frame.unixMs != 0 && (frame.closesSecond || frame.full))
        m_unixMs = frame.unixMs;
    if (frame.before) {
        for (auto& [key, state] : m_edges)
            state.seconds.clear();
        for (const std::vector<EdgeSample>& second : *frame.before)
            pushSecond(second);
    }
    if (frame.closesSecond)
        pushSecond(frame.samples);
    if (frame.closesSecond || frame.before) {
        for (auto& [key, state] : m_edges)
            updateHealth(state);
    }
}

void MeshModel::pushSecond(const std::vector<EdgeSample>& samples)
{
    std::unordered_map<EdgeId, const EdgeSample*> heard;
    for (const EdgeSample& sample : samples)
        heard.emplace(sample.edge, &sample);
    for (auto& [key, state] : m_edges) {
        const auto it = heard.find(state.edge.id);
        EdgeSample silent; // a second without calls
        silent.edge = state.edge.id;
        if (it != heard.end() && it->second->ageMs == 0)
            state.seconds.push_back(*it->second);
        else if (it == heard.end() && state.ageMs == 0) // stale seconds are unknown, not zero
            state.seconds.push_back(silent);
        while (state.seconds.size() > kSecondsKept)
            state.seconds.pop_front();
    }
}

int MeshModel::addEvents(const MeshFrame& frame)
{
    const std::uint64_t newest = m_events.empty() ? 0 : m_events.back().id;
    int added = 0;
    for (const Event& event : frame.events) {
        if (event.id <= newest)
            continue; // sent again after a reconnect
        m_events.push_back(event);
        ++added;
    }
    while (m_events.size() > kEventsKept)
        m_events.pop_front();
    return added;
}

void MeshModel::updateHealth(EdgeState& state) const
{
    if (state.ageMs > 0) {
        state.health = Health::Stale;
        return;
    }
    const EdgeWindow recent = window(state.edge.key, 10);
    const std::uint64_t finished = recent.outcomes.finished();
    if (finished == 0)
        state.health = Health::Idle;
    else if (finished >= kHealthCalls || state.health == Health::Idle
        || state.health == Health::Stale)
        state.health = healthOf(recent.outcomes);
    // else: too few calls to judge anew
}

const EdgeState* MeshModel::edge(const EdgeKey& key) const
{
    const auto it = m_edges.find(key);
    return it == m_edges.end() ? nullptr : &it->second;
}

const EdgeState* MeshModel::edge(EdgeId id) const
{
    const auto it = m_edgeKeys.find(id);
    return it == m_edgeKeys.end() ? nullptr : edge(it->second);
}

const Node* MeshModel::node(const NodeKey& key) const
{
    const auto it = m_nodes.find(key);
    return it == m_nodes.end() ? nullptr : &it->second;
}

EdgeWindow MeshModel::window(const EdgeKey& key, std::uint32_t seconds) const
{
    EdgeWindow result;
    const EdgeState* state = edge(key);
    if (!state)
        return result;
    auto it = state->seconds.rbegin();
    for (; it != state->seconds.rend() && result.seconds < seconds; ++it) {
        ++result.seconds;
        result.outcomes.add(it->outcomes);
        result.bytesOut += it->bytesOut;
        result.bytesIn += it->bytesIn;
        result.latency.merge(it->latency);
    }
    return result;
}

EdgeWindow MeshModel::latencyWindow(const EdgeKey& key) const
{
    const EdgeState* state = edge(key);
    if (!state)
        return {};
    std::uint32_t seconds = 0;
    std::uint64_t samples = 0;
    auto it = state->seconds.rbegin();
    for (; it != state->seconds.rend() && samples < kPercentileSamples; ++it) {
        samples += it->latency.count();
        ++seconds;
    }
    return window(key, std::max<std::uint32_t>(seconds, 1));
}

Health MeshModel::nodeHealth(const NodeKey& key) const
{
    Health incoming = Health::Idle;
    Health outgoing = Health::Idle;
    for (const auto& [edgeKey, state] : m_edges) {
        if (edgeKey.destination == key)
            incoming = std::max(incoming, state.health);
        else if (edgeKey.source == key)
            outgoing = std::max(outgoing, state.health);
    }
    return incoming != Health::Idle ? incoming : outgoing;
}

MeshFrame MeshModel::toFrame() const
{
    MeshFrame frame;
    frame.unixMs = m_unixMs;
    frame.full = true;
    frame.closesSecond = true;
    frame.mesh = m_mesh;
    for (const auto& [name, service] : m_services)
        frame.services.push_back(service);
    for (const auto& [key, node] : m_nodes)
        frame.nodes.push_back(node);
    for (const auto& [key, state] : m_edges) {
        frame.edges.push_back(state.edge);
        EdgeSample sample = state.seconds.empty() ? EdgeSample{} : state.seconds.back();
        sample.edge = state.edge.id;
        sample.breaker = state.breaker;
        sample.ageMs = state.ageMs;
        frame.samples.push_back(std::move(sample));
    }
    for (const auto& [id, instance] : m_instances)
        frame.instances.push_back(instance);
    for (const auto& [id, proxy] : m_proxies)
        frame.proxies.push_back(proxy);
    frame.events.assign(m_events.begin(), m_events.end());
    frame.overrides = m_overrides;
    return frame;
}

} // namespace meshyard
