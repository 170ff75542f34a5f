// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"

#include <map>
#include <unordered_map>

namespace meshyard::history {

/// Everything of a mesh but its counters, and how it changes: written as a keyframe every ten
/// minutes and as differences between, so that any second can be built again.
///
/// Edges carry the ids of the history file. Thread: one at a time.
class TopologyState final
{
public:
    struct BreakerAt
    {
        EdgeId edge = 0;
        std::int64_t unixMs = 0; // when it was said; secondsLeft counts from there
        EdgeBreaker breaker;
    };
    /// What changed; full: all there is, and nothing else remains.
    struct Change
    {
        bool full = false;
        std::optional<MeshInfo> mesh;
        std::vector<Service> services;
        std::vector<Node> nodes;
        std::vector<Edge> edges;
        std::vector<Instance> instances;
        std::vector<ProxyState> proxies;
        std::optional<std::vector<ActiveOverride>> overrides;
        std::vector<EdgeId> removedEdges;
        std::vector<NodeKey> removedNodes;
        std::vector<std::string> removedServices;
        std::vector<std::string> removedInstances;
        std::vector<BreakerAt> breakers;

        bool isEmpty() const;
    };

    /// Takes the frame over. @param ids history id of each edge id of the stream.
    /// @return what a later apply() needs; counters of breakers and proxies alone are no change.
    Change take(const MeshFrame& frame, const std::unordered_map<EdgeId, EdgeId>& ids);
    void apply(const Change& change);
    Change all() const;

    /// The state as a full frame of that time, without samples and events.
    MeshFrame toFrame(std::int64_t unixMs) const;
    /// A change as the frame it came from, without samples but those that carry a breaker.
    static MeshFrame toFrame(Change change, std::int64_t unixMs);
    const std::map<EdgeId, Edge>& edges() const { return m_edges; }

    static std::string encode(const Change& change);
    /// nullopt on nonsense.
    static std::optional<Change> decode(std::string_view bytes);

private:
    void takeBreakers(const MeshFrame& frame, const std::unordered_map<EdgeId, EdgeId>& ids,
        Change& change) const;

    MeshInfo m_mesh;
    std::map<std::string, Service> m_services;
    std::map<NodeKey, Node> m_nodes;
    std::map<EdgeId, Edge> m_edges;
    std::map<std::string, Instance> m_instances;
    std::map<std::string, ProxyState> m_proxies;
    std::vector<ActiveOverride> m_overrides;
    std::unordered_map<EdgeId, BreakerAt> m_breakers;
};

} // namespace meshyard::history
