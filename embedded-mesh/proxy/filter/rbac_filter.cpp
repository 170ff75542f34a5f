// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/rbac_filter.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"
#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"

namespace meshyard::proxy {

namespace {

/// Counts the shadow rules; @return what the rules in force say.
RbacRules::Judgement judge(
    const RbacSettings& settings, const RbacSubject& subject, RbacCounters& counters)
{
    if (settings.shadowRules) {
        const bool allowed = settings.shadowRules->judge(subject).allowed;
        (allowed ? counters.shadowAllowed : counters.shadowDenied).add();
    }
    if (!settings.rules)
        return {};
    const RbacRules::Judgement judgement = settings.rules->judge(subject);
    (judgement.allowed ? counters.allowed : counters.denied).add();
    return judgement;
}

} // namespace

template <typename Proto> Result<RbacSettings> RbacSettings::compile(const Proto& proto)
{
    RbacSettings settings;
    if (proto.has_rules()) {
        auto rules = RbacRules::compile(proto.rules());
        if (!rules)
            return at("rules", rules.error());
        settings.rules = std::move(*rules);
    }
    if (proto.has_shadow_rules()) {
        auto rules = RbacRules::compile(proto.shadow_rules());
        if (!rules)
            return at("shadow_rules", rules.error());
        settings.shadowRules = std::move(*rules);
    }
    return settings;
}

template Result<RbacSettings> RbacSettings::compile(const RbacFilter::Proto& proto);

void RbacCounters::visit(const StatSink& sink) const
{
    sink(prefix + "rbac." + rulesPrefix + "allowed", allowed.value());
    sink(prefix + "rbac." + rulesPrefix + "denied", denied.value());
    sink(prefix + "rbac." + shadowPrefix + "shadow_allowed", shadowAllowed.value());
    sink(prefix + "rbac." + shadowPrefix + "shadow_denied", shadowDenied.value());
}

RbacFilter::RbacFilter(
    std::string name, RbacSettings settings, const Proto& proto, const std::string& statPrefix)
    : HttpFilter(std::move(name))
    , m_settings(std::move(settings))
{
    m_counters.prefix = statPrefix;
    m_counters.rulesPrefix = proto.rules_stat_prefix();
    m_counters.shadowPrefix = proto.shadow_rules_stat_prefix();
}

Result<std::unique_ptr<const HttpFilter>> RbacFilter::compile(
    const std::string& name, const Proto& proto, const std::string& statPrefix)
{
    auto settings = RbacSettings::compile(proto);
    if (!settings)
        return tl::unexpected(settings.error());
    return std::make_unique<RbacFilter>(name, std::move(*settings), proto, statPrefix);
}

HttpFilter::Verdict RbacFilter::onRequest(RequestPass& pass, const FilterSettings* own) const
{
    const auto* const ofRoute = dynamic_cast<const RbacSettings*>(own);
    const RbacRules::Judgement judgement = judge(ofRoute != nullptr ? *ofRoute : m_settings,
        RbacSubject{pass.request, pass.state.metadata}, m_counters);
    if (judgement.allowed)
        return Verdict::Continue;
    pass.state.reply.status = 403;
    pass.state.reply.body = "RBAC: access denied";
    pass.state.reply.details = "rbac_access_denied_matched_policy["
        + std::string(judgement.policy.empty() ? "none" : judgement.policy) + "]";
    return Verdict::Reply;
}

Result<std::shared_ptr<const NetworkRbac>> NetworkRbac::compile(const Proto& proto)
{
    auto made = std::make_shared<NetworkRbac>();
    auto settings = RbacSettings::compile(proto);
    if (!settings)
        return tl::unexpected(settings.error());
    made->m_settings = std::move(*settings);
    for (const auto* rules : {&made->m_settings.rules, &made->m_settings.shadowRules}) {
        if (*rules && (*rules)->needsHttp())
            return failure(ErrorCode::InvalidArgument,
                "a network RBAC rule asks for a header, path or metadata, which TCP has not");
    }
    made->m_counters.prefix = proto.stat_prefix().empty() ? "" : proto.stat_prefix() + ".";
    made->m_counters.shadowPrefix = proto.shadow_rules_stat_prefix();
    return made;
}

bool NetworkRbac::allows(const ConnectionInfo& connection) const
{
    static const DynamicMetadata kNone;
    RequestView view;
    view.connection = &connection;
    return judge(m_settings, RbacSubject{view, kNone}, m_counters).allowed;
}

} // namespace meshyard::proxy
