// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace meshyard {

// Values of the enums equal those of meshyard.v1 (common.proto).

enum class BreakerState : std::uint8_t { Closed = 1, Open = 2, HalfOpen = 3 };

enum class OverrideKind : std::uint8_t { None = 0, ForcedOpen = 1, ForcedClosed = 2, Draining = 3 };

enum class BreakerCause : std::uint8_t {
    Consecutive = 1,
    FailureRatio = 2,
    SlowRatio = 3,
    TrialFailed = 4,
    TrialPassed = 5,
    Timer = 6,
    Operator = 7,
    OverrideExpired = 8,
    PolicyChange = 9,
};

/// "CLOSED", "OPEN", "HALF_OPEN".
std::string_view breakerStateName(BreakerState state);
/// "", "FORCED_OPEN", "FORCED_CLOSED", "DRAINING".
std::string_view overrideKindName(OverrideKind kind);
/// "consecutive", "failure_ratio", …
std::string_view breakerCauseName(BreakerCause cause);

/// A manual override; counted down on the sidecar's own clock.
struct BreakerOverride
{
    using Duration = std::chrono::microseconds;

    OverrideKind kind = OverrideKind::None;
    std::string id;
    unsigned drainPercent = 0; // DRAINING: share refused
    Duration deadline = Duration::max(); // monotonic, same origin as the breaker's time
    std::string reason;
    std::string operatorName;
};

/// One transition, or the start or end of an override (then from == to may hold).
struct BreakerEvent
{
    BreakerState from = BreakerState::Closed;
    BreakerState to = BreakerState::Closed;
    BreakerCause cause = BreakerCause::Timer;
    double observed = 0; // the count or ratio that fired
    double threshold = 0;
    std::uint32_t calls = 0; // in the window (trials in half-open) when it fired
    std::uint64_t policyRevision = 0;
    std::string operatorName;
    OverrideKind overrideKind = OverrideKind::None; // in force afterwards
    std::uint64_t generation = 0; // afterwards
    std::chrono::microseconds at{0}; // monotonic

    bool operator==(const BreakerEvent&) const = default;
};

struct BreakerRequest
{
    std::uint64_t hash = 0; // of the request id: decides shares (draining, ramp) reproducibly
    std::chrono::microseconds routeTimeout{0}; // 0 = none
};

/// Proof of an admission; a result is judged only in the generation that admitted it.
struct BreakerPermit
{
    std::uint64_t generation = 0;
    std::uint32_t lease = 0; // trial of a half-open; 0 = not a trial
    bool judged = false; // false: admitted although the computed state refused
};

enum class Admission : std::uint8_t {
    Admitted,
    Open,
    ForcedOpen, // also the refused share of DRAINING
    HalfOpen, // no trial permit left, or outside the share of a ramp
};

/// Value of `x-meshyard-breaker` for a refusal; "" when admitted.
std::string_view admissionHeader(Admission admission);

struct BreakerDecision
{
    Admission admission = Admission::Admitted;
    BreakerPermit permit;
};

/// Since start.
struct BreakerCounters
{
    std::uint64_t success = 0;
    std::uint64_t failure = 0;
    std::uint64_t soft = 0;
    std::uint64_t slow = 0;
    std::uint64_t ignored = 0;
    std::uint64_t stale = 0; // results of another generation, never judged
    std::uint64_t expired = 0; // trials whose lease ran out
    std::uint64_t unjudged = 0; // results of calls admitted although the computed state refused
    std::array<std::uint64_t, 4> rejected{}; // by Admission
};

/// What telemetry and the admin endpoint show.
struct BreakerStatus
{
    using Duration = std::chrono::microseconds;

    BreakerState state = BreakerState::Closed;
    OverrideKind overrideKind = OverrideKind::None;
    std::string overrideId;
    Duration overrideLeft{0}; // 0 = none, or no deadline
    Duration openLeft{0};
    std::uint32_t windowCalls = 0;
    std::uint32_t windowFailures = 0;
    std::uint32_t windowSlow = 0;
    std::uint32_t consecutive = 0;
    unsigned trialsIssued = 0;
    unsigned trialsOk = 0;
    unsigned trialsWanted = 0;
    bool observeOnly = false;
    bool insufficient = false; // fewer calls than minCalls
    std::uint64_t stale = 0;
    std::uint64_t policyRevision = 0;
    std::array<Duration, 4> timeInState{}; // by BreakerState; sums up to the breaker's age
};

} // namespace meshyard
