// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/load_balancer.h"

#include <map>

namespace meshyard::proxy {

/// Balancers for the parts of a cluster that its lb_subset_config divides it into by metadata; the
/// route's metadata_match says which part it wants.
///
/// Follows Envoy: arch_overview/upstream/load_balancing/subsets.
/// Thread: its worker's.
class SubsetBalancer final
{
public:
    /// @param spec with subsets.
    void rebuild(const BalanceInput& input, const BalanceSpec& spec);
    std::shared_ptr<Endpoint> pick(const PickContext& context);
    std::size_t subsetCount() const { return m_subsets.size(); }

private:
    using Fallback = SubsetSpec::Fallback;

    void addSubsetsOf(
        const SubsetSpec::Selector& selector, const BalanceInput& input, const BalanceSpec& spec);
    LoadBalancer* find(const MetadataPairs& wanted);
    std::shared_ptr<Endpoint> fallBack(
        Fallback how, const SubsetSpec::Selector* selector, const PickContext& context);
    const SubsetSpec::Selector* selectorOf(const MetadataPairs& wanted) const;

    std::shared_ptr<const SubsetSpec> m_spec;
    std::map<MetadataPairs, LoadBalancer> m_subsets;
    LoadBalancer m_all;
    LoadBalancer m_default;
};

} // namespace meshyard::proxy
