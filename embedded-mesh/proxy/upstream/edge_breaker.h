// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/shared_breaker.h"

#include <optional>

namespace meshyard::proxy {

/// The breaker of an edge as one worker sees it: its own, or its desk at the shared one. Worker 0
/// owns a shared breaker; what only an owner may do, does nothing at the others.
///
/// Thread: its worker's.
class EdgeBreaker final
{
public:
    using Duration = Breaker::Duration;

    EdgeBreaker(
        const BreakerPolicy& policy, std::uint64_t seed, Duration now, Breaker::Listener listener)
        : m_own(std::in_place, policy, seed, now, std::move(listener))
    {
    }
    EdgeBreaker(const BreakerPolicy& policy, std::shared_ptr<SharedBreaker> shared, unsigned worker)
        : m_shared(std::move(shared))
        , m_worker(worker)
        , m_policy(policy)
    {
        m_policy.normalize();
    }

    BreakerDecision admit(const BreakerRequest& request, Duration now)
    {
        return m_own ? m_own->admit(request, now) : m_shared->admit(m_worker, request, now);
    }
    void finish(const BreakerPermit& permit, const CallOutcome& outcome, Duration now)
    {
        m_own ? m_own->finish(permit, outcome, now)
              : m_shared->finish(m_worker, permit, outcome, now);
    }
    void release(const BreakerPermit& permit, Duration now)
    {
        m_own ? m_own->release(permit, now) : m_shared->release(m_worker, permit, now);
    }
    void tick(Duration now)
    {
        if (m_own)
            return m_own->tick(now);
        m_shared->flush(m_worker);
        if (isOwner())
            m_shared->drain(now);
    }

    void setPolicy(const BreakerPolicy& policy, Duration now)
    {
        if (m_own)
            return m_own->setPolicy(policy, now);
        m_policy = policy;
        m_policy.normalize();
        if (isOwner())
            m_shared->setPolicy(policy, now);
    }
    void setOverride(const BreakerOverride& wanted, Duration now)
    {
        if (m_own)
            m_own->setOverride(wanted, now);
        else if (isOwner())
            m_shared->setOverride(wanted, now);
    }
    void clearOverride(const std::string& operatorName, Duration now)
    {
        if (m_own)
            m_own->clearOverride(operatorName, now);
        else if (isOwner() && m_shared->breaker().overrideKind() != OverrideKind::None)
            m_shared->clearOverride(operatorName, now);
    }
    void reset(const std::string& operatorName, Duration now)
    {
        if (m_own)
            m_own->reset(operatorName, now);
        else if (isOwner())
            m_shared->reset(operatorName, now);
    }

    const BreakerPolicy& policy() const { return m_own ? m_own->policy() : m_policy; }
    BreakerState state() const { return m_own ? m_own->state() : m_shared->state(); }
    std::chrono::seconds retryAfter(Duration now) const
    {
        return m_own ? m_own->retryAfter(now) : m_shared->retryAfter(now);
    }

    /// Whether this worker may look into the breaker, and speaks for it in reports.
    bool isOwner() const { return m_own || m_worker == 0; }
    // The owner's.
    BreakerStatus status(Duration now) const
    {
        return m_own ? m_own->status(now) : m_shared->breaker().status(now);
    }
    BreakerCounters counters() const { return m_own ? m_own->counters() : m_shared->counters(); }
    std::uint64_t generation() const
    {
        return m_own ? m_own->generation() : m_shared->breaker().generation();
    }

private:
    std::optional<Breaker> m_own;
    std::shared_ptr<SharedBreaker> m_shared;
    unsigned m_worker = 0;
    BreakerPolicy m_policy; // with a shared breaker: what this worker knows
};

} // namespace meshyard::proxy
