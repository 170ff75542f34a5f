// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/service_behaviour.h"

#include <algorithm>

namespace meshyard::workloads {

ServiceBehaviour::ServiceBehaviour(std::uint64_t seed, double medianMs, double sigma)
    : m_random(seed)
    , m_medianMs(medianMs)
    , m_sigma(sigma)
{
    constexpr double kHourMs = 3'600'000;
    m_knobs.add("latency_ms", m_latencyMs, 0, kHourMs);
    m_knobs.add("jitter_ms", m_jitterMs, 0, kHourMs);
    m_knobs.add("failure_percent", m_failurePercent, 0, 100);
    m_knobs.add("reset_percent", m_resetPercent, 0, 100);
}

Duration ServiceBehaviour::drawLatency()
{
    const double base = std::min(m_random.logNormal(m_medianMs, m_sigma), 20 * m_medianMs);
    const std::chrono::duration<double, std::milli> total(
        base + m_latencyMs + m_jitterMs * m_random.uniform());
    return std::chrono::duration_cast<Duration>(total);
}

Fate ServiceBehaviour::drawFate()
{
    if (m_random.chance(m_resetPercent))
        return Fate::Reset;
    return m_random.chance(m_failurePercent) ? Fate::Fail : Fate::Answer;
}

} // namespace meshyard::workloads
