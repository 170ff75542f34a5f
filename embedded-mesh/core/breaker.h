// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker_policy.h"
#include "embedded-mesh/core/breaker_types.h"
#include "embedded-mesh/core/breaker_window.h"

#include <array>
#include <functional>
#include <vector>

namespace meshyard {

/// Fowler's breaker of one edge in one source instance: closed, open, half-open with trial permits,
/// and above it a manual override under which the computed state keeps running.
///
/// Time is passed in (monotonic, any origin, never going back), randomness is seeded: the same
/// calls at the same times give the same transitions, so the console backtests with this very
/// class. Thread: its owner's; not thread-safe. Follows breakers.md §2.5 (generations against
/// stragglers, permits as leases, half-open ends).
class Breaker final
{
public:
    using Duration = std::chrono::microseconds;
    using Listener = std::function<void(const BreakerEvent&)>;

    Breaker(BreakerPolicy policy, std::uint64_t seed, Duration now, Listener listener);

    /// Asks to make one call. When admitted, finish() must follow with the same permit; should it
    /// never come, a trial's lease runs out by itself.
    BreakerDecision admit(const BreakerRequest& request, Duration now);
    void finish(const BreakerPermit& permit, const CallOutcome& outcome, Duration now);
    /// Gives an admitted permit back unused: counts nowhere.
    void release(const BreakerPermit& permit, Duration now);

    /// Moves time on: lease expiry, ends of open, half-open and override. At least every 100 ms.
    void tick(Duration now);

    /// Keeps state and window, unless the window's geometry changed (window starts anew) or the
    /// policy is disabled (closes).
    void setPolicy(BreakerPolicy policy, Duration now);
    void setOverride(const BreakerOverride& wanted, Duration now);
    /// After FORCED_OPEN the edge goes to HALF_OPEN, after the others to its computed state.
    void clearOverride(const std::string& operatorName, Duration now);
    /// Clears the window, closes and starts a new generation; an override stays.
    void reset(const std::string& operatorName, Duration now);

    const BreakerPolicy& policy() const { return m_policy; }
    BreakerState state() const { return m_state; }
    OverrideKind overrideKind() const { return m_override.kind; }
    std::uint64_t generation() const { return m_generation; }
    const BreakerCounters& counters() const { return m_counters; }
    BreakerStatus status(Duration now) const;
    /// What `retry-after` should say on a rejection: until the next chance, at least one second.
    std::chrono::seconds retryAfter(Duration now) const;

    /// A trial that somebody began on a permit the owner had handed out before (SharedBreaker).
    /// @return false = the permit is of another generation.
    bool adoptTrial(const BreakerPermit& permit, Duration routeTimeout, Duration now);
    /// How many trials may run or wait to be taken now; 0 unless half-open.
    unsigned wantedTrials() const;
    unsigned runningTrials() const { return static_cast<unsigned>(m_leases.size()); }
    const BreakerOverride& manualOverride() const { return m_override; }
    Duration rampEnds() const { return m_rampEnds; }
    /// Until when calls are refused for certain: end of open or of FORCED_OPEN; 0 = not at all.
    Duration nextChance() const;
    /// When tick() has something to do; Duration::max() = nothing is due.
    Duration nextWake() const { return m_nextWake; }

private:
    struct Lease
    {
        std::uint32_t id = 0;
        Duration expires{0};
    };

    BreakerDecision admitComputed(const BreakerRequest& request, Duration now);
    BreakerDecision admitTrial(const BreakerRequest& request, Duration now);
    BreakerDecision refuse(Admission why, bool binding);
    bool refusesByRamp(const BreakerRequest& request, Duration now) const;
    void countClosed(CallVerdict verdict, bool slow, Duration now);
    void checkRules(Duration now);
    void lease(const BreakerPermit& permit, Duration routeTimeout, Duration now);
    bool takeLease(std::uint32_t id);
    void judgeTrials(Duration now);
    void expireLeases(Duration now);
    void endHalfOpen(Duration now);
    void expireOverride(BreakerCause cause, const std::string& operatorName, Duration now);
    void enter(BreakerState next, BreakerEvent event, Duration now);
    void open(BreakerEvent event, Duration now);
    void announce(BreakerEvent event, Duration now);
    void rememberRetryAfter(const CallOutcome& outcome, Duration now);
    Duration openWait();
    double random();
    void scheduleWake();

    BreakerPolicy m_policy;
    std::uint64_t m_random;
    Listener m_listener;
    BreakerWindow m_window;
    BreakerState m_state = BreakerState::Closed;
    BreakerOverride m_override;
    BreakerCounters m_counters;
    std::uint64_t m_generation = 1;
    std::uint32_t m_consecutive = 0;
    unsigned m_failedHalfOpens = 0; // since the last close: exponent of the open time

    // half-open
    std::vector<Lease> m_leases;
    std::uint32_t m_nextLease = 1;
    unsigned m_trialsIssued = 0;
    unsigned m_trialsOk = 0;
    unsigned m_trialsBad = 0;
    bool m_halfOpenRenewed = false;

    Duration m_since; // when m_state was entered
    Duration m_stateEnds = Duration::max(); // open: to half-open; half-open: its limit
    Duration m_retryAfterUntil{0};
    Duration m_rampEnds{0};
    Duration m_nextWake = Duration::max(); // earliest of all deadlines
    std::array<Duration, 4> m_timeInState{}; // by BreakerState, without the running one
};

} // namespace meshyard
