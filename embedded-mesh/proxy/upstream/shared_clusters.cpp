// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/shared_clusters.h"

namespace meshyard::proxy {

namespace {

constexpr auto kSoon = std::chrono::milliseconds(10);

} // namespace

SharedClusters::SharedClusters(unsigned workers, BreakerListener listener)
    : m_workers(workers)
    , m_listener(std::move(listener))
{
}

SharedClusters::~SharedClusters() = default;

void SharedClusters::setOwner(net::EventLoop& loop)
{
    const std::lock_guard lock(m_mutex);
    m_loop = &loop;
    m_timer = std::make_unique<net::Timer>(loop.timers(), [this] { drainAll(); });
}

void SharedClusters::clearOwner()
{
    const std::lock_guard lock(m_mutex);
    m_loop = nullptr;
    m_timer.reset();
}

std::shared_ptr<SharedCluster> SharedClusters::find(const std::string& name,
    const BreakerPolicy& policy, std::uint64_t seed, Breaker::Duration now)
{
    const std::lock_guard lock(m_mutex);
    if (auto shared = m_clusters[name].lock())
        return shared;
    std::erase_if(m_clusters, [&](const auto& entry) {
        return entry.second.expired() && entry.first != name;
    });
    auto made = std::make_shared<SharedCluster>();
    made->breaker = std::make_shared<SharedBreaker>(
        policy, seed, now, [this, name](const BreakerEvent& event) { m_listener(name, event); },
        m_workers, [this](SharedBreaker::Urgency urgency) { notify(urgency); });
    m_clusters[name] = made;
    return made;
}

void SharedClusters::notify(SharedBreaker::Urgency urgency)
{
    // At most once per drain and kind: the lock is not on the way of a request.
    const bool now = urgency == SharedBreaker::Urgency::Now;
    if ((now ? m_now : m_soon).exchange(true))
        return;
    const std::lock_guard lock(m_mutex);
    if (m_loop == nullptr)
        return;
    m_loop->post([this, now] {
        if (now)
            return drainAll();
        if (m_timer && !m_timer->isArmed())
            m_timer->armAfter(kSoon);
    });
}

void SharedClusters::drainAll()
{
    m_soon = m_now = false; // before looking
    std::vector<std::shared_ptr<SharedCluster>> clusters;
    Breaker::Duration now{};
    {
        const std::lock_guard lock(m_mutex);
        if (m_loop == nullptr)
            return;
        m_timer->cancel();
        now = std::chrono::duration_cast<Breaker::Duration>(
            m_loop->clock().now().time_since_epoch());
        for (const auto& [name, known] : m_clusters) {
            if (auto cluster = known.lock(); cluster && cluster->breaker->hasNews())
                clusters.push_back(std::move(cluster));
        }
    }
    for (const auto& cluster : clusters) // without the lock: listeners may do anything
        cluster->breaker->drain(now);
}

} // namespace meshyard::proxy
