// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/load_balancer.h"

#include <algorithm>
#include <map>

namespace meshyard::proxy {

namespace {

bool contains(std::span<Endpoint* const> tried, const Endpoint* endpoint)
{
    return std::ranges::find(tried, endpoint) != tried.end();
}

} // namespace

void LoadBalancer::rebuild(std::span<const std::shared_ptr<Endpoint>> endpoints,
    const ClusterSpec& spec, std::uint32_t overprovisioning)
{
    m_policy = spec.balance;
    m_choices = spec.choices;
    m_panic = false;
    m_levels.clear();
    std::map<std::uint32_t, std::vector<std::shared_ptr<Endpoint>>> byPriority;
    for (const auto& endpoint : endpoints)
        byPriority[endpoint->spec().priority].push_back(endpoint);
    std::uint32_t assigned = 0;
    for (const auto& [priority, members] : byPriority) {
        Level level;
        for (const auto& endpoint : members) {
            if (endpoint->isHealthy())
                level.eligible.push_back(endpoint);
        }
        const double healthy = 100.0 * static_cast<double>(level.eligible.size())
            / static_cast<double>(members.size());
        const auto available = std::min(100U,
            static_cast<std::uint32_t>(healthy * static_cast<double>(overprovisioning) / 100.0));
        if (healthy < spec.panicThreshold && byPriority.size() == 1) {
            m_panic = true;
            level.eligible.assign(members.begin(), members.end());
        }
        if (level.eligible.empty())
            continue;
        assigned = std::min(100U, assigned + (m_panic ? 100U : available));
        level.load = assigned;
        const bool weighted = std::ranges::any_of(level.eligible, [&](const auto& endpoint) {
            return endpoint->spec().weight != level.eligible.front()->spec().weight;
        });
        std::uint64_t sum = 0;
        for (const auto& endpoint : level.eligible) {
            if (weighted)
                level.weights.push_back(sum += endpoint->spec().weight);
        }
        m_levels.push_back(std::move(level));
    }
}

LoadBalancer::Level* LoadBalancer::levelFor(std::uint64_t random)
{
    if (m_levels.empty())
        return nullptr;
    const std::uint32_t total = m_levels.back().load;
    if (m_levels.size() == 1 || total == 0)
        return &m_levels.front();
    const auto at = static_cast<std::uint32_t>((random >> 40) % total);
    for (Level& level : m_levels) {
        if (at < level.load)
            return &level;
    }
    return &m_levels.back();
}

const std::shared_ptr<Endpoint>& LoadBalancer::drawn(const Level& level, std::uint64_t random)
{
    if (level.weights.empty())
        return level.eligible[random % level.eligible.size()];
    const auto at = std::ranges::upper_bound(level.weights, random % level.weights.back());
    return level.eligible[static_cast<std::size_t>(at - level.weights.begin())];
}

const std::shared_ptr<Endpoint>& LoadBalancer::choose(Level& level, std::uint64_t random) const
{
    if (level.eligible.size() == 1)
        return level.eligible.front();
    switch (m_policy) {
    case BalancePolicy::RoundRobin:
        return drawn(level, level.next++);
    case BalancePolicy::Random:
        return drawn(level, random);
    case BalancePolicy::LeastRequest:
        break;
    }
    std::uint64_t state = random;
    const std::shared_ptr<Endpoint>* best = &drawn(level, nextRandom(state));
    for (std::uint32_t i = 1; i < m_choices; ++i) {
        const std::shared_ptr<Endpoint>* other = &drawn(level, nextRandom(state));
        if (level.eligible.size() == 2 && *other == *best) // two: compare both, not one with itself
            other = &level.eligible[level.eligible[0] == *best ? 1 : 0];
        if ((*other)->active < (*best)->active)
            best = other;
    }
    return *best;
}

std::shared_ptr<Endpoint> LoadBalancer::pick(std::uint64_t random, std::span<Endpoint* const> avoid)
{
    Level* const level = levelFor(random);
    if (level == nullptr)
        return nullptr;
    std::uint64_t state = random;
    for (int attempt = 0; attempt < 4; ++attempt) {
        const std::shared_ptr<Endpoint>& chosen = choose(*level, nextRandom(state));
        if (!contains(avoid, chosen.get()))
            return chosen;
    }
    for (const auto& endpoint : level->eligible) {
        if (!contains(avoid, endpoint.get()))
            return endpoint;
    }
    return choose(*level, nextRandom(state));
}

} // namespace meshyard::proxy
