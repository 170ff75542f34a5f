// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/route_table.h"

#include <re2/re2.h>

#include <array>
#include <charconv>

namespace meshyard::proxy {

namespace {

constexpr std::size_t kMaxDomain = 255;

/// Lower-cases an authority into `buffer`; empty when it is too long to be a domain.
std::string_view lowered(std::string_view text, std::array<char, kMaxDomain>& buffer)
{
    if (text.size() > buffer.size())
        return {};
    std::ranges::transform(text, buffer.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return {buffer.data(), text.size()};
}

std::string_view withoutPort(std::string_view authority)
{
    const std::size_t colon = authority.rfind(':');
    if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos)
        return authority;
    return authority.substr(0, colon);
}

} // namespace

const WeightedTarget* ForwardAction::pick(const RequestView& request, std::uint64_t random) const
{
    if (targets.size() == 1)
        return &targets.front();
    if (totalWeight == 0)
        return nullptr;
    if (!weightHeader.empty()) {
        const std::string_view text = request.header(weightHeader).value_or("");
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size())
            random = number;
    }
    std::uint64_t at = random % totalWeight;
    for (const WeightedTarget& target : targets) {
        if (at < target.weight)
            return &target;
        at -= target.weight;
    }
    return &targets.back();
}

void ForwardAction::appendPath(
    const RequestFacts& facts, std::size_t matched, std::string& out) const
{
    const RequestView& request = facts.request;
    std::string path;
    if (pathFormat != nullptr) {
        path = pathFormat->value(facts);
    } else if (!prefixRewrite.empty()) {
        path = prefixRewrite + std::string(request.path.substr(matched));
    } else {
        path.assign(request.path);
        if (regexRewrite != nullptr)
            re2::RE2::GlobalReplace(&path, *regexRewrite, regexSubstitution);
    }
    if (path.empty() || path.front() != '/')
        out.push_back('/');
    out.append(path);
    if (request.query.data() != nullptr)
        out.append("?").append(request.query);
}

void RedirectRules::appendHost(const RequestView& request, std::string& out) const
{
    if (!host.empty()) {
        out += host;
    } else {
        const std::string_view bare = withoutPort(request.authority);
        const std::string_view sent = request.authority.substr(bare.size());
        const bool otherScheme = !scheme.empty() && scheme != request.scheme;
        const bool wasDefault = sent == (request.scheme == "https" ? ":443" : ":80");
        out += port != 0 || (otherScheme && wasDefault) ? bare : request.authority;
    }
    if (port != 0)
        out += ':' + std::to_string(port);
}

void RedirectRules::appendPath(
    const RequestView& request, std::size_t matched, std::string& out) const
{
    if (!path.empty()) {
        out += path;
        if (path.find('?') != std::string::npos)
            return; // its own query wins
    } else if (!prefixRewrite.empty()) {
        out += prefixRewrite;
        out += request.path.substr(matched);
    } else if (regexRewrite != nullptr) {
        std::string rewritten(request.path);
        re2::RE2::GlobalReplace(&rewritten, *regexRewrite, regexSubstitution);
        out += rewritten;
    } else {
        out += request.path;
    }
    if (!stripQuery && request.query.data() != nullptr)
        out.append("?").append(request.query);
}

std::string RedirectRules::location(const RequestView& request, std::size_t matched) const
{
    std::string target = scheme.empty() ? std::string(request.scheme) : scheme;
    target += "://";
    appendHost(request, target);
    appendPath(request, matched, target);
    return target;
}

bool RouteMatch::matchesPath(std::string_view requested) const
{
    if (ignoresParameters)
        requested = requested.substr(0, requested.find(';'));
    const std::string_view start = requested.substr(0, path.size());
    const bool same = ignoreCase ? equalsIgnoreCase(start, path) : start == path;
    switch (kind) {
    case Path::Prefix:
        return same;
    case Path::Exact:
        return same && requested.size() == path.size();
    case Path::SeparatedPrefix:
        return same && (requested.size() == path.size() || requested[path.size()] == '/');
    case Path::Regex:
        return re2::RE2::FullMatch(re2::StringPiece(requested.data(), requested.size()), *regex);
    }
    return false;
}

bool RouteMatch::matches(const RequestView& request, std::uint64_t random) const
{
    return matchesPath(request.path) && (perMillion >= 1000000 || random % 1000000 < perMillion)
        && matchesAll(headers, request) && std::ranges::all_of(query, [&](const QueryTest& test) {
               return test.matches(request.query);
           });
}

const RouteTable::VirtualHost* RouteTable::hostOf(std::string_view authority) const
{
    std::array<char, kMaxDomain> buffer;
    const std::string_view name
        = lowered(m_ignorePort ? withoutPort(authority) : authority, buffer);
    if (const auto found = m_exact.find(name); found != m_exact.end())
        return &m_hosts[found->second];
    for (const Wildcard& wildcard : m_suffixes) {
        if (name.size() > wildcard.text.size() && name.ends_with(wildcard.text))
            return &m_hosts[wildcard.host];
    }
    for (const Wildcard& wildcard : m_prefixes) {
        if (name.size() > wildcard.text.size() && name.starts_with(wildcard.text))
            return &m_hosts[wildcard.host];
    }
    return m_any ? &m_hosts[*m_any] : nullptr;
}

const Route* RouteTable::match(const RequestView& request, std::uint64_t random) const
{
    const VirtualHost* const host = hostOf(request.authority);
    if (host == nullptr)
        return nullptr;
    if (host->tlsRedirect && request.scheme == "http")
        return &*host->tlsRedirect;
    for (const Route& route : host->routes) {
        if (route.match.matches(request, random))
            return &route;
    }
    return nullptr;
}

} // namespace meshyard::proxy
