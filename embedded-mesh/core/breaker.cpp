// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/breaker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace meshyard {

namespace {

using Duration = Breaker::Duration;

constexpr Duration kRetryAfterCap = std::chrono::seconds(60);

double ratio(std::uint32_t part, std::uint32_t whole)
{
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

BreakerEvent eventOf(BreakerCause cause, const std::string& operatorName = {})
{
    BreakerEvent event;
    event.cause = cause;
    event.operatorName = operatorName;
    return event;
}

} // namespace

Breaker::Breaker(BreakerPolicy policy, std::uint64_t seed, Duration now, Listener listener)
    : m_policy((policy.normalize(), std::move(policy)))
    , m_random(seed)
    , m_listener(std::move(listener))
    , m_window(m_policy.window, m_policy.buckets)
    , m_since(now)
{
}

BreakerDecision Breaker::admit(const BreakerRequest& request, Duration now)
{
    tick(now);
    if (m_override.kind == OverrideKind::ForcedOpen)
        return refuse(Admission::ForcedOpen, true);
    if (m_override.kind == OverrideKind::Draining && request.hash % 100 < m_override.drainPercent)
        return refuse(Admission::ForcedOpen, true);
    return admitComputed(request, now);
}

BreakerDecision Breaker::admitComputed(const BreakerRequest& request, Duration now)
{
    const bool binding
        = m_policy.mode == BreakerMode::Enforce && m_override.kind != OverrideKind::ForcedClosed;
    switch (m_state) {
    case BreakerState::Closed:
        if (refusesByRamp(request, now))
            return refuse(Admission::HalfOpen, binding);
        break;
    case BreakerState::Open:
        return refuse(Admission::Open, binding);
    case BreakerState::HalfOpen:
        if (m_leases.size() >= m_policy.trialConcurrency || m_trialsIssued >= m_policy.trialCalls)
            return refuse(Admission::HalfOpen, binding);
        return admitTrial(request, now);
    }
    return {Admission::Admitted, BreakerPermit{m_generation, 0, true}};
}

BreakerDecision Breaker::refuse(Admission why, bool binding)
{
    if (!binding)
        return {Admission::Admitted, BreakerPermit{m_generation, 0, false}};
    ++m_counters.rejected[static_cast<std::size_t>(why)];
    return {why, {}};
}

bool Breaker::refusesByRamp(const BreakerRequest& request, Duration now) const
{
    if (now >= m_rampEnds)
        return false;
    const double left = static_cast<double>((m_rampEnds - now).count());
    const double refusedShare = left / static_cast<double>(m_policy.ramp.count());
    return static_cast<double>(request.hash % 1000) < refusedShare * 1000.0;
}

void Breaker::finish(const BreakerPermit& permit, const CallOutcome& outcome, Duration now)
{
    tick(now);
    if (!permit.judged) {
        ++m_counters.unjudged;
        return;
    }
    if (permit.generation != m_generation || (permit.lease != 0 && !takeLease(permit.lease))) {
        ++m_counters.stale;
        return;
    }
    const CallVerdict verdict = m_policy.judge(outcome);
    const bool slow = verdict != CallVerdict::Ignored && m_policy.isSlow(outcome);
    m_counters.slow += slow ? 1 : 0;
    if (verdict != CallVerdict::Success)
        rememberRetryAfter(outcome, now);
    switch (verdict) {
    case CallVerdict::Success:
        ++m_counters.success;
        break;
    case CallVerdict::Failure:
        ++m_counters.failure;
        break;
    case CallVerdict::SoftFailure:
        ++m_counters.soft;
        break;
    case CallVerdict::Ignored:
        ++m_counters.ignored;
        break;
    }
    if (permit.lease == 0) {
        countClosed(verdict, slow, now);
        return;
    }
    if (verdict == CallVerdict::Ignored)
        --m_trialsIssued;
    else if (verdict == CallVerdict::Success && !slow)
        ++m_trialsOk;
    else
        ++m_trialsBad;
    judgeTrials(now);
}

void Breaker::release(const BreakerPermit& permit, Duration now)
{
    tick(now);
    if (permit.judged && permit.lease != 0 && permit.generation == m_generation
        && takeLease(permit.lease))
        --m_trialsIssued;
}

void Breaker::countClosed(CallVerdict verdict, bool slow, Duration now)
{
    if (verdict == CallVerdict::Ignored)
        return;
    const bool failed = verdict != CallVerdict::Success;
    m_window.add({1, failed ? 1U : 0U, slow ? 1U : 0U}, now);
    if (verdict == CallVerdict::Success)
        m_consecutive = 0;
    else if (verdict == CallVerdict::Failure)
        ++m_consecutive;
    if (m_policy.enabled)
        checkRules(now);
}

void Breaker::checkRules(Duration now)
{
    const BreakerWindow::Counts sums = m_window.totals(now);
    BreakerEvent event;
    event.calls = sums.calls;
    if (m_policy.consecutive > 0 && m_consecutive >= m_policy.consecutive) {
        event.cause = BreakerCause::Consecutive;
        event.observed = m_consecutive;
        event.threshold = m_policy.consecutive;
        return open(event, now);
    }
    if (sums.calls < m_policy.minCalls)
        return;
    const double failures = ratio(sums.failures, sums.calls);
    if (m_policy.failureRatio > 0 && failures >= m_policy.failureRatio) {
        event.cause = BreakerCause::FailureRatio;
        event.observed = failures;
        event.threshold = m_policy.failureRatio;
        return open(event, now);
    }
    const double slow = ratio(sums.slow, sums.calls);
    if (m_policy.slowCall.count() > 0 && m_policy.slowRatio > 0 && slow >= m_policy.slowRatio) {
        event.cause = BreakerCause::SlowRatio;
        event.observed = slow;
        event.threshold = m_policy.slowRatio;
        open(event, now);
    }
}

void Breaker::tick(Duration now)
{
    if (now < m_nextWake)
        return;
    if (m_override.kind != OverrideKind::None && now >= m_override.deadline)
        expireOverride(BreakerCause::OverrideExpired, {}, now);
    if (m_state == BreakerState::Open && now >= m_stateEnds)
        enter(BreakerState::HalfOpen, eventOf(BreakerCause::Timer), now);
    if (m_state == BreakerState::HalfOpen)
        expireLeases(now);
    if (m_state == BreakerState::HalfOpen && now >= m_stateEnds)
        endHalfOpen(now);
    scheduleWake();
}

void Breaker::expireOverride(BreakerCause cause, const std::string& operatorName, Duration now)
{
    const bool wasOpen = m_override.kind == OverrideKind::ForcedOpen;
    m_override = {};
    if (wasOpen && m_policy.enabled)
        enter(BreakerState::HalfOpen, eventOf(cause, operatorName), now);
    else
        announce(eventOf(cause, operatorName), now);
}

void Breaker::setPolicy(BreakerPolicy policy, Duration now)
{
    tick(now);
    policy.normalize();
    const bool sameWindow = m_policy.hasSameWindow(policy);
    m_policy = std::move(policy);
    if (!sameWindow)
        m_window = BreakerWindow(m_policy.window, m_policy.buckets);
    if (!m_policy.enabled && m_state != BreakerState::Closed)
        enter(BreakerState::Closed, eventOf(BreakerCause::PolicyChange), now);
    if (m_state == BreakerState::HalfOpen)
        judgeTrials(now); // fewer trials may be wanted now
}

void Breaker::setOverride(const BreakerOverride& wanted, Duration now)
{
    tick(now);
    if (wanted.kind == OverrideKind::None)
        return clearOverride(wanted.operatorName, now);
    const bool same = m_override.kind == wanted.kind && m_override.id == wanted.id
        && m_override.drainPercent == wanted.drainPercent;
    m_override = wanted;
    if (!same) // else only its deadline moved
        announce(eventOf(BreakerCause::Operator, wanted.operatorName), now);
    scheduleWake();
}

void Breaker::clearOverride(const std::string& operatorName, Duration now)
{
    tick(now);
    if (m_override.kind == OverrideKind::None)
        return;
    expireOverride(BreakerCause::Operator, operatorName, now);
    scheduleWake();
}

void Breaker::reset(const std::string& operatorName, Duration now)
{
    tick(now);
    enter(BreakerState::Closed, eventOf(BreakerCause::Operator, operatorName), now);
}

void Breaker::open(BreakerEvent event, Duration now)
{
    enter(BreakerState::Open, std::move(event), now);
}

void Breaker::enter(BreakerState next, BreakerEvent event, Duration now)
{
    const BreakerState from = std::exchange(m_state, next);
    m_timeInState[static_cast<std::size_t>(from)] += now - m_since;
    m_since = now;
    ++m_generation;
    m_leases.clear();
    m_trialsIssued = m_trialsOk = m_trialsBad = 0;
    m_halfOpenRenewed = false;
    m_rampEnds = Duration(0);
    switch (next) {
    case BreakerState::Closed:
        m_window.clear();
        m_consecutive = 0;
        m_failedHalfOpens = 0;
        m_retryAfterUntil = Duration(0);
        m_stateEnds = Duration::max();
        if (event.cause == BreakerCause::TrialPassed && m_policy.ramp.count() > 0)
            m_rampEnds = now + m_policy.ramp;
        break;
    case BreakerState::Open:
        m_stateEnds = std::max(now + openWait(), m_retryAfterUntil);
        break;
    case BreakerState::HalfOpen:
        m_stateEnds = now + m_policy.halfOpenMax;
        break;
    }
    scheduleWake();
    event.from = from;
    event.to = next;
    announce(std::move(event), now);
}

void Breaker::announce(BreakerEvent event, Duration now)
{
    if (event.from == BreakerState::Closed && event.to == BreakerState::Closed)
        event.from = event.to = m_state; // an override came or went: the computed state stays
    event.policyRevision = m_policy.revision;
    event.overrideKind = m_override.kind;
    event.generation = m_generation;
    event.at = now;
    if (m_listener)
        m_listener(event);
}

void Breaker::rememberRetryAfter(const CallOutcome& outcome, Duration now)
{
    if (outcome.retryAfter && outcome.retryAfter->count() > 0) {
        m_retryAfterUntil
            = std::max(m_retryAfterUntil, now + std::min(*outcome.retryAfter, kRetryAfterCap));
    }
}

Duration Breaker::openWait()
{
    const double doublings = std::min(m_failedHalfOpens, 30U);
    const double base = static_cast<double>(m_policy.openBase.count()) * std::exp2(doublings);
    const double capped = std::min(base, static_cast<double>(m_policy.openMax.count()));
    return Duration(std::llround(capped * (1.0 + m_policy.jitter * random())));
}

double Breaker::random()
{
    // splitmix64: the same seed gives the same waits everywhere
    m_random += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = m_random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    return static_cast<double>(z >> 11) * 0x1.0p-53;
}

void Breaker::scheduleWake()
{
    m_nextWake = std::min(
        m_stateEnds, m_override.kind == OverrideKind::None ? Duration::max() : m_override.deadline);
    for (const Lease& lease : m_leases)
        m_nextWake = std::min(m_nextWake, lease.expires);
}

BreakerStatus Breaker::status(Duration now) const
{
    const BreakerWindow::Counts sums = m_window.totals(now);
    BreakerStatus shown;
    shown.state = m_state;
    shown.overrideKind = m_override.kind;
    shown.overrideId = m_override.id;
    if (m_override.kind != OverrideKind::None && m_override.deadline != Duration::max())
        shown.overrideLeft = std::max(m_override.deadline - now, Duration(0));
    if (m_state == BreakerState::Open)
        shown.openLeft = std::max(m_stateEnds - now, Duration(0));
    shown.windowCalls = sums.calls;
    shown.windowFailures = sums.failures;
    shown.windowSlow = sums.slow;
    shown.consecutive = m_consecutive;
    shown.trialsIssued = m_trialsIssued;
    shown.trialsOk = m_trialsOk;
    shown.trialsWanted = m_policy.trialSuccess;
    shown.observeOnly = m_policy.mode == BreakerMode::Observe;
    shown.insufficient = sums.calls < m_policy.minCalls;
    shown.stale = m_counters.stale;
    shown.policyRevision = m_policy.revision;
    shown.timeInState = m_timeInState;
    shown.timeInState[static_cast<std::size_t>(m_state)] += now - m_since;
    return shown;
}

Breaker::Duration Breaker::nextChance() const
{
    if (m_override.kind == OverrideKind::ForcedOpen && m_override.deadline != Duration::max())
        return m_override.deadline;
    return m_state == BreakerState::Open ? m_stateEnds : Duration(0);
}

std::chrono::seconds Breaker::retryAfter(Duration now) const
{
    const Duration left = std::max(nextChance() - now, Duration(0));
    return std::max(std::chrono::ceil<std::chrono::seconds>(left), std::chrono::seconds(1));
}

} // namespace meshyard
