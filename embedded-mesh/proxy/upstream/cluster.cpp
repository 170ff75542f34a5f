// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/cluster.h"

#include "embedded-mesh/net/sockets.h"
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
    , m_outlier(seed ^ 0x0071e5)
{
    if (SharedCluster* const shared = m_sharing.cluster.get()) {
        for (std::size_t i = 0; i < kRoutingPriorities; ++i) {
            m_requests[i].share(&shared->requests[i]);
            m_retries[i].share(&shared->retries[i]);
        }
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
    const bool sameChecks = spec->healthChecks.empty() == m_spec->healthChecks.empty();
    m_spec = std::move(spec);
    if (!sameChecks && m_spec->healthChecks.empty()) {
        for (const auto& endpoint : m_endpoints)
            endpoint->check = CheckState::None; // nobody will say anything better any more
    }
    if (set != m_set || protection) {
        m_set = std::move(set);
        takeEndpoints(now, protection);
    }
    rebuild(now);
}

void Cluster::takeEndpoints(TimePoint now, bool anew)
{
    std::vector<std::shared_ptr<Endpoint>> kept;
    bool changed = false;
    for (const EndpointSpec& wanted : m_set->endpoints) {
        const auto old = std::ranges::find_if(m_endpoints, [&](const auto& endpoint) {
            return endpoint && !anew && endpoint->spec().address == wanted.address
                && endpoint->spec().transportLabels == wanted.transportLabels
                && endpoint->spec().instance == wanted.instance;
        });
        if (old == m_endpoints.end()) {
            kept.push_back(admitEndpoint(wanted, now));
            changed = true;
            continue;
        }
        (*old)->setSpec(wanted);
        (*old)->removalPending = false;
        kept.push_back(std::move(*old));
    }
    for (const auto& gone : m_endpoints) {
        if (gone == nullptr)
            continue;
        changed = true;
        if (!anew && staysAfterRemoval(*gone)) {
            gone->removalPending = true;
            kept.push_back(gone);
        } else {
            retireEndpoint(gone);
        }
    }
    m_endpoints = std::move(kept);
    m_warm = m_warm || !m_endpoints.empty();
    if (!changed || !m_spec->closesOnSetChange)
        return;
    for (const auto& endpoint : m_endpoints) {
        endpoint->keepsConnectionsFrom = now;
        endpoint->closeIdle();
    }
}

std::shared_ptr<Endpoint> Cluster::admitEndpoint(const EndpointSpec& spec, TimePoint now) const
{
    auto endpoint = std::make_shared<Endpoint>(spec);
    endpoint->healthySince = now;
    // The first endpoints of all are trusted until their first check: there is nothing better.
    if (m_warm && !m_spec->healthChecks.empty() && spec.healthChecked) {
        endpoint->check = CheckState::Pending;
        endpoint->excludedWhilePending = m_spec->ignoresNewHostsUntilChecked;
    }
    return endpoint;
}

bool Cluster::staysAfterRemoval(const Endpoint& endpoint) const
{
    return !m_spec->healthChecks.empty() && !m_spec->ignoresHealthOnRemoval
        && (endpoint.check == CheckState::Passing || endpoint.check == CheckState::Degraded);
}

void Cluster::retireEndpoint(const std::shared_ptr<Endpoint>& endpoint)
{
    endpoint->removed = true;
    endpoint->closeIdle();
    m_leaving.push_back(endpoint);
}

void Cluster::retire()
{
    for (const auto& endpoint : m_endpoints) {
        endpoint->removed = true;
        endpoint->closeIdle();
    }
}

void Cluster::rebuild(TimePoint now)
{
    BalanceInput input;
    input.endpoints = m_endpoints;
    input.seed = random();
    input.now = now;
    if (m_set) {
        input.localityWeights = m_set->localityWeights;
        input.overprovisioning = m_set->overprovisioning;
        input.weightedPriorityHealth = m_set->weightedPriorityHealth;
    }
    if (m_spec->balance.subsets)
        m_subsets.rebuild(input, m_spec->balance);
    m_balancer.rebuild(input, m_spec->balance);
}

bool Cluster::refuse(std::uint64_t& counter)
{
    ++counter;
    m_limited = true;
    return false;
}

bool Cluster::beginRequest(RoutingPriority priority)
{
    return m_requests[at(priority)].take(m_spec->limitsOf(priority).requests)
        || refuse(m_refused.requests);
}

void Cluster::endRequest(RoutingPriority priority)
{
    m_requests[at(priority)].give();
}

bool Cluster::beginRetry(RoutingPriority priority)
{
    const ResourceLimits& limits = m_spec->limitsOf(priority);
    std::uint32_t allowed = limits.retries;
    if (limits.retryBudget) {
        const double share
            = *limits.retryBudget * static_cast<double>(m_requests[at(priority)].total());
        allowed = std::max(limits.minRetryConcurrency, static_cast<std::uint32_t>(share));
    }
    return m_retries[at(priority)].take(allowed) || refuse(m_refused.retries);
}

void Cluster::endRetry(RoutingPriority priority)
{
    m_retries[at(priority)].give();
}

bool Cluster::wait(ConnectionWaiter& waiter, RoutingPriority priority)
{
    ++m_refused.connections;
    if (!m_pending.take(m_spec->limitsOf(priority).pending))
        return refuse(m_refused.pending);
    m_waiters.push_back(&waiter);
    return true;
}

void Cluster::stopWaiting(ConnectionWaiter& waiter)
{
    if (std::erase(m_waiters, &waiter) > 0)
        m_pending.give();
}

bool Cluster::beginConnecting(RoutingPriority priority)
{
    return m_pending.take(m_spec->limitsOf(priority).pending) || refuse(m_refused.pending);
}

void Cluster::countConnection(Endpoint& endpoint)
{
    m_connections.add();
    ++m_connectionsEver;
    ++endpoint.connections;
}

void Cluster::uncountConnection(Endpoint& endpoint)
{
    m_connections.give();
    endpoint.connections -= endpoint.connections > 0 ? 1U : 0U;
}

bool Cluster::keepsConnection(const Endpoint& endpoint, TimePoint opened, TimePoint now) const
{
    const auto limit = m_spec->maxConnectionDuration;
    return !endpoint.removed && opened >= endpoint.keepsConnectionsFrom
        && (limit.count() == 0 || now - opened < limit);
}

bool Cluster::closeSomeIdle(RoutingPriority priority)
{
    for (const auto& endpoint : m_endpoints) {
        if (const auto idle = endpoint->takeIdle())
            break; // destroyed here: its place is free
        if (endpoint->http2 != nullptr && endpoint->http2->closeOneIdle())
            break;
    }
    return mayConnect(priority);
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

void Cluster::keepAlive(int fd) const
{
    if (m_spec->keepalive)
        net::keepAlive(fd, m_spec->keepalive->probes,
            std::chrono::seconds(m_spec->keepalive->timeSeconds),
            std::chrono::seconds(m_spec->keepalive->intervalSeconds));
}

std::shared_ptr<Endpoint> Cluster::pick(PickContext context)
{
    context.random = random();
    return m_spec->balance.subsets ? m_subsets.pick(context) : m_balancer.pick(context);
}

void Cluster::recordAttempt(Endpoint& endpoint, int status, TimePoint now)
{
    if (!m_outlier.record(endpoint, status, m_spec->outlier, m_endpoints, now))
        return;
    rebuild(now);
    if (m_sharing.ejections)
        m_sharing.ejections(*this, endpoint);
}

void Cluster::followEjection(
    const net::SocketAddress& address, const EjectionRecord& record, TimePoint now)
{
    for (const auto& endpoint : m_endpoints) {
        EjectionRecord& own = endpoint->ejection;
        if (endpoint->spec().address != address || own.ejected)
            continue;
        own.ejected = true;
        own.cause = record.cause;
        own.since = record.since;
        own.until = record.until;
        own.timesEjected = std::max(own.timesEjected, record.timesEjected);
        own.consecutive5xx = own.consecutiveGateway = own.consecutiveLocal = 0;
        rebuild(now);
    }
}

void Cluster::onHealthCheck(
    const net::SocketAddress& address, CheckState verdict, bool passed, TimePoint now)
{
    bool changed = false;
    for (const auto& endpoint : m_endpoints) {
        if (endpoint->spec().address != address || !endpoint->spec().healthChecked)
            continue;
        const bool wasUp
            = endpoint->check != CheckState::Failing && endpoint->check != CheckState::Pending;
        changed = changed || endpoint->check != verdict;
        endpoint->check = verdict;
        if (passed && verdict != CheckState::Failing)
            changed = m_outlier.checkPassed(*endpoint, m_spec->outlier) || changed;
        if (verdict != CheckState::Failing && !wasUp)
            endpoint->healthySince = now;
        if (verdict == CheckState::Failing && wasUp && m_spec->closesOnHealthFailure) {
            endpoint->keepsConnectionsFrom = now;
            endpoint->closeIdle();
        }
        if (verdict == CheckState::Failing && endpoint->removalPending)
            retireEndpoint(endpoint);
    }
    if (!changed)
        return;
    std::erase_if(m_endpoints, [](const auto& endpoint) { return endpoint->removed; });
    rebuild(now);
}

void Cluster::tick(TimePoint now)
{
    m_breaker.tick(breakerTime(now));
    if (!m_outlier.tick(m_spec->outlier, m_endpoints, now))
        return;
    rebuild(now);
    if (!m_sharing.ejections)
        return;
    for (const auto& endpoint : m_endpoints) {
        if (endpoint->ejection.ejected && endpoint->ejection.since == now)
            m_sharing.ejections(*this, *endpoint);
    }
}

void Cluster::closeIdle(TimePoint now)
{
    const auto limit = m_spec->maxConnectionDuration;
    for (const auto& endpoint : m_endpoints) {
        endpoint->closeIdleBefore(now - m_spec->idleTimeout);
        if (limit.count() > 0)
            endpoint->closeOpenedBefore(now - limit);
    }
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
