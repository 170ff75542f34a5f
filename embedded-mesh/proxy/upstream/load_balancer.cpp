// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/load_balancer.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

bool contains(std::span<Endpoint* const> tried, const Endpoint* endpoint)
{
    return std::ranges::find(tried, endpoint) != tried.end();
}

/// Priorities beyond this are one: nobody means more, and a table is kept for each.
constexpr std::uint32_t kMaxPriorities = 128;

} // namespace

/// Builds the levels of one configuration and health.
class LoadBalancer::Builder
{
public:
    Builder(const BalanceInput& input, const BalanceSpec& spec)
        : m_input(input)
        , m_spec(spec)
    {
        for (const auto& endpoint : input.endpoints) {
            const std::size_t priority = std::min(endpoint->spec().priority, kMaxPriorities - 1);
            m_members.resize(std::max(m_members.size(), priority + 1));
            m_members[priority].push_back(endpoint);
        }
    }

    std::vector<PriorityHealth> health() const
    {
        std::vector<PriorityHealth> rows;
        for (const Members& members : m_members) {
            PriorityHealth row;
            for (const auto& endpoint : members) {
                const std::uint32_t counts
                    = m_input.weightedPriorityHealth ? endpoint->spec().weight : 1;
                ++row.all;
                if (endpoint->isExcluded())
                    continue;
                row.total += counts;
                row.healthy += endpoint->health() == Endpoint::Health::Healthy ? counts : 0;
                row.degraded += endpoint->health() == Endpoint::Health::Degraded ? counts : 0;
            }
            rows.push_back(row);
        }
        return rows;
    }

    Level level(std::size_t priority, bool panics) const
    {
        Level made;
        const Members& members = m_members[priority];
        if (panics) {
            made.healthy.whole = picker(members);
            return made;
        }
        const auto of = [&](Endpoint::Health health) {
            Members some;
            std::ranges::copy_if(members, std::back_inserter(some),
                [health](const auto& endpoint) { return endpoint->health() == health; });
            return some;
        };
        made.healthy = group(of(Endpoint::Health::Healthy), members);
        made.degraded = group(of(Endpoint::Health::Degraded), members);
        return made;
    }

private:
    std::uint32_t localityWeight(const Endpoint& endpoint) const
    {
        const std::uint32_t locality = endpoint.spec().locality;
        return locality < m_input.localityWeights.size() ? m_input.localityWeights[locality] : 0;
    }

    /// Tables of hashes hold all localities at once, each endpoint with its share of its locality.
    HostPicker::Hosts hosts(const Members& members) const
    {
        HostPicker::Hosts made;
        const bool share = isHashing(m_spec.policy) && m_spec.localityWeighted;
        std::vector<std::uint64_t> sums(share ? m_input.localityWeights.size() : 0);
        for (const auto& endpoint : members) {
            if (endpoint->spec().locality < sums.size())
                sums[endpoint->spec().locality] += endpoint->spec().weight;
        }
        for (const auto& endpoint : members) {
            double weight = endpoint->spec().weight;
            if (share && localityWeight(*endpoint) == 0)
                continue;
            if (share)
                weight *= static_cast<double>(localityWeight(*endpoint))
                    / static_cast<double>(sums[endpoint->spec().locality]);
            made.push_back({endpoint, weight});
        }
        return made;
    }

    std::unique_ptr<HostPicker> picker(const Members& members) const
    {
        HostPicker::Hosts made = hosts(members);
        if (made.empty())
            return nullptr;
        return HostPicker::make(m_spec, std::move(made), m_input.seed, m_input.now);
    }

    Group group(const Members& eligible, const Members& all) const
    {
        Group made;
        if (!m_spec.localityWeighted || isHashing(m_spec.policy)) {
            made.whole = picker(eligible);
            return made;
        }
        for (std::uint32_t locality = 0; locality < m_input.localityWeights.size(); ++locality) {
            Members members;
            std::ranges::copy_if(eligible, std::back_inserter(members),
                [&](const auto& endpoint) { return endpoint->spec().locality == locality; });
            const auto total = static_cast<double>(std::ranges::count_if(all, [&](const auto& one) {
                return one->spec().locality == locality && !one->isExcluded();
            }));
            if (members.empty() || m_input.localityWeights[locality] == 0)
                continue;
            const double available = static_cast<double>(members.size()) / std::max(total, 1.0);
            const double weight = m_input.localityWeights[locality]
                * std::min(1.0, m_input.overprovisioning / 100.0 * available);
            made.turns.add(static_cast<std::uint32_t>(made.localities.size()), weight);
            made.localityWeights.push_back(weight);
            made.localities.push_back(picker(members));
        }
        if (made.localities.empty()) // no weight anywhere: as if there were no localities
            made.whole = picker(eligible);
        return made;
    }

    const BalanceInput& m_input;
    const BalanceSpec& m_spec;
    std::vector<Members> m_members; // by priority
};

HostPicker* LoadBalancer::Group::choose()
{
    if (localities.empty())
        return whole.get();
    if (localities.size() == 1)
        return localities.front().get();
    return localities[turns.next([this](std::uint32_t index) { return localityWeights[index]; })]
        .get();
}

void LoadBalancer::rebuild(const BalanceInput& input, const BalanceSpec& spec)
{
    const Builder builder(input, spec);
    const std::vector<PriorityHealth> health = builder.health();
    m_load.compute(health, input.overprovisioning, spec.panicThreshold);
    m_hashing = isHashing(spec.policy);
    m_levels.clear();
    for (std::size_t priority = 0; priority < health.size(); ++priority)
        m_levels.push_back(builder.level(priority, m_load.isPanicking(priority)));
}

std::shared_ptr<Endpoint> LoadBalancer::pick(const PickContext& context)
{
    if (m_levels.empty())
        return nullptr;
    std::uint64_t state = context.random;
    const std::uint64_t forPriority = m_hashing && context.hash ? *context.hash : context.random;
    const PriorityLoad::Choice choice = context.triedPriorities == 0
        ? m_load.choose(forPriority)
        : m_load.chooseUntried(nextRandom(state), context.triedPriorities);
    Level& level = m_levels[choice.priority];
    Group& group
        = choice.degraded && !m_load.isPanicking(choice.priority) ? level.degraded : level.healthy;
    HostPicker* picker = group.choose();
    if (picker == nullptr)
        return nullptr;
    if (context.avoid.empty())
        return picker->pick(context, nextRandom(state), 0);
    for (unsigned attempt = 0; attempt <= context.hostAttempts; ++attempt) {
        const auto& chosen = picker->pick(context, nextRandom(state), attempt);
        if (!contains(context.avoid, chosen.get()))
            return chosen;
        picker = group.choose();
    }
    return notTried(*picker, context);
}

std::shared_ptr<Endpoint> LoadBalancer::notTried(HostPicker& picker, const PickContext& context)
{
    const auto& hosts = picker.hosts();
    const std::size_t start = context.random % hosts.size();
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const auto& endpoint = hosts[(start + i) % hosts.size()].endpoint;
        if (!contains(context.avoid, endpoint.get()))
            return endpoint;
    }
    return hosts[start].endpoint;
}

} // namespace meshyard::proxy
