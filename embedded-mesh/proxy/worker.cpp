// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/worker.h"

namespace meshyard::proxy {

namespace {

constexpr auto kTick = std::chrono::milliseconds(50);

} // namespace

Worker::Worker(net::EventLoop& loop, std::string nodeId, std::uint64_t seed,
    Cluster::EventSink breakerEvents, WorkerTeam team)
    : m_context(loop, std::move(nodeId), seed)
    , m_breakerEvents(std::move(breakerEvents))
    , m_team(std::move(team))
    , m_seed(seed)
    , m_tick(loop.timers(), [this] { tick(); })
{
    if (m_team.logFiles != nullptr) {
        m_logs = std::make_unique<LogSink>(loop, *m_team.logFiles);
        m_context.logs = m_logs.get();
    }
    if (m_team.spanExporters != nullptr) {
        m_spans = std::make_unique<SpanSink>(loop, *m_team.spanExporters, m_context.config);
        m_context.spans = m_spans.get();
    }
    m_context.connectionLimit = m_team.connections;
    m_tick.armAfter(kTick);
}

Worker::~Worker()
{
    m_watch.reset();
    m_listeners.clear();
    m_leaving.clear();
    m_context.sideCalls.clear();
    m_context.graveyard.clear();
    for (auto& [name, cluster] : m_context.clusters)
        cluster->retire();
}

void Worker::tick()
{
    m_tick.armAfter(kTick);
    const TimePoint now = m_context.loop.now();
    for (auto& [name, cluster] : m_context.clusters)
        cluster->tick(now);
    if (now < m_nextSecond)
        return;
    m_nextSecond = std::max(m_nextSecond + std::chrono::seconds(1), now);
    for (auto& [name, cluster] : m_context.clusters)
        cluster->closeIdle(now);
    std::erase_if(m_leaving, [](const auto& listener) { return listener->isEmpty(); });
}

Result<void> Worker::apply(std::shared_ptr<const ConfigSnapshot> snapshot, const Lead* lead)
{
    const TimePoint now = m_context.now();
    m_context.config = snapshot;
    applyClusters(*snapshot, lead, now);
    applyOverrides(*snapshot, now);
    m_keys.follow(*snapshot);
    return applyListeners(*snapshot, lead);
}

std::shared_ptr<Cluster> Worker::makeCluster(std::shared_ptr<const ClusterSpec> spec, TimePoint now)
{
    const std::uint64_t seed = m_seed ^ std::hash<std::string>()(spec->name);
    ClusterSharing sharing;
    if (m_team.clusters != nullptr) {
        sharing.cluster
            = m_team.clusters->find(spec->name, spec->breaker, seed, Cluster::breakerTime(now));
        sharing.worker = m_team.index;
        sharing.ejections = m_team.ejections;
    }
    return std::make_shared<Cluster>(
        std::move(spec), seed, now, m_breakerEvents, std::move(sharing));
}

void Worker::followEjection(
    const std::string& cluster, const net::SocketAddress& address, const EjectionRecord& record)
{
    if (const auto* const found = m_context.findCluster(cluster))
        (*found)->followEjection(address, record, m_context.now());
}

Worker::Lead Worker::lead() const
{
    Lead lead;
    for (const auto& [name, listener] : m_listeners)
        lead.addresses.emplace(name, listener->address());
    lead.endpoints = m_lookedUp;
    return lead;
}

void Worker::applyClusters(const ConfigSnapshot& snapshot, const Lead* lead, TimePoint now)
{
    std::erase_if(m_context.clusters, [&](const auto& entry) {
        if (snapshot.clusters.contains(entry.first))
            return false;
        entry.second->retire();
        return true;
    });
    for (const auto& [name, config] : snapshot.clusters) {
        auto& cluster = m_context.clusters[name];
        if (cluster == nullptr)
            cluster = makeCluster(config.spec, now);
        auto endpoints = config.endpoints;
        if (m_watch)
            endpoints = m_watch->names().follow(*config.spec, endpoints);
        if (m_watch && endpoints != config.endpoints)
            m_lookedUp[name] = endpoints;
        if (lead != nullptr) {
            if (const auto found = lead->endpoints.find(name); found != lead->endpoints.end())
                endpoints = found->second;
        }
        cluster->update(config.spec, std::move(endpoints), now);
        if (m_watch)
            m_watch->checker().follow(cluster);
    }
    std::erase_if(
        m_lookedUp, [&](const auto& entry) { return !snapshot.clusters.contains(entry.first); });
    if (m_watch)
        m_watch->keepOnly([&](const auto& name) { return snapshot.clusters.contains(name); });
}

void Worker::watchUpstreams(UpstreamNews* news)
{
    m_watch = std::make_unique<UpstreamWatch>(
        m_context.loop, m_seed ^ 0x3a7c4, news == nullptr ? *this : *news);
}

void Worker::onHealthCheck(
    const std::string& name, const net::SocketAddress& endpoint, CheckState verdict, bool passed)
{
    const auto* const cluster = m_context.findCluster(name);
    if (cluster == nullptr)
        return;
    const std::size_t before = (*cluster)->endpoints().size();
    (*cluster)->onHealthCheck(endpoint, verdict, passed, m_context.now());
    if (m_watch && (*cluster)->endpoints().size() != before)
        m_watch->checker().follow(*cluster);
}

void Worker::onEndpoints(
    const std::string& name, const std::shared_ptr<const EndpointSet>& endpoints)
{
    const auto* const cluster = m_context.findCluster(name);
    if (cluster == nullptr)
        return;
    (*cluster)->update((*cluster)->specPointer(), endpoints, m_context.now());
    if (m_watch)
        m_lookedUp[name] = endpoints;
    if (m_watch)
        m_watch->checker().follow(*cluster);
}

void Worker::applyOverrides(const ConfigSnapshot& snapshot, TimePoint now)
{
    std::map<std::string_view, const OverrideSpec*> wanted;
    for (const OverrideSpec& override : snapshot.overrides) {
        if (override.reset || override.deadline <= now)
            continue;
        for (const std::string& name : override.clusters)
            wanted[name] = &override;
    }
    for (auto& [name, cluster] : m_context.clusters) {
        EdgeBreaker& breaker = cluster->breaker();
        const auto found = wanted.find(name);
        if (found == wanted.end()) {
            breaker.clearOverride({}, Cluster::breakerTime(now));
            continue;
        }
        const OverrideSpec& spec = *found->second;
        BreakerOverride override;
        override.kind = spec.kind;
        override.id = spec.id;
        override.drainPercent = spec.drainPercent;
        if (spec.deadline != TimePoint::max())
            override.deadline = Cluster::breakerTime(spec.deadline);
        override.reason = spec.reason;
        override.operatorName = spec.operatorName;
        breaker.setOverride(override, Cluster::breakerTime(now));
    }
    applyResets(snapshot, now);
}

void Worker::applyResets(const ConfigSnapshot& snapshot, TimePoint now)
{
    // Behind the overrides: the end of a forced opening makes a breaker half-open, a reset closes
    // it.
    for (const OverrideSpec& override : snapshot.overrides) {
        if (!override.reset || !m_resetsDone.insert(override.id).second)
            continue;
        for (const std::string& name : override.clusters) {
            if (const auto* const cluster = m_context.findCluster(name))
                (*cluster)->breaker().reset(override.operatorName, Cluster::breakerTime(now));
        }
    }
}

Result<void> Worker::applyListeners(const ConfigSnapshot& snapshot, const Lead* lead)
{
    Result<void> result;
    for (auto at = m_listeners.begin(); at != m_listeners.end();) {
        const auto wanted = snapshot.listeners.find(at->first);
        const bool stays = wanted != snapshot.listeners.end()
            && wanted->second->address == at->second->spec().address
            && wanted->second->binds == at->second->spec().binds;
        if (stays) {
            at->second->update(wanted->second);
            ++at;
            continue;
        }
        at->second->leave();
        m_leaving.push_back(std::move(at->second));
        at = m_listeners.erase(at);
    }
    for (const auto& [name, spec] : snapshot.listeners) {
        if (m_listeners.contains(name))
            continue;
        if (auto opened = openListener(spec, lead); !opened)
            result = tl::unexpected(opened.error());
    }
    return result;
}

Result<void> Worker::openListener(const std::shared_ptr<const ListenerSpec>& spec, const Lead* lead)
{
    net::SocketAddress address = spec->address;
    if (lead != nullptr) {
        const auto found = lead->addresses.find(spec->name);
        if (found == lead->addresses.end() || address.isUnix()) // paths are worker 0's alone
            return {};
        address = found->second;
    }
    const bool shared = m_team.clusters != nullptr && !address.isUnix();
    auto runtime = std::make_unique<ListenerRuntime>(m_context, spec, m_listeners);
    if (auto opened
        = runtime->open(address, shared ? net::PortSharing::Shared : net::PortSharing::Exclusive);
        !opened)
        return opened;
    m_listeners.emplace(spec->name, std::move(runtime));
    return {};
}

void Worker::drain()
{
    m_context.draining = true; // before the last connections are taken
    for (auto& [name, listener] : m_listeners) {
        listener->leave();
        m_leaving.push_back(std::move(listener));
    }
    m_listeners.clear();
}

} // namespace meshyard::proxy
