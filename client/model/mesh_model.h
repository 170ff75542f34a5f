// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"

#include <QObject>

#include <deque>
#include <unordered_map>

namespace meshyard {

/// Traffic of one edge over a window, merged exactly from its seconds.
struct EdgeWindow
{
    std::uint32_t seconds = 0; // covered; 0 = nothing heard yet
    Outcomes outcomes;
    std::uint64_t bytesOut = 0;
    std::uint64_t bytesIn = 0;
    LatencySketch latency;

    double rate() const; // finished calls per second
    /// Share of finished calls that did not fail, 0..1; nullopt without calls.
    std::optional<double> success() const;
};

/// Health of an edge or node; the worst indicator wins. Source: design §6 (Kiali's tolerances).
enum class Health : std::uint8_t { Idle, Healthy, Degraded, Failing, Stale };

/// One edge and its last minute.
struct EdgeState
{
    Edge edge;
    std::deque<EdgeSample> seconds; // oldest first, at most 60
    EdgeBreaker breaker;
    std::int64_t firstSeenMs = 0; // unix time of its first sample
    std::int64_t ageMs = 0; // > 0: its reporters are silent
    Health health = Health::Idle;
};

/// The one truth on the GUI thread: what the source said last, and the last minute of every edge.
///
/// Thread: GUI (or the one thread of a command-line tool). Nothing edits it but apply().
class MeshModel final : public QObject
{
    Q_OBJECT

public:
    explicit MeshModel(QObject* parent = nullptr);

    /// Takes one frame over. Emits changed() once, and the finer signals before it.
    void apply(const MeshFrame& frame);
    /// Forgets everything, as before the first frame.
    void clear();

    bool isEmpty() const { return m_edges.empty() && m_nodes.empty(); }
    std::int64_t unixMs() const { return m_unixMs; }
    const MeshInfo& mesh() const { return m_mesh; }
    const std::map<NodeKey, Node>& nodes() const { return m_nodes; }
    const std::map<std::string, Service>& services() const { return m_services; }
    const std::map<std::string, Instance>& instances() const { return m_instances; }
    const std::map<std::string, ProxyState>& proxies() const { return m_proxies; }
    const std::vector<ActiveOverride>& overrides() const { return m_overrides; }
    /// Newest last; at most 2,000.
    const std::deque<Event>& events() const { return m_events; }

    const std::map<EdgeKey, EdgeState>& edges() const { return m_edges; }
    const EdgeState* edge(const EdgeKey& key) const;
    const EdgeState* edge(EdgeId id) const;
    const Node* node(const NodeKey& key) const;

    /// Merges the last `seconds` (1..60) of an edge; empty for an unknown one.
    EdgeWindow window(const EdgeKey& key, std::uint32_t seconds = 10) const;
    /// The shortest window (1..60 s) with at least 100 latency samples, else the longest there is.
    EdgeWindow latencyWindow(const EdgeKey& key) const;
    /// The worst of its incoming edges; of its outgoing ones where nothing comes in.
    Health nodeHealth(const NodeKey& key) const;

    /// The whole present state as one full frame; snapshot files and exports start here.
    MeshFrame toFrame() const;

Q_SIGNALS:
    void changed();
    void topologyChanged(); // nodes or edges came or went
    void meshInfoChanged();
    void eventsAdded(int count);
    void overridesChanged();

private:
    void startOver(const MeshFrame& frame);
    bool applyDescriptors(const MeshFrame& frame);
    bool applyRemovals(const MeshFrame& frame);
    void applyInstances(const MeshFrame& frame);
    void applySample(const EdgeSample& sample, std::int64_t unixMs);
    void closeSecond(const MeshFrame& frame);
    void pushSecond(const std::vector<EdgeSample>& samples);
    int addEvents(const MeshFrame& frame);
    void updateHealth(EdgeState& state) const;

    std::int64_t m_unixMs = 0;
    MeshInfo m_mesh;
    std::map<NodeKey, Node> m_nodes;
    std::map<std::string, Service> m_services; // by ns/name
    std::map<std::string, Instance> m_instances;
    std::map<std::string, ProxyState> m_proxies;
    std::map<EdgeKey, EdgeState> m_edges;
    std::unordered_map<EdgeId, EdgeKey> m_edgeKeys;
    std::vector<ActiveOverride> m_overrides;
    std::deque<Event> m_events;
};

} // namespace meshyard
