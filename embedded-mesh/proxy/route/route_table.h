// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/policies.h"

#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace envoy::config::route::v3 {
class RouteConfiguration;
}

namespace meshyard::proxy {

/// One destination of a route, with what only it adds to the request.
struct WeightedTarget
{
    std::string cluster;
    std::uint32_t weight = 1;
    std::string hostRewrite;
    HeaderEdits requestEdits;
    HeaderEdits responseEdits;
    std::shared_ptr<const FaultRules> fault; // nullptr: the route's
};

struct ForwardAction
{
    std::vector<WeightedTarget> targets;
    std::uint64_t totalWeight = 0;
    std::string clusterHeader; // names the cluster instead of targets
    int missingClusterStatus = 503;
    Micros timeout = std::chrono::seconds(15); // 0 = none
    Micros maxDuration{0}; // of the whole stream; 0 = none
    std::optional<Micros> grpcTimeoutMax; // grpc-timeout counts, up to this; 0 = without bound
    std::string prefixRewrite;
    std::shared_ptr<const re2::RE2> regexRewrite;
    std::string regexSubstitution;
    std::string hostRewrite;
    RetryRules retry;

    /// @param random uniform over 64 bits. @return nullptr when there is no weight at all.
    const WeightedTarget* pick(std::uint64_t random) const;
};

struct RedirectRules
{
    int status = 301;
    std::string scheme;
    std::string host;
    std::uint32_t port = 0;
    std::string path; // replaces path and query
    std::string prefixRewrite;
    bool stripQuery = false;

    /// @param matchedPrefix length of the prefix the route matched.
    std::string location(const RequestView& request, std::size_t matchedPrefix) const;
};

struct DirectAnswer
{
    int status = 200;
    std::string body;
};

struct RouteMatch
{
    enum class Path : std::uint8_t { Prefix, Exact, SeparatedPrefix, Regex };

    Path kind = Path::Prefix;
    std::string path;
    bool ignoreCase = false;
    std::shared_ptr<const re2::RE2> regex;
    std::uint32_t perMillion = 1000000;
    std::vector<HeaderTest> headers;
    std::vector<QueryTest> query;

    bool matches(const RequestView& request, std::uint64_t random) const;
    bool matchesPath(std::string_view path) const;
};

struct Route
{
    std::string name;
    RouteMatch match;
    std::variant<ForwardAction, RedirectRules, DirectAnswer> action;
    HeaderEdits requestEdits; // route's, then virtual host's, then the table's
    HeaderEdits responseEdits;
    std::shared_ptr<const FaultRules> fault;
};

/// A RouteConfiguration compiled for matching: no allocation, no string building on the way.
///
/// Thread: immutable; shared by workers.
/// Follows Envoy: domains exact, then longest suffix wildcard, then longest prefix wildcard, then
/// "*"; routes of a virtual host in order, first match wins.
class RouteTable final
{
public:
    static Result<std::shared_ptr<const RouteTable>> compile(
        const envoy::config::route::v3::RouteConfiguration& config);

    /// @param random decides runtime fractions. @return nullptr = nothing matches (404).
    const Route* match(const RequestView& request, std::uint64_t random) const;
    const std::string& name() const { return m_name; }

private:
    struct VirtualHost
    {
        std::string name;
        std::vector<Route> routes;
    };

    struct Wildcard
    {
        std::string text; // without '*'
        std::size_t host = 0;
    };

    struct TextHash
    {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const
        {
            return std::hash<std::string_view>()(text);
        }
    };

    const VirtualHost* hostOf(std::string_view authority) const;
    Result<void> addDomain(const std::string& domain, std::size_t host);

    std::string m_name;
    bool m_ignorePort = false;
    std::vector<VirtualHost> m_hosts;
    std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> m_exact;
    std::vector<Wildcard> m_suffixes; // "*.example.org", longest first
    std::vector<Wildcard> m_prefixes; // "www.*"
    std::optional<std::size_t> m_any;
};

} // namespace meshyard::proxy
