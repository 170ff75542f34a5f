// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/latency_sketch.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace meshyard::workloads {

/// What one program counted itself: the truth that the mesh's own figures are compared with.
class RequestCounters final
{
public:
    explicit RequestCounters(const Clock& clock);

    /// @param latency from the full request read (or the intended send time) to the end.
    void record(int status, Duration latency);
    /// @param outcome what stands for a status in a protocol that has no numbers.
    void record(std::string_view outcome, Duration latency);
    /// Counts under a free name within a group, e.g. "byPath"; at most 64 names a group.
    void count(const std::string& group, std::string_view name);
    void reset();

    std::uint64_t requests() const { return m_requests; }
    /// {"sinceS":…,"requests":…,"byStatus":{…},…groups…,"latencyMs":{"p50":…}}; null = no sample.
    std::string json() const;

private:
    const Clock& m_clock;
    TimePoint m_since;
    std::uint64_t m_requests = 0;
    std::map<std::string, std::uint64_t> m_byStatus;
    std::map<std::string, std::map<std::string, std::uint64_t>> m_groups;
    LatencySketch m_latency;
};

} // namespace meshyard::workloads
