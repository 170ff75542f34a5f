// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/workloads/knob_set.h"
#include "embedded-mesh/workloads/seeded_random.h"

namespace meshyard::workloads {

/// What becomes of one request.
enum class Fate : std::uint8_t { Answer, Fail, Reset };

/// How a demo service behaves towards its callers, whatever protocol it speaks: a lognormal base
/// latency, and the knobs latency_ms, jitter_ms, failure_percent, reset_percent.
class ServiceBehaviour final
{
public:
    ServiceBehaviour(std::uint64_t seed, double medianMs, double sigma);
    ServiceBehaviour(const ServiceBehaviour&) = delete;
    ServiceBehaviour& operator=(const ServiceBehaviour&) = delete;

    KnobSet& knobs() { return m_knobs; }
    Duration drawLatency();
    Fate drawFate();

private:
    SeededRandom m_random;
    const double m_medianMs;
    const double m_sigma;
    KnobSet m_knobs;
    double m_latencyMs = 0;
    double m_jitterMs = 0;
    double m_failurePercent = 0;
    double m_resetPercent = 0;
};

} // namespace meshyard::workloads
