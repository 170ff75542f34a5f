// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/hash_pickers.h"

#include "embedded-mesh/proxy/upstream/hash.h"

#include <cmath>
#include <limits>

namespace meshyard::proxy {

namespace {

constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

} // namespace

HashPicker::HashPicker(Hosts hosts, const BalanceSpec& spec)
    : HostPicker(std::move(hosts))
    , m_hashesHostname(spec.hashesHostname)
    , m_balanceFactor(spec.hashBalanceFactor)
{
    for (const Host& host : m_hosts)
        m_totalWeight += host.weight;
    if (m_balanceFactor > 0)
        m_order.resize(m_hosts.size());
}

std::string HashPicker::keyOf(const Endpoint& endpoint) const
{
    const EndpointSpec& spec = endpoint.spec();
    if (!spec.hashKey.empty())
        return spec.hashKey;
    return m_hashesHostname && !spec.hostname.empty() ? spec.hostname : spec.address.toString();
}

const std::shared_ptr<Endpoint>& HashPicker::pick(
    const PickContext& context, std::uint64_t draw, unsigned attempt)
{
    const std::uint64_t hash = context.hash.value_or(draw);
    const std::uint32_t wanted = find(hash, attempt);
    return at(m_balanceFactor == 0 ? wanted : lessLoaded(wanted, hash));
}

double HashPicker::overload(std::uint32_t host, std::uint64_t active) const
{
    const auto slots = static_cast<double>(((active + 1) * m_balanceFactor + 99) / 100);
    const double own = std::max(1.0, std::ceil(slots * m_hosts[host].weight / m_totalWeight));
    return at(host)->active / own;
}

std::uint32_t HashPicker::lessLoaded(std::uint32_t wanted, std::uint64_t hash)
{
    std::uint64_t active = 0;
    for (const Host& host : m_hosts)
        active += host.endpoint->active;
    double least = overload(wanted, active);
    if (least <= 1)
        return wanted;
    // A random walk seeded by the hash: the same request meets the same alternatives.
    std::uint32_t best = wanted;
    std::uint64_t state = hash;
    for (std::uint32_t i = 0; i < m_order.size(); ++i)
        m_order[i] = i;
    for (std::size_t i = 0; i < m_order.size(); ++i) {
        std::swap(m_order[i], m_order[i + nextRandom(state) % (m_order.size() - i)]);
        const double other = overload(m_order[i], active);
        if (m_order[i] != wanted && other <= 1)
            return m_order[i];
        if (other < least) {
            least = other;
            best = m_order[i];
        }
    }
    return best;
}

RingPicker::RingPicker(Hosts hosts, const BalanceSpec& spec)
    : HashPicker(std::move(hosts), spec)
{
    double total = 0;
    double smallest = std::numeric_limits<double>::max();
    for (const Host& host : m_hosts) {
        total += host.weight;
        smallest = std::min(smallest, host.weight);
    }
    smallest /= total;
    // The lightest endpoint gets a whole number of places; the running sums round for the rest.
    const double scale
        = std::min(std::ceil(smallest * static_cast<double>(spec.minRingSize)) / smallest,
            static_cast<double>(spec.maxRingSize));
    m_ring.reserve(static_cast<std::size_t>(std::ceil(scale)));
    double placed = 0;
    double wanted = 0;
    for (std::uint32_t host = 0; host < m_hosts.size(); ++host) {
        const std::string key = keyOf(*at(host)) + '_';
        wanted += scale * m_hosts[host].weight / total;
        for (std::uint64_t i = 0; placed < wanted; ++i, ++placed) {
            const std::string place = key + std::to_string(i);
            m_ring.push_back(
                {spec.hashFunction == HashFunction::Murmur2 ? murmurHash2(place) : xxHash64(place),
                    host});
        }
    }
    std::ranges::sort(m_ring, {}, &Place::hash);
}

std::uint32_t RingPicker::find(std::uint64_t hash, unsigned attempt) const
{
    const auto place = std::ranges::lower_bound(m_ring, hash, {}, &Place::hash);
    const auto index = static_cast<std::size_t>(place - m_ring.begin());
    return m_ring[(index + attempt) % m_ring.size()].host;
}

MaglevPicker::MaglevPicker(Hosts hosts, const BalanceSpec& spec)
    : HashPicker(std::move(hosts), spec)
    , m_table(spec.tableSize, kNobody)
{
    struct Row
    {
        std::uint64_t offset;
        std::uint64_t skip;
        std::uint64_t next;
        double weight;
        double due;
    };
    const std::uint64_t size = spec.tableSize;
    std::vector<Row> rows;
    double heaviest = 0;
    for (const Host& host : m_hosts) {
        const std::string key = keyOf(*host.endpoint);
        // Normalised as in Envoy: where rounding skips a turn there, it does here.
        const double weight = host.weight / totalWeight();
        rows.push_back({xxHash64(key) % size, xxHash64(key, 1) % (size - 1) + 1, 0, weight, 0});
        heaviest = std::max(heaviest, weight);
    }
    std::uint64_t filled = 0;
    for (std::uint64_t iteration = 1; filled < size; ++iteration) {
        for (std::uint32_t host = 0; host < rows.size() && filled < size; ++host) {
            Row& row = rows[host];
            if (static_cast<double>(iteration) * row.weight < row.due)
                continue; // lighter than the heaviest: not in every round
            row.due += heaviest;
            std::uint64_t slot = 0;
            do
                slot = (row.offset + row.skip * row.next++) % size;
            while (m_table[slot] != kNobody);
            m_table[slot] = host;
            ++filled;
        }
    }
}

std::uint32_t MaglevPicker::find(std::uint64_t hash, unsigned attempt) const
{
    if (attempt > 0)
        hash ^= ~std::uint64_t{0} - attempt + 1;
    return m_table[hash % m_table.size()];
}

} // namespace meshyard::proxy
