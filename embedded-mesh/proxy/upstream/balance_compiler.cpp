// SPDX-License-Identifier: GPL-3.0-or-later
// The lb fields of a Cluster, or its load_balancing_policy, to a BalanceSpec.
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/balance_spec.h"
#include "embedded-mesh/proxy/upstream/metadata_pairs.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/extensions/load_balancing_policies/least_request/v3/least_request.pb.h"
#include "envoy/extensions/load_balancing_policies/maglev/v3/maglev.pb.h"
#include "envoy/extensions/load_balancing_policies/random/v3/random.pb.h"
#include "envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.pb.h"
#include "envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.pb.h"
#include "envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

namespace policies = envoy::extensions::load_balancing_policies;
using Cluster = envoy::config::cluster::v3::Cluster;
using Policies = envoy::config::cluster::v3::LoadBalancingPolicy;
using google::protobuf::Any;

constexpr std::uint64_t kLargestRing = 8ULL * 1024 * 1024;
constexpr std::uint64_t kLargestTable = 5000011;

Result<void> refuse(std::string why)
{
    return tl::unexpected(Error{ErrorCode::InvalidArgument, std::move(why)});
}

template <typename Proto> SlowStartSpec slowStartOf(const Proto& proto)
{
    SlowStartSpec spec;
    spec.window = toMicros(proto.slow_start_window());
    if (proto.has_aggression() && proto.aggression().default_value() > 0)
        spec.aggression = proto.aggression().default_value();
    if (proto.has_min_weight_percent())
        spec.minWeight = std::clamp(proto.min_weight_percent().value() / 100, 0.0001, 1.0);
    return spec;
}

template <typename Proto> Result<void> takeLeastRequest(const Proto& proto, BalanceSpec& spec)
{
    spec.policy = BalancePolicy::LeastRequest;
    if (proto.has_choice_count())
        spec.choices = proto.choice_count().value();
    if (spec.choices < 2)
        return refuse("choice_count must be 2 or more");
    if (proto.has_active_request_bias())
        spec.activeRequestBias = proto.active_request_bias().default_value();
    if (spec.activeRequestBias < 0)
        return refuse("active_request_bias must be 0 or more");
    spec.slowStart = slowStartOf(proto.slow_start_config());
    return {};
}

template <typename Proto> Result<void> takeRing(const Proto& proto, BalanceSpec& spec)
{
    spec.policy = BalancePolicy::RingHash;
    if (proto.has_minimum_ring_size())
        spec.minRingSize = proto.minimum_ring_size().value();
    if (proto.has_maximum_ring_size())
        spec.maxRingSize = proto.maximum_ring_size().value();
    if (spec.minRingSize == 0 || spec.minRingSize > spec.maxRingSize
        || spec.maxRingSize > kLargestRing)
        return refuse("ring sizes must be 1 <= minimum <= maximum <= 8388608");
    return {};
}

bool isPrime(std::uint64_t number)
{
    if (number < 2)
        return false;
    for (std::uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
        if (number % divisor == 0)
            return false;
    }
    return true;
}

template <typename Proto> Result<void> takeMaglev(const Proto& proto, BalanceSpec& spec)
{
    spec.policy = BalancePolicy::Maglev;
    if (proto.has_table_size())
        spec.tableSize = proto.table_size().value();
    if (spec.tableSize > kLargestTable || !isPrime(spec.tableSize))
        return refuse("table_size must be a prime, at most 5000011");
    return {};
}

template <typename Proto> Result<void> takeHashing(const Proto& proto, BalanceSpec& spec)
{
    spec.hashesHostname = proto.use_hostname_for_hashing();
    spec.hashBalanceFactor = proto.hash_balance_factor().value();
    if (proto.has_hash_balance_factor() && spec.hashBalanceFactor < 100)
        return refuse("hash_balance_factor must be 100 or more");
    return {};
}

/// One typed policy. @return false = not one of ours, the next in the list may be.
Result<bool> takeTyped(const Any& any, BalanceSpec& spec)
{
    const auto done = [](Result<void> taken) { return std::move(taken).map([] { return true; }); };
    if (policies::least_request::v3::LeastRequest proto; any.UnpackTo(&proto)) {
        spec.fullScan = proto.selection_method() == decltype(proto)::FULL_SCAN;
        spec.localityWeighted = proto.locality_lb_config().has_locality_weighted_lb_config();
        return done(takeLeastRequest(proto, spec));
    }
    if (policies::round_robin::v3::RoundRobin proto; any.UnpackTo(&proto)) {
        spec.policy = BalancePolicy::RoundRobin;
        spec.slowStart = slowStartOf(proto.slow_start_config());
        spec.localityWeighted = proto.locality_lb_config().has_locality_weighted_lb_config();
        return true;
    }
    if (policies::random::v3::Random proto; any.UnpackTo(&proto)) {
        spec.policy = BalancePolicy::Random;
        spec.localityWeighted = proto.locality_lb_config().has_locality_weighted_lb_config();
        return true;
    }
    if (policies::ring_hash::v3::RingHash proto; any.UnpackTo(&proto)) {
        if (proto.hash_function() == decltype(proto)::MURMUR_HASH_2)
            spec.hashFunction = HashFunction::Murmur2;
        spec.localityWeighted = proto.has_locality_weighted_lb_config();
        if (auto taken = proto.has_consistent_hashing_lb_config()
                ? takeHashing(proto.consistent_hashing_lb_config(), spec)
                : takeHashing(proto, spec);
            !taken)
            return done(taken);
        return done(takeRing(proto, spec));
    }
    if (policies::maglev::v3::Maglev proto; any.UnpackTo(&proto)) {
        spec.localityWeighted = proto.has_locality_weighted_lb_config();
        if (auto taken = takeHashing(proto.consistent_hashing_lb_config(), spec); !taken)
            return done(taken);
        return done(takeMaglev(proto, spec));
    }
    return false;
}

/// The first policy of the list that we know, as Envoy does.
Result<void> takePolicies(const Policies& list, BalanceSpec& spec)
{
    std::string unknown;
    for (const auto& policy : list.policies()) {
        const Any& any = policy.typed_extension_config().typed_config();
        if (policies::wrr_locality::v3::WrrLocality proto; any.UnpackTo(&proto)) {
            auto taken = takePolicies(proto.endpoint_picking_policy(), spec);
            spec.localityWeighted = true;
            return taken;
        }
        const auto taken = takeTyped(any, spec);
        if (!taken)
            return refuse(policy.typed_extension_config().name() + ": " + taken.error().message);
        if (*taken)
            return {};
        unknown += " " + policy.typed_extension_config().name();
    }
    return refuse("load_balancing_policy: none of them is supported:" + unknown);
}

Result<void> takeLegacy(const Cluster& cluster, BalanceSpec& spec)
{
    const auto& common = cluster.common_lb_config();
    spec.localityWeighted = common.has_locality_weighted_lb_config();
    if (auto taken = takeHashing(common.consistent_hashing_lb_config(), spec); !taken)
        return taken;
    switch (cluster.lb_policy()) {
    case Cluster::ROUND_ROBIN:
        spec.policy = BalancePolicy::RoundRobin;
        spec.slowStart = slowStartOf(cluster.round_robin_lb_config().slow_start_config());
        return {};
    case Cluster::RANDOM:
        spec.policy = BalancePolicy::Random;
        return {};
    case Cluster::LEAST_REQUEST:
        return takeLeastRequest(cluster.least_request_lb_config(), spec);
    case Cluster::RING_HASH:
        if (cluster.ring_hash_lb_config().hash_function()
            == Cluster::RingHashLbConfig::MURMUR_HASH_2)
            spec.hashFunction = HashFunction::Murmur2;
        return takeRing(cluster.ring_hash_lb_config(), spec);
    case Cluster::MAGLEV:
        return takeMaglev(cluster.maglev_lb_config(), spec);
    default:
        return {}; // CLUSTER_PROVIDED: the cluster type chooses
    }
}

SubsetSpec::Fallback fallbackOf(int proto)
{
    using Fallback = SubsetSpec::Fallback;
    constexpr Fallback kFallbacks[]
        = {Fallback::NotDefined, Fallback::None, Fallback::Any, Fallback::Default, Fallback::Keys};
    return kFallbacks[std::clamp(proto, 0, 4)];
}

Result<SubsetSpec::Selector> selectorOf(const Cluster::LbSubsetConfig::LbSubsetSelector& proto)
{
    SubsetSpec::Selector selector;
    selector.keys.assign(proto.keys().begin(), proto.keys().end());
    selector.fallbackKeys.assign(
        proto.fallback_keys_subset().begin(), proto.fallback_keys_subset().end());
    selector.fallback = fallbackOf(proto.fallback_policy());
    std::ranges::sort(selector.keys);
    std::ranges::sort(selector.fallbackKeys);
    const bool fewer = !selector.fallbackKeys.empty()
        && selector.fallbackKeys.size() < selector.keys.size()
        && std::ranges::includes(selector.keys, selector.fallbackKeys);
    if (selector.fallback == SubsetSpec::Fallback::Keys && !fewer)
        return failure(ErrorCode::InvalidArgument,
            "lb_subset_config: fallback_keys_subset must be some, but not all, of the keys");
    return selector;
}

Result<void> takeSubsets(const Cluster::LbSubsetConfig& proto, BalanceSpec& spec)
{
    if (proto.subset_selectors().empty())
        return {};
    using Fallback = SubsetSpec::Fallback;
    auto subsets = std::make_shared<SubsetSpec>();
    constexpr Fallback kFallbacks[] = {Fallback::None, Fallback::Any, Fallback::Default};
    subsets->fallback = kFallbacks[std::clamp<int>(proto.fallback_policy(), 0, 2)];
    subsets->defaultSubset = metadataPairs(proto.default_subset());
    subsets->listAsAny = proto.list_as_any();
    subsets->panicAny = proto.panic_mode_any();
    for (const auto& row : proto.subset_selectors()) {
        auto selector = selectorOf(row);
        if (!selector)
            return tl::unexpected(selector.error());
        subsets->selectors.push_back(std::move(*selector));
    }
    spec.subsets = std::move(subsets);
    return {};
}

} // namespace

Result<BalanceSpec> BalanceSpec::compile(const Cluster& cluster, std::vector<std::string>& warnings)
{
    BalanceSpec spec;
    auto taken = cluster.has_load_balancing_policy()
        ? takePolicies(cluster.load_balancing_policy(), spec)
        : takeLegacy(cluster, spec);
    if (taken)
        taken = takeSubsets(cluster.lb_subset_config(), spec);
    if (!taken)
        return tl::unexpected(taken.error());
    if (cluster.common_lb_config().has_healthy_panic_threshold())
        spec.panicThreshold = cluster.common_lb_config().healthy_panic_threshold().value();
    if (spec.hashBalanceFactor > 0 && !isHashing(spec.policy))
        warnings.push_back("cluster '" + cluster.name()
            + "': hash_balance_factor acts with RING_HASH and MAGLEV only");
    return spec;
}

} // namespace meshyard::proxy
