// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/xds/node_info.h"
#include "embedded-mesh/control_plane/xds/snapshot.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace meshyard::control_plane {

struct TypeStatus
{
    bool subscribed = false;
    bool upToDate = false; ///< holds and has acknowledged what it shall hold
    std::string ackedVersion;
    std::string nack; ///< the client's own words; empty = none outstanding

    bool operator==(const TypeStatus&) const = default;
};

struct NodeStatus
{
    NodeInfo node;
    bool connected = false;
    bool inSync = false;
    std::uint64_t appliedRevision = 0;
    std::array<TypeStatus, kXdsTypes> types;

    /// The outstanding NACK texts as "CDS: …; LDS: …".
    std::string nackText() const;
};

/// What every connected node has acknowledged, and so which revision is applied everywhere.
///
/// Thread: any; the listener is called on the thread that reports, without the lock.
class SyncTracker final
{
public:
    using StreamId = std::uint64_t;
    enum class Change {
        Connected,
        Disconnected,
        Status,
    };
    using Listener = std::function<void(const NodeStatus& status, Change change)>;

    /// The newest stream of a node counts.
    void connected(StreamId stream, const NodeInfo& node);
    void disconnected(StreamId stream);
    /// @param revision of the snapshot that the statuses compare against.
    void report(StreamId stream, std::uint64_t revision, bool inSync,
        const std::array<TypeStatus, kXdsTypes>& types);
    /// Drops a node that is gone for good.
    void forget(const std::string& node);

    /// Newest revision that every connected node has applied; with none connected `accepted`. A
    /// node that is still taking its first configuration does not hold it back, one that refuses
    /// it does.
    std::uint64_t appliedRevision(std::uint64_t accepted) const;
    std::vector<NodeStatus> nodes() const;
    std::optional<NodeStatus> node(const std::string& id) const;

    void setListener(Listener listener);

private:
    void notify(const NodeStatus& status, Change change);

    mutable std::mutex m_mutex; // guards all below
    std::map<std::string, NodeStatus> m_nodes;
    std::map<StreamId, std::string> m_streams; // only the newest of each node
    std::shared_ptr<const Listener> m_listener;
};

} // namespace meshyard::control_plane
