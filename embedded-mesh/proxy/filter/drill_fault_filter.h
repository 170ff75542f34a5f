// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"

namespace meshyard::v1 {
class DrillFault;
}

namespace meshyard::proxy {

/// A compiled DrillFault: its end is on our own clocks.
struct DrillFaultSettings final : FilterSettings
{
    enum class Kind : std::uint8_t { None, Reset, BlackHole, Bandwidth, SlowClose };

    Kind kind = Kind::None;
    std::uint32_t perMillion = 0;
    std::uint64_t bytesPerSecond = 0;
    Micros hold{0};
    TimePoint deadline{};

    /// @param clock what the ttl is counted on from now.
    static Result<std::shared_ptr<const DrillFaultSettings>> compile(
        const v1::DrillFault& fault, const Clock& clock);
};

/// meshyard.filters.http.drill_fault: connection resets, black holes, bandwidth caps and slow
/// closes for drills, each gone when its ttl is over.
class DrillFaultFilter final : public HttpFilter
{
public:
    DrillFaultFilter(std::string name, std::shared_ptr<const DrillFaultSettings> settings,
        std::string statPrefix);

    Verdict onRequest(RequestPass& pass, const FilterSettings* own) const override;
    void visitStats(const StatSink& sink) const override;

private:
    const std::shared_ptr<const DrillFaultSettings> m_settings;
    const std::string m_statPrefix;
    mutable Counter m_injected;
};

} // namespace meshyard::proxy
