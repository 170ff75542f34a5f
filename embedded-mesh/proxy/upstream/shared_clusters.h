// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/shared_breaker.h"
#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/proxy/upstream/cluster_spec.h"

#include <map>
#include <mutex>
#include <string>

namespace meshyard::proxy {

/// What the workers' Clusters of one name have in common.
struct SharedCluster
{
    std::shared_ptr<SharedBreaker> breaker;
    std::array<std::atomic<std::uint32_t>, kRoutingPriorities> requests{}; // by priority
    std::array<std::atomic<std::uint32_t>, kRoutingPriorities> retries{};
    std::atomic<std::uint32_t> connections{0};
    std::atomic<std::uint32_t> pending{0};
};

/// The clusters that several workers share, and the bell by which they call worker 0, which owns
/// the breakers.
///
/// Thread: find() from any worker, when configuration comes; the rest as said.
class SharedClusters final
{
public:
    using BreakerListener
        = std::function<void(const std::string& cluster, const BreakerEvent& event)>;

    SharedClusters(unsigned workers, BreakerListener listener);
    ~SharedClusters();

    /// Worker 0, before any other worker has clusters.
    void setOwner(net::EventLoop& loop);
    /// Worker 0, before its loop ends.
    void clearOwner();
    /// The shared part of a cluster; made when nobody has it any more.
    std::shared_ptr<SharedCluster> find(const std::string& name, const BreakerPolicy& policy,
        std::uint64_t seed, Breaker::Duration now);

private:
    void notify(SharedBreaker::Urgency urgency);
    void drainAll();

    const unsigned m_workers;
    const BreakerListener m_listener;
    std::atomic<bool> m_soon{false}; // asked for, not yet done
    std::atomic<bool> m_now{false};

    std::mutex m_mutex; // guards what follows
    std::map<std::string, std::weak_ptr<SharedCluster>> m_clusters;
    net::EventLoop* m_loop = nullptr;
    std::unique_ptr<net::Timer> m_timer; // the owner's
};

} // namespace meshyard::proxy
