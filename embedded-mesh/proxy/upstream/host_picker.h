// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/balance_spec.h"
#include "embedded-mesh/proxy/upstream/endpoint.h"

#include <optional>
#include <span>

namespace meshyard::proxy {

/// splitmix64 step: cheap, seedable.
inline std::uint64_t nextRandom(std::uint64_t& state)
{
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/// What one choice goes by.
struct PickContext
{
    std::uint64_t random = 0; // uniform
    std::optional<std::uint64_t> hash; // of the route's hash policies
    TimePoint now{}; // for slow start
    std::span<Endpoint* const> avoid; // already tried by this request
    unsigned hostAttempts = 1; // further draws for one that was not
    std::uint32_t triedPriorities = 0; // bits
    const MetadataPairs* subset = nullptr; // the route's metadata_match
};

/// Chooses among the endpoints it was built for. Built anew when they, their health or their
/// weights change; allocates nothing afterwards.
///
/// Thread: its worker's.
class HostPicker
{
public:
    struct Host
    {
        std::shared_ptr<Endpoint> endpoint;
        double weight = 1;
    };
    using Hosts = std::vector<Host>;

    explicit HostPicker(Hosts hosts)
        : m_hosts(std::move(hosts))
    {
    }
    virtual ~HostPicker() = default;
    HostPicker(const HostPicker&) = delete;
    HostPicker& operator=(const HostPicker&) = delete;

    /// @param draw uniform, fresh for each attempt. @param attempt 0 first; hashing goes elsewhere
    /// by it.
    virtual const std::shared_ptr<Endpoint>& pick(
        const PickContext& context, std::uint64_t draw, unsigned attempt)
        = 0;
    const Hosts& hosts() const { return m_hosts; }

    /// @param hosts at least one. @param seed where taking turns begins.
    static std::unique_ptr<HostPicker> make(
        const BalanceSpec& spec, Hosts hosts, std::uint64_t seed, TimePoint now);

protected:
    const std::shared_ptr<Endpoint>& at(std::size_t index) const { return m_hosts[index].endpoint; }

    Hosts m_hosts;
};

} // namespace meshyard::proxy
