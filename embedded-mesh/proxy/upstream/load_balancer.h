// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/endpoint.h"

#include <span>

namespace meshyard::proxy {

/// Chooses an endpoint: priorities first (with overprovisioning), then the cluster's policy among
/// the healthy ones of that priority; below the panic threshold health is ignored.
///
/// Follows Envoy's load balancing: arch_overview/upstream/load_balancing (priority levels, panic
/// threshold) and "power of two random choices".
class LoadBalancer final
{
public:
    /// Recomputes who is eligible; after every change of endpoints, health or ejection.
    void rebuild(std::span<const std::shared_ptr<Endpoint>> endpoints, const ClusterSpec& spec,
        std::uint32_t overprovisioning);

    /// @param avoid endpoints already tried by this request, taken only when nothing else is left.
    /// @return nullptr = no healthy endpoint.
    std::shared_ptr<Endpoint> pick(std::uint64_t random, std::span<Endpoint* const> avoid);

    bool isPanicking() const { return m_panic; }

private:
    struct Level
    {
        std::vector<std::shared_ptr<Endpoint>> eligible;
        std::vector<std::uint64_t> weights; // cumulative; empty when all are equal
        std::uint32_t load = 0; // cumulative percent
        std::size_t next = 0; // round robin
    };

    Level* levelFor(std::uint64_t random);
    static const std::shared_ptr<Endpoint>& drawn(const Level& level, std::uint64_t random);
    const std::shared_ptr<Endpoint>& choose(Level& level, std::uint64_t random) const;

    std::vector<Level> m_levels;
    BalancePolicy m_policy = BalancePolicy::LeastRequest;
    std::uint32_t m_choices = 2;
    bool m_panic = false;
};

/// splitmix64 step: cheap, seedable.
inline std::uint64_t nextRandom(std::uint64_t& state)
{
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

} // namespace meshyard::proxy
