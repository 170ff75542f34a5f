// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/edge_breaker.h"
#include "embedded-mesh/proxy/upstream/limit_count.h"
#include "embedded-mesh/proxy/upstream/load_balancer.h"
#include "embedded-mesh/proxy/upstream/outlier_detector.h"
#include "embedded-mesh/proxy/upstream/shared_clusters.h"
#include "embedded-mesh/proxy/upstream/subset_balancer.h"

#include <array>
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
    const std::shared_ptr<const ClusterSpec>& specPointer() const { return m_spec; }
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
    bool beginRequest(RoutingPriority priority = RoutingPriority::Default);
    void endRequest(RoutingPriority priority = RoutingPriority::Default);
    /// Takes a place under max_retries or the retry budget; release with endRetry().
    bool beginRetry(RoutingPriority priority = RoutingPriority::Default);
    void endRetry(RoutingPriority priority = RoutingPriority::Default);
    /// Makes room under max_connections at the cost of an idle one. @return whether there is room.
    bool closeSomeIdle(RoutingPriority priority = RoutingPriority::Default);
    /// Each of several workers may have one in any case, as in Envoy: nobody else would wake it.
    bool mayConnect(RoutingPriority priority = RoutingPriority::Default) const
    {
        return m_connections.hasRoom(m_spec->limitsOf(priority).connections)
            || (m_connections.isShared() && m_connections.own() == 0);
    }
    /// The limit of one endpoint, apart from the cluster's.
    bool mayConnectTo(const Endpoint& endpoint) const
    {
        return endpoint.connections < m_spec->maxConnectionsPerHost;
    }
    /// Queues for a connection. @return false = max_pending_requests reached.
    bool wait(ConnectionWaiter& waiter, RoutingPriority priority = RoutingPriority::Default);
    void stopWaiting(ConnectionWaiter& waiter);
    std::size_t waiterCount() const { return m_waiters.size(); }
    bool hasWaiters() const { return !m_waiters.empty(); }
    bool beginConnecting(RoutingPriority priority = RoutingPriority::Default);
    void endConnecting() { m_pending.give(); }
    void countConnection(Endpoint& endpoint);
    void uncountConnection(Endpoint& endpoint);
    /// Whether a connection that old may carry another request.
    bool keepsConnection(const Endpoint& endpoint, TimePoint opened, TimePoint now) const;
    /// Something became free: the longest waiter tries again.
    void wakeWaiter();
    void noteLimited() { m_limited = true; }

    /// The endpoint of an ORIGINAL_DST cluster at that address, made when it is not there yet.
    /// @param address nullptr = the caller meant us: no endpoint.
    std::shared_ptr<Endpoint> originalDestination(const net::SocketAddress* address);
    /// @param context its random is filled in here.
    std::shared_ptr<Endpoint> pick(PickContext context);
    /// tcp_keepalive of the cluster, for a TCP socket on its way to an endpoint.
    void keepAlive(int fd) const;
    /// Outlier detection's view of one attempt. @param status 0 = no response came.
    void recordAttempt(Endpoint& endpoint, int status, TimePoint now);
    /// Another worker's outlier detection has ejected the endpoint of that address.
    void followEjection(
        const net::SocketAddress& address, const EjectionRecord& record, TimePoint now);
    /// The verdict of an active health check of the endpoint at that address.
    /// @param passed this very check was good, whatever the thresholds made of it.
    void onHealthCheck(
        const net::SocketAddress& address, CheckState verdict, bool passed, TimePoint now);
    /// Every 50 ms: breaker and ejections move with time.
    void tick(TimePoint now);
    /// Closes connections idle for longer than the cluster's idle timeout, or too old.
    void closeIdle(TimePoint now);

    static Breaker::Duration breakerTime(TimePoint now)
    {
        return std::chrono::duration_cast<Breaker::Duration>(now.time_since_epoch());
    }
    std::uint64_t random() { return nextRandom(m_random); }

    CallCounters unplaced; // requests that reached no endpoint
    /// Whether a limit refused a call since the last look; clears it.
    bool takeLimited() { return std::exchange(m_limited, false); }
    /// Of this worker.
    std::uint32_t activeRequests() const { return m_requests[0].own() + m_requests[1].own(); }
    // Of all workers that share the limits.
    std::uint32_t activeRequests(RoutingPriority priority) const
    {
        return m_requests[at(priority)].total();
    }
    std::uint32_t activeRetries(RoutingPriority priority) const
    {
        return m_retries[at(priority)].total();
    }
    std::uint32_t openConnections() const { return m_connections.total(); }
    std::uint32_t pendingRequests() const { return m_pending.total(); }
    std::uint64_t connectionsEver() const { return m_connectionsEver; }
    std::uint32_t ejectedCount() const;
    const OutlierCounters& outlierCounters() const { return m_outlier.counters(); }
    const LimitCounters& limitCounters() const { return m_refused; }
    const LoadBalancer& balancer() const { return m_balancer; }

private:
    EdgeBreaker makeBreaker(std::uint64_t seed, TimePoint now, const EventSink& sink) const;
    static std::size_t at(RoutingPriority priority) { return static_cast<std::size_t>(priority); }
    bool refuse(std::uint64_t& counter);
    /// @param anew nothing of the old ones may be used again.
    void takeEndpoints(TimePoint now, bool anew);
    std::shared_ptr<Endpoint> admitEndpoint(const EndpointSpec& spec, TimePoint now) const;
    bool staysAfterRemoval(const Endpoint& endpoint) const;
    void retireEndpoint(const std::shared_ptr<Endpoint>& endpoint);
    void rebuild(TimePoint now);

    std::shared_ptr<const ClusterSpec> m_spec;
    std::shared_ptr<const EndpointSet> m_set;
    std::uint64_t m_random;
    ClusterSharing m_sharing;
    EdgeBreaker m_breaker;
    OutlierDetector m_outlier;
    LoadBalancer m_balancer;
    SubsetBalancer m_subsets; // when the cluster has any
    std::vector<std::shared_ptr<Endpoint>> m_endpoints;
    std::vector<std::shared_ptr<Endpoint>> m_leaving;
    bool m_warm = false; // had endpoints once: those that come now are new in a running cluster
    std::deque<ConnectionWaiter*> m_waiters;
    std::array<LimitCount, kRoutingPriorities> m_requests;
    std::array<LimitCount, kRoutingPriorities> m_retries;
    LimitCount m_connections;
    LimitCount m_pending; // waiting for a connection, or connecting
    std::uint64_t m_connectionsEver = 0;
    bool m_limited = false;
    LimitCounters m_refused;
};

} // namespace meshyard::proxy
