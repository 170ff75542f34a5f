// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/mesh_controller.h"

#include "embedded-mesh/control_plane/admin/proto_convert.h"
#include "embedded-mesh/control_plane/discovery/stable_bytes.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace meshyard::control_plane {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 100ms;
constexpr auto kCoalesce = 5ms;
constexpr Duration kSupervisorPatience = 5s;
constexpr auto kAckPatience = 500ms;

std::int64_t wallMs(const Clock& clock)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.system().time_since_epoch())
        .count();
}

} // namespace

MeshController::MeshController(Store& store, const Clock& clock, Options options)
    : m_clock(clock)
    , m_options(std::move(options))
    , m_startedUnixMs(wallMs(clock))
    , m_startedAt(clock.now())
    , m_store(store)
    , m_registry(clock)
    , m_configuration(store, [this] { return validationView(); })
    , m_overrides(store, clock)
    , m_hub(clock)
{
    if (!store.notice().empty())
        m_problems.push_back(store.notice());
    m_registry.setWorkloads(m_configuration.workloads());
    m_configuration.setListener([this](const Revision& revision) { handleRevision(revision); });
    m_tracker.setListener([this](const NodeStatus& status, SyncTracker::Change change) {
        handleSync(status, change);
    });
}

MeshController::~MeshController()
{
    stop();
}

void MeshController::setXdsAddress(std::string address)
{
    const std::scoped_lock lock(m_mutex);
    m_xdsAddress = std::move(address);
}

void MeshController::setOrderSink(OrderSink sink)
{
    const std::scoped_lock lock(m_mutex);
    m_orderSink = std::move(sink);
}

void MeshController::start()
{
    m_thread = std::thread([this] { run(); });
}

void MeshController::stop()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    m_hub.close();
    if (m_thread.joinable())
        m_thread.join();
    m_tracker.setListener(nullptr);
}

void MeshController::requestRefresh()
{
    const std::scoped_lock lock(m_mutex);
    m_refreshWanted = true;
    m_wake.notify_all();
}

void MeshController::run()
{
    std::unique_lock lock(m_mutex);
    while (!m_stopping) {
        m_wake.wait_for(
            lock, kTick, [this] { return m_stopping || m_refreshWanted || m_publishWanted; });
        if (m_stopping)
            return;
        const bool wanted = m_refreshWanted;
        if (wanted) // reports come in bursts
            m_wake.wait_for(lock, kCoalesce, [this] { return m_stopping; });
        const bool publish = std::exchange(m_publishWanted, false);
        m_refreshWanted = false;
        lock.unlock();
        if (wanted)
            refresh();
        else if (publish)
            m_hub.publish(catalog());
        tickOverrides();
        if (m_hub.isDue())
            m_hub.tick(catalog());
        lock.lock();
    }
}

bool MeshController::awaitsSupervisor() const
{
    // After a restart nothing is pushed before the running instances are known: an empty registry
    // would take every endpoint away from sidecars that serve.
    return !m_registry.embedded() && m_clock.now() - m_startedAt < kSupervisorPatience;
}

void MeshController::refresh()
{
    const std::scoped_lock refreshing(m_refreshing);
    m_registry.reconcile();
    m_hub.setTopology(topology());
    pushOrders();
    if (awaitsSupervisor())
        return;
    const ResourcesPtr resources = m_configuration.resources();
    const std::uint64_t revision = m_store.newest();
    const MeshView view = m_registry.view();
    const std::vector<ForeignNode> foreign = foreignNodes(view);
    Translation translation = translate(*resources, view, foreign);
    m_cache.setSnapshots(std::move(translation.nodes), revision);
    m_cache.setOverrides(translateOverrides(*resources, view, m_overrides.views()));
    {
        const std::scoped_lock lock(m_mutex);
        m_problems.clear();
        if (!m_store.notice().empty())
            m_problems.push_back(m_store.notice());
        for (const TranslationWarning& warning : translation.warnings)
            m_problems.push_back(warning.document + ": " + warning.text);
    }
    m_hub.publish(catalog());
}

void MeshController::pushOrders()
{
    OrderSink sink;
    std::string xdsAddress;
    {
        const std::scoped_lock lock(m_mutex);
        sink = m_orderSink;
        xdsAddress = m_xdsAddress;
    }
    if (!sink)
        return;
    const std::vector<Registry::SessionId> sessions = m_registry.sessions();
    for (const Registry::SessionId session : sessions) {
        v1::SupervisorOrder order = m_registry.order(session);
        order.set_xds_address(xdsAddress);
        std::string text = stableBytes(order);
        if (m_sentOrders[session] == text)
            continue;
        m_sentOrders[session] = std::move(text);
        sink(session, order);
    }
    std::erase_if(m_sentOrders, [&sessions](const auto& entry) {
        return std::find(sessions.begin(), sessions.end(), entry.first) == sessions.end();
    });
}

std::vector<ForeignNode> MeshController::foreignNodes(const MeshView& view) const
{
    std::vector<ForeignNode> foreign;
    for (const NodeStatus& status : m_tracker.nodes()) {
        const bool ours = std::any_of(view.instances.begin(), view.instances.end(),
            [&](const InstanceView& instance) { return instance.id == status.node.id; });
        if (status.connected && !ours)
            foreign.push_back({status.node.id, status.node.ns, status.node.outboundPort});
    }
    return foreign;
}

Topology MeshController::topology() const
{
    Topology topology;
    topology.nodesById = m_registry.nodesById();
    for (const auto& [id, status] : m_registry.statuses())
        topology.live.insert(id);
    for (const NodeStatus& status : m_tracker.nodes()) { // a sidecar that nobody supervises here
        const NodeInfo& node = status.node;
        const std::string& service = node.service.empty() ? node.id : node.service;
        topology.nodesById.insert({node.id, {node.ns, service, node.version}});
    }
    return topology;
}

void MeshController::handleRevision(const Revision& revision)
{
    m_registry.setWorkloads(m_configuration.workloads());
    refresh();
    v1::Event event;
    event.set_kind(v1::EVENT_REVISION);
    event.set_revision(revision.number);
    event.set_actor(revision.author);
    std::string text = fmt::format("revision {}", revision.number);
    if (!revision.message.empty())
        text += ": " + revision.message;
    event.set_text(text);
    m_hub.addEvent(std::move(event));
}

void MeshController::handleSync(const NodeStatus& status, SyncTracker::Change change)
{
    const std::string nack = status.nackText();
    bool isNew = false;
    {
        const std::scoped_lock lock(m_mutex);
        std::string& last = m_nacks[status.node.id];
        isNew = !nack.empty() && last != nack;
        last = nack;
    }
    if (isNew) {
        v1::Event event;
        event.set_kind(v1::EVENT_NACK);
        event.set_instance(status.node.id);
        event.set_revision(m_store.newest());
        event.set_text(fmt::format("{} refused its configuration: {}", status.node.id, nack));
        m_hub.addEvent(std::move(event));
        spdlog::warn("{} refused its configuration: {}", status.node.id, nack);
    }
    const std::uint64_t applied = appliedRevision();
    {
        const std::scoped_lock lock(m_mutex);
        if (std::exchange(m_shownApplied, applied) != applied) { // pending changes became true
            m_publishWanted = true;
            m_wake.notify_all();
        }
    }
    if (change == SyncTracker::Change::Connected) {
        // Its reports may come before the next refresh does.
        m_hub.setTopology(topology());
        requestRefresh();
    }
}

std::map<std::string, std::vector<v1::EdgeOverride>> MeshController::pushOverrides()
{
    const std::scoped_lock refreshing(m_refreshing);
    const ResourcesPtr resources = m_configuration.resources();
    auto overrides = translateOverrides(*resources, m_registry.view(), m_overrides.views());
    m_cache.setOverrides(overrides);
    return overrides;
}

void MeshController::tickOverrides()
{
    for (const v1::ActiveOverride& active : m_overrides.expire())
        announceOverride(active, OverrideAct::Expired);
    if (!m_overrides.takeChanged())
        return;
    pushOverrides();
    m_hub.publish(catalog());
}

std::string MeshController::overrideWords(const v1::ActiveOverride& active, OverrideAct act)
{
    if (act == OverrideAct::Released)
        return "released";
    if (act == OverrideAct::Expired)
        return "override ended";
    const auto words = [&]() -> std::string {
        switch (active.kind()) {
        case v1::FORCED_OPEN:
            return "tripped";
        case v1::FORCED_CLOSED:
            return "held closed";
        default:
            return fmt::format("draining {} %", active.drain_percent());
        }
    };
    return fmt::format("{} ({})", words(), active.reason());
}

void MeshController::announceOverride(const v1::ActiveOverride& active, OverrideAct act)
{
    v1::Event event;
    event.set_kind(v1::EVENT_OVERRIDE);
    event.set_actor(active.operator_name());
    const v1::EdgeSelector& edge = active.edge();
    EdgeKey key;
    key.source = {edge.source_namespace(), edge.source_service(), edge.source_version()};
    key.destination
        = {edge.destination_namespace(), edge.destination_service(), edge.destination_version()};
    key.subset = edge.subset().empty() ? "*" : edge.subset();
    setEdgeKey(key, event.mutable_edge());
    v1::BreakerTransition* const change = event.mutable_transition();
    change->set_operator_name(active.operator_name());
    change->set_cause(act == OverrideAct::Expired ? v1::OVERRIDE_EXPIRED : v1::OPERATOR);
    if (act == OverrideAct::Set)
        change->set_override_kind(active.kind());
    event.set_text(fmt::format("{}: {}", overrideWords(active, act), describe(edge)));
    m_hub.addEvent(std::move(event));
}

void MeshController::awaitAcknowledged(
    const std::string& id, v1::SetOverrideResponse& response) const
{
    const auto deadline = std::chrono::steady_clock::now() + kAckPatience;
    std::vector<std::string> waiting(response.proxies().begin(), response.proxies().end());
    constexpr auto kOverrideType = static_cast<std::size_t>(XdsType::Override);
    while (!waiting.empty() && std::chrono::steady_clock::now() < deadline) {
        std::erase_if(waiting, [&](const std::string& node) {
            const NodeSnapshotPtr snapshot = m_cache.snapshot(node);
            const auto status = m_tracker.node(node);
            const bool acknowledged = snapshot && status && status->connected
                && status->types[kOverrideType].ackedVersion
                    == snapshot->of(XdsType::Override).version;
            if (acknowledged)
                response.add_acknowledged(node);
            return acknowledged;
        });
        if (!waiting.empty())
            std::this_thread::sleep_for(1ms);
    }
    if (!waiting.empty())
        spdlog::info("{}: {} proxies have not acknowledged yet", id, waiting.size());
}

Result<void> MeshController::checkEdge(const v1::EdgeSelector& edge) const
{
    // The caller may be a command that runs again in a moment: it only has to have been seen.
    const auto known = [this](const std::string& ns, const std::string& service) {
        if (service.empty() || service == "*")
            return true;
        const auto nodes = m_registry.nodesById();
        return std::any_of(nodes.begin(), nodes.end(), [&](const auto& entry) {
            return selects(ns, entry.second.ns) && entry.second.service == service;
        });
    };
    for (const auto& [ns, service] : {std::pair(edge.source_namespace(), edge.source_service()),
             std::pair(edge.destination_namespace(), edge.destination_service())}) {
        if (!known(ns, service))
            return failure(ErrorCode::NotFound,
                fmt::format("there is no service \"{}\"{}: see meshyardctl services", service,
                    ns.empty() ? "" : " in " + ns));
    }
    return {};
}

Result<v1::SetOverrideResponse> MeshController::setOverride(const v1::SetOverrideRequest& request)
{
    if (auto checked = checkEdge(request.edge()); !checked)
        return tl::unexpected(checked.error());
    auto active = m_overrides.set(request);
    if (!active)
        return tl::unexpected(active.error());
    v1::SetOverrideResponse response;
    *response.mutable_override() = *active;
    for (const auto& [node, overrides] : pushOverrides()) {
        if (std::any_of(overrides.begin(), overrides.end(),
                [&](const v1::EdgeOverride& o) { return o.id() == active->id(); }))
            response.add_proxies(node);
    }
    awaitAcknowledged(active->id(), response);
    announceOverride(*active, OverrideAct::Set);
    m_hub.publish(catalog());
    return response;
}

Result<v1::SetOverrideResponse> MeshController::releaseOverride(
    const v1::ReleaseOverrideRequest& request)
{
    auto released = m_overrides.release(request);
    if (!released)
        return tl::unexpected(released.error());
    const auto before = m_tracker.nodes();
    pushOverrides();
    v1::SetOverrideResponse response;
    *response.mutable_override() = released->front();
    for (const NodeStatus& status : before) {
        if (status.connected)
            response.add_proxies(status.node.id);
    }
    awaitAcknowledged(released->front().id(), response);
    for (v1::ActiveOverride& active : *released) {
        active.set_operator_name(request.operator_name());
        announceOverride(active, OverrideAct::Released);
    }
    m_hub.publish(catalog());
    return response;
}

Result<v1::SetOverrideResponse> MeshController::resetBreaker(const v1::ResetBreakerRequest& request)
{
    if (auto checked = checkEdge(request.edge()); !checked)
        return tl::unexpected(checked.error());
    const v1::ActiveOverride reset = m_overrides.reset(request);
    v1::SetOverrideResponse response;
    *response.mutable_override() = reset;
    for (const auto& [node, overrides] : pushOverrides()) {
        if (std::any_of(overrides.begin(), overrides.end(),
                [&](const v1::EdgeOverride& o) { return o.id() == reset.id(); }))
            response.add_proxies(node);
    }
    awaitAcknowledged(reset.id(), response);
    m_hub.publish(catalog());
    return response;
}

void MeshController::stopMesh(const std::string& operatorName)
{
    spdlog::info("stopping the mesh{}", operatorName.empty() ? "" : ", asked by " + operatorName);
    m_registry.stopAll();
    requestRefresh();
}

} // namespace meshyard::control_plane
