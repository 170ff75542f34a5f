// SPDX-License-Identifier: GPL-3.0-or-later
// The incoming side of the hub: reports into edges.
#include "embedded-mesh/control_plane/telemetry/hub.h"

#include "embedded-mesh/control_plane/telemetry/sketch_codec.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace meshyard::control_plane {
namespace {

constexpr double kSmoothing = 0.3;

Protocol plain(v1::Protocol protocol)
{
    return protocol == v1::PROTOCOL_UNSPECIFIED ? Protocol::Http1 : static_cast<Protocol>(protocol);
}

} // namespace

TelemetryHub::TelemetryHub(const Clock& clock)
    : m_clock(clock)
{
    m_closedSecond = nowMs() / 1000 - 1;
    m_firstSecond = m_closedSecond + 1;
}

std::int64_t TelemetryHub::nowMs() const
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        m_clock.system().time_since_epoch())
        .count();
}

void TelemetryHub::setTopology(Topology topology)
{
    const std::scoped_lock lock(m_mutex);
    m_topology = std::move(topology);
}

std::int64_t TelemetryHub::secondFor(std::int64_t endUnixMs) const
{
    // Two seconds are open: the one that just ended and the running one.
    return std::clamp((endUnixMs - 1) / 1000, m_closedSecond + 1, m_closedSecond + 2);
}

TelemetryHub::Ingest TelemetryHub::accept(const v1::ProxyReport& report, Reporter*& reporter)
{
    const auto node = m_topology.nodesById.find(report.node_id());
    if (node == m_topology.nodesById.end())
        return Ingest::UnknownNode;
    Reporter& known = m_reporters[report.node_id()];
    reporter = &known;
    if (known.bootId != report.boot_id()) {
        for (Row& row : known.rows)
            setGauges(row, {});
        known = Reporter{};
        known.bootId = report.boot_id();
    }
    if (report.sequence() <= known.lastSequence)
        return Ingest::Duplicate;
    known.lastSequence = report.sequence();
    known.lastReport = m_clock.now();
    known.lastReportUnixMs = nowMs();
    known.node = node->second;
    return Ingest::Counted;
}

TelemetryHub::Ingest TelemetryHub::ingest(const v1::ProxyReport& report)
{
    const std::scoped_lock lock(m_mutex);
    Reporter* reporter = nullptr;
    if (const Ingest verdict = accept(report, reporter); verdict != Ingest::Counted)
        return verdict;
    const auto slot = static_cast<std::size_t>(secondFor(report.end_unix_ms()) % 2);
    if (report.span_ms() > 0) {
        ingestOutbound(*reporter, report, slot);
        ingestInbound(*reporter, report, slot);
        ingestVitals(*reporter, report);
    }
    ingestBreakers(*reporter, report);
    for (const v1::BreakerTransition& transition : report.transitions())
        ingestTransition(*reporter, report.node_id(), transition);
    return Ingest::Counted;
}

TelemetryHub::Row& TelemetryHub::rowOf(
    Reporter& reporter, const v1::OutboundSecond& second, std::size_t position)
{
    const auto matches = [&second](const Row& row) {
        return row.cluster == second.cluster() && row.endpoint == second.endpoint()
            && row.protocol == second.protocol();
    };
    if (position < reporter.rows.size() && matches(reporter.rows[position]))
        return reporter.rows[position];
    const auto found = std::find_if(reporter.rows.begin(), reporter.rows.end(), matches);
    if (found != reporter.rows.end())
        return *found;
    Row& row = reporter.rows.emplace_back();
    row.cluster = second.cluster();
    row.endpoint = second.endpoint();
    row.protocol = second.protocol();
    return row;
}

std::string TelemetryHub::versionOf(const ClusterName& cluster) const
{
    // A subset is called like its version nearly always; else the first version there is.
    std::string first;
    for (const auto& [id, node] : m_topology.nodesById) {
        if (node.ns != cluster.ns || node.service != cluster.service)
            continue;
        if (node.version == cluster.subset)
            return node.version;
        if (first.empty() || node.version < first)
            first = node.version;
    }
    return first;
}

void TelemetryHub::resolveRow(const Reporter& reporter, Row& row)
{
    const auto cluster = ClusterName::parse(row.cluster);
    row.group = &groupOf(reporter.node, row.cluster);
    if (!cluster || (row.endpoint.empty() && !row.group->edges.empty()))
        return;
    EdgeKey key{
        reporter.node, {cluster->ns, cluster->service, ""}, cluster->subset, plain(row.protocol)};
    const auto endpoint = m_topology.nodesById.find(row.endpoint);
    if (endpoint != m_topology.nodesById.end())
        key.destination = endpoint->second;
    else
        key.destination.version = versionOf(*cluster);
    EdgeState& edge = edgeOf(key, *row.group);
    if (!row.endpoint.empty())
        row.edge = &edge;
}

BreakerGroup& TelemetryHub::groupOf(const NodeKey& source, const std::string& cluster)
{
    auto& group = m_groups[{source, cluster}];
    if (!group) {
        group = std::make_unique<BreakerGroup>();
        group->source = source;
        group->cluster = cluster;
    }
    return *group;
}

EdgeState& TelemetryHub::edgeOf(const EdgeKey& key, BreakerGroup& group)
{
    auto& edge = m_edges[key];
    if (!edge) {
        edge = std::make_unique<EdgeState>();
        edge->id = m_nextEdge++;
        edge->key = key;
    }
    if (edge->clusters.insert(group.cluster).second) {
        edge->groups.push_back(&group);
        group.edges.push_back(edge.get());
        edge->described = false;
    }
    return *edge;
}

void TelemetryHub::touch(EdgeState& edge, std::size_t slot)
{
    if (edge.open[slot].touched)
        return;
    edge.open[slot].touched = true;
    m_touched[slot].push_back(&edge);
}

void TelemetryHub::addCalls(EdgeState& edge, const v1::OutboundSecond& second,
    const OutcomeCounts& counts, std::size_t slot)
{
    touch(edge, slot);
    OpenSecond& open = edge.open[slot];
    add(open.outcomes, counts);
    open.bytesOut += second.bytes_out();
    open.bytesIn += second.bytes_in();
    mergeInto(second.latency(), open.latency);
}

void TelemetryHub::shareOut(BreakerGroup& group, const v1::OutboundSecond& second, std::size_t slot)
{
    EdgeState* main = group.mainEdge();
    if (main == nullptr)
        return;
    const OutcomeCounts all = countsOf(second.outcomes());
    double total = 0;
    for (const EdgeState* edge : group.edges)
        total += edge->weight;
    OutcomeCounts rest = all;
    for (EdgeState* edge : group.edges) {
        if (edge == main || total <= 0)
            continue;
        OutcomeCounts share{};
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto part
                = static_cast<std::uint32_t>(std::lround(all[i] * edge->weight / total));
            share[i] = std::min(part, rest[i]);
            rest[i] -= share[i];
        }
        if (!isZero(share)) {
            touch(*edge, slot);
            add(edge->open[slot].outcomes, share);
        }
    }
    addCalls(*main, second, rest, slot);
}

void TelemetryHub::setGauges(Row& row, Gauges gauges)
{
    if (row.edge != nullptr) {
        Gauges& sum = row.edge->gauges;
        sum.inFlight += gauges.inFlight - row.gauges.inFlight;
        sum.connections += gauges.connections - row.gauges.connections;
        sum.tlsConnections += gauges.tlsConnections - row.gauges.tlsConnections;
    }
    row.gauges = gauges;
}

void TelemetryHub::ingestOutbound(
    Reporter& reporter, const v1::ProxyReport& report, std::size_t slot)
{
    for (int i = 0; i < report.outbound_size(); ++i) {
        const v1::OutboundSecond& second = report.outbound(i);
        Row& row = rowOf(reporter, second, static_cast<std::size_t>(i));
        if (row.group == nullptr || (row.edge == nullptr && !row.endpoint.empty()))
            resolveRow(reporter, row);
        row.seenIn = report.sequence();
        if (row.group == nullptr)
            continue;
        setGauges(row, {second.in_flight(), second.connections(), second.tls_connections()});
        if (row.edge == nullptr) {
            shareOut(*row.group, second, slot);
            for (EdgeState* edge : row.group->edges)
                edge->reporters.insert(report.node_id());
            continue;
        }
        const OutcomeCounts counts = countsOf(second.outcomes());
        row.edge->weight += kSmoothing * (static_cast<double>(finished(counts)) - row.edge->weight);
        if (!std::exchange(row.known, true))
            row.edge->reporters.insert(report.node_id());
        addCalls(*row.edge, second, counts, slot);
    }
    for (Row& row : reporter.rows) {
        if (row.seenIn != report.sequence() && row.gauges != Gauges{})
            setGauges(row, {}); // idle rows are left out of a report
    }
}

void TelemetryHub::ingestInbound(
    Reporter& reporter, const v1::ProxyReport& report, std::size_t slot)
{
    if (reporter.peersEdges != m_edges.size()) {
        reporter.peers.clear();
        reporter.peersEdges = m_edges.size();
    }
    for (const v1::InboundSecond& second : report.inbound()) {
        const auto source = m_topology.nodesById.find(second.peer());
        if (source == m_topology.nodesById.end())
            continue;
        auto [edges, isNew] = reporter.peers.try_emplace(second.peer());
        if (isNew) {
            for (const auto& [key, edge] : m_edges) {
                if (key.source == source->second && key.destination == reporter.node)
                    edges->second.push_back(edge.get());
            }
        }
        for (EdgeState* edge : edges->second) {
            touch(*edge, slot);
            mergeInto(second.latency(), edge->open[slot].serverLatency);
        }
    }
}

v1::BreakerSecond& TelemetryHub::memberOf(
    const Reporter& reporter, const std::string& nodeId, const std::string& cluster)
{
    v1::BreakerSecond& member = groupOf(reporter.node, cluster).members[nodeId];
    member.set_cluster(cluster);
    return member;
}

void TelemetryHub::ingestBreakers(Reporter& reporter, const v1::ProxyReport& report)
{
    std::size_t position = 0;
    for (const v1::BreakerSecond& breaker : report.breakers()) {
        if (position == reporter.breakers.size())
            reporter.breakers.push_back(nullptr);
        v1::BreakerSecond*& member = reporter.breakers[position++];
        if (member == nullptr || member->cluster() != breaker.cluster())
            member = &memberOf(reporter, report.node_id(), breaker.cluster());
        *member = breaker;
    }
}

void TelemetryHub::ingestTransition(
    Reporter& reporter, const std::string& nodeId, const v1::BreakerTransition& transition)
{
    BreakerGroup& group = groupOf(reporter.node, transition.cluster());
    v1::BreakerSecond& member = memberOf(reporter, nodeId, transition.cluster());
    member.set_state(transition.to());
    member.set_override_kind(transition.override_kind());
    v1::Event event;
    event.set_kind(v1::EVENT_BREAKER);
    event.set_unix_ms(transition.unix_us() / 1000);
    event.set_instance(nodeId);
    event.set_actor(transition.operator_name());
    event.set_revision(transition.policy_revision());
    *event.mutable_transition() = transition;
    EdgeKey key{reporter.node, {}, "*", Protocol::Http1};
    if (const EdgeState* main = group.mainEdge()) {
        key = main->key;
    } else if (const auto cluster = ClusterName::parse(transition.cluster())) {
        key.destination = {cluster->ns, cluster->service, versionOf(*cluster)};
        key.subset = cluster->subset;
    }
    setEdgeKey(key, event.mutable_edge());
    appendEvent(event);
    v1::MeshFrame frame;
    frame.set_unix_ms(nowMs());
    *frame.add_events() = std::move(event);
    for (EdgeState* edge : group.edges)
        breakerSample(*edge, frame);
    publishLocked(std::move(frame));
}

void TelemetryHub::ingestVitals(Reporter& reporter, const v1::ProxyReport& report)
{
    const auto spentUs = static_cast<double>(report.vitals().cpu_us())
        - static_cast<double>(reporter.vitals.cpu_us());
    const double spanUs = static_cast<double>(report.end_unix_ms() - reporter.cpuAtUnixMs) * 1000.0;
    reporter.cpu = reporter.cpuAtUnixMs != 0 && spanUs > 0 ? std::max(0.0, spentUs / spanUs) : 0;
    reporter.cpuAtUnixMs = report.end_unix_ms();
    reporter.vitals = report.vitals();
}

} // namespace meshyard::control_plane
