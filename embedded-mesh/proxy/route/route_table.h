// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/filter_settings.h"
#include "embedded-mesh/proxy/route/policies.h"

#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace envoy::config::route::v3 {
class RouteConfiguration;
class RouteMatch;
} // namespace envoy::config::route::v3

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

struct RouteMatch
{
    enum class Path : std::uint8_t { Prefix, Exact, SeparatedPrefix, Regex };

    Path kind = Path::Prefix;
    std::string path;
    bool ignoreCase = false;
    bool ignoresParameters = false; // ";…" in the path
    std::shared_ptr<const re2::RE2> regex;
    std::uint32_t perMillion = 1000000;
    std::vector<HeaderTest> headers;
    std::vector<QueryTest> query;

    static Result<RouteMatch> compile(const envoy::config::route::v3::RouteMatch& match);
    bool matches(const RequestView& request, std::uint64_t random) const;
    bool matchesPath(std::string_view path) const;
    /// How much of a path that matches a rewrite replaces.
    std::size_t matchedSize(std::string_view requested) const
    {
        return kind == Path::Regex ? requested.size() : std::min(path.size(), requested.size());
    }
};

struct Route
{
    std::string name;
    RouteMatch match;
    std::variant<ForwardAction, RedirectRules, DirectAnswer> action;
    HeaderEdits requestEdits; // route's, then virtual host's, then the table's
    HeaderEdits responseEdits;
    FilterOverrides filters; // the table's, below them the virtual host's, below them its own
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
        std::optional<Route> tlsRedirect; // require_tls: for requests that came without
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
