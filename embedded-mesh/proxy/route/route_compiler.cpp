// SPDX-License-Identifier: GPL-3.0-or-later
// RouteConfiguration to RouteTable: everything that can be refused is refused here.
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/route/rewrite_compiler.h"
#include "embedded-mesh/proxy/route/route_table.h"
#include "embedded-mesh/proxy/upstream/metadata_pairs.h"

#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"

namespace meshyard::proxy {

namespace {

namespace v3 = envoy::config::route::v3;

constexpr std::uint32_t kMaxDirectBody = 4096; // unless the table says otherwise, as in Envoy

/// What a route inherits.
struct Level
{
    const v3::RouteConfiguration& table;
    const v3::VirtualHost& host;
};

template <typename From>
Result<void> appendEdits(const From& level, HeaderEdits& request, HeaderEdits& response)
{
    if (auto done
        = request.append(level.request_headers_to_add(), level.request_headers_to_remove());
        !done)
        return done;
    return response.append(level.response_headers_to_add(), level.response_headers_to_remove());
}

/// All levels in the order in which they act: the most specific first, unless the table says that
/// its word is the last one. @param target nullptr = of the route itself.
Result<void> compileEdits(const Level& level, const v3::Route& route,
    const v3::WeightedCluster::ClusterWeight* target, HeaderEdits& request, HeaderEdits& response)
{
    const auto ofTarget = [&]() -> Result<void> {
        return target == nullptr ? Result<void>() : appendEdits(*target, request, response);
    };
    const auto ofRoute = [&] { return appendEdits(route, request, response); };
    const auto ofHost = [&] { return appendEdits(level.host, request, response); };
    const auto ofTable = [&] { return appendEdits(level.table, request, response); };
    if (level.table.most_specific_header_mutations_wins())
        return ofTable().and_then(ofHost).and_then(ofRoute).and_then(ofTarget);
    return ofTarget().and_then(ofRoute).and_then(ofHost).and_then(ofTable);
}

Result<FilterOverrides> compileOverrides(
    const Level& level, const v3::Route& route, const v3::WeightedCluster::ClusterWeight* target)
{
    FilterOverrides overrides;
    for (const auto* configs : {&level.table.typed_per_filter_config(),
             &level.host.typed_per_filter_config(), &route.typed_per_filter_config(),
             target == nullptr ? nullptr : &target->typed_per_filter_config()}) {
        if (configs == nullptr)
            continue;
        if (auto done = overrides.append(*configs); !done)
            return tl::unexpected(done.error());
    }
    return overrides;
}

Result<WeightedTarget> compileTarget(
    const v3::WeightedCluster::ClusterWeight& weight, const Level& level, const v3::Route& route)
{
    WeightedTarget target;
    target.cluster = weight.name();
    target.clusterHeader = weight.cluster_header();
    target.weight = weight.weight().value();
    target.hostRewrite = weight.host_rewrite_literal();
    target.subset
        = merged(lbMetadata(route.route().metadata_match()), lbMetadata(weight.metadata_match()));
    if (auto done = compileEdits(level, route, &weight, target.requestEdits, target.responseEdits);
        !done)
        return tl::unexpected(done.error());
    auto overrides = compileOverrides(level, route, &weight);
    if (!overrides)
        return tl::unexpected(overrides.error());
    target.filters = std::move(*overrides);
    return target;
}

Result<void> compileTargets(const Level& level, const v3::Route& proto, ForwardAction& action)
{
    const v3::RouteAction& route = proto.route();
    switch (route.cluster_specifier_case()) {
    case v3::RouteAction::kCluster: {
        v3::WeightedCluster::ClusterWeight whole;
        whole.set_name(route.cluster());
        whole.mutable_weight()->set_value(1);
        auto target = compileTarget(whole, level, proto);
        if (!target)
            return tl::unexpected(target.error());
        action.targets.push_back(std::move(*target));
        break;
    }
    case v3::RouteAction::kClusterHeader:
        action.clusterHeader = route.cluster_header();
        return {};
    case v3::RouteAction::kWeightedClusters:
        action.weightHeader = route.weighted_clusters().header_name();
        for (const auto& weight : route.weighted_clusters().clusters()) {
            auto target = compileTarget(weight, level, proto);
            if (!target)
                return at("weighted_clusters " + weight.name(), target.error());
            action.targets.push_back(std::move(*target));
        }
        break;
    case v3::RouteAction::CLUSTER_SPECIFIER_NOT_SET:
        break;
    }
    for (const WeightedTarget& target : action.targets) {
        if (target.cluster.empty() == target.clusterHeader.empty())
            return failure(
                ErrorCode::InvalidArgument, "a target needs a cluster name or a cluster_header");
        action.totalWeight += target.weight;
    }
    if (action.targets.empty() || action.totalWeight == 0)
        return failure(ErrorCode::InvalidArgument, "route names no cluster with a weight");
    return {};
}

Result<std::vector<MirrorRules>> compileMirrors(const Level& level, const v3::RouteAction& route)
{
    const auto* policies = &route.request_mirror_policies();
    if (policies->empty())
        policies = &level.host.request_mirror_policies();
    if (policies->empty())
        policies = &level.table.request_mirror_policies();
    std::vector<MirrorRules> mirrors;
    for (const auto& policy : *policies) {
        MirrorRules rules;
        rules.cluster = policy.cluster();
        rules.clusterHeader = policy.cluster_header();
        if (rules.cluster.empty() == rules.clusterHeader.empty())
            return failure(ErrorCode::InvalidArgument,
                "request_mirror_policies: needs a cluster or a cluster_header");
        if (policy.has_runtime_fraction())
            rules.perMillion = perMillion(policy.runtime_fraction().default_value());
        rules.hostRewrite = policy.host_rewrite_literal();
        rules.appendsSuffix
            = !policy.disable_shadow_host_suffix_append() && rules.hostRewrite.empty();
        mirrors.push_back(std::move(rules));
    }
    return mirrors;
}

Result<ForwardAction> compileForward(const Level& level, const v3::Route& proto)
{
    const v3::RouteAction& route = proto.route();
    ForwardAction action;
    if (auto done = compileTargets(level, proto, action); !done)
        return tl::unexpected(done.error());
    if (route.has_timeout())
        action.timeout = toMicros(route.timeout());
    for (const auto& upgrade : route.upgrade_configs()) {
        action.upgrades.rules.push_back(
            {upgrade.upgrade_type(), !upgrade.has_enabled() || upgrade.enabled().value()});
        action.endsConnect = action.endsConnect || upgrade.has_connect_config();
    }
    if (route.max_stream_duration().has_max_stream_duration())
        action.maxDuration = toMicros(route.max_stream_duration().max_stream_duration());
    if (route.max_stream_duration().has_grpc_timeout_header_max())
        action.grpcTimeoutMax = toMicros(route.max_stream_duration().grpc_timeout_header_max());
    if (route.cluster_not_found_response_code() == v3::RouteAction::NOT_FOUND)
        action.missingClusterStatus = 404;
    else if (route.cluster_not_found_response_code() == v3::RouteAction::INTERNAL_SERVER_ERROR)
        action.missingClusterStatus = 500;
    if (auto done = compilePathRewrite(route, action); !done)
        return tl::unexpected(done.error());
    auto host = compileHostRewrite(route);
    if (!host)
        return tl::unexpected(host.error());
    action.host = std::move(*host);
    auto mirrors = compileMirrors(level, route);
    if (!mirrors)
        return tl::unexpected(mirrors.error());
    action.mirrors = std::move(*mirrors);
    const v3::RetryPolicy* retry
        = level.host.has_retry_policy() ? &level.host.retry_policy() : nullptr;
    if (route.has_retry_policy())
        retry = &route.retry_policy();
    if (retry != nullptr) {
        auto rules = RetryRules::compile(*retry);
        if (!rules)
            return at("retry_policy", rules.error());
        action.retry = *rules;
    }
    auto hashPolicies = HashPolicies::compile(route.hash_policy());
    if (!hashPolicies)
        return tl::unexpected(hashPolicies.error());
    action.hashPolicies = std::move(*hashPolicies);
    action.subset = lbMetadata(route.metadata_match());
    if (route.priority() == envoy::config::core::v3::HIGH)
        action.priority = RoutingPriority::High;
    action.sendsAttemptCount = level.host.include_request_attempt_count();
    action.answersAttemptCount = level.host.include_attempt_count_in_response();
    return action;
}

Result<DirectAnswer> compileDirect(const Level& level, const v3::DirectResponseAction& direct)
{
    if (direct.status() < 200 || direct.status() > 599)
        return failure(ErrorCode::InvalidArgument, "direct_response.status must be 200..599");
    auto body = readSource(direct.body());
    if (!body)
        return at("direct_response.body", body.error());
    const std::uint32_t limit = level.table.has_max_direct_response_body_size_bytes()
        ? level.table.max_direct_response_body_size_bytes().value()
        : kMaxDirectBody;
    if (body->size() > limit) {
        return failure(ErrorCode::InvalidArgument,
            "direct_response.body has " + std::to_string(body->size())
                + " bytes, more than max_direct_response_body_size_bytes allows ("
                + std::to_string(limit) + ")");
    }
    return DirectAnswer{static_cast<int>(direct.status()), std::move(*body)};
}

Result<void> compileAction(const Level& level, const v3::Route& route, Route& compiled)
{
    switch (route.action_case()) {
    case v3::Route::kRoute: {
        auto forward = compileForward(level, route);
        if (!forward)
            return at("route", forward.error());
        compiled.action = std::move(*forward);
        return {};
    }
    case v3::Route::kRedirect: {
        auto redirect = compileRedirect(route.redirect());
        if (!redirect)
            return at("redirect", redirect.error());
        compiled.action = std::move(*redirect);
        return {};
    }
    case v3::Route::kDirectResponse: {
        auto direct = compileDirect(level, route.direct_response());
        if (!direct)
            return tl::unexpected(direct.error());
        compiled.action = std::move(*direct);
        return {};
    }
    default:
        return failure(ErrorCode::InvalidArgument, "route has no supported action");
    }
}

Result<Route> compileRoute(const Level& level, const v3::Route& route)
{
    Route compiled;
    compiled.name = route.name();
    auto match = RouteMatch::compile(route.match());
    if (!match)
        return at("match", match.error());
    compiled.match = std::move(*match);
    compiled.match.ignoresParameters = level.table.ignore_path_parameters_in_path_matching();
    if (auto done = compileAction(level, route, compiled); !done)
        return tl::unexpected(done.error());
    if (auto done
        = compileEdits(level, route, nullptr, compiled.requestEdits, compiled.responseEdits);
        !done)
        return tl::unexpected(done.error());
    auto overrides = compileOverrides(level, route, nullptr);
    if (!overrides)
        return tl::unexpected(overrides.error());
    compiled.filters = std::move(*overrides);
    return compiled;
}

/// require_tls: requests that came in plain text are sent to https.
Result<std::optional<Route>> compileTlsRedirect(const v3::VirtualHost& host)
{
    if (host.require_tls() == v3::VirtualHost::NONE)
        return std::optional<Route>();
    if (host.require_tls() == v3::VirtualHost::EXTERNAL_ONLY)
        return failure(ErrorCode::InvalidArgument, "require_tls: EXTERNAL_ONLY is not supported");
    Route redirect;
    RedirectRules rules;
    rules.scheme = "https";
    redirect.action = rules;
    return std::optional<Route>(std::move(redirect));
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
        auto tlsRedirect = compileTlsRedirect(host);
        if (!tlsRedirect)
            return at(place, tlsRedirect.error());
        compiled.tlsRedirect = std::move(*tlsRedirect);
        for (const v3::Route& route : host.routes()) {
            auto made = compileRoute({config, host}, route);
            if (!made) {
                return at(
                    place + " route " + std::to_string(compiled.routes.size()) + " " + route.name(),
                    made.error());
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
