// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/telemetry/edge_state.h"
#include "embedded-mesh/core/clock.h"
#include "meshyard/v1/observer.pb.h"
#include "meshyard/v1/telemetry.pb.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace meshyard::control_plane {

using FramePtr = std::shared_ptr<const v1::MeshFrame>;

/// Names the hub needs to turn reports into edges.
struct Topology
{
    std::map<std::string, NodeKey> nodesById; ///< instance id = xDS node id; gone ones for a minute
    std::set<std::string> live; ///< ids that run: only their silence is worth a word
};

/// Descriptors beside the edges; the hub sends what changed.
struct Catalog
{
    v1::MeshInfo mesh;
    std::vector<v1::Service> services;
    std::vector<v1::Node> nodes;
    std::vector<v1::Instance> instances;
    std::vector<v1::ProxyState> proxies; ///< the hub adds what reports say
    std::vector<v1::ActiveOverride> overrides;
};

/// Turns the proxies' reports into seconds of edges, and those into frames for watchers.
///
/// Second S is closed at S + 1.5 s of the wall clock; what comes later counts in the open one.
/// Calls that were refused before an endpoint was chosen are shared out among the edges of their
/// cluster in proportion to the calls that reached each last. Thread: any. Source: design §6.
class TelemetryHub final
{
public:
    explicit TelemetryHub(const Clock& clock);

    void setTopology(Topology topology);
    enum class Ingest {
        Counted,
        Duplicate, ///< seen before, nothing changed
        UnknownNode, ///< nothing is known of this node yet: it may send again later
    };
    /// Idempotent by (node, boot, sequence).
    Ingest ingest(const v1::ProxyReport& report);
    /// Whether tick() would close a second now.
    bool isDue() const;
    /// Closes the seconds that are due and publishes their frames. Called a few times a second.
    void tick(Catalog catalog);
    /// Publishes descriptors at once, between two seconds.
    void publish(Catalog catalog);
    /// Adds id and time, sends it to the watchers at once.
    void addEvent(v1::Event event);
    std::vector<v1::Event> recentEvents() const;

    /// Adds what the proxies report of themselves.
    void completeProxies(std::vector<v1::ProxyState>& proxies) const;
    v1::ListEdgesResponse listEdges(const v1::ListEdgesRequest& request) const;
    struct BreakerOfEdge
    {
        EdgeKey key;
        std::set<std::string> clusters;
        v1::EdgeBreaker breaker;
    };
    std::vector<BreakerOfEdge> breakers() const;

    /// A watcher's place in the stream of frames; 0 = wants the full state.
    struct Batch
    {
        std::vector<FramePtr> frames;
        std::uint64_t cursor = 0;
    };
    /// Waits up to `patience` for frames after `cursor`. Who fell behind gets the full state.
    Batch next(std::uint64_t cursor, std::chrono::milliseconds patience) const;
    void close(); ///< ends all waiting

private:
    struct Row ///< one (cluster, endpoint, protocol) of one reporter
    {
        std::string cluster;
        std::string endpoint;
        v1::Protocol protocol = v1::PROTOCOL_UNSPECIFIED;
        EdgeState* edge = nullptr; ///< nullptr: no endpoint, shared out among the group's
        BreakerGroup* group = nullptr;
        Gauges gauges;
        std::uint64_t seenIn = 0; ///< sequence of the report that had it last
        bool known = false; ///< the edge names this reporter
    };
    struct Reporter
    {
        std::string bootId;
        std::uint64_t lastSequence = 0;
        NodeKey node;
        TimePoint lastReport;
        std::int64_t lastReportUnixMs = 0;
        std::deque<Row> rows; // a report lists them in the same order each second
        std::vector<v1::BreakerSecond*> breakers; // members of groups, in the report's order
        std::map<std::string, std::vector<EdgeState*>> peers;
        std::size_t peersEdges = 0; ///< edges there were when `peers` was filled
        v1::ProxyVitals vitals;
        double cpu = 0;
        std::int64_t cpuAtUnixMs = 0;
    };

    Ingest accept(const v1::ProxyReport& report, Reporter*& reporter);
    Row& rowOf(Reporter& reporter, const v1::OutboundSecond& second, std::size_t position);
    void resolveRow(const Reporter& reporter, Row& row);
    BreakerGroup& groupOf(const NodeKey& source, const std::string& cluster);
    EdgeState& edgeOf(const EdgeKey& key, BreakerGroup& group);
    void ingestOutbound(Reporter& reporter, const v1::ProxyReport& report, std::size_t slot);
    void ingestInbound(Reporter& reporter, const v1::ProxyReport& report, std::size_t slot);
    void ingestBreakers(Reporter& reporter, const v1::ProxyReport& report);
    v1::BreakerSecond& memberOf(
        const Reporter& reporter, const std::string& nodeId, const std::string& cluster);
    void ingestTransition(
        Reporter& reporter, const std::string& nodeId, const v1::BreakerTransition& transition);
    void ingestVitals(Reporter& reporter, const v1::ProxyReport& report);
    void addCalls(EdgeState& edge, const v1::OutboundSecond& second, const OutcomeCounts& counts,
        std::size_t slot);
    void shareOut(BreakerGroup& group, const v1::OutboundSecond& second, std::size_t slot);
    void setGauges(Row& row, Gauges gauges);
    std::int64_t secondFor(std::int64_t endUnixMs) const;
    void touch(EdgeState& edge, std::size_t slot);
    std::string versionOf(const ClusterName& cluster) const;

    void closeSecond(std::int64_t second, v1::MeshFrame& frame);
    void closeEdge(EdgeState& edge, std::int64_t second, v1::MeshFrame& frame);
    void markStale(EdgeState& edge, v1::MeshFrame& frame, TimePoint now) const;
    void forgetGone(v1::MeshFrame& frame);
    void compareCatalog(Catalog catalog, v1::MeshFrame& frame);
    void compareNodes(v1::MeshFrame& frame);
    void addVitals(std::vector<v1::ProxyState>& proxies) const;
    void publishLocked(v1::MeshFrame frame);
    void breakerSample(EdgeState& edge, v1::MeshFrame& frame);
    void removeReporter(const std::string& node);
    void removeEdge(EdgeState& edge);
    std::vector<FramePtr> fullState() const;
    void appendEvent(v1::Event& event);
    std::int64_t nowMs() const;

    const Clock& m_clock;
    mutable std::mutex m_mutex; // guards all below
    mutable std::condition_variable m_published;
    Topology m_topology;
    std::map<std::string, Reporter> m_reporters; // by node id
    std::unordered_map<EdgeKey, std::unique_ptr<EdgeState>> m_edges;
    std::map<std::pair<NodeKey, std::string>, std::unique_ptr<BreakerGroup>> m_groups;
    std::array<std::vector<EdgeState*>, 2> m_touched; // by slot of the open second
    std::int64_t m_closedSecond = 0; // newest that is closed
    std::uint32_t m_nextEdge = 1;
    Catalog m_catalog;
    std::map<std::string, std::string> m_sentServices; // descriptors as last sent, serialized
    std::map<NodeKey, std::string> m_sentNodes;
    std::map<std::string, std::string> m_sentInstances;
    std::map<std::string, std::string> m_sentProxies;
    std::string m_sentMesh;
    std::string m_sentOverrides;
    std::deque<v1::Event> m_events; // newest 200
    std::uint64_t m_nextEvent = 1;
    struct Published
    {
        std::uint64_t cursor;
        std::vector<FramePtr> frames;
    };
    std::deque<Published> m_frames; // the last few sets
    std::uint64_t m_cursor = 1; // of the newest set
    std::int64_t m_firstSecond = 0; // since when there are figures
    bool m_closed = false;
};

/// Cuts a frame into chunks of at most 1 MiB; begin on the first, end on the last.
std::vector<FramePtr> cutFrame(v1::MeshFrame frame);

void setEdgeKey(const EdgeKey& key, v1::EdgeKey* out);

} // namespace meshyard::control_plane
