// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/virtual_service.h"

#include "embedded-mesh/control_plane/translate/destination_rule.h"
#include "embedded-mesh/control_plane/translate/route_match.h"
#include "embedded-mesh/control_plane/translate/route_policies.h"

#include <fmt/format.h>

#include <algorithm>

namespace meshyard::control_plane {

namespace {

namespace route_v3 = envoy::config::route::v3;
using kinds::v1::HttpRoute;

struct WeightedDestination
{
    const kinds::v1::HttpRouteDestination* asked = nullptr;
    ResolvedDestination resolved;
    std::uint32_t weight = 0;
};

/// What a route's destinations come to: usable ones, and the share that leads into nothing.
struct Destinations
{
    std::vector<WeightedDestination> usable;
    std::uint32_t usableWeight = 0;
    std::uint32_t lostWeight = 0;
    std::string problem;
};

Destinations resolveAll(
    const VirtualServiceDoc& document, const HttpRoute& http, const RouteScope& scope)
{
    Destinations all;
    const bool unweighted = std::ranges::all_of(
        http.route(), [](const auto& target) { return target.weight() <= 0; });
    for (const auto& asked : http.route()) {
        WeightedDestination one{&asked,
            resolveDestination(asked.destination(), document.resource->id.ns, scope),
            unweighted ? 1U : static_cast<std::uint32_t>(std::max(0, asked.weight()))};
        if (one.resolved.problem.empty()) {
            all.usableWeight += one.weight;
            all.usable.push_back(std::move(one));
            continue;
        }
        all.lostWeight += one.weight;
        scope.warnings.insert({documentName(*document.resource), one.resolved.problem});
        if (all.problem.empty() || one.weight > 0)
            all.problem = one.resolved.problem;
    }
    return all;
}

bool writeTargets(const Destinations& destinations, route_v3::Route& route)
{
    route_v3::RouteAction& action = *route.mutable_route();
    const bool single = destinations.usable.size() == 1;
    bool hashed = false;
    for (const WeightedDestination& one : destinations.usable) {
        hashed = hashed || addHashPolicy(one.resolved.policy, action);
        std::string authority;
        if (single) {
            action.set_cluster(one.resolved.cluster);
            authority = addHeaderOperations(one.asked->headers(), route);
            if (!authority.empty())
                action.set_host_rewrite_literal(authority);
            continue;
        }
        auto* weight = action.mutable_weighted_clusters()->add_clusters();
        weight->set_name(one.resolved.cluster);
        weight->mutable_weight()->set_value(one.weight);
        authority = addHeaderOperations(one.asked->headers(), *weight);
        if (!authority.empty())
            weight->set_host_rewrite_literal(authority);
    }
    return hashed;
}

void addMirror(const kinds::v1::Destination& destination, double percent,
    const VirtualServiceDoc& document, const RouteScope& scope, route_v3::RouteAction& action)
{
    const ResolvedDestination resolved
        = resolveDestination(destination, document.resource->id.ns, scope);
    if (!resolved.problem.empty()) {
        scope.warnings.insert({documentName(*document.resource), "mirror: " + resolved.problem});
        return;
    }
    if (percent <= 0)
        return;
    auto* mirror = action.add_request_mirror_policies();
    mirror->set_cluster(resolved.cluster);
    setPercent(percent, *mirror->mutable_runtime_fraction()->mutable_default_value());
}

void addMirrors(const HttpRoute& http, const VirtualServiceDoc& document, const RouteScope& scope,
    route_v3::RouteAction& action)
{
    if (http.has_mirror())
        addMirror(http.mirror(),
            http.has_mirror_percentage() ? http.mirror_percentage().value() : 100.0, document,
            scope, action);
    for (const auto& mirror : http.mirrors())
        addMirror(mirror.destination(),
            mirror.has_percentage() ? mirror.percentage().value() : 100.0, document, scope, action);
}

void writeForward(const HttpRoute& http, const VirtualServiceDoc& document,
    const Destinations& destinations, const RouteScope& scope, route_v3::Route& route)
{
    const bool hashed = writeTargets(destinations, route);
    route_v3::RouteAction& action = *route.mutable_route();
    if (http.has_timeout())
        *action.mutable_timeout() = http.timeout();
    else
        action.mutable_timeout(); // 0 = none; absent would be Envoy's 15 s
    addRetries(http, hashed, action);
    if (http.has_rewrite())
        addRewrite(http.rewrite(), action);
    addMirrors(http, document, scope, action);
    if (const std::string authority = addHeaderOperations(http.headers(), route);
        !authority.empty())
        action.set_host_rewrite_literal(authority);
    if (http.has_fault())
        addFault(http.fault(), route);
    if (http.has_cors_policy())
        addCors(http.cors_policy(), route);
}

void writeDirectResponse(const kinds::v1::HttpDirectResponse& asked, route_v3::Route& route)
{
    route.mutable_direct_response()->set_status(asked.status());
    if (asked.body().has_string())
        route.mutable_direct_response()->mutable_body()->set_inline_string(asked.body().string());
    else if (asked.body().has_bytes())
        route.mutable_direct_response()->mutable_body()->set_inline_bytes(asked.body().bytes());
}

/// Routes of one `http` entry under one match.
class EntryWriter
{
public:
    EntryWriter(const VirtualServiceDoc& document, const HttpRoute& http, std::string name,
        const RouteScope& scope)
        : m_document(document)
        , m_http(http)
        , m_name(std::move(name))
        , m_scope(scope)
        , m_destinations(resolveAll(document, http, scope))
    {
    }

    void write(const route_v3::RouteMatch& match, std::vector<route_v3::Route>& out) const
    {
        if (m_http.has_redirect()) {
            addRedirect(m_http.redirect(), add(match, out));
        } else if (m_http.has_direct_response()) {
            route_v3::Route& route = add(match, out);
            writeDirectResponse(m_http.direct_response(), route);
            addHeaderOperations(m_http.headers(), route);
        } else if (m_destinations.usableWeight == 0) {
            refuse(add(match, out), 503,
                m_destinations.problem.empty() ? "the route has no destination"
                                               : m_destinations.problem);
        } else {
            if (m_destinations.lostWeight > 0)
                refuse(add(withLostShare(match), out), 503, m_destinations.problem);
            writeForward(m_http, m_document, m_destinations, m_scope, add(match, out));
        }
    }

private:
    route_v3::Route& add(const route_v3::RouteMatch& match, std::vector<route_v3::Route>& out) const
    {
        route_v3::Route& route = out.emplace_back();
        route.set_name(m_name);
        *route.mutable_match() = match;
        return route;
    }

    route_v3::RouteMatch withLostShare(const route_v3::RouteMatch& match) const
    {
        route_v3::RouteMatch share = match;
        const double total = m_destinations.lostWeight + m_destinations.usableWeight;
        setPercent(100.0 * m_destinations.lostWeight / total,
            *share.mutable_runtime_fraction()->mutable_default_value());
        return share;
    }

    const VirtualServiceDoc& m_document;
    const HttpRoute& m_http;
    const std::string m_name;
    const RouteScope& m_scope;
    const Destinations m_destinations;
};

} // namespace

std::vector<route_v3::Route> httpRoutes(const VirtualServiceDoc& document, const RouteScope& scope)
{
    const config::ResourceId& id = document.resource->id;
    std::vector<route_v3::Route> routes;
    int index = 0;
    for (const HttpRoute& http : document.spec->http()) {
        const std::string name = fmt::format(
            "{}/{}/{}", id.ns, id.name, http.name().empty() ? std::to_string(index) : http.name());
        ++index;
        if (http.match().empty()) {
            EntryWriter(document, http, name, scope).write(matchAll(), routes);
            break; // nothing gets past it
        }
        for (const auto& asked : http.match()) {
            if (!appliesTo(asked, id.ns, scope))
                continue;
            const route_v3::RouteMatch match = routeMatch(asked);
            EntryWriter(document, http, name, scope).write(match, routes);
            if (isCatchAll(match))
                return routes;
        }
    }
    return routes;
}

void refuseRest(const std::string& reason, std::vector<route_v3::Route>& routes)
{
    if (!routes.empty() && isCatchAll(routes.back().match()))
        return;
    route_v3::Route& rest = routes.emplace_back();
    rest.set_name("unmatched");
    *rest.mutable_match() = matchAll();
    refuse(rest, 404, reason);
}

route_v3::Route plainRoute(
    const config::HostTarget& service, std::uint16_t port, const RouteScope& scope)
{
    route_v3::Route route;
    route.set_name("default");
    *route.mutable_match() = matchAll();
    route_v3::RouteAction& action = *route.mutable_route();
    action.set_cluster(ClusterName{service.ns, service.service, "*", port}.toString());
    action.mutable_timeout();
    const bool hashed = addHashPolicy(trafficPolicyOf(service, "*", port, scope), action);
    addRetries(HttpRoute(), hashed, action);
    return route;
}

} // namespace meshyard::control_plane
