// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/subset_balancer.h"

#include <algorithm>
#include <set>

namespace meshyard::proxy {

namespace {

using Members = std::vector<std::shared_ptr<Endpoint>>;

/// What the endpoint can be asked for; with listAsAny each item of a listed value, too.
MetadataPairs pairsOf(const Endpoint& endpoint, const SubsetSpec& spec)
{
    MetadataPairs pairs = endpoint.spec().metadata;
    if (spec.listAsAny)
        pairs.insert(pairs.end(), endpoint.spec().listedMetadata.begin(),
            endpoint.spec().listedMetadata.end());
    return pairs;
}

Members membersOf(const BalanceInput& input, const MetadataPairs& wanted, const SubsetSpec& spec)
{
    Members members;
    for (const auto& endpoint : input.endpoints) {
        const MetadataPairs pairs = pairsOf(*endpoint, spec);
        const bool hasAll = std::ranges::all_of(wanted, [&](const MetadataPair& pair) {
            return std::ranges::find(pairs, pair) != pairs.end();
        });
        if (hasAll)
            members.push_back(endpoint);
    }
    return members;
}

void rebuildFor(LoadBalancer& balancer, const Members& members, const BalanceInput& input,
    const BalanceSpec& spec)
{
    BalanceInput part = input;
    part.endpoints = members;
    balancer.rebuild(part, spec);
}

bool hasKeys(const MetadataPairs& pairs, const std::vector<std::string>& keys)
{
    return std::ranges::equal(pairs, keys, {}, &MetadataPair::key);
}

} // namespace

void SubsetBalancer::rebuild(const BalanceInput& input, const BalanceSpec& spec)
{
    m_spec = spec.subsets;
    m_subsets.clear();
    m_all.rebuild(input, spec);
    rebuildFor(m_default, membersOf(input, m_spec->defaultSubset, *m_spec), input, spec);
    for (const SubsetSpec::Selector& selector : m_spec->selectors)
        addSubsetsOf(selector, input, spec);
}

void SubsetBalancer::addSubsetsOf(
    const SubsetSpec::Selector& selector, const BalanceInput& input, const BalanceSpec& spec)
{
    // Every combination of values some endpoint has for the keys; a key may have several values.
    std::set<MetadataPairs> combinations;
    for (const auto& endpoint : input.endpoints) {
        const MetadataPairs pairs = pairsOf(*endpoint, *m_spec);
        std::vector<MetadataPairs> made{{}};
        for (const std::string& key : selector.keys) {
            std::vector<MetadataPairs> longer;
            for (const MetadataPairs& start : made) {
                for (const MetadataPair& pair : pairs) {
                    if (pair.key != key)
                        continue;
                    longer.push_back(start);
                    longer.back().push_back(pair);
                }
            }
            made = std::move(longer);
        }
        combinations.insert(made.begin(), made.end());
    }
    for (const MetadataPairs& wanted : combinations)
        rebuildFor(m_subsets[wanted], membersOf(input, wanted, *m_spec), input, spec);
}

LoadBalancer* SubsetBalancer::find(const MetadataPairs& wanted)
{
    const auto found = m_subsets.find(wanted);
    return found == m_subsets.end() ? nullptr : &found->second;
}

const SubsetSpec::Selector* SubsetBalancer::selectorOf(const MetadataPairs& wanted) const
{
    const auto found = std::ranges::find_if(m_spec->selectors,
        [&](const SubsetSpec::Selector& selector) { return hasKeys(wanted, selector.keys); });
    return found == m_spec->selectors.end() ? nullptr : &*found;
}

std::shared_ptr<Endpoint> SubsetBalancer::pick(const PickContext& context)
{
    static const MetadataPairs kNothing;
    const MetadataPairs& wanted = context.subset == nullptr ? kNothing : *context.subset;
    if (!wanted.empty()) {
        if (LoadBalancer* const subset = find(wanted))
            return subset->pick(context); // even nobody: its endpoints are all unhealthy
    }
    const SubsetSpec::Selector* const selector = selectorOf(wanted);
    const bool own = selector != nullptr && selector->fallback != Fallback::NotDefined;
    auto chosen = fallBack(own ? selector->fallback : m_spec->fallback, selector, context);
    if (chosen == nullptr && m_spec->panicAny)
        chosen = m_all.pick(context);
    return chosen;
}

std::shared_ptr<Endpoint> SubsetBalancer::fallBack(
    Fallback how, const SubsetSpec::Selector* selector, const PickContext& context)
{
    switch (how) {
    case Fallback::Any:
        return m_all.pick(context);
    case Fallback::Default:
        return m_default.pick(context);
    case Fallback::Keys: {
        PickContext fewer = context;
        MetadataPairs kept;
        std::ranges::copy_if(
            *context.subset, std::back_inserter(kept), [&](const MetadataPair& pair) {
                return std::ranges::find(selector->fallbackKeys, pair.key)
                    != selector->fallbackKeys.end();
            });
        fewer.subset = &kept;
        return pick(fewer); // the compiler made sure that the keys become fewer each time
    }
    case Fallback::NotDefined:
    case Fallback::None:
        break;
    }
    return nullptr;
}

} // namespace meshyard::proxy
