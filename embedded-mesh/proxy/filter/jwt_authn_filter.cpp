// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/jwt_authn_filter.h"

#include "embedded-mesh/proxy/filter/jwt_authn_proto.h"
#include "embedded-mesh/proxy/route/proto_values.h"

namespace meshyard::proxy {

namespace {

constexpr std::size_t kMaxRealm = 256; // of the path in it

/// Not a failure of the token's, but a token for somebody else or none at all.
bool isAbsence(JwtError error)
{
    return error == JwtError::Missing || error == JwtError::UnknownIssuer;
}

bool isPreflight(const RequestView& request)
{
    return request.method == "OPTIONS" && !request.header("origin").value_or("").empty()
        && !request.header("access-control-request-method").value_or("").empty();
}

} // namespace

Result<std::shared_ptr<const JwtRouteSettings>> JwtRouteSettings::compile(
    const envoy::extensions::filters::http::jwt_authn::v3::PerRouteConfig& proto)
{
    auto settings = std::make_shared<JwtRouteSettings>();
    settings->disabled = proto.disabled();
    settings->requirement = proto.requirement_name();
    if (!settings->disabled && settings->requirement.empty())
        return failure(
            ErrorCode::InvalidArgument, "PerRouteConfig needs disabled or requirement_name");
    return settings;
}

JwtAuthnFilter::JwtAuthnFilter(std::string name, std::string statPrefix)
    : HttpFilter(std::move(name))
    , m_statPrefix(std::move(statPrefix))
{
}

Result<std::unique_ptr<JwtAuthnFilter>> JwtAuthnFilter::compile(
    const std::string& name, const Proto& proto, const std::string& statPrefix)
{
    auto filter = std::make_unique<JwtAuthnFilter>(name, statPrefix);
    filter->m_bypassesPreflights = proto.bypass_cors_preflight();
    filter->m_saysNothing = proto.strip_failure_response();
    for (const auto& [key, provider] : proto.providers()) {
        auto compiled = JwtProvider::compile(provider);
        if (!compiled)
            return at("providers " + key, compiled.error());
        filter->m_providers.emplace(key, std::move(*compiled));
    }
    if (auto done = filter->compileRules(proto); !done)
        return tl::unexpected(done.error());
    return filter;
}

Result<void> JwtAuthnFilter::compileRules(const Proto& proto)
{
    for (const auto& [key, requirement] : proto.requirement_map()) {
        auto compiled = compileRequirement(requirement);
        if (!compiled)
            return at("requirement_map " + key, compiled.error());
        m_named.emplace(key, std::move(*compiled));
    }
    for (const auto& rule : proto.rules()) {
        auto match = RouteMatch::compile(rule.match());
        if (!match)
            return at("rules: match", match.error());
        Requirement requirement;
        if (rule.has_requires()) {
            auto compiled = compileRequirement(rule.requires_());
            if (!compiled)
                return at("rules: requires", compiled.error());
            requirement = std::move(*compiled);
        } else if (!rule.requirement_name().empty()) {
            const auto found = m_named.find(rule.requirement_name());
            if (found == m_named.end())
                return failure(ErrorCode::InvalidArgument,
                    "rules: requirement_map has no '" + rule.requirement_name() + "'");
            requirement = found->second;
        }
        m_rules.push_back({std::move(*match), std::move(requirement)});
    }
    return {};
}

Result<const JwtProvider*> JwtAuthnFilter::providerNamed(const std::string& name) const
{
    const auto found = m_providers.find(name);
    if (found == m_providers.end())
        return failure(ErrorCode::InvalidArgument, "there is no provider '" + name + "'");
    return found->second.get();
}

template <typename List>
Result<JwtAuthnFilter::Requirement> JwtAuthnFilter::compileList(
    Requirement::Kind kind, const List& list) const
{
    Requirement all;
    all.kind = kind;
    for (const RequirementProto& proto : list.requirements()) {
        const bool any = kind == Requirement::Kind::Any;
        if (any && proto.has_allow_missing()) {
            all.allowsMissing = true;
        } else if (any && proto.has_allow_missing_or_failed()) {
            all.allowsFailed = true;
        } else {
            auto inner = compileRequirement(proto);
            if (!inner)
                return inner;
            all.inner.push_back(std::move(*inner));
        }
    }
    return all;
}

Result<JwtAuthnFilter::Requirement> JwtAuthnFilter::compileRequirement(
    const RequirementProto& proto) const
{
    Requirement requirement;
    requirement.kind = Requirement::Kind::Provider;
    switch (proto.requires_type_case()) {
    case RequirementProto::kProviderName:
    case RequirementProto::kProviderAndAudiences: {
        const auto& wanted = proto.provider_and_audiences();
        auto provider = providerNamed(
            proto.has_provider_and_audiences() ? wanted.provider_name() : proto.provider_name());
        if (!provider)
            return tl::unexpected(provider.error());
        requirement.provider = *provider;
        requirement.audiences.assign(wanted.audiences().begin(), wanted.audiences().end());
        return requirement;
    }
    case RequirementProto::kRequiresAny:
        return compileList(Requirement::Kind::Any, proto.requires_any());
    case RequirementProto::kRequiresAll:
        return compileList(Requirement::Kind::All, proto.requires_all());
    case RequirementProto::kAllowMissing:
        requirement.kind = Requirement::Kind::Whichever;
        requirement.allowsMissing = true;
        return requirement;
    case RequirementProto::kAllowMissingOrFailed:
        requirement.kind = Requirement::Kind::Whichever;
        requirement.allowsMissing = requirement.allowsFailed = true;
        return requirement;
    case RequirementProto::REQUIRES_TYPE_NOT_SET:
        break;
    }
    requirement.kind = Requirement::Kind::Nothing;
    return requirement;
}

std::vector<std::shared_ptr<JwksSource>> JwtAuthnFilter::keySources() const
{
    std::vector<std::shared_ptr<JwksSource>> sources;
    for (const auto& [name, provider] : m_providers) {
        if (provider->remote() != nullptr)
            sources.push_back(provider->remote());
    }
    return sources;
}

/// @param known false = the route names a requirement that this filter has not.
const JwtAuthnFilter::Requirement* JwtAuthnFilter::requirementFor(
    const RequestPass& pass, const JwtRouteSettings* own, bool& known) const
{
    if (own != nullptr) {
        if (own->disabled)
            return nullptr;
        const auto found = m_named.find(own->requirement);
        known = found != m_named.end();
        return known ? &found->second : nullptr;
    }
    const auto rule = std::ranges::find_if(
        m_rules, [&](const Rule& candidate) { return candidate.match.matches(pass.request, 0); });
    return rule == m_rules.end() ? nullptr : &rule->requirement;
}

HttpFilter::Verdict JwtAuthnFilter::onRequest(RequestPass& pass, const FilterSettings* own) const
{
    for (const auto& [name, provider] : m_providers)
        provider->dropForgedHeaders(pass);
    if (m_bypassesPreflights && isPreflight(pass.request)) {
        m_bypassed.add();
        return Verdict::Continue;
    }
    bool known = true;
    const Requirement* const requirement
        = requirementFor(pass, dynamic_cast<const JwtRouteSettings*>(own), known);
    if (!known) { // Envoy, too, lets nobody through then
        m_denied.add();
        pass.state.reply.status = 403;
        pass.state.reply.details = "jwt_authn_unknown_requirement";
        return Verdict::Reply;
    }
    if (requirement == nullptr || requirement->kind == Requirement::Kind::Nothing) {
        m_allowed.add();
        return Verdict::Continue;
    }
    if (isWaiting(*requirement))
        return Verdict::Wait;
    const JwtError error = check(*requirement, pass);
    if (error != JwtError::None)
        return refuse(pass, error);
    m_allowed.add();
    return Verdict::Continue;
}

bool JwtAuthnFilter::isWaiting(const Requirement& requirement) const
{
    if (requirement.kind == Requirement::Kind::Provider)
        return requirement.provider->isWaiting();
    if (requirement.kind == Requirement::Kind::Whichever)
        return std::ranges::any_of(
            m_providers, [](const auto& entry) { return entry.second->isWaiting(); });
    return std::ranges::any_of(
        requirement.inner, [this](const Requirement& inner) { return isWaiting(inner); });
}

JwtError JwtAuthnFilter::check(const Requirement& requirement, RequestPass& pass) const
{
    switch (requirement.kind) {
    case Requirement::Kind::Nothing:
        return JwtError::None;
    case Requirement::Kind::Provider:
        return requirement.provider->check(pass, requirement.audiences);
    case Requirement::Kind::Any:
        return checkAny(requirement, pass);
    case Requirement::Kind::All:
        for (const Requirement& inner : requirement.inner) {
            if (const JwtError error = check(inner, pass); error != JwtError::None)
                return error;
        }
        return JwtError::None;
    case Requirement::Kind::Whichever:
        return checkWhichever(requirement, pass);
    }
    return JwtError::Missing;
}

JwtError JwtAuthnFilter::checkAny(const Requirement& requirement, RequestPass& pass) const
{
    JwtError worst = JwtError::Missing;
    for (const Requirement& inner : requirement.inner) {
        const JwtError error = check(inner, pass);
        if (error == JwtError::None)
            return error;
        if (!isAbsence(error))
            worst = error;
    }
    const bool allowed
        = requirement.allowsFailed || (requirement.allowsMissing && worst == JwtError::Missing);
    return allowed ? JwtError::None : worst;
}

/// Without a named provider each token counts that any of them knows.
JwtError JwtAuthnFilter::checkWhichever(const Requirement& requirement, RequestPass& pass) const
{
    JwtError worst = JwtError::Missing;
    bool accepted = false;
    for (const auto& [name, provider] : m_providers) {
        const JwtError error = provider->check(pass, {});
        accepted = accepted || error == JwtError::None;
        if (error != JwtError::None && error != JwtError::Missing
            && (worst == JwtError::Missing || worst == JwtError::UnknownIssuer))
            worst = error;
    }
    if (accepted && isAbsence(worst))
        return JwtError::None;
    const bool allowed
        = requirement.allowsFailed || (requirement.allowsMissing && worst == JwtError::Missing);
    return allowed ? JwtError::None : worst;
}

HttpFilter::Verdict JwtAuthnFilter::refuse(RequestPass& pass, JwtError error) const
{
    m_denied.add();
    FilterReply& reply = pass.state.reply;
    reply.status = error == JwtError::AudienceNotAllowed ? 403 : 401;
    if (m_saysNothing)
        return Verdict::Reply;
    reply.body = jwtErrorText(error);
    reply.details = "jwt_authn_access_denied{" + std::string(jwtErrorText(error)) + "}";
    std::ranges::replace(reply.details, ' ', '_');
    const RequestView& request = pass.request;
    std::string challenge = "Bearer realm=\"" + std::string(request.scheme) + "://"
        + std::string(request.authority) + std::string(request.target().substr(0, kMaxRealm))
        + "\"";
    std::ranges::replace(challenge, '\\', '/');
    if (error != JwtError::Missing)
        challenge += ", error=\"invalid_token\"";
    pass.state.responseEdits.set("www-authenticate", std::move(challenge));
    return Verdict::Reply;
}

void JwtAuthnFilter::visitStats(const StatSink& sink) const
{
    const std::string prefix = m_statPrefix + "jwt_authn.";
    std::uint64_t fetched = 0;
    std::uint64_t failed = 0;
    for (const auto& source : keySources()) {
        fetched += source->fetched.value();
        failed += source->failed.value();
    }
    sink(prefix + "allowed", m_allowed.value());
    sink(prefix + "denied", m_denied.value());
    sink(prefix + "cors_preflight_bypassed", m_bypassed.value());
    sink(prefix + "jwks_fetch_success", fetched);
    sink(prefix + "jwks_fetch_failed", failed);
}

} // namespace meshyard::proxy
