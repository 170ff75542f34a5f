// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/metadata_test.h"
#include "embedded-mesh/proxy/route/ip_range.h"

#include <optional>

namespace envoy::config::rbac::v3 {
class Permission;
class Principal;
class RBAC;
} // namespace envoy::config::rbac::v3

namespace meshyard::proxy {

/// What a policy is judged by. For TCP there is only the connection.
struct RbacSubject
{
    const RequestView& request;
    const DynamicMetadata& metadata;
};

/// A compiled Permission or Principal: a small tree.
class RbacTest final
{
public:
    static Result<RbacTest> compile(const envoy::config::rbac::v3::Permission& permission);
    static Result<RbacTest> compile(const envoy::config::rbac::v3::Principal& principal);
    static RbacTest anyOf(std::vector<RbacTest> tests);

    bool matches(const RbacSubject& subject) const;
    /// Looks at something that only HTTP has.
    bool needsHttp() const;

private:
    enum class Kind : std::uint8_t {
        Any,
        All,
        Or,
        Not,
        Header,
        Path,
        DestinationIp,
        DestinationPort, // first to end, end excluded
        ServerName,
        Metadata,
        Authenticated,
        DirectIp,
        RemoteIp,
    };

    template <typename Set> static Result<RbacTest> compileSet(Kind kind, const Set& set);
    template <typename Inner> static Result<RbacTest> compileNot(const Inner& inner);
    static Result<RbacTest> compileRange(
        Kind kind, const envoy::config::core::v3::CidrRange& range);
    template <typename Matcher> static Result<RbacTest> compileText(Kind kind, const Matcher& text);
    static Result<RbacTest> compileHeader(const envoy::config::route::v3::HeaderMatcher& matcher);
    static Result<RbacTest> compileMetadata(
        const envoy::type::matcher::v3::MetadataMatcher& matcher);

    bool matchesPeer(const ConnectionInfo* connection) const;

    Kind m_kind = Kind::Any;
    std::vector<RbacTest> m_inner;
    std::optional<HeaderTest> m_header;
    std::optional<StringTest> m_text;
    std::optional<IpRange> m_range;
    std::optional<MetadataTest> m_metadata;
    std::uint32_t m_first = 0;
    std::uint32_t m_end = 0;
};

/// Compiled rules of an RBAC filter.
///
/// Follows Envoy: policies in the order of their names; a policy matches when any permission and
/// any principal do.
class RbacRules final
{
public:
    enum class Action : std::uint8_t { Allow, Deny, Log };

    struct Judgement
    {
        bool allowed = true;
        std::string_view policy; // the first that matched; empty = none
    };

    static Result<RbacRules> compile(const envoy::config::rbac::v3::RBAC& rules);

    Judgement judge(const RbacSubject& subject) const;
    Action action() const { return m_action; }
    bool needsHttp() const;

private:
    struct Policy
    {
        std::string name;
        RbacTest permissions;
        RbacTest principals;
    };

    Action m_action = Action::Allow;
    std::vector<Policy> m_policies;
};

} // namespace meshyard::proxy
