// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/hash_policy.h"

#include "embedded-mesh/proxy/route/matchers.h"
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/hash.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include <re2/re2.h>

#include <array>
#include <bit>
#include <charconv>

namespace meshyard::proxy {

namespace {

using Proto = envoy::config::route::v3::RouteAction_HashPolicy;

std::string hexText(std::uint64_t number)
{
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
    return std::string(16 - text.size(), '0').append(text);
}

std::optional<std::string_view> cookieOf(const RequestView& request, std::string_view name)
{
    for (const HeaderView& field : request.headers) {
        if (!equalsIgnoreCase(field.name, "cookie"))
            continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            const std::string_view pair = trimmed(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            const std::size_t equals = pair.find('=');
            if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name)
                continue;
            std::string_view value = trimmed(pair.substr(equals + 1));
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
                value = value.substr(1, value.size() - 2);
            return value;
        }
    }
    return std::nullopt;
}

/// Both ends of the caller's connection: the same for all requests on it.
std::string connectionName(const RequestView& request)
{
    if (request.connection == nullptr)
        return {};
    return request.connection->remoteAddress().toString()
        + request.connection->localAddress().toString();
}

std::optional<std::string_view> parameterOf(std::string_view query, std::string_view name)
{
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) == name)
            return equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    }
    return std::nullopt;
}

} // namespace

Result<HashPolicies::Policy> HashPolicies::compileOne(const Proto& proto)
{
    Policy policy;
    policy.terminal = proto.terminal();
    switch (proto.policy_specifier_case()) {
    case Proto::kHeader:
        policy.name = proto.header().header_name();
        if (proto.header().has_regex_rewrite()) {
            auto test = StringTest::compile(proto.header().regex_rewrite().pattern());
            if (!test)
                return at("regex_rewrite", test.error());
            policy.regex = std::shared_ptr<const re2::RE2>(
                std::make_shared<StringTest>(*test), test->regex());
            policy.substitution = proto.header().regex_rewrite().substitution();
        }
        break;
    case Proto::kCookie:
        policy.kind = Kind::Cookie;
        policy.name = proto.cookie().name();
        if (proto.cookie().has_ttl())
            policy.ttl
                = std::chrono::duration_cast<std::chrono::seconds>(toMicros(proto.cookie().ttl()));
        if (!proto.cookie().path().empty())
            policy.cookieEnd += "; Path=" + proto.cookie().path();
        for (const auto& attribute : proto.cookie().attributes())
            policy.cookieEnd += "; " + attribute.name()
                + (attribute.value().empty() ? "" : "=" + attribute.value());
        policy.cookieEnd += "; HttpOnly";
        if (!isHeaderValue(policy.cookieEnd) || !isHeaderName(policy.name))
            return failure(ErrorCode::InvalidArgument, "cookie is no valid header value");
        break;
    case Proto::kConnectionProperties:
        policy.kind = Kind::SourceIp;
        if (!proto.connection_properties().source_ip())
            return failure(ErrorCode::InvalidArgument, "connection_properties without source_ip");
        return policy;
    case Proto::kQueryParameter:
        policy.kind = Kind::QueryParameter;
        policy.name = proto.query_parameter().name();
        break;
    default:
        return failure(ErrorCode::InvalidArgument,
            "only header, cookie, connection_properties "
            "and query_parameter are supported");
    }
    if (policy.name.empty())
        return failure(ErrorCode::InvalidArgument, "a policy has no name");
    return policy;
}

Result<HashPolicies> HashPolicies::compile(const Protos& protos)
{
    HashPolicies made;
    for (const Proto& proto : protos) {
        if (proto.has_filter_state())
            continue; // named as without effect by the reader of the configuration
        auto policy = compileOne(proto);
        if (!policy)
            return at("hash_policy", policy.error());
        made.m_policies.push_back(std::move(*policy));
    }
    return made;
}

std::optional<std::uint64_t> HashPolicies::headerHash(
    const Policy& policy, const RequestView& request)
{
    std::vector<std::string_view> values; // of a header that comes several times
    std::optional<std::string_view> first;
    if (policy.name.front() == ':') {
        first = request.header(policy.name);
    } else {
        for (const HeaderView& field : request.headers) {
            if (!equalsIgnoreCase(field.name, policy.name))
                continue;
            if (first)
                values.push_back(field.value);
            else
                first = field.value;
        }
    }
    if (!first)
        return std::nullopt;
    if (values.empty() && policy.regex == nullptr)
        return xxHash64(*first);
    values.push_back(*first);
    std::ranges::sort(values);
    std::string joined;
    for (const std::string_view value : values) {
        std::string text(value);
        if (policy.regex != nullptr)
            re2::RE2::GlobalReplace(&text, *policy.regex, policy.substitution);
        joined += text;
    }
    return xxHash64(joined);
}

std::optional<std::uint64_t> HashPolicies::cookieHash(
    const Policy& policy, const RequestView& request, std::string& newCookie)
{
    const auto value = cookieOf(request, policy.name);
    if (value && !value->empty())
        return xxHash64(*value);
    if (!policy.ttl)
        return std::nullopt;
    const std::string made = hexText(xxHash64(connectionName(request)));
    newCookie = policy.name + "=\"" + made + '"';
    if (policy.ttl->count() > 0)
        newCookie += "; Max-Age=" + std::to_string(policy.ttl->count());
    newCookie += policy.cookieEnd;
    return xxHash64(made);
}

std::optional<std::uint64_t> HashPolicies::hashOf(
    const Policy& policy, const RequestView& request, std::string& newCookie)
{
    switch (policy.kind) {
    case Kind::Header:
        return headerHash(policy, request);
    case Kind::Cookie:
        return cookieHash(policy, request, newCookie);
    case Kind::SourceIp: {
        const net::SocketAddress caller = request.remoteAddress();
        if (caller.isEmpty() || caller.isUnix())
            return std::nullopt;
        return xxHash64(caller.host());
    }
    case Kind::QueryParameter:
        if (const auto value = parameterOf(request.query, policy.name))
            return xxHash64(*value);
        break;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> HashPolicies::hash(
    const RequestView& request, std::string& newCookie) const
{
    std::optional<std::uint64_t> sum;
    for (const Policy& policy : m_policies) {
        // Rotated, so that two equal values do not cancel each other out.
        if (const auto one = hashOf(policy, request, newCookie))
            sum = std::rotl(sum.value_or(0), 1) ^ *one;
        if (policy.terminal && sum)
            break;
    }
    return sum;
}

} // namespace meshyard::proxy
