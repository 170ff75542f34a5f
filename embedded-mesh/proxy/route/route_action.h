// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/filter_settings.h"
#include "embedded-mesh/proxy/route/hash_policy.h"
#include "embedded-mesh/proxy/route/policies.h"
#include "embedded-mesh/proxy/route/upgrade_rules.h"
#include "embedded-mesh/proxy/upstream/cluster_spec.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace meshyard::proxy {

/// One destination of a route, with what only it adds to the request.
struct WeightedTarget
{
    std::string cluster;
    std::string clusterHeader; // names the cluster instead
    std::uint32_t weight = 1;
    std::string hostRewrite;
    HeaderEdits requestEdits; // with those of the route behind it, in Envoy's order
    HeaderEdits responseEdits;
    FilterOverrides filters; // with the route's
    MetadataPairs subset; // metadata_match with the route's below it
};

/// What becomes of the authority on the way to the upstream.
struct HostRewrite
{
    enum class Kind : std::uint8_t { None, Literal, Header, PathRegex, Format, Upstream };

    Kind kind = Kind::None;
    std::string text; // literal, header name or regex substitution
    std::shared_ptr<const re2::RE2> regex;
    std::shared_ptr<const HeaderFormat> format;
    bool keepsOriginal = false; // in x-forwarded-host
};

/// A copy of the request for another cluster, whose answer nobody sees.
struct MirrorRules
{
    std::string cluster;
    std::string clusterHeader;
    std::uint32_t perMillion = 1000000;
    std::string hostRewrite;
    bool appendsSuffix = true; // "-shadow" behind the host
};

struct ForwardAction
{
    std::vector<WeightedTarget> targets;
    std::uint64_t totalWeight = 0;
    std::string weightHeader; // its number picks the target instead of chance
    std::string clusterHeader; // names the cluster instead of targets
    int missingClusterStatus = 503;
    Micros timeout = std::chrono::seconds(15); // 0 = none
    Micros maxDuration{0}; // of the whole stream; 0 = none
    std::optional<Micros> grpcTimeoutMax; // grpc-timeout counts, up to this; 0 = without bound
    std::string prefixRewrite;
    std::shared_ptr<const re2::RE2> regexRewrite;
    std::string regexSubstitution;
    std::shared_ptr<const HeaderFormat> pathFormat;
    HostRewrite host;
    std::vector<MirrorRules> mirrors;
    RetryRules retry;
    UpgradeRules upgrades;
    bool endsConnect = false; // connect_config: CONNECT ends here, the upstream gets plain bytes
    HashPolicies hashPolicies;
    MetadataPairs subset; // metadata_match, where no target has been chosen
    RoutingPriority priority = RoutingPriority::Default;
    bool sendsAttemptCount = false; // x-envoy-attempt-count to the upstream
    bool answersAttemptCount = false; // … and to the caller

    bool rewritesPath() const
    {
        return !prefixRewrite.empty() || regexRewrite != nullptr || pathFormat != nullptr;
    }
    /// @param random uniform over 64 bits. @return nullptr when there is no weight at all.
    const WeightedTarget* pick(const RequestView& request, std::uint64_t random) const;
    /// Path and query for the upstream. @param matched bytes of the path the route matched.
    void appendPath(const RequestFacts& facts, std::size_t matched, std::string& out) const;
};

struct RedirectRules
{
    int status = 301;
    std::string scheme;
    std::string host;
    std::uint32_t port = 0;
    std::string path; // replaces the path; with a query of its own also the query
    std::string prefixRewrite;
    std::shared_ptr<const re2::RE2> regexRewrite;
    std::string regexSubstitution;
    bool stripQuery = false;

    /// @param matched bytes of the path the route matched.
    std::string location(const RequestView& request, std::size_t matched) const;

private:
    void appendHost(const RequestView& request, std::string& out) const;
    void appendPath(const RequestView& request, std::size_t matched, std::string& out) const;
};

struct DirectAnswer
{
    int status = 200;
    std::string body;
};

} // namespace meshyard::proxy
