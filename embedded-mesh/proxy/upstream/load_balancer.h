// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/edf_scheduler.h"
#include "embedded-mesh/proxy/upstream/host_picker.h"
#include "embedded-mesh/proxy/upstream/priority_load.h"

#include <span>

namespace meshyard::proxy {

/// What a balancer is built from.
struct BalanceInput
{
    std::span<const std::shared_ptr<Endpoint>> endpoints;
    std::span<const std::uint32_t> localityWeights; // by EndpointSpec::locality; 0 = no traffic
    std::uint32_t overprovisioning = 140; // percent
    bool weightedPriorityHealth = false; // a priority's health goes by weights, not by numbers
    std::uint64_t seed = 0;
    TimePoint now{};
};

/// Chooses an endpoint: the priority by what is available there, then the locality if localities
/// are weighted, then the cluster's policy among its healthy endpoints; in panic among all.
///
/// Follows Envoy: arch_overview/upstream/load_balancing.
/// Thread: its worker's.
class LoadBalancer final
{
public:
    /// Recomputes who is eligible; after every change of endpoints, health or ejection.
    void rebuild(const BalanceInput& input, const BalanceSpec& spec);

    /// Endpoints to avoid are taken only when nothing else is left in the chosen priority.
    /// @return nullptr = no healthy endpoint.
    std::shared_ptr<Endpoint> pick(const PickContext& context);

    bool isPanicking() const { return m_load.isPanickingAnywhere(); }
    const PriorityLoad& load() const { return m_load; }

private:
    using Members = std::vector<std::shared_ptr<Endpoint>>;

    /// Endpoints of one priority and one health: as a whole, or by locality.
    struct Group
    {
        std::unique_ptr<HostPicker> whole; // nullptr = nobody
        std::vector<std::unique_ptr<HostPicker>> localities;
        std::vector<double> localityWeights;
        EdfScheduler turns; // of the localities

        HostPicker* choose();
    };

    struct Level
    {
        Group healthy; // everybody in panic
        Group degraded;
    };

    class Builder;

    static std::shared_ptr<Endpoint> notTried(HostPicker& picker, const PickContext& context);

    std::vector<Level> m_levels; // by priority
    PriorityLoad m_load;
    bool m_hashing = false;
};

} // namespace meshyard::proxy
