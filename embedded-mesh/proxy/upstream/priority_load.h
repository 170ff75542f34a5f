// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace meshyard::proxy {

/// How the endpoints of one priority are.
struct PriorityHealth
{
    std::uint32_t healthy = 0;
    std::uint32_t degraded = 0;
    std::uint32_t total = 0; // without those excluded until their first health check
    std::uint64_t all = 0; // with them

    bool operator==(const PriorityHealth&) const = default;
};

/// What share of the traffic each priority takes, and which ignore health.
///
/// Follows Envoy: arch_overview/upstream/load_balancing/priority, …/panic_threshold and …/degraded;
/// whole percents, rounded as there, so that its documented tables hold.
class PriorityLoad final
{
public:
    struct Choice
    {
        std::size_t priority = 0;
        bool degraded = false;
    };

    /// @param overprovisioning percent, 140 by default. @param panicThreshold percent; 0 = never.
    void compute(std::span<const PriorityHealth> priorities, std::uint32_t overprovisioning,
        double panicThreshold);

    /// @param hash uniform, or of the request: decides by its last two decimal digits.
    Choice choose(std::uint64_t hash) const;
    /// The same among the priorities not tried yet, as long as one of them is available.
    /// @param tried one bit a priority.
    Choice chooseUntried(std::uint64_t hash, std::uint32_t tried) const;

    bool isPanicking(std::size_t priority) const { return m_panic[priority] != 0; }
    bool isPanickingAnywhere() const;
    std::span<const std::uint32_t> healthyLoad() const { return m_healthyLoad; }
    std::span<const std::uint32_t> degradedLoad() const { return m_degradedLoad; }
    std::size_t size() const { return m_healthyLoad.size(); }

private:
    void distribute(std::uint32_t normalized);
    void distributeByHosts(std::span<const PriorityHealth> priorities);

    std::vector<std::uint32_t> m_health; // percent available
    std::vector<std::uint32_t> m_degradedHealth;
    std::vector<std::uint32_t> m_healthyLoad; // percent of the traffic
    std::vector<std::uint32_t> m_degradedLoad;
    std::vector<std::uint8_t> m_panic;
};

} // namespace meshyard::proxy
