// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/cluster.h"

#include "embedded-mesh/proxy/exchange/h2_pool.h"
#include "embedded-mesh/proxy/exchange/upstream_connection.h"

#include <algorithm>

namespace meshyard::proxy {

Cluster::Cluster(std::shared_ptr<const ClusterSpec> spec, std::uint64_t seed, TimePoint now,
    const EventSink& sink, ClusterSharing sharing)
    : m_spec(std::move(spec))
    , m_random(seed)
    , m_sharing(std::move(sharing))
    , m_breaker(makeBreaker(seed, now, sink))
{
    if (SharedCluster* const shared = m_sharing.cluster.get()) {
        m_requests.share(&shared->requests);
        m_retries.share(&shared->retries);
        m_connections.share(&shared->connections);
        m_pending.share(&shared->pending);
    }
}

EdgeBreaker Cluster::makeBreaker(
    std::uint64_t seed, TimePoint now, const EventSink& sink) const
{
    if (m_sharing.cluster)
        return {m_spec->breaker, m_sharing.cluster->breaker, m_sharing.worker};
    return {m_spec->breaker, seed, breakerTime(now),
        [name = m_spec->name, sink](const BreakerEvent& event) { sink(name, event); }};
}

void Cluster::update(
    std::shared_ptr<const ClusterSpec> spec, std::shared_ptr<const EndpointSet> set, TimePoint now)
{
    if (spec == m_spec && set == m_set)
        return;
    if (spec->breaker != m_spec->breaker)
        m_breaker.setPolicy(spec->breaker, breakerTime(now));
    // Other protection means other connections: none made before is used again.
    const bool protection = spec->transport.key != m_spec->transport.key;
    m_spec = std::move(spec);
    if (set != m_set || protection) {
        m_set = std::move(set);
        std::vector<std::shared_ptr<Endpoint>> kept;
        for (const EndpointSpec& wanted : m_set->endpoints) {
            const auto old = std::ranges::find_if(m_endpoints, [&](const auto& endpoint) {
                return endpoint && !protection && endpoint->spec().address == wanted.address
                    && endpoint->spec().transportLabels == wanted.transportLabels
                    && endpoint->spec().instance == wanted.instance;
            });
            if (old == m_endpoints.end()) {
                kept.push_back(std::make_shared<Endpoint>(wanted));
                continue;
            }
            (*old)->setSpec(wanted);
            kept.push_back(std::move(*old));
        }
        for (const auto& gone : m_endpoints) {
            if (gone) {
                gone->removed = true;
                gone->closeIdle();
                m_leaving.push_back(gone);
            }
        }
        m_endpoints = std::move(kept);
    }
    rebuild();
}

void Cluster::retire()
{
    for (const auto& endpoint : m_endpoints) {
        endpoint->removed = true;
        endpoint->closeIdle();
    }
}

void Cluster::rebuild()
{
    m_balancer.rebuild(m_endpoints, *m_spec, m_set ? m_set->overprovisioning : 140);
}

bool Cluster::beginRequest()
{
    if (m_requests.take(m_spec->limits.requests))
        return true;
    noteLimited();
    return false;
}

void Cluster::endRequest()
{
    m_requests.give();
}

bool Cluster::beginRetry()
{
    const ResourceLimits& limits = m_spec->limits;
    std::uint32_t allowed = limits.retries;
    if (limits.retryBudget > 0) {
        const double share = limits.retryBudget * static_cast<double>(m_requests.total());
        allowed = std::max(limits.minRetryConcurrency, static_cast<std::uint32_t>(share));
    }
    if (m_retries.take(allowed))
        return true;
    noteLimited();
    return false;
}

bool Cluster::wait(ConnectionWaiter& waiter)
{
    if (!m_pending.take(m_spec->limits.pending)) {
        noteLimited();
        return false;
    }
    m_waiters.push_back(&waiter);
    return true;
}

void Cluster::stopWaiting(ConnectionWaiter& waiter)
{
    if (std::erase(m_waiters, &waiter) > 0)
        m_pending.give();
}

bool Cluster::beginConnecting()
{
    if (m_pending.take(m_spec->limits.pending))
        return true;
    noteLimited();
    return false;
}

void Cluster::countConnection(Endpoint& endpoint)
{
    m_connections.add();
    ++m_totalConnections;
    ++endpoint.connections;
}

void Cluster::uncountConnection(Endpoint& endpoint)
{
    m_connections.give();
    endpoint.connections -= endpoint.connections > 0 ? 1U : 0U;
}

bool Cluster::closeSomeIdle()
{
    for (const auto& endpoint : m_endpoints) {
        if (const auto idle = endpoint->takeIdle())
            break; // destroyed here: its place is free
        if (endpoint->http2 != nullptr && endpoint->http2->closeOneIdle())
            break;
    }
    return mayConnect();
}

void Cluster::wakeWaiter()
{
    if (m_waiters.empty())
        return;
    ConnectionWaiter* const waiter = m_waiters.front();
    m_waiters.pop_front();
    m_pending.give();
    waiter->onConnectionFree();
}

std::shared_ptr<Endpoint> Cluster::originalDestination(const net::SocketAddress* address)
{
    if (address == nullptr)
        return nullptr;
    const auto known = std::ranges::find_if(
        m_endpoints, [&](const auto& endpoint) { return endpoint->spec().address == *address; });
    if (known != m_endpoints.end())
        return *known;
    EndpointSpec spec;
    spec.address = *address;
    spec.instance = address->toString();
    m_endpoints.push_back(std::make_shared<Endpoint>(std::move(spec)));
    return m_endpoints.back();
}

std::shared_ptr<Endpoint> Cluster::pick(std::span<Endpoint* const> avoid)
{
    return m_balancer.pick(random(), avoid);
}

void Cluster::recordAttempt(Endpoint& endpoint, int status, TimePoint now)
{
    if (!OutlierDetector::record(endpoint, status, m_spec->outlier, m_endpoints, now))
        return;
    rebuild();
    if (m_sharing.ejections)
        m_sharing.ejections(*this, endpoint);
}

void Cluster::followEjection(const net::SocketAddress& address, const EjectionRecord& record)
{
    for (const auto& endpoint : m_endpoints) {
        EjectionRecord& own = endpoint->ejection;
        if (endpoint->spec().address != address || own.ejected)
            continue;
        own.ejected = true;
        own.until = record.until;
        own.timesEjected = std::max(own.timesEjected, record.timesEjected);
        own.consecutive5xx = own.consecutiveGateway = 0;
        rebuild();
    }
}

void Cluster::tick(TimePoint now)
{
    m_breaker.tick(breakerTime(now));
    if (OutlierDetector::sweep(m_spec->outlier, m_endpoints, now))
        rebuild();
}

void Cluster::closeIdle(TimePoint now)
{
    for (const auto& endpoint : m_endpoints)
        endpoint->closeIdleBefore(now - m_spec->idleTimeout);
    std::erase_if(m_leaving, [](const auto& endpoint) { return endpoint->counters.isIdle(); });
    if (m_spec->usesOriginalDestination) {
        std::erase_if(m_endpoints, [](const auto& endpoint) {
            return endpoint->connections == 0 && endpoint->counters.isIdle();
        });
    }
}

std::uint32_t Cluster::ejectedCount() const
{
    return static_cast<std::uint32_t>(std::ranges::count_if(
        m_endpoints, [](const auto& endpoint) { return endpoint->ejection.ejected; }));
}

} // namespace meshyard::proxy
