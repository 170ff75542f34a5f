// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/route_action.h"

#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace envoy::config::route::v3 {
class RouteConfiguration;
class RouteMatch;
} // namespace envoy::config::route::v3

namespace meshyard::proxy {

struct RouteMatch
{
    enum class Path : std::uint8_t { Prefix, Exact, SeparatedPrefix, Regex, Connect };

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
