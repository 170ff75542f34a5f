// SPDX-License-Identifier: GPL-3.0-or-later
// The half-open phase of Breaker: trial permits as leases, m of n, and that it always ends.
#include "embedded-mesh/core/breaker.h"

#include <algorithm>

namespace meshyard {

namespace {

constexpr Breaker::Duration kTrialTimeout = std::chrono::seconds(5);

} // namespace

BreakerDecision Breaker::admitTrial(const BreakerRequest& request, Duration now)
{
    const std::uint32_t id = m_nextLease;
    m_nextLease = m_nextLease == UINT32_MAX ? 1 : m_nextLease + 1;
    const BreakerPermit permit{m_generation, id, true};
    lease(permit, request.routeTimeout, now);
    return {Admission::Admitted, permit};
}

void Breaker::lease(const BreakerPermit& permit, Duration routeTimeout, Duration now)
{
    Duration timeout = m_policy.trialTimeout.value_or(kTrialTimeout);
    if (routeTimeout.count() > 0)
        timeout = std::min(timeout, routeTimeout);
    m_leases.push_back({permit.lease, now + timeout});
    ++m_trialsIssued;
    scheduleWake();
}

bool Breaker::adoptTrial(const BreakerPermit& permit, Duration routeTimeout, Duration now)
{
    tick(now);
    if (permit.generation != m_generation || m_state != BreakerState::HalfOpen)
        return false;
    lease(permit, routeTimeout, now);
    return true;
}

unsigned Breaker::wantedTrials() const
{
    const unsigned judged = m_trialsOk + m_trialsBad;
    if (m_state != BreakerState::HalfOpen || judged >= m_policy.trialCalls)
        return 0;
    return std::min(m_policy.trialConcurrency, m_policy.trialCalls - judged);
}

bool Breaker::takeLease(std::uint32_t id)
{
    const auto held = std::ranges::find(m_leases, id, &Lease::id);
    if (held == m_leases.end())
        return false;
    m_leases.erase(held);
    return true;
}

void Breaker::judgeTrials(Duration now)
{
    BreakerEvent event;
    event.calls = m_trialsOk + m_trialsBad;
    if (m_trialsOk >= m_policy.trialSuccess) {
        event.cause = BreakerCause::TrialPassed;
        event.observed = m_trialsOk;
        event.threshold = m_policy.trialSuccess;
        enter(BreakerState::Closed, event, now);
    } else if (m_trialsBad > m_policy.trialCalls - m_policy.trialSuccess) {
        event.cause = BreakerCause::TrialFailed;
        event.observed = m_trialsBad;
        event.threshold = m_policy.trialCalls - m_policy.trialSuccess + 1;
        ++m_failedHalfOpens;
        open(event, now);
    }
}

void Breaker::expireLeases(Duration now)
{
    const auto lost
        = std::erase_if(m_leases, [now](const Lease& lease) { return now >= lease.expires; });
    if (lost == 0)
        return;
    m_counters.expired += lost;
    m_trialsBad += static_cast<unsigned>(lost);
    judgeTrials(now);
}

void Breaker::endHalfOpen(Duration now)
{
    BreakerEvent event;
    event.calls = m_trialsOk + m_trialsBad;
    if (m_trialsBad > 0 || m_trialsOk == 0) {
        // Nobody called: nothing failed either, so the open time does not grow.
        const bool asked = m_trialsBad > 0 || !m_leases.empty();
        event.cause = m_trialsBad > 0 ? BreakerCause::TrialFailed : BreakerCause::Timer;
        event.observed = m_trialsBad;
        event.threshold = 1;
        m_failedHalfOpens += asked ? 1 : 0;
        open(event, now);
    } else if (!m_halfOpenRenewed) {
        m_halfOpenRenewed = true;
        m_stateEnds = now + m_policy.halfOpenMax;
    } else {
        event.cause = BreakerCause::TrialPassed;
        event.observed = m_trialsOk;
        event.threshold = m_policy.trialSuccess;
        enter(BreakerState::Closed, event, now);
    }
}

} // namespace meshyard
