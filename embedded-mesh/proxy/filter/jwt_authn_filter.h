// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"
#include "embedded-mesh/proxy/filter/jwks_source.h"
#include "embedded-mesh/proxy/filter/jwt_provider.h"
#include "embedded-mesh/proxy/route/route_table.h"

#include <map>

namespace envoy::extensions::filters::http::jwt_authn::v3 {
class JwtAuthentication;
class JwtRequirement;
class PerRouteConfig;
} // namespace envoy::extensions::filters::http::jwt_authn::v3

namespace meshyard::proxy {

/// A compiled PerRouteConfig.
struct JwtRouteSettings final : FilterSettings
{
    bool disabled = false;
    std::string requirement; // its name in requirement_map

    static Result<std::shared_ptr<const JwtRouteSettings>> compile(
        const envoy::extensions::filters::http::jwt_authn::v3::PerRouteConfig& proto);
};

/// envoy.filters.http.jwt_authn: asks requests for tokens of known issuers; 401 without.
///
/// Follows Envoy: the first rule that matches says what is required; all tokens found for a provider
/// must be good.
class JwtAuthnFilter final : public HttpFilter
{
public:
    using Proto = envoy::extensions::filters::http::jwt_authn::v3::JwtAuthentication;

    static Result<std::unique_ptr<JwtAuthnFilter>> compile(
        const std::string& name, const Proto& proto, const std::string& statPrefix);

    JwtAuthnFilter(std::string name, std::string statPrefix);

    Verdict onRequest(RequestPass& pass, const FilterSettings* own) const override;
    void visitStats(const StatSink& sink) const override;
    std::vector<std::shared_ptr<JwksSource>> keySources() const;

private:
    using RequirementProto = envoy::extensions::filters::http::jwt_authn::v3::JwtRequirement;

    struct Requirement
    {
        enum class Kind : std::uint8_t { Nothing, Provider, Any, All, Whichever };

        Kind kind = Kind::Nothing;
        const JwtProvider* provider = nullptr;
        std::vector<std::string> audiences; // instead of the provider's
        std::vector<Requirement> inner;
        bool allowsMissing = false;
        bool allowsFailed = false;
    };

    struct Rule
    {
        RouteMatch match;
        Requirement requirement;
    };

    Result<Requirement> compileRequirement(const RequirementProto& proto) const;
    template <typename List>
    Result<Requirement> compileList(Requirement::Kind kind, const List& list) const;
    Result<const JwtProvider*> providerNamed(const std::string& name) const;
    Result<void> compileRules(const Proto& proto);

    const Requirement* requirementFor(
        const RequestPass& pass, const JwtRouteSettings* own, bool& known) const;
    JwtError check(const Requirement& requirement, RequestPass& pass) const;
    JwtError checkAny(const Requirement& requirement, RequestPass& pass) const;
    JwtError checkWhichever(const Requirement& requirement, RequestPass& pass) const;
    bool isWaiting(const Requirement& requirement) const;
    Verdict refuse(RequestPass& pass, JwtError error) const;

    const std::string m_statPrefix;
    std::map<std::string, std::unique_ptr<const JwtProvider>> m_providers;
    std::map<std::string, Requirement, std::less<>> m_named;
    std::vector<Rule> m_rules;
    bool m_bypassesPreflights = false;
    bool m_saysNothing = false;
    mutable Counter m_allowed;
    mutable Counter m_denied;
    mutable Counter m_bypassed;
};

} // namespace meshyard::proxy
