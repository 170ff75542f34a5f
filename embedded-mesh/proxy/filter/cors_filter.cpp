// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/cors_filter.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"

namespace meshyard::proxy {

Result<std::shared_ptr<const FilterSettings>> CorsSettings::compile(
    const envoy::extensions::filters::http::cors::v3::CorsPolicy& policy)
{
    auto settings = std::make_shared<CorsSettings>();
    for (const auto& origin : policy.allow_origin_string_match()) {
        auto test = StringTest::compile(origin);
        if (!test)
            return at("allow_origin_string_match", test.error());
        settings->origins.push_back(std::move(*test));
    }
    settings->methods = policy.allow_methods();
    settings->headers = policy.allow_headers();
    settings->exposed = policy.expose_headers();
    settings->maxAge = policy.max_age();
    settings->credentials = policy.allow_credentials().value();
    settings->privateNetwork = policy.allow_private_network_access().value();
    if (policy.has_forward_not_matching_preflights())
        settings->forwardsOtherPreflights = policy.forward_not_matching_preflights().value();
    if (policy.has_filter_enabled())
        settings->enabledPerMillion = perMillion(policy.filter_enabled().default_value());
    if (policy.has_shadow_enabled())
        settings->shadowPerMillion = perMillion(policy.shadow_enabled().default_value());
    for (const std::string* text :
        {&settings->methods, &settings->headers, &settings->exposed, &settings->maxAge}) {
        if (!isHeaderValue(*text))
            return failure(ErrorCode::InvalidArgument, "CorsPolicy: a value holds a line end");
    }
    return settings;
}

bool CorsSettings::allows(std::string_view origin) const
{
    return std::ranges::any_of(origins, [origin](const StringTest& test) {
        return test.matches("*") || test.matches(origin); // a rule that takes "*" takes all
    });
}

CorsFilter::CorsFilter(std::string name, std::string statPrefix)
    : HttpFilter(std::move(name))
    , m_statPrefix(std::move(statPrefix))
{
}

HttpFilter::Verdict CorsFilter::onRequest(RequestPass& pass, const FilterSettings* own) const
{
    const auto* const policy = dynamic_cast<const CorsSettings*>(own);
    if (policy == nullptr)
        return Verdict::Continue;
    const std::string_view origin = pass.request.header("origin").value_or("");
    if (origin.empty())
        return Verdict::Continue;
    const bool enabled = pass.happens(policy->enabledPerMillion);
    if (!enabled && !pass.happens(policy->shadowPerMillion))
        return Verdict::Continue;
    const bool preflight = pass.request.method == "OPTIONS"
        && !pass.request.header("access-control-request-method").value_or("").empty();
    if (!policy->allows(origin)) {
        m_invalid.add();
        if (!enabled || !preflight || policy->forwardsOtherPreflights)
            return Verdict::Continue;
        pass.state.reply.status = 200;
        pass.state.reply.details = "cors_response";
        return Verdict::Reply;
    }
    m_valid.add();
    if (!enabled)
        return Verdict::Continue;
    HeaderEdits& edits = pass.state.responseEdits;
    edits.set("access-control-allow-origin", std::string(origin));
    if (policy->credentials)
        edits.set("access-control-allow-credentials", "true");
    if (preflight) {
        allowPreflight(pass, *policy);
        return Verdict::Reply;
    }
    if (!policy->exposed.empty())
        edits.set("access-control-expose-headers", policy->exposed);
    return Verdict::Continue;
}

void CorsFilter::allowPreflight(RequestPass& pass, const CorsSettings& policy)
{
    HeaderEdits& edits = pass.state.responseEdits;
    if (!policy.methods.empty())
        edits.set("access-control-allow-methods", policy.methods);
    if (!policy.headers.empty())
        edits.set("access-control-allow-headers", policy.headers);
    if (!policy.maxAge.empty())
        edits.set("access-control-max-age", policy.maxAge);
    if (policy.privateNetwork
        && pass.request.header("access-control-request-private-network") == "true")
        edits.set("access-control-allow-private-network", "true");
    pass.state.reply.status = 200;
    pass.state.reply.details = "cors_response";
}

void CorsFilter::visitStats(const StatSink& sink) const
{
    sink(m_statPrefix + "cors.origin_valid", m_valid.value());
    sink(m_statPrefix + "cors.origin_invalid", m_invalid.value());
}

} // namespace meshyard::proxy
