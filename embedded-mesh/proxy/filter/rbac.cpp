// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/rbac.h"

namespace meshyard::proxy {

bool RbacTest::matchesPeer(const ConnectionInfo* connection) const
{
    if (connection == nullptr || !connection->isTls() || connection->principals().empty())
        return false;
    return !m_text || std::ranges::any_of(connection->principals(), [this](const auto& name) {
        return m_text->matches(name);
    });
}

bool RbacTest::matches(const RbacSubject& subject) const
{
    const RequestView& request = subject.request;
    const ConnectionInfo* const connection = request.connection;
    const auto inner = [&](const RbacTest& test) { return test.matches(subject); };
    switch (m_kind) {
    case Kind::Any:
        return true;
    case Kind::All:
        return std::ranges::all_of(m_inner, inner);
    case Kind::Or:
        return std::ranges::any_of(m_inner, inner);
    case Kind::Not:
        return !m_inner.front().matches(subject);
    case Kind::Header:
        return m_header->matches(request);
    case Kind::Path:
        return m_text->matches(request.path);
    case Kind::DestinationIp:
        return connection != nullptr && m_range->contains(connection->localAddress());
    case Kind::DestinationPort:
        return connection != nullptr && connection->localAddress().port() >= m_first
            && connection->localAddress().port() < m_end;
    case Kind::ServerName:
        return m_text->matches(
            connection == nullptr ? std::string_view() : connection->serverName());
    case Kind::Metadata:
        return m_metadata->matches(subject.metadata);
    case Kind::Authenticated:
        return matchesPeer(connection);
    case Kind::DirectIp:
        return connection != nullptr && m_range->contains(connection->remoteAddress());
    case Kind::RemoteIp:
        return m_range->contains(request.remoteAddress());
    }
    return false;
}

bool RbacTest::needsHttp() const
{
    return m_kind == Kind::Header || m_kind == Kind::Path || m_kind == Kind::Metadata
        || std::ranges::any_of(m_inner, [](const RbacTest& test) { return test.needsHttp(); });
}

RbacRules::Judgement RbacRules::judge(const RbacSubject& subject) const
{
    const auto matched = std::ranges::find_if(m_policies, [&](const Policy& policy) {
        return policy.permissions.matches(subject) && policy.principals.matches(subject);
    });
    Judgement judgement;
    if (matched != m_policies.end())
        judgement.policy = matched->name;
    switch (m_action) {
    case Action::Allow:
        judgement.allowed = matched != m_policies.end();
        break;
    case Action::Deny:
        judgement.allowed = matched == m_policies.end();
        break;
    case Action::Log:
        break;
    }
    return judgement;
}

bool RbacRules::needsHttp() const
{
    return std::ranges::any_of(m_policies, [](const Policy& policy) {
        return policy.permissions.needsHttp() || policy.principals.needsHttp();
    });
}

} // namespace meshyard::proxy
