// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/xds_cache.h"

#include <utility>

namespace meshyard::control_plane {

namespace {

ResourceSetPtr overrideSet(const std::vector<v1::EdgeOverride>& overrides)
{
    auto set = std::make_shared<ResourceSet>();
    for (v1::EdgeOverride body : overrides) {
        body.clear_remaining_ms(); // would make every version differ
        auto resource = std::make_shared<XdsResource>(*makeResource(body.id(), body));
        resource->deadlineUnixMs = body.deadline_unix_ms();
        set->add(std::move(resource));
    }
    set->seal();
    return set;
}

} // namespace

void XdsCache::storeLocked(const std::string& node, NodeSnapshot snapshot, std::uint64_t revision)
{
    snapshot.revision = revision;
    if (const auto found = m_overrides.find(node); found != m_overrides.end())
        snapshot.set(XdsType::Override) = found->second;
    m_snapshots[node] = std::make_shared<const NodeSnapshot>(std::move(snapshot));
}

void XdsCache::setSnapshots(std::map<std::string, NodeSnapshot> snapshots, std::uint64_t revision)
{
    {
        const std::lock_guard lock(m_mutex);
        std::erase_if(m_snapshots,
            [&snapshots](const auto& entry) { return !snapshots.contains(entry.first); });
        for (auto& [node, snapshot] : snapshots)
            storeLocked(node, std::move(snapshot), revision);
    }
    notify({}, Urgency::Coalesce);
}

void XdsCache::setNodeSnapshot(
    const std::string& node, NodeSnapshot snapshot, std::uint64_t revision)
{
    {
        const std::lock_guard lock(m_mutex);
        storeLocked(node, std::move(snapshot), revision);
    }
    notify(node, Urgency::Coalesce);
}

void XdsCache::removeNode(const std::string& node)
{
    const std::lock_guard lock(m_mutex);
    m_snapshots.erase(node);
    m_overrides.erase(node);
}

void XdsCache::setOverrides(const std::map<std::string, std::vector<v1::EdgeOverride>>& overrides)
{
    bool isChange = false;
    {
        const std::lock_guard lock(m_mutex);
        m_overrides.clear();
        for (const auto& [node, list] : overrides)
            m_overrides[node] = overrideSet(list);
        const NodeSnapshot none;
        for (auto& [node, snapshot] : m_snapshots) {
            const auto found = m_overrides.find(node);
            const ResourceSetPtr& wanted
                = found == m_overrides.end() ? none.sets.back() : found->second;
            if (snapshot->of(XdsType::Override).version == wanted->version)
                continue;
            auto changed = std::make_shared<NodeSnapshot>(*snapshot);
            changed->set(XdsType::Override) = wanted;
            snapshot = std::move(changed);
            isChange = true;
        }
    }
    if (isChange)
        notify({}, Urgency::AtOnce);
}

NodeSnapshotPtr XdsCache::snapshot(const std::string& node) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_snapshots.find(node);
    return found == m_snapshots.end() ? nullptr : found->second;
}

void XdsCache::setListener(Listener listener)
{
    const std::lock_guard lock(m_mutex);
    m_listener = listener ? std::make_shared<const Listener>(std::move(listener)) : nullptr;
}

void XdsCache::notify(const std::string& node, Urgency urgency)
{
    std::shared_ptr<const Listener> listener;
    {
        const std::lock_guard lock(m_mutex);
        listener = m_listener;
    }
    if (listener)
        (*listener)(node, urgency);
}

} // namespace meshyard::control_plane
