// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/filter_chain.h"

#include "embedded-mesh/proxy/filter/compressor_filter.h"
#include "embedded-mesh/proxy/filter/cors_filter.h"
#include "embedded-mesh/proxy/filter/drill_fault_filter.h"
#include "embedded-mesh/proxy/filter/fault_filter.h"
#include "embedded-mesh/proxy/filter/filter_stats.h"
#include "embedded-mesh/proxy/filter/jwt_authn_filter.h"
#include "embedded-mesh/proxy/filter/jwt_authn_proto.h"
#include "embedded-mesh/proxy/filter/local_rate_limit_filter.h"
#include "embedded-mesh/proxy/filter/rbac_filter.h"
#include "embedded-mesh/proxy/route/listener_spec.h"
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/load_balancer.h"

#include "envoy/extensions/filters/http/compressor/v3/compressor.pb.h"
#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.pb.h"
#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "meshyard/v1/drill_fault.pb.h"

namespace meshyard::proxy {

namespace {

namespace http = envoy::extensions::filters::http;

using FilterResult = Result<std::unique_ptr<const HttpFilter>>;
using google::protobuf::Any;

/// When a drill's ttl starts to count: here and now, whoever compiles.
const SteadyClock kMachineClock;

template <typename Proto> Result<Proto> unpack(const Any& any)
{
    Proto proto;
    if (any.UnpackTo(&proto))
        return proto;
    return failure(ErrorCode::InvalidArgument, any.type_url() + " does not decode");
}

template <typename Filter, typename Settings>
FilterResult joined(
    const std::string& name, Result<std::shared_ptr<Settings>> settings, const std::string& prefix)
{
    if (!settings)
        return tl::unexpected(settings.error());
    return std::make_unique<Filter>(name, std::move(*settings), prefix);
}

/// @return nullptr = a type that is no filter of ours.
FilterResult compileFilter(const std::string& name, const Any& config, const std::string& prefix)
{
    if (config.Is<http::rbac::v3::RBAC>()) {
        return unpack<http::rbac::v3::RBAC>(config).and_then(
            [&](const auto& proto) { return RbacFilter::compile(name, proto, prefix); });
    }
    if (config.Is<http::cors::v3::Cors>())
        return std::make_unique<CorsFilter>(name, prefix);
    if (config.Is<http::local_ratelimit::v3::LocalRateLimit>()) {
        auto settings = unpack<http::local_ratelimit::v3::LocalRateLimit>(config).and_then(
            LocalRateLimitSettings::compile);
        if (!settings)
            return tl::unexpected(settings.error());
        return std::make_unique<LocalRateLimitFilter>(name, std::move(*settings));
    }
    if (config.Is<http::fault::v3::HTTPFault>()) {
        return joined<FaultFilter>(name,
            unpack<http::fault::v3::HTTPFault>(config).and_then(FaultSettings::compile), prefix);
    }
    if (config.Is<http::compressor::v3::Compressor>()) {
        return joined<CompressorFilter>(name,
            unpack<http::compressor::v3::Compressor>(config).and_then(CompressorSettings::compile),
            prefix);
    }
    if (config.Is<v1::DrillFault>()) {
        return joined<DrillFaultFilter>(name,
            unpack<v1::DrillFault>(config).and_then([](const auto& proto) {
                return DrillFaultSettings::compile(proto, kMachineClock);
            }),
            prefix);
    }
    return nullptr;
}

template <typename Settings>
Result<std::shared_ptr<const FilterSettings>> asSettings(Result<std::shared_ptr<Settings>> settings)
{
    if (!settings)
        return tl::unexpected(settings.error());
    return std::shared_ptr<const FilterSettings>(std::move(*settings));
}

Result<std::shared_ptr<const RbacSettings>> compileRbac(const http::rbac::v3::RBACPerRoute& proto)
{
    auto settings = RbacSettings::compile(proto.rbac());
    if (!settings)
        return tl::unexpected(settings.error());
    return std::make_shared<const RbacSettings>(std::move(*settings));
}

} // namespace

Result<std::shared_ptr<const FilterSettings>> compileFilterSettings(const Any& config)
{
    if (config.Is<http::rbac::v3::RBACPerRoute>())
        return asSettings(unpack<http::rbac::v3::RBACPerRoute>(config).and_then(compileRbac));
    if (config.Is<http::cors::v3::CorsPolicy>())
        return unpack<http::cors::v3::CorsPolicy>(config).and_then(CorsSettings::compile);
    if (config.Is<http::local_ratelimit::v3::LocalRateLimit>()) {
        return asSettings(unpack<http::local_ratelimit::v3::LocalRateLimit>(config).and_then(
            LocalRateLimitSettings::compile));
    }
    if (config.Is<http::compressor::v3::CompressorPerRoute>()) {
        return asSettings(unpack<http::compressor::v3::CompressorPerRoute>(config).and_then(
            CompressorRouteSettings::compile));
    }
    if (config.Is<http::jwt_authn::v3::PerRouteConfig>()) {
        return asSettings(unpack<http::jwt_authn::v3::PerRouteConfig>(config).and_then(
            JwtRouteSettings::compile));
    }
    if (config.Is<http::fault::v3::HTTPFault>()) {
        return asSettings(
            unpack<http::fault::v3::HTTPFault>(config).and_then(FaultSettings::compile));
    }
    if (config.Is<v1::DrillFault>()) {
        return asSettings(unpack<v1::DrillFault>(config).and_then(
            [](const auto& proto) { return DrillFaultSettings::compile(proto, kMachineClock); }));
    }
    return std::shared_ptr<const FilterSettings>();
}

void FilterState::clear()
{
    requestEdits.clear();
    responseEdits.clear();
    metadata.clear();
    delay = {};
    reply = {};
    texts.clear();
    rematches = false;
    activeFault.release();
    compressor.reset();
    acceptsGzip = false;
    bytesPerSecond = 0;
    holdsEnd = {};
    resets = false;
}

bool RequestPass::happens(std::uint32_t perMillion)
{
    if (perMillion == 0 || perMillion >= 1000000)
        return perMillion != 0;
    return nextRandom(random) % 1000000 < perMillion;
}

void RequestPass::removeHeader(std::string_view name)
{
    state.requestEdits.remove(name);
    std::erase_if(
        headers, [name](const HeaderView& field) { return equalsIgnoreCase(field.name, name); });
    request.headers = headers;
}

void RequestPass::removeQueryParameter(std::string_view name)
{
    std::string kept;
    std::string_view rest = request.query;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        if (pair.substr(0, pair.find('=')) != name)
            kept.append(kept.empty() ? "" : "&").append(pair);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::size_t pathSize = request.path.size();
    std::string& target = state.texts.emplace_front(request.path);
    if (!kept.empty())
        target.append("?").append(kept);
    request.path = std::string_view(target).substr(0, pathSize);
    request.query
        = kept.empty() ? std::string_view() : std::string_view(target).substr(pathSize + 1);
}

void RequestPass::setHeader(std::string_view name, std::string value)
{
    removeHeader(name);
    state.requestEdits.set(name, value);
    const std::string& keptName = state.texts.emplace_front(name);
    const std::string& keptValue = state.texts.emplace_front(std::move(value));
    headers.push_back({keptName, keptValue});
    request.headers = headers;
}

Result<bool> FilterChain::add(const FilterProto& proto, const std::string& statPrefix)
{
    if (proto.typed_config().Is<http::router::v3::Router>())
        return true;
    if (proto.typed_config().Is<http::jwt_authn::v3::JwtAuthentication>()) {
        auto jwt = unpack<http::jwt_authn::v3::JwtAuthentication>(proto.typed_config())
                       .and_then([&](const auto& config) {
                           return JwtAuthnFilter::compile(proto.name(), config, statPrefix);
                       });
        if (!jwt)
            return tl::unexpected(jwt.error());
        for (auto& source : (*jwt)->keySources())
            m_keySources.push_back(std::move(source));
        m_links.push_back({std::move(*jwt), proto.disabled()});
        return true;
    }
    auto filter = compileFilter(proto.name(), proto.typed_config(), statPrefix);
    if (!filter)
        return tl::unexpected(filter.error());
    if (*filter == nullptr)
        return false;
    m_links.push_back({std::move(*filter), proto.disabled()});
    return true;
}

Result<std::shared_ptr<const FilterChain>> FilterChain::compile(
    const Hcm& hcm, const std::string& place, std::vector<std::string>& warnings)
{
    auto chain = std::make_shared<FilterChain>();
    const std::string prefix = "http." + hcm.stat_prefix() + ".";
    for (const FilterProto& proto : hcm.http_filters()) {
        auto added = chain->add(proto, prefix);
        if (!added)
            return at("http_filters '" + proto.name() + "'", added.error());
        if (*added)
            continue;
        const std::string what = "http_filters '" + proto.name() + "' ("
            + proto.typed_config().type_url() + ") is not supported";
        // A filter that might deny requests is never left out in silence.
        if (!proto.is_optional())
            return failure(ErrorCode::InvalidArgument, what);
        warnings.push_back(place + ": " + what + " and has no effect");
    }
    if (chain->m_links.empty())
        return std::shared_ptr<const FilterChain>();
    return chain;
}

HttpFilter::Verdict FilterChain::decide(RequestPass& pass, const FilterOverrides* overrides) const
{
    for (const Link& link : m_links) {
        const FilterOverrides::Entry* const own
            = overrides == nullptr ? nullptr : overrides->find(link.filter->name());
        if (own == nullptr ? link.disabled : own->disabled)
            continue;
        const auto verdict
            = link.filter->onRequest(pass, own == nullptr ? nullptr : own->settings.get());
        if (verdict != HttpFilter::Verdict::Continue)
            return verdict;
    }
    return HttpFilter::Verdict::Continue;
}

void FilterChain::visitStats(const StatSink& sink) const
{
    for (const Link& link : m_links)
        link.filter->visitStats(sink);
}

void visitFilterStats(const ListenerSpec& listener, const StatSink& sink)
{
    const auto visit = [&](const FilterChainSpec& chain) {
        if (chain.networkRbac != nullptr)
            chain.networkRbac->visitStats(sink);
        if (chain.filters != nullptr)
            chain.filters->visitStats(sink);
    };
    for (const auto& chain : listener.chains)
        visit(*chain);
    if (listener.defaultChain != nullptr)
        visit(*listener.defaultChain);
}

} // namespace meshyard::proxy
