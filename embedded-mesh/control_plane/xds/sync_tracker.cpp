// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/sync_tracker.h"

#include <algorithm>
#include <utility>

namespace meshyard::control_plane {

std::string NodeStatus::nackText() const
{
    std::string text;
    for (const XdsType type : kAllXdsTypes) {
        const std::string& nack = types[static_cast<std::size_t>(type)].nack;
        if (nack.empty())
            continue;
        if (!text.empty())
            text += "; ";
        text += std::string(shortName(type)) + ": " + nack;
    }
    return text;
}

void SyncTracker::connected(StreamId stream, const NodeInfo& node)
{
    NodeStatus status;
    {
        const std::lock_guard lock(m_mutex);
        std::erase_if(m_streams, [&node](const auto& entry) { return entry.second == node.id; });
        m_streams[stream] = node.id;
        NodeStatus& stored = m_nodes[node.id];
        stored.node = node;
        stored.connected = true;
        stored.inSync = false;
        stored.types = {};
        status = stored;
    }
    notify(status, Change::Connected);
}

void SyncTracker::disconnected(StreamId stream)
{
    NodeStatus status;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_streams.find(stream);
        if (found == m_streams.end())
            return;
        NodeStatus& stored = m_nodes[found->second];
        m_streams.erase(found);
        stored.connected = false;
        stored.inSync = false;
        status = stored;
    }
    notify(status, Change::Disconnected);
}

void SyncTracker::report(StreamId stream, std::uint64_t revision, bool inSync,
    const std::array<TypeStatus, kXdsTypes>& types)
{
    NodeStatus status;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_streams.find(stream);
        if (found == m_streams.end())
            return;
        NodeStatus& stored = m_nodes[found->second];
        const std::uint64_t applied = inSync ? revision : stored.appliedRevision;
        if (stored.inSync == inSync && stored.appliedRevision == applied && stored.types == types)
            return;
        stored.inSync = inSync;
        stored.appliedRevision = applied;
        stored.types = types;
        status = stored;
    }
    notify(status, Change::Status);
}

void SyncTracker::forget(const std::string& node)
{
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_streams, [&node](const auto& entry) { return entry.second == node; });
    m_nodes.erase(node);
}

std::uint64_t SyncTracker::appliedRevision(std::uint64_t accepted) const
{
    const std::lock_guard lock(m_mutex);
    std::uint64_t applied = accepted;
    for (const auto& [id, status] : m_nodes) {
        const bool isJoining = status.appliedRevision == 0 && status.nackText().empty();
        if (status.connected && !isJoining)
            applied = std::min(applied, status.appliedRevision);
    }
    return applied;
}

std::vector<NodeStatus> SyncTracker::nodes() const
{
    const std::lock_guard lock(m_mutex);
    std::vector<NodeStatus> all;
    all.reserve(m_nodes.size());
    for (const auto& [id, status] : m_nodes)
        all.push_back(status);
    return all;
}

std::optional<NodeStatus> SyncTracker::node(const std::string& id) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_nodes.find(id);
    if (found == m_nodes.end())
        return std::nullopt;
    return found->second;
}

void SyncTracker::setListener(Listener listener)
{
    const std::lock_guard lock(m_mutex);
    m_listener = listener ? std::make_shared<const Listener>(std::move(listener)) : nullptr;
}

void SyncTracker::notify(const NodeStatus& status, Change change)
{
    std::shared_ptr<const Listener> listener;
    {
        const std::lock_guard lock(m_mutex);
        listener = m_listener;
    }
    if (listener)
        (*listener)(status, change);
}

} // namespace meshyard::control_plane
