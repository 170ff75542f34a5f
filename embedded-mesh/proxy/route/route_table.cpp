// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/route_table.h"

#include "embedded-mesh/proxy/route/authority.h"

#include <re2/re2.h>

#include <array>

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

} // namespace

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
    case Path::Connect:
        return false; // has no path
    }
    return false;
}

bool RouteMatch::matches(const RequestView& request, std::uint64_t random) const
{
    const bool here
        = kind == Path::Connect ? request.method == "CONNECT" : matchesPath(request.path);
    return here && (perMillion >= 1000000 || random % 1000000 < perMillion)
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
