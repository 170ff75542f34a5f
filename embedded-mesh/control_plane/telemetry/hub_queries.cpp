// SPDX-License-Identifier: GPL-3.0-or-later
// What is asked of the hub beside watching, and the cutting of frames.
#include "embedded-mesh/control_plane/telemetry/hub.h"

#include "embedded-mesh/control_plane/telemetry/sketch_codec.h"

#include <algorithm>

namespace meshyard::control_plane {
namespace {

constexpr std::uint32_t kDefaultWindow = 10;
constexpr std::uint32_t kLongestWindow = 120;
constexpr std::size_t kChunkBytes = 900U << 10U; // room for what every chunk repeats

void sumUp(const EdgeState& edge, std::int64_t after, v1::EdgeFigures& figures)
{
    OutcomeCounts outcomes{};
    LatencySketch latency;
    LatencySketch serverLatency;
    for (const ClosedSecond& second : edge.closed) {
        if (second.second <= after)
            continue;
        add(outcomes, second.outcomes);
        figures.set_bytes_out(figures.bytes_out() + second.bytesOut);
        figures.set_bytes_in(figures.bytes_in() + second.bytesIn);
        mergeInto(second.latency, latency);
        mergeInto(second.serverLatency, serverLatency);
    }
    writeCounts(outcomes, *figures.mutable_outcomes());
    encodeSketch(latency, *figures.mutable_latency());
    encodeSketch(serverLatency, *figures.mutable_server_latency());
    figures.set_in_flight(edge.gauges.inFlight);
    figures.set_connections(edge.gauges.connections);
    figures.set_tls_connections(edge.gauges.tlsConnections);
}

/// Moves one repeated field over, item by item, into chunks of bounded size.
class Cutter
{
public:
    explicit Cutter(const v1::MeshFrame& whole)
        : m_unixMs(whole.unix_ms())
        , m_full(whole.full())
    {
        begin();
    }

    template <typename Item>
    void move(google::protobuf::RepeatedPtrField<Item>& from,
        google::protobuf::RepeatedPtrField<Item>* (v1::MeshFrame::*into)())
    {
        for (Item& item : from) {
            const std::size_t size = item.ByteSizeLong() + 8;
            if (m_bytes + size > kChunkBytes)
                begin();
            m_bytes += size;
            *((m_chunks.back().get())->*into)()->Add() = std::move(item);
        }
    }

    v1::MeshFrame& last() { return *m_chunks.back(); }

    std::vector<FramePtr> finish(bool closesSecond)
    {
        m_chunks.front()->set_begin(true);
        m_chunks.back()->set_end(true);
        m_chunks.back()->set_closes_second(closesSecond);
        return {m_chunks.begin(), m_chunks.end()};
    }

private:
    void begin()
    {
        m_chunks.push_back(std::make_shared<v1::MeshFrame>());
        m_chunks.back()->set_unix_ms(m_unixMs);
        m_chunks.back()->set_full(m_full);
        m_bytes = 64;
    }

    std::int64_t m_unixMs;
    bool m_full;
    std::size_t m_bytes = 0;
    std::vector<std::shared_ptr<v1::MeshFrame>> m_chunks;
};

} // namespace

std::vector<FramePtr> cutFrame(v1::MeshFrame frame)
{
    if (frame.ByteSizeLong() < kChunkBytes) {
        frame.set_begin(true);
        frame.set_end(true);
        return {std::make_shared<v1::MeshFrame>(std::move(frame))};
    }
    Cutter cutter(frame);
    if (frame.has_mesh())
        *cutter.last().mutable_mesh() = frame.mesh();
    *cutter.last().mutable_removed_edges() = frame.removed_edges();
    cutter.move(*frame.mutable_removed_nodes(), &v1::MeshFrame::mutable_removed_nodes);
    for (const std::string& name : frame.removed_services())
        cutter.last().add_removed_services(name);
    for (const std::string& name : frame.removed_instances())
        cutter.last().add_removed_instances(name);
    cutter.move(*frame.mutable_services(), &v1::MeshFrame::mutable_services);
    cutter.move(*frame.mutable_nodes(), &v1::MeshFrame::mutable_nodes);
    cutter.move(*frame.mutable_edges(), &v1::MeshFrame::mutable_edges);
    cutter.move(*frame.mutable_samples(), &v1::MeshFrame::mutable_samples);
    cutter.move(*frame.mutable_instances(), &v1::MeshFrame::mutable_instances);
    cutter.move(*frame.mutable_proxies(), &v1::MeshFrame::mutable_proxies);
    cutter.move(*frame.mutable_events(), &v1::MeshFrame::mutable_events);
    cutter.last().set_overrides_changed(frame.overrides_changed());
    *cutter.last().mutable_overrides() = frame.overrides();
    return cutter.finish(frame.closes_second());
}

v1::ListEdgesResponse TelemetryHub::listEdges(const v1::ListEdgesRequest& request) const
{
    const std::scoped_lock lock(m_mutex);
    const std::uint32_t window
        = request.window_s() == 0 ? kDefaultWindow : std::min(request.window_s(), kLongestWindow);
    const std::int64_t after = std::max(m_closedSecond - std::int64_t{window}, m_firstSecond - 1);
    v1::ListEdgesResponse response;
    response.set_end_unix_ms((m_closedSecond + 1) * 1000);
    for (const auto& [key, edge] : m_edges) {
        if (!request.namespace_().empty() && key.source.ns != request.namespace_()
            && key.destination.ns != request.namespace_())
            continue;
        v1::EdgeFigures& figures = *response.add_edges();
        figures.mutable_edge()->set_id(edge->id);
        setEdgeKey(key, figures.mutable_edge()->mutable_key());
        for (const std::string& cluster : edge->clusters)
            figures.mutable_edge()->add_clusters(cluster);
        figures.set_window_s(
            static_cast<std::uint32_t>(std::max<std::int64_t>(1, m_closedSecond - after)));
        sumUp(*edge, after, figures);
        *figures.mutable_breaker() = summarize(*edge);
        if (edge->sentStale)
            figures.mutable_breaker()->set_known(v1::STALE);
    }
    return response;
}

std::vector<TelemetryHub::BreakerOfEdge> TelemetryHub::breakers() const
{
    const std::scoped_lock lock(m_mutex);
    std::vector<BreakerOfEdge> rows;
    for (const auto& [key, edge] : m_edges)
        rows.push_back({key, edge->clusters, summarize(*edge)});
    std::sort(rows.begin(), rows.end(),
        [](const BreakerOfEdge& a, const BreakerOfEdge& b) { return a.key < b.key; });
    return rows;
}

} // namespace meshyard::control_plane
