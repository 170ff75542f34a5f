// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/endpoint.h"
#include "embedded-mesh/proxy/upstream/health_check_spec.h"

namespace meshyard::proxy {

/// How one probe of an endpoint ended.
enum class ProbeResult : std::uint8_t {
    Passed,
    Degraded, // passed, saying x-envoy-degraded
    Refused, // an answer that says unhealthy: believed at once
    RetriableRefused, // … of a status that counts by the threshold
    Lost, // no connection, reset, timeout, nonsense: counts by the threshold
};

/// The verdict on one endpoint, from probe to probe.
///
/// Follows Envoy's ActiveHealthCheckSession: arch_overview/upstream/health_checking. An endpoint
/// begins as failing; its very first passed probe is enough.
class HealthThresholds final
{
public:
    enum class Transition : std::uint8_t { Unchanged, Pending, Changed };

    /// @return whether the verdict changed or is on its way to.
    Transition take(ProbeResult result, const HealthCheckSpec& spec)
    {
        const bool first = std::exchange(m_first, false);
        const bool passed = result == ProbeResult::Passed || result == ProbeResult::Degraded;
        m_lastPassed = passed;
        if (!passed)
            return fail(result == ProbeResult::Refused, spec);
        m_bad = 0;
        const CheckState wanted
            = result == ProbeResult::Degraded ? CheckState::Degraded : CheckState::Passing;
        if (m_verdict == CheckState::Failing && !first && ++m_good < spec.healthyThreshold)
            return Transition::Pending;
        m_good = 0;
        return std::exchange(m_verdict, wanted) == wanted ? Transition::Unchanged
                                                          : Transition::Changed;
    }

    CheckState verdict() const { return m_verdict; }
    bool lastPassed() const { return m_lastPassed; }

    /// Time until the next probe, before jitter.
    HealthCheckSpec::Micros interval(
        Transition transition, bool hasTraffic, const HealthCheckSpec& spec) const
    {
        if (!hasTraffic)
            return m_lastPassed ? spec.noTrafficHealthyInterval : spec.noTrafficInterval;
        if (transition == Transition::Pending)
            return m_lastPassed ? spec.healthyEdgeInterval : spec.unhealthyEdgeInterval;
        return m_lastPassed ? spec.interval : spec.unhealthyInterval;
    }

private:
    Transition fail(bool atOnce, const HealthCheckSpec& spec)
    {
        m_good = 0;
        if (m_verdict == CheckState::Failing)
            return Transition::Unchanged;
        if (!atOnce && ++m_bad < spec.unhealthyThreshold)
            return Transition::Pending;
        m_bad = 0;
        m_verdict = CheckState::Failing;
        return Transition::Changed;
    }

    CheckState m_verdict = CheckState::Failing;
    bool m_first = true;
    bool m_lastPassed = false;
    std::uint32_t m_good = 0; // in a row
    std::uint32_t m_bad = 0;
};

} // namespace meshyard::proxy
