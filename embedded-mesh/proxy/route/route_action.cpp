// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/route_action.h"

#include "embedded-mesh/proxy/route/authority.h"

#include <re2/re2.h>

#include <charconv>

namespace meshyard::proxy {

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

} // namespace meshyard::proxy
