// SPDX-License-Identifier: GPL-3.0-or-later
// The outgoing side of the hub: closed seconds, descriptors and events into frames.
#include "embedded-mesh/control_plane/telemetry/hub.h"

#include "embedded-mesh/control_plane/discovery/stable_bytes.h"
#include "embedded-mesh/control_plane/telemetry/sketch_codec.h"

#include <algorithm>

namespace meshyard::control_plane {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kCloseAfterMs = 1500; // after the second's begin
constexpr std::int64_t kKeepSeconds = 120;
constexpr std::int64_t kLongestGap = 10; // seconds; a longer jump of the clock is skipped
constexpr std::size_t kKeepFrames = 16;
constexpr std::size_t kKeepEvents = 200;
constexpr Duration kStaleAfter = 3s;

/// Adds to `changed` what differs from the last time, to `removed` what is gone.
template <typename Key, typename Item, typename KeyOf, typename Add, typename Remove>
void compare(std::map<Key, std::string>& sent, const std::vector<Item>& items, KeyOf keyOf, Add add,
    Remove remove)
{
    std::map<Key, std::string> now;
    for (const Item& item : items) {
        std::string text = stableBytes(item);
        const Key key = keyOf(item);
        const auto before = sent.find(key);
        if (before == sent.end() || before->second != text)
            add(item);
        now[key] = std::move(text);
    }
    for (const auto& [key, text] : sent) {
        if (!now.contains(key))
            remove(key);
    }
    sent = std::move(now);
}

NodeKey plain(const v1::NodeKey& key)
{
    return {key.namespace_(), key.service(), key.version()};
}

void setNodeKey(const NodeKey& key, v1::NodeKey* out)
{
    out->set_namespace_(key.ns);
    out->set_service(key.service);
    out->set_version(key.version);
}

std::uint32_t quantileUs(const LatencySketch& sketch, double quantile)
{
    return static_cast<std::uint32_t>(sketch.quantileMicros(quantile).value_or(0));
}

void describe(EdgeState& edge, v1::Edge& out)
{
    out.set_id(edge.id);
    setEdgeKey(edge.key, out.mutable_key());
    for (const std::string& cluster : edge.clusters)
        out.add_clusters(cluster);
}

void writeGauges(const Gauges& gauges, v1::EdgeSample& sample)
{
    sample.set_in_flight(gauges.inFlight);
    sample.set_connections(gauges.connections);
    sample.set_tls_connections(gauges.tlsConnections);
}

} // namespace

void setEdgeKey(const EdgeKey& key, v1::EdgeKey* out)
{
    setNodeKey(key.source, out->mutable_source());
    setNodeKey(key.destination, out->mutable_destination());
    out->set_subset(key.subset);
    out->set_protocol(static_cast<v1::Protocol>(key.protocol));
}

void TelemetryHub::appendEvent(v1::Event& event)
{
    event.set_id(m_nextEvent++);
    if (event.unix_ms() == 0)
        event.set_unix_ms(nowMs());
    m_events.push_back(event);
    if (m_events.size() > kKeepEvents)
        m_events.pop_front();
}

void TelemetryHub::addEvent(v1::Event event)
{
    const std::scoped_lock lock(m_mutex);
    appendEvent(event);
    v1::MeshFrame frame;
    frame.set_unix_ms(nowMs());
    *frame.add_events() = std::move(event);
    publishLocked(std::move(frame));
}

std::vector<v1::Event> TelemetryHub::recentEvents() const
{
    const std::scoped_lock lock(m_mutex);
    return {m_events.begin(), m_events.end()};
}

void TelemetryHub::breakerSample(EdgeState& edge, v1::MeshFrame& frame)
{
    v1::EdgeSample& sample = *frame.add_samples();
    sample.set_edge(edge.id);
    *sample.mutable_breaker() = summarize(edge);
    edge.sentBreaker = sample.breaker().SerializeAsString();
}

void TelemetryHub::closeEdge(EdgeState& edge, std::int64_t second, v1::MeshFrame& frame)
{
    OpenSecond& open = edge.open[static_cast<std::size_t>(second % 2)];
    ClosedSecond closed;
    closed.second = second;
    closed.outcomes = open.outcomes;
    closed.bytesOut = open.bytesOut;
    closed.bytesIn = open.bytesIn;
    encodeSketch(open.latency, closed.latency);
    encodeSketch(open.serverLatency, closed.serverLatency);
    v1::EdgeSample& sample = *frame.add_samples();
    sample.set_edge(edge.id);
    writeCounts(open.outcomes, *sample.mutable_outcomes());
    sample.set_bytes_out(open.bytesOut);
    sample.set_bytes_in(open.bytesIn);
    writeGauges(edge.gauges, sample);
    *sample.mutable_latency() = closed.latency;
    sample.set_server_p50_us(quantileUs(open.serverLatency, 0.5));
    sample.set_server_p99_us(quantileUs(open.serverLatency, 0.99));
    v1::EdgeBreaker breaker = summarize(edge);
    if (std::string text = breaker.SerializeAsString(); text != edge.sentBreaker) {
        edge.sentBreaker = std::move(text);
        *sample.mutable_breaker() = std::move(breaker);
    }
    edge.closed.push_back(std::move(closed));
    while (edge.closed.front().second <= second - kKeepSeconds)
        edge.closed.pop_front();
    open = OpenSecond{};
}

void TelemetryHub::markStale(EdgeState& edge, v1::MeshFrame& frame, TimePoint now) const
{
    Duration silence = Duration::max();
    for (const std::string& node : edge.reporters) {
        const auto reporter = m_reporters.find(node);
        if (reporter != m_reporters.end() && m_topology.live.contains(node))
            silence = std::min(silence, now - reporter->second.lastReport);
    }
    const bool stale = silence != Duration::max() && silence > kStaleAfter;
    if (!stale && !edge.sentStale)
        return;
    edge.sentStale = stale;
    v1::EdgeSample& sample = *frame.add_samples();
    sample.set_edge(edge.id);
    *sample.mutable_breaker() = summarize(edge);
    if (!stale)
        return;
    sample.set_age_ms(std::chrono::duration_cast<std::chrono::milliseconds>(silence).count());
    sample.mutable_breaker()->set_known(v1::STALE);
}

void TelemetryHub::closeSecond(std::int64_t second, v1::MeshFrame& frame)
{
    const auto slot = static_cast<std::size_t>(second % 2);
    std::set<std::uint32_t> sampled;
    for (EdgeState* edge : m_touched[slot]) {
        closeEdge(*edge, second, frame);
        sampled.insert(edge->id);
        edge->sentStale = false;
    }
    m_touched[slot].clear();
    m_closedSecond = second;
    const TimePoint now = m_clock.now();
    for (const auto& [key, edge] : m_edges) {
        if (!edge->described) {
            describe(*edge, *frame.add_edges());
            edge->described = true;
        }
        if (sampled.contains(edge->id))
            continue;
        markStale(*edge, frame, now);
        if (!edge->sentStale && summarize(*edge).SerializeAsString() != edge->sentBreaker)
            breakerSample(*edge, frame);
    }
    forgetGone(frame);
    frame.set_unix_ms((second + 1) * 1000);
    frame.set_closes_second(true);
}

void TelemetryHub::removeReporter(const std::string& node)
{
    for (Row& row : m_reporters[node].rows)
        setGauges(row, {});
    m_reporters.erase(node);
    for (const auto& [key, group] : m_groups)
        group->members.erase(node);
    for (const auto& [key, edge] : m_edges)
        edge->reporters.erase(node);
}

void TelemetryHub::removeEdge(EdgeState& edge)
{
    for (BreakerGroup* group : edge.groups)
        std::erase(group->edges, &edge);
    for (auto& touched : m_touched)
        std::erase(touched, &edge);
    for (auto& [node, reporter] : m_reporters) {
        std::erase_if(reporter.rows, [&edge](const Row& row) { return row.edge == &edge; });
        reporter.peers.clear();
        reporter.peersEdges = 0;
    }
    m_edges.erase(EdgeKey(edge.key));
}

void TelemetryHub::forgetGone(v1::MeshFrame& frame)
{
    std::vector<std::string> silent;
    for (const auto& [node, reporter] : m_reporters) {
        if (!m_topology.live.contains(node)
            && m_clock.now() - reporter.lastReport > 2 * kStaleAfter)
            silent.push_back(node);
    }
    for (const std::string& node : silent)
        removeReporter(node);
    std::set<NodeKey> known;
    for (const auto& [id, node] : m_topology.nodesById)
        known.insert(node);
    std::vector<EdgeState*> gone;
    for (const auto& [key, edge] : m_edges) {
        const bool quiet = edge->closed.empty() || edge->closed.back().second < m_closedSecond - 60;
        const bool endless = !known.contains(key.source) || !known.contains(key.destination);
        if (quiet && endless && edge->reporters.empty())
            gone.push_back(edge.get());
    }
    for (EdgeState* edge : gone) {
        frame.add_removed_edges(edge->id);
        removeEdge(*edge);
    }
}

void TelemetryHub::addVitals(std::vector<v1::ProxyState>& proxies) const
{
    for (v1::ProxyState& proxy : proxies) {
        const auto reporter = m_reporters.find(proxy.node_id());
        if (reporter == m_reporters.end())
            continue;
        proxy.set_rss_bytes(reporter->second.vitals.rss_bytes());
        proxy.set_cpu(reporter->second.cpu);
        proxy.set_last_report_unix_ms(reporter->second.lastReportUnixMs);
    }
}

void TelemetryHub::compareNodes(v1::MeshFrame& frame)
{
    compare(
        m_sentNodes, m_catalog.nodes, [](const v1::Node& n) { return plain(n.key()); },
        [&frame](const v1::Node& n) { *frame.add_nodes() = n; },
        [&frame](const NodeKey& key) { setNodeKey(key, frame.add_removed_nodes()); });
}

void TelemetryHub::compareCatalog(Catalog catalog, v1::MeshFrame& frame)
{
    addVitals(catalog.proxies);
    m_catalog = std::move(catalog);
    compare(
        m_sentServices, m_catalog.services,
        [](const v1::Service& s) { return s.namespace_() + "/" + s.name(); },
        [&frame](const v1::Service& s) { *frame.add_services() = s; },
        [&frame](const std::string& key) { frame.add_removed_services(key); });
    compareNodes(frame);
    compare(
        m_sentInstances, m_catalog.instances, [](const v1::Instance& i) { return i.id(); },
        [&frame](const v1::Instance& i) { *frame.add_instances() = i; },
        [&frame](const std::string& key) { frame.add_removed_instances(key); });
    compare(
        m_sentProxies, m_catalog.proxies, [](const v1::ProxyState& p) { return p.node_id(); },
        [&frame](const v1::ProxyState& p) { *frame.add_proxies() = p; }, [](const std::string&) {});
    if (std::string mesh = m_catalog.mesh.SerializeAsString(); mesh != m_sentMesh) {
        m_sentMesh = std::move(mesh);
        *frame.mutable_mesh() = m_catalog.mesh;
    }
    std::string overrides;
    for (const v1::ActiveOverride& active : m_catalog.overrides)
        overrides += active.SerializeAsString() + "\n";
    if (overrides != m_sentOverrides) {
        m_sentOverrides = std::move(overrides);
        frame.set_overrides_changed(true);
        frame.mutable_overrides()->Assign(m_catalog.overrides.begin(), m_catalog.overrides.end());
    }
}

void TelemetryHub::completeProxies(std::vector<v1::ProxyState>& proxies) const
{
    const std::scoped_lock lock(m_mutex);
    addVitals(proxies);
}

bool TelemetryHub::isDue() const
{
    const std::scoped_lock lock(m_mutex);
    return (nowMs() - kCloseAfterMs) / 1000 > m_closedSecond;
}

void TelemetryHub::tick(Catalog catalog)
{
    const std::scoped_lock lock(m_mutex);
    const std::int64_t due = (nowMs() - kCloseAfterMs) / 1000;
    if (due <= m_closedSecond)
        return;
    if (due - m_closedSecond > kLongestGap)
        m_closedSecond = due - 2;
    while (m_closedSecond < due) {
        v1::MeshFrame frame;
        closeSecond(m_closedSecond + 1, frame);
        if (m_closedSecond == due)
            compareCatalog(std::move(catalog), frame);
        publishLocked(std::move(frame));
    }
}

void TelemetryHub::publish(Catalog catalog)
{
    const std::scoped_lock lock(m_mutex);
    v1::MeshFrame frame;
    compareCatalog(std::move(catalog), frame);
    if (frame.ByteSizeLong() == 0)
        return;
    frame.set_unix_ms(nowMs());
    publishLocked(std::move(frame));
}

void TelemetryHub::publishLocked(v1::MeshFrame frame)
{
    m_frames.push_back({++m_cursor, cutFrame(std::move(frame))});
    if (m_frames.size() > kKeepFrames)
        m_frames.pop_front();
    m_published.notify_all();
}

std::vector<FramePtr> TelemetryHub::fullState() const
{
    v1::MeshFrame frame;
    frame.set_full(true);
    frame.set_unix_ms((m_closedSecond + 1) * 1000);
    *frame.mutable_mesh() = m_catalog.mesh;
    frame.mutable_services()->Assign(m_catalog.services.begin(), m_catalog.services.end());
    frame.mutable_nodes()->Assign(m_catalog.nodes.begin(), m_catalog.nodes.end());
    frame.mutable_instances()->Assign(m_catalog.instances.begin(), m_catalog.instances.end());
    frame.mutable_proxies()->Assign(m_catalog.proxies.begin(), m_catalog.proxies.end());
    frame.set_overrides_changed(true);
    frame.mutable_overrides()->Assign(m_catalog.overrides.begin(), m_catalog.overrides.end());
    frame.mutable_events()->Assign(m_events.begin(), m_events.end());
    for (const auto& [key, edge] : m_edges) {
        describe(*edge, *frame.add_edges());
        v1::EdgeSample& sample = *frame.add_samples();
        sample.set_edge(edge->id);
        *sample.mutable_breaker() = summarize(*edge);
        writeGauges(edge->gauges, sample);
        if (edge->closed.empty() || edge->closed.back().second != m_closedSecond)
            continue;
        const ClosedSecond& last = edge->closed.back();
        writeCounts(last.outcomes, *sample.mutable_outcomes());
        sample.set_bytes_out(last.bytesOut);
        sample.set_bytes_in(last.bytesIn);
        *sample.mutable_latency() = last.latency;
    }
    return cutFrame(std::move(frame));
}

TelemetryHub::Batch TelemetryHub::next(
    std::uint64_t cursor, std::chrono::milliseconds patience) const
{
    std::unique_lock lock(m_mutex);
    if (cursor != 0)
        m_published.wait_for(lock, patience, [&] { return m_closed || m_cursor > cursor; });
    Batch batch;
    batch.cursor = m_cursor;
    const bool behind = !m_frames.empty() && m_frames.front().cursor > cursor + 1;
    if (cursor == 0 || behind) {
        batch.frames = fullState();
        return batch;
    }
    for (const Published& set : m_frames) {
        if (set.cursor > cursor)
            batch.frames.insert(batch.frames.end(), set.frames.begin(), set.frames.end());
    }
    return batch;
}

void TelemetryHub::close()
{
    const std::scoped_lock lock(m_mutex);
    m_closed = true;
    m_published.notify_all();
}

} // namespace meshyard::control_plane
