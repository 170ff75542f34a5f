// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace envoy::config::cluster::v3 {
class Cluster;
}

namespace meshyard::proxy {

enum class BalancePolicy : std::uint8_t { LeastRequest, RoundRobin, Random, RingHash, Maglev };

constexpr bool isHashing(BalancePolicy policy)
{
    return policy == BalancePolicy::RingHash || policy == BalancePolicy::Maglev;
}

enum class HashFunction : std::uint8_t { XxHash, Murmur2 };

/// Weight of an endpoint that has just become healthy: grows over the window.
struct SlowStartSpec
{
    std::chrono::microseconds window{0}; // 0 = off
    double aggression = 1;
    double minWeight = 0.1; // share of the full weight

    bool operator==(const SlowStartSpec&) const = default;
};

/// One pair of "envoy.lb" metadata, the value in its JSON spelling.
struct MetadataPair
{
    std::string key;
    std::string value;

    auto operator<=>(const MetadataPair&) const = default;
};
using MetadataPairs = std::vector<MetadataPair>; // by key

/// Envoy `lb_subset_config`: endpoints divided by metadata, routes say which part they want.
struct SubsetSpec
{
    enum class Fallback : std::uint8_t { NotDefined, None, Any, Default, Keys };

    struct Selector
    {
        std::vector<std::string> keys; // sorted
        Fallback fallback = Fallback::NotDefined;
        std::vector<std::string> fallbackKeys; // of Fallback::Keys, sorted

        bool operator==(const Selector&) const = default;
    };

    Fallback fallback = Fallback::None;
    MetadataPairs defaultSubset;
    std::vector<Selector> selectors;
    bool listAsAny = false;
    bool panicAny = false;

    bool operator==(const SubsetSpec&) const = default;
};

/// How a cluster chooses among its endpoints; compiled from the lb fields of a Cluster or from its
/// load_balancing_policy.
struct BalanceSpec
{
    BalancePolicy policy = BalancePolicy::LeastRequest;
    std::uint32_t choices = 2; // least request
    double activeRequestBias = 1; // least request with weights
    bool fullScan = false; // least request
    SlowStartSpec slowStart; // least request and round robin
    std::uint64_t minRingSize = 1024;
    std::uint64_t maxRingSize = 8ULL * 1024 * 1024;
    HashFunction hashFunction = HashFunction::XxHash; // of the ring
    std::uint64_t tableSize = 65537; // maglev
    bool hashesHostname = false;
    std::uint32_t hashBalanceFactor = 0; // percent of the mean load an endpoint may have; 0 = off
    bool localityWeighted = false;
    double panicThreshold = 50; // percent of healthy endpoints below which health is ignored
    std::shared_ptr<const SubsetSpec> subsets;

    /// @param warnings gets what is understood but has no effect.
    static Result<BalanceSpec> compile(
        const envoy::config::cluster::v3::Cluster& cluster, std::vector<std::string>& warnings);
};

} // namespace meshyard::proxy
