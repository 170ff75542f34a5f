// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/rbac.h"
#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/rbac/v3/rbac.pb.h"

#include <map>

namespace meshyard::proxy {

namespace v3 = envoy::config::rbac::v3;

namespace {

constexpr std::uint32_t kPorts = 65536;

const auto& members(const v3::Permission::Set& set)
{
    return set.rules();
}

const auto& members(const v3::Principal::Set& set)
{
    return set.ids();
}

} // namespace

RbacTest RbacTest::anyOf(std::vector<RbacTest> tests)
{
    if (tests.size() == 1)
        return std::move(tests.front());
    RbacTest any;
    any.m_kind = Kind::Or;
    any.m_inner = std::move(tests);
    return any;
}

template <typename Set> Result<RbacTest> RbacTest::compileSet(Kind kind, const Set& set)
{
    RbacTest test;
    test.m_kind = kind;
    if (members(set).empty())
        return failure(ErrorCode::InvalidArgument, "an and/or set is empty");
    for (const auto& member : members(set)) {
        auto inner = compile(member);
        if (!inner)
            return inner;
        test.m_inner.push_back(std::move(*inner));
    }
    return test;
}

template <typename Inner> Result<RbacTest> RbacTest::compileNot(const Inner& inner)
{
    auto compiled = compile(inner);
    if (!compiled)
        return compiled;
    RbacTest test;
    test.m_kind = Kind::Not;
    test.m_inner.push_back(std::move(*compiled));
    return test;
}

Result<RbacTest> RbacTest::compileRange(Kind kind, const envoy::config::core::v3::CidrRange& range)
{
    auto compiled = IpRange::compile(range);
    if (!compiled)
        return tl::unexpected(compiled.error());
    RbacTest test;
    test.m_kind = kind;
    test.m_range = *compiled;
    return test;
}

template <typename Matcher>
Result<RbacTest> RbacTest::compileText(Kind kind, const Matcher& matcher)
{
    auto compiled = StringTest::compile(matcher);
    if (!compiled)
        return tl::unexpected(compiled.error());
    RbacTest test;
    test.m_kind = kind;
    test.m_text = std::move(*compiled);
    return test;
}

Result<RbacTest> RbacTest::compileHeader(const envoy::config::route::v3::HeaderMatcher& matcher)
{
    auto compiled = HeaderTest::compile(matcher);
    if (!compiled)
        return tl::unexpected(compiled.error());
    RbacTest test;
    test.m_kind = Kind::Header;
    test.m_header = std::move(*compiled);
    return test;
}

Result<RbacTest> RbacTest::compileMetadata(const envoy::type::matcher::v3::MetadataMatcher& matcher)
{
    auto compiled = MetadataTest::compile(matcher);
    if (!compiled)
        return tl::unexpected(compiled.error());
    RbacTest test;
    test.m_kind = Kind::Metadata;
    test.m_metadata = std::move(*compiled);
    return test;
}

Result<RbacTest> RbacTest::compile(const v3::Permission& permission)
{
    const auto ports = [](std::int64_t first, std::int64_t end) -> Result<RbacTest> {
        if (first < 0 || end > kPorts || first >= end)
            return failure(ErrorCode::InvalidArgument, "destination_port(_range) is no port range");
        RbacTest test;
        test.m_kind = Kind::DestinationPort;
        test.m_first = static_cast<std::uint32_t>(first);
        test.m_end = static_cast<std::uint32_t>(end);
        return test;
    };
    switch (permission.rule_case()) {
    case v3::Permission::kAndRules:
        return compileSet(Kind::All, permission.and_rules());
    case v3::Permission::kOrRules:
        return compileSet(Kind::Or, permission.or_rules());
    case v3::Permission::kAny:
        return permission.any() ? Result<RbacTest>(RbacTest())
                                : failure(ErrorCode::InvalidArgument, "'any' must be true");
    case v3::Permission::kHeader:
        return compileHeader(permission.header());
    case v3::Permission::kUrlPath:
        return compileText(Kind::Path, permission.url_path().path());
    case v3::Permission::kDestinationIp:
        return compileRange(Kind::DestinationIp, permission.destination_ip());
    case v3::Permission::kDestinationPort:
        return ports(
            permission.destination_port(), permission.destination_port() + std::int64_t{1});
    case v3::Permission::kDestinationPortRange:
        return ports(
            permission.destination_port_range().start(), permission.destination_port_range().end());
    case v3::Permission::kMetadata:
        return compileMetadata(permission.metadata());
    case v3::Permission::kSourcedMetadata:
        if (permission.sourced_metadata().metadata_source() != v3::DYNAMIC)
            return failure(ErrorCode::InvalidArgument,
                "sourced_metadata: only the source DYNAMIC is supported");
        return compileMetadata(permission.sourced_metadata().metadata_matcher());
    case v3::Permission::kNotRule:
        return compileNot(permission.not_rule());
    case v3::Permission::kRequestedServerName:
        return compileText(Kind::ServerName, permission.requested_server_name());
    case v3::Permission::RULE_NOT_SET:
        break;
    }
    return failure(ErrorCode::InvalidArgument, "a permission has no rule that is supported here");
}

Result<RbacTest> RbacTest::compile(const v3::Principal& principal)
{
    switch (principal.identifier_case()) {
    case v3::Principal::kAndIds:
        return compileSet(Kind::All, principal.and_ids());
    case v3::Principal::kOrIds:
        return compileSet(Kind::Or, principal.or_ids());
    case v3::Principal::kAny:
        return principal.any() ? Result<RbacTest>(RbacTest())
                               : failure(ErrorCode::InvalidArgument, "'any' must be true");
    case v3::Principal::kAuthenticated: {
        if (principal.authenticated().has_principal_name())
            return compileText(Kind::Authenticated, principal.authenticated().principal_name());
        RbacTest anybody;
        anybody.m_kind = Kind::Authenticated;
        return anybody;
    }
    case v3::Principal::kSourceIp: // before x-forwarded-for, as direct_remote_ip
        return compileRange(Kind::DirectIp, principal.source_ip());
    case v3::Principal::kDirectRemoteIp:
        return compileRange(Kind::DirectIp, principal.direct_remote_ip());
    case v3::Principal::kRemoteIp:
        return compileRange(Kind::RemoteIp, principal.remote_ip());
    case v3::Principal::kHeader:
        return compileHeader(principal.header());
    case v3::Principal::kUrlPath:
        return compileText(Kind::Path, principal.url_path().path());
    case v3::Principal::kMetadata:
        return compileMetadata(principal.metadata());
    case v3::Principal::kSourcedMetadata:
        if (principal.sourced_metadata().metadata_source() != v3::DYNAMIC)
            return failure(ErrorCode::InvalidArgument,
                "sourced_metadata: only the source DYNAMIC is supported");
        return compileMetadata(principal.sourced_metadata().metadata_matcher());
    case v3::Principal::kNotId:
        return compileNot(principal.not_id());
    case v3::Principal::kFilterState:
        return failure(ErrorCode::InvalidArgument, "filter_state is not supported");
    case v3::Principal::IDENTIFIER_NOT_SET:
        break;
    }
    return failure(
        ErrorCode::InvalidArgument, "a principal has no identifier that is supported here");
}

namespace {

template <typename Protos> Result<RbacTest> compileAny(const Protos& protos)
{
    std::vector<RbacTest> tests;
    for (const auto& proto : protos) {
        auto test = RbacTest::compile(proto);
        if (!test)
            return test;
        tests.push_back(std::move(*test));
    }
    if (tests.empty())
        return failure(ErrorCode::InvalidArgument, "needs permissions and principals");
    return RbacTest::anyOf(std::move(tests));
}

} // namespace

Result<RbacRules> RbacRules::compile(const v3::RBAC& rules)
{
    RbacRules compiled;
    if (rules.action() == v3::RBAC::DENY)
        compiled.m_action = Action::Deny;
    else if (rules.action() == v3::RBAC::LOG)
        compiled.m_action = Action::Log;
    else if (rules.action() != v3::RBAC::ALLOW)
        return failure(ErrorCode::InvalidArgument, "unknown RBAC action");
    std::map<std::string_view, const v3::Policy*> ordered;
    for (const auto& [name, policy] : rules.policies())
        ordered.emplace(name, &policy);
    for (const auto& [name, policy] : ordered) {
        auto permissions = compileAny(policy->permissions());
        auto principals = compileAny(policy->principals());
        if (!permissions || !principals)
            return at("policy '" + std::string(name) + "'",
                permissions ? principals.error() : permissions.error());
        compiled.m_policies.push_back(
            {std::string(name), std::move(*permissions), std::move(*principals)});
    }
    return compiled;
}

} // namespace meshyard::proxy
