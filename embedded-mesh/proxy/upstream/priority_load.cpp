// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/priority_load.h"

#include <algorithm>
#include <numeric>

namespace meshyard::proxy {

namespace {

std::uint32_t availability(std::uint32_t hosts, std::uint32_t total, std::uint32_t overprovisioning)
{
    if (total == 0)
        return 0;
    const std::uint64_t percent = std::uint64_t{overprovisioning} * hosts / total;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(100, percent));
}

/// Hands `rest` out by availability. @return the first priority that is available, or size().
std::size_t handOut(std::span<const std::uint32_t> available, std::span<std::uint32_t> load,
    std::uint32_t normalized, std::uint32_t& rest)
{
    std::size_t first = available.size();
    for (std::size_t i = 0; i < available.size(); ++i) {
        if (first == available.size() && available[i] > 0)
            first = i;
        load[i] = std::min(rest, available[i] * 100 / normalized);
        rest -= load[i];
    }
    return first;
}

} // namespace

void PriorityLoad::compute(std::span<const PriorityHealth> priorities,
    std::uint32_t overprovisioning, double panicThreshold)
{
    const std::size_t count = priorities.size();
    m_health.assign(count, 0);
    m_degradedHealth.assign(count, 0);
    m_healthyLoad.assign(count, 0);
    m_degradedLoad.assign(count, 0);
    m_panic.assign(count, 0);
    if (count == 0)
        return;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const PriorityHealth& priority = priorities[i];
        m_health[i] = availability(priority.healthy, priority.total, overprovisioning);
        m_degradedHealth[i] = availability(priority.degraded, priority.total, overprovisioning);
        sum += m_health[i] + m_degradedHealth[i];
    }
    const auto normalized = static_cast<std::uint32_t>(std::min<std::uint64_t>(100, sum));
    if (normalized > 0)
        distribute(normalized);
    else
        m_healthyLoad.front() = 100; // all of it to nobody, unless the panic below takes it
    if (panicThreshold <= 0 || normalized == 100)
        return;
    bool everywhere = true;
    for (std::size_t i = 0; i < count; ++i) {
        const PriorityHealth& priority = priorities[i];
        const double available = priority.total == 0
            ? 0
            : 100.0 * (priority.healthy + priority.degraded) / priority.total;
        m_panic[i] = available < panicThreshold ? 1 : 0;
        everywhere = everywhere && m_panic[i] != 0;
    }
    if (everywhere)
        distributeByHosts(priorities);
}

void PriorityLoad::distribute(std::uint32_t normalized)
{
    std::uint32_t rest = 100;
    const std::size_t healthy = handOut(m_health, m_healthyLoad, normalized, rest);
    const std::size_t degraded = handOut(m_degradedHealth, m_degradedLoad, normalized, rest);
    if (healthy < m_healthyLoad.size()) // what rounding left over
        m_healthyLoad[healthy] += rest;
    else
        m_degradedLoad[degraded] += rest;
}

void PriorityLoad::distributeByHosts(std::span<const PriorityHealth> priorities)
{
    const std::uint64_t hosts
        = std::accumulate(priorities.begin(), priorities.end(), std::uint64_t{0},
            [](std::uint64_t sum, const PriorityHealth& priority) { return sum + priority.all; });
    m_degradedLoad.assign(m_degradedLoad.size(), 0);
    m_healthyLoad.assign(m_healthyLoad.size(), 0);
    if (hosts == 0) {
        m_healthyLoad.front() = 100;
        return;
    }
    std::uint32_t rest = 100;
    std::size_t first = priorities.size();
    for (std::size_t i = 0; i < priorities.size(); ++i) {
        if (first == priorities.size() && priorities[i].all > 0)
            first = i;
        m_healthyLoad[i] = static_cast<std::uint32_t>(100 * priorities[i].all / hosts);
        rest -= m_healthyLoad[i];
    }
    m_healthyLoad[first] += rest;
}

PriorityLoad::Choice PriorityLoad::choose(std::uint64_t hash) const
{
    if (m_healthyLoad.size() == 1 && m_degradedLoad.front() == 0)
        return {};
    auto left = static_cast<std::uint32_t>(hash % 100) + 1;
    for (const bool degraded : {false, true}) {
        const auto& load = degraded ? m_degradedLoad : m_healthyLoad;
        for (std::size_t i = 0; i < load.size(); ++i) {
            if (left <= load[i])
                return {i, degraded};
            left -= load[i];
        }
    }
    return {};
}

PriorityLoad::Choice PriorityLoad::chooseUntried(std::uint64_t hash, std::uint32_t tried) const
{
    const auto weight = [&](std::size_t i) {
        return i < 32 && (tried >> i & 1U) != 0 ? 0 : m_health[i] + m_degradedHealth[i];
    };
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < m_health.size(); ++i)
        sum += weight(i);
    if (sum == 0)
        return choose(hash);
    std::uint64_t left = hash % sum;
    for (std::size_t i = 0; i < m_health.size(); ++i) {
        if (left < weight(i))
            return {i, left >= m_health[i]};
        left -= weight(i);
    }
    return {};
}

bool PriorityLoad::isPanickingAnywhere() const
{
    return std::ranges::any_of(m_panic, [](std::uint8_t panics) { return panics != 0; });
}

} // namespace meshyard::proxy
