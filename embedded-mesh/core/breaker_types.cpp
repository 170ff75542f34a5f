// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/breaker_types.h"

namespace meshyard {

std::string_view breakerStateName(BreakerState state)
{
    switch (state) {
    case BreakerState::Closed:
        return "CLOSED";
    case BreakerState::Open:
        return "OPEN";
    case BreakerState::HalfOpen:
        return "HALF_OPEN";
    }
    return {};
}

std::string_view overrideKindName(OverrideKind kind)
{
    switch (kind) {
    case OverrideKind::None:
        return {};
    case OverrideKind::ForcedOpen:
        return "FORCED_OPEN";
    case OverrideKind::ForcedClosed:
        return "FORCED_CLOSED";
    case OverrideKind::Draining:
        return "DRAINING";
    }
    return {};
}

std::string_view breakerCauseName(BreakerCause cause)
{
    switch (cause) {
    case BreakerCause::Consecutive:
        return "consecutive";
    case BreakerCause::FailureRatio:
        return "failure_ratio";
    case BreakerCause::SlowRatio:
        return "slow_ratio";
    case BreakerCause::TrialFailed:
        return "trial_failed";
    case BreakerCause::TrialPassed:
        return "trial_passed";
    case BreakerCause::Timer:
        return "timer";
    case BreakerCause::Operator:
        return "operator";
    case BreakerCause::OverrideExpired:
        return "override_expired";
    case BreakerCause::PolicyChange:
        return "policy_change";
    }
    return {};
}

std::string_view admissionHeader(Admission admission)
{
    switch (admission) {
    case Admission::Admitted:
        return {};
    case Admission::Open:
        return "open";
    case Admission::ForcedOpen:
        return "forced-open";
    case Admission::HalfOpen:
        return "half-open";
    }
    return {};
}

} // namespace meshyard
