// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/xds/snapshot.h"
#include "meshyard/v1/override.pb.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace meshyard::control_plane {

using NodeSnapshotPtr = std::shared_ptr<const NodeSnapshot>;

/// What every node shall hold. Setting it wakes the streams of the nodes whose content or revision
/// changed; a node without a snapshot keeps its last configuration and gets no answer yet.
///
/// Thread: any.
class XdsCache final
{
public:
    enum class Urgency {
        Coalesce, ///< later changes within 10 ms go together
        AtOnce, ///< overrides
    };
    /// @param node "" = all nodes.
    using Listener = std::function<void(const std::string& node, Urgency urgency)>;

    /// Replaces all snapshots at once; overrides stay.
    void setSnapshots(std::map<std::string, NodeSnapshot> snapshots, std::uint64_t revision);
    void setNodeSnapshot(const std::string& node, NodeSnapshot snapshot, std::uint64_t revision);
    void removeNode(const std::string& node);

    /// Replaces all overrides; nodes not named have none.
    void setOverrides(const std::map<std::string, std::vector<v1::EdgeOverride>>& overrides);

    /// @return snapshot and overrides of the node in one; null = unknown node.
    NodeSnapshotPtr snapshot(const std::string& node) const;

    /// One listener, called without the cache's lock; nullptr takes it away.
    void setListener(Listener listener);

private:
    void storeLocked(const std::string& node, NodeSnapshot snapshot, std::uint64_t revision);
    void notify(const std::string& node, Urgency urgency);

    mutable std::mutex m_mutex; // guards the three below
    std::map<std::string, NodeSnapshotPtr> m_snapshots;
    std::map<std::string, ResourceSetPtr> m_overrides;
    std::shared_ptr<const Listener> m_listener;
};

} // namespace meshyard::control_plane
