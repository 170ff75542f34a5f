// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/edge_breaker.h"
#include "embedded-mesh/proxy/upstream/limit_count.h"
#include "embedded-mesh/proxy/upstream/load_balancer.h"
#include "embedded-mesh/proxy/upstream/outlier_detector.h"
#include "embedded-mesh/proxy/upstream/shared_clusters.h"

#include <deque>
#include <functional>

namespace meshyard::proxy {

/// Waits in a cluster for a connection when all it may have are busy.
class ConnectionWaiter
{
public:
    virtual ~ConnectionWaiter() = default;

    /// A connection may be taken or opened now: try again.
    virtual void onConnectionFree() = 0;
};

class Cluster;

/// Told when outlier detection has ejected an endpoint.
using EjectionSink = std::function<void(const Cluster&, const Endpoint&)>;

/// What a cluster has in common with those of the other workers; empty with one worker.
struct ClusterSharing
{
    std::shared_ptr<SharedCluster> cluster;
    unsigned worker = 0;
    EjectionSink ejections;
};

/// One cluster in one worker: endpoints, balancing, limits, ejection and the breaker of the edge.
/// Survives configuration changes; requests in flight keep it alive when it is removed.
///
/// Thread: its worker's.
class Cluster final
{
public:
    using EventSink = SharedClusters::BreakerListener;
    /// @param seed makes jitter and choices repeatable.
    /// @param sink of the breaker's events, unless it is shared.
    Cluster(std::shared_ptr<const ClusterSpec> spec, std::uint64_t seed, TimePoint now,
        const EventSink& sink, ClusterSharing sharing = {});

    /// Keeps state, connections, counters and ejections of what stays.
    void update(std::shared_ptr<const ClusterSpec> spec, std::shared_ptr<const EndpointSet> set,
        TimePoint now);
    /// No configuration names it any more: idle connections close.
    void retire();

    const ClusterSpec& spec() const { return *m_spec; }
    const std::string& name() const { return m_spec->name; }
    EdgeBreaker& breaker() { return m_breaker; }
    const EdgeBreaker& breaker() const { return m_breaker; }
    std::span<const std::shared_ptr<Endpoint>> endpoints() const { return m_endpoints; }
    /// Taken out of the set, but still with calls to finish and count.
    std::span<const std::shared_ptr<Endpoint>> leavingEndpoints() const { return m_leaving; }
    bool isPanicking() const { return m_balancer.isPanicking(); }
    bool usesTls(const Endpoint& endpoint) const
    {
        return m_spec->transport.choose(endpoint.spec().transportLabels).settings != nullptr;
    }

    /// Takes a place under max_requests; release with endRequest().
    bool beginRequest();
    void endRequest();
    /// Takes a place under max_retries or the retry budget; release with endRetry().
    bool beginRetry();
    void endRetry() { m_retries.give(); }
    /// Makes room under max_connections at the cost of an idle one. @return whether there is room.
    bool closeSomeIdle();
    /// Each of several workers may have one in any case, as in Envoy: nobody else would wake it.
    bool mayConnect() const
    {
        return m_connections.hasRoom(m_spec->limits.connections)
            || (m_connections.isShared() && m_connections.own() == 0);
    }
    /// Queues for a connection. @return false = max_pending_requests reached.
    bool wait(ConnectionWaiter& waiter);
    void stopWaiting(ConnectionWaiter& waiter);
    std::size_t waiterCount() const { return m_waiters.size(); }
    bool hasWaiters() const { return !m_waiters.empty(); }
    bool beginConnecting();
    void endConnecting() { m_pending.give(); }
    void countConnection(Endpoint& endpoint);
    void uncountConnection(Endpoint& endpoint);
    /// Something became free: the longest waiter tries again.
    void wakeWaiter();
    void noteLimited()
    {
        m_limited = true;
        ++m_totalLimited;
    }

    /// The endpoint of an ORIGINAL_DST cluster at that address, made when it is not there yet.
    /// @param address nullptr = the caller meant us: no endpoint.
    std::shared_ptr<Endpoint> originalDestination(const net::SocketAddress* address);
    std::shared_ptr<Endpoint> pick(std::span<Endpoint* const> avoid);
    /// Outlier detection's view of one attempt. @param status 0 = no response came.
    void recordAttempt(Endpoint& endpoint, int status, TimePoint now);
    /// Another worker's outlier detection has ejected the endpoint of that address.
    void followEjection(const net::SocketAddress& address, const EjectionRecord& record);
    /// Every 100 ms: breaker and ejections move with time.
    void tick(TimePoint now);
    /// Closes connections idle for longer than the cluster's idle timeout.
    void closeIdle(TimePoint now);

    static Breaker::Duration breakerTime(TimePoint now)
    {
        return std::chrono::duration_cast<Breaker::Duration>(now.time_since_epoch());
    }
    std::uint64_t random() { return nextRandom(m_random); }

    CallCounters unplaced; // requests that reached no endpoint
    /// Whether a limit refused a call since the last look; clears it.
    bool takeLimited() { return std::exchange(m_limited, false); }
    std::uint32_t activeRequests() const { return m_requests.own(); }
    std::uint32_t pendingRequests() const { return m_pending.own(); }
    std::uint64_t totalConnections() const { return m_totalConnections; }
    std::uint64_t totalLimited() const { return m_totalLimited; }
    std::uint32_t ejectedCount() const;

private:
    EdgeBreaker makeBreaker(std::uint64_t seed, TimePoint now, const EventSink& sink) const;
    void rebuild();

    std::shared_ptr<const ClusterSpec> m_spec;
    std::shared_ptr<const EndpointSet> m_set;
    std::uint64_t m_random;
    ClusterSharing m_sharing;
    EdgeBreaker m_breaker;
    LoadBalancer m_balancer;
    std::vector<std::shared_ptr<Endpoint>> m_endpoints;
    std::vector<std::shared_ptr<Endpoint>> m_leaving;
    std::deque<ConnectionWaiter*> m_waiters;
    LimitCount m_requests;
    LimitCount m_retries;
    LimitCount m_connections;
    LimitCount m_pending; // waiting for a connection, or connecting
    std::uint64_t m_totalConnections = 0;
    std::uint64_t m_totalLimited = 0;
    bool m_limited = false;
};

} // namespace meshyard::proxy
