// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/host_picker.h"

namespace meshyard::proxy {

/// The part common to ring and Maglev table: the hash of the request decides, unless the endpoint
/// it stands for has more than its share of the load.
///
/// Follows Envoy's bounded loads (hash_balance_factor), after arXiv:1608.01350 and 1908.08762.
class HashPicker : public HostPicker
{
public:
    HashPicker(Hosts hosts, const BalanceSpec& spec);

    const std::shared_ptr<Endpoint>& pick(
        const PickContext& context, std::uint64_t draw, unsigned attempt) final;

protected:
    virtual std::uint32_t find(std::uint64_t hash, unsigned attempt) const = 0;
    /// What stands for an endpoint: its metadata hash_key, its name if so configured, its address.
    std::string keyOf(const Endpoint& endpoint) const;
    double totalWeight() const { return m_totalWeight; }

private:
    double overload(std::uint32_t host, std::uint64_t active) const;
    std::uint32_t lessLoaded(std::uint32_t wanted, std::uint64_t hash);

    const bool m_hashesHostname;
    const std::uint32_t m_balanceFactor;
    double m_totalWeight = 0;
    std::vector<std::uint32_t> m_order; // scratch of the random walk
};

/// A ketama ring: every endpoint at places in proportion to its weight.
///
/// Follows Envoy: arch_overview/upstream/load_balancing/load_balancers (ring hash); same places.
class RingPicker final : public HashPicker
{
public:
    RingPicker(Hosts hosts, const BalanceSpec& spec);
    std::size_t size() const { return m_ring.size(); }

private:
    struct Place
    {
        std::uint64_t hash;
        std::uint32_t host;
    };

    std::uint32_t find(std::uint64_t hash, unsigned attempt) const override;

    std::vector<Place> m_ring; // by hash
};

/// Maglev's lookup table.
///
/// Follows Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", 3.4, with
/// Envoy's weights and hashes, so the tables are equal.
class MaglevPicker final : public HashPicker
{
public:
    MaglevPicker(Hosts hosts, const BalanceSpec& spec);

private:
    std::uint32_t find(std::uint64_t hash, unsigned attempt) const override;

    std::vector<std::uint32_t> m_table;
};

} // namespace meshyard::proxy
