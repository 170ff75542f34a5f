// SPDX-License-Identifier: GPL-3.0-or-later
// RouteConfiguration to RouteTable: everything that can be refused is refused here.
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/route/route_table.h"

#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"

namespace meshyard::proxy {

namespace {

namespace v3 = envoy::config::route::v3;

using FilterConfigs = google::protobuf::Map<std::string, google::protobuf::Any>;

Result<std::shared_ptr<const FaultRules>> faultOf(const FilterConfigs& configs)
{
    const auto found = configs.find("envoy.filters.http.fault");
    if (found == configs.end())
        return std::shared_ptr<const FaultRules>();
    envoy::extensions::filters::http::fault::v3::HTTPFault fault;
    if (!found->second.UnpackTo(&fault)) {
        return failure(ErrorCode::InvalidArgument,
            "typed_per_filter_config: envoy.filters.http.fault is no HTTPFault but "
                + found->second.type_url());
    }
    return FaultRules::compile(fault);
}

Result<RouteMatch> compileMatch(const v3::RouteMatch& match)
{
    RouteMatch compiled;
    compiled.ignoreCase = match.has_case_sensitive() && !match.case_sensitive().value();
    switch (match.path_specifier_case()) {
    case v3::RouteMatch::kPrefix:
        compiled.path = match.prefix();
        break;
    case v3::RouteMatch::kPath:
        compiled.kind = RouteMatch::Path::Exact;
        compiled.path = match.path();
        break;
    case v3::RouteMatch::kPathSeparatedPrefix:
        compiled.kind = RouteMatch::Path::SeparatedPrefix;
        compiled.path = match.path_separated_prefix();
        break;
    case v3::RouteMatch::kSafeRegex: {
        compiled.kind = RouteMatch::Path::Regex;
        auto test = StringTest::compile(match.safe_regex());
        if (!test)
            return at("safe_regex", test.error());
        compiled.regex
            = std::shared_ptr<const re2::RE2>(std::make_shared<StringTest>(*test), test->regex());
        break;
    }
    case v3::RouteMatch::PATH_SPECIFIER_NOT_SET:
        return failure(ErrorCode::InvalidArgument, "match has no path specifier");
    }
    if (match.has_runtime_fraction())
        compiled.perMillion = perMillion(match.runtime_fraction().default_value());
    if (match.has_grpc()) {
        v3::HeaderMatcher grpc;
        grpc.set_name("content-type");
        grpc.set_prefix_match("application/grpc");
        compiled.headers.push_back(*HeaderTest::compile(grpc));
    }
    for (const v3::HeaderMatcher& header : match.headers()) {
        auto test = HeaderTest::compile(header);
        if (!test)
            return at("headers", test.error());
        compiled.headers.push_back(std::move(*test));
    }
    for (const v3::QueryParameterMatcher& parameter : match.query_parameters()) {
        auto test = QueryTest::compile(parameter);
        if (!test)
            return at("query_parameters", test.error());
        compiled.query.push_back(std::move(*test));
    }
    return compiled;
}

Result<WeightedTarget> compileTarget(const v3::WeightedCluster::ClusterWeight& weight)
{
    WeightedTarget target;
    target.cluster = weight.name();
    target.weight = weight.weight().value();
    target.hostRewrite = weight.host_rewrite_literal();
    if (auto done = target.requestEdits.append(
            weight.request_headers_to_add(), weight.request_headers_to_remove());
        !done)
        return tl::unexpected(done.error());
    if (auto done = target.responseEdits.append(
            weight.response_headers_to_add(), weight.response_headers_to_remove());
        !done)
        return tl::unexpected(done.error());
    auto fault = faultOf(weight.typed_per_filter_config());
    if (!fault)
        return tl::unexpected(fault.error());
    target.fault = std::move(*fault);
    return target;
}

Result<void> compileTargets(const v3::RouteAction& route, ForwardAction& action)
{
    switch (route.cluster_specifier_case()) {
    case v3::RouteAction::kCluster:
        action.targets.push_back(WeightedTarget{route.cluster(), 1, {}, {}, {}, {}});
        break;
    case v3::RouteAction::kClusterHeader:
        action.clusterHeader = route.cluster_header();
        return {};
    case v3::RouteAction::kWeightedClusters:
        for (const auto& weight : route.weighted_clusters().clusters()) {
            auto target = compileTarget(weight);
            if (!target)
                return at("weighted_clusters " + weight.name(), target.error());
            action.targets.push_back(std::move(*target));
        }
        break;
    case v3::RouteAction::CLUSTER_SPECIFIER_NOT_SET:
        break;
    }
    for (const WeightedTarget& target : action.targets) {
        if (target.cluster.empty())
            return failure(ErrorCode::InvalidArgument, "a target has no cluster name");
        action.totalWeight += target.weight;
    }
    if (action.targets.empty() || action.totalWeight == 0)
        return failure(ErrorCode::InvalidArgument, "route names no cluster with a weight");
    return {};
}

Result<ForwardAction> compileForward(const v3::RouteAction& route, const v3::RetryPolicy* hostRetry)
{
    ForwardAction action;
    if (auto done = compileTargets(route, action); !done)
        return tl::unexpected(done.error());
    if (route.has_timeout())
        action.timeout = toMicros(route.timeout());
    if (route.max_stream_duration().has_max_stream_duration())
        action.maxDuration = toMicros(route.max_stream_duration().max_stream_duration());
    if (route.max_stream_duration().has_grpc_timeout_header_max())
        action.grpcTimeoutMax = toMicros(route.max_stream_duration().grpc_timeout_header_max());
    if (route.cluster_not_found_response_code() == v3::RouteAction::NOT_FOUND)
        action.missingClusterStatus = 404;
    else if (route.cluster_not_found_response_code() == v3::RouteAction::INTERNAL_SERVER_ERROR)
        action.missingClusterStatus = 500;
    action.prefixRewrite = route.prefix_rewrite();
    if (route.has_regex_rewrite()) {
        auto test = StringTest::compile(route.regex_rewrite().pattern());
        if (!test)
            return at("regex_rewrite", test.error());
        action.regexRewrite
            = std::shared_ptr<const re2::RE2>(std::make_shared<StringTest>(*test), test->regex());
        action.regexSubstitution = route.regex_rewrite().substitution();
    }
    action.hostRewrite = route.host_rewrite_literal();
    const v3::RetryPolicy* const retry
        = route.has_retry_policy() ? &route.retry_policy() : hostRetry;
    if (retry != nullptr) {
        auto rules = RetryRules::compile(*retry);
        if (!rules)
            return at("retry_policy", rules.error());
        action.retry = *rules;
    }
    return action;
}

RedirectRules compileRedirect(const v3::RedirectAction& redirect)
{
    constexpr int kStatus[] = {301, 302, 303, 307, 308};
    RedirectRules rules;
    rules.status = kStatus[std::clamp<int>(redirect.response_code(), 0, 4)];
    rules.scheme = redirect.https_redirect() ? "https" : redirect.scheme_redirect();
    rules.host = redirect.host_redirect();
    rules.port = redirect.port_redirect();
    rules.path = redirect.path_redirect();
    rules.prefixRewrite = redirect.prefix_rewrite();
    rules.stripQuery = redirect.strip_query();
    return rules;
}

Result<Route> compileRoute(const v3::Route& route, const v3::VirtualHost& host)
{
    Route compiled;
    compiled.name = route.name();
    auto match = compileMatch(route.match());
    if (!match)
        return at("match", match.error());
    compiled.match = std::move(*match);
    switch (route.action_case()) {
    case v3::Route::kRoute: {
        auto forward = compileForward(
            route.route(), host.has_retry_policy() ? &host.retry_policy() : nullptr);
        if (!forward)
            return at("route", forward.error());
        compiled.action = std::move(*forward);
        break;
    }
    case v3::Route::kRedirect:
        compiled.action = compileRedirect(route.redirect());
        break;
    case v3::Route::kDirectResponse: {
        const auto& direct = route.direct_response();
        if (direct.status() < 200 || direct.status() > 599)
            return failure(ErrorCode::InvalidArgument, "direct_response.status must be 200..599");
        const std::string& body = direct.body().has_inline_string() ? direct.body().inline_string()
                                                                    : direct.body().inline_bytes();
        compiled.action = DirectAnswer{static_cast<int>(direct.status()), body};
        break;
    }
    default:
        return failure(ErrorCode::InvalidArgument, "route has no supported action");
    }
    auto fault = faultOf(route.typed_per_filter_config());
    if (fault && !*fault)
        fault = faultOf(host.typed_per_filter_config());
    if (!fault)
        return tl::unexpected(fault.error());
    compiled.fault = std::move(*fault);
    return compiled;
}

template <typename Level> Result<void> appendEdits(Route& route, const Level& level)
{
    if (auto done = route.requestEdits.append(
            level.request_headers_to_add(), level.request_headers_to_remove());
        !done)
        return done;
    return route.responseEdits.append(
        level.response_headers_to_add(), level.response_headers_to_remove());
}

} // namespace

Result<void> RouteTable::addDomain(const std::string& spelled, std::size_t host)
{
    std::string domain = spelled;
    std::ranges::transform(domain, domain.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    bool isNew = true;
    if (domain == "*") {
        isNew = !m_any;
        m_any = host;
    } else if (domain.starts_with('*')) {
        m_suffixes.push_back({domain.substr(1), host});
    } else if (domain.ends_with('*')) {
        domain.pop_back();
        m_prefixes.push_back({domain, host});
    } else {
        isNew = m_exact.emplace(domain, host).second;
    }
    if (domain.empty() || !isNew) {
        return failure(ErrorCode::InvalidArgument,
            "domain '" + spelled + "' is empty or stands in two virtual hosts");
    }
    return {};
}

Result<std::shared_ptr<const RouteTable>> RouteTable::compile(const v3::RouteConfiguration& config)
{
    auto table = std::make_shared<RouteTable>();
    table->m_name = config.name();
    table->m_ignorePort = config.ignore_port_in_host_matching();
    for (const v3::VirtualHost& host : config.virtual_hosts()) {
        const std::string place
            = "route_config '" + config.name() + "' virtual_host '" + host.name() + "'";
        VirtualHost compiled;
        compiled.name = host.name();
        for (const v3::Route& route : host.routes()) {
            const std::string routePlace
                = place + " route " + std::to_string(compiled.routes.size()) + " " + route.name();
            auto made = compileRoute(route, host);
            if (!made)
                return at(routePlace, made.error());
            for (auto done :
                {appendEdits(*made, route), appendEdits(*made, host), appendEdits(*made, config)}) {
                if (!done)
                    return at(routePlace, done.error());
            }
            compiled.routes.push_back(std::move(*made));
        }
        if (host.domains().empty())
            return failure(ErrorCode::InvalidArgument, place + ": no domains");
        for (const std::string& domain : host.domains()) {
            if (auto done = table->addDomain(domain, table->m_hosts.size()); !done)
                return at(place, done.error());
        }
        table->m_hosts.push_back(std::move(compiled));
    }
    const auto longer
        = [](const Wildcard& a, const Wildcard& b) { return a.text.size() > b.text.size(); };
    std::ranges::stable_sort(table->m_suffixes, longer);
    std::ranges::stable_sort(table->m_prefixes, longer);
    return table;
}

} // namespace meshyard::proxy
