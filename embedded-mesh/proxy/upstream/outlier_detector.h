// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/endpoint.h"

#include <array>
#include <span>

namespace meshyard::proxy {

/// Findings and ejections since start.
struct OutlierCounters
{
    std::array<std::uint64_t, kOutlierCauses> detected{};
    std::array<std::uint64_t, kOutlierCauses> enforced{};
    std::uint64_t overflow = 0; // not ejected for the sake of max_ejection_percent
};

/// Ejects endpoints that fail too often and lets them back after a growing pause.
///
/// Follows Envoy: arch_overview/upstream/outlier; ejections by consecutive errors are immediate,
/// those by rates and every return happen at the sweeps of the interval.
/// Thread: the worker that owns the cluster.
class OutlierDetector final
{
public:
    using Members = std::span<const std::shared_ptr<Endpoint>>;

    /// @param seed of the enforcing shares and the jitter.
    explicit OutlierDetector(std::uint64_t seed)
        : m_random(seed)
    {
    }

    /// Counts one attempt. @param status of the response; 0 = none came (connect error, reset,
    /// timeout).
    /// @return true when the endpoint was ejected by it.
    bool record(
        Endpoint& endpoint, int status, const OutlierSpec& spec, Members members, TimePoint now);

    /// The end of an interval: lets back whose time is over, judges rates.
    /// @return true when someone came back or was ejected.
    bool sweep(const OutlierSpec& spec, Members members, TimePoint now);
    /// Sweeps when the interval is over.
    bool tick(const OutlierSpec& spec, Members members, TimePoint now);

    /// A health check passed. @return true when it lets the endpoint back.
    bool checkPassed(Endpoint& endpoint, const OutlierSpec& spec);

    const OutlierCounters& counters() const { return m_counters; }

private:
    struct Rates; // what the two rate detectors compare

    bool recordLocalFailure(
        Endpoint& endpoint, const OutlierSpec& spec, Members members, TimePoint now);
    /// @return whether it was ejected.
    bool found(Endpoint& endpoint, OutlierCause cause, const OutlierSpec& spec, Members members,
        TimePoint now);
    bool eject(Endpoint& endpoint, OutlierCause cause, const OutlierSpec& spec, Members members,
        TimePoint now);
    bool judgeRates(const OutlierSpec& spec, Members members, bool local, TimePoint now);
    static bool mayEject(const OutlierSpec& spec, Members members);
    static void letBack(EjectionRecord& record);

    std::uint64_t m_random;
    TimePoint m_nextSweep{};
    OutlierCounters m_counters;
};

/// "consecutive_5xx", … as in Envoy's statistics.
std::string_view outlierCauseName(OutlierCause cause);

} // namespace meshyard::proxy
