// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/tcp_route.h"

#include <algorithm>
#include <vector>

namespace meshyard::control_plane {

namespace {

struct TcpTarget
{
    std::string cluster;
    std::uint32_t weight = 0;
};

std::vector<TcpTarget> resolveTargets(
    const VirtualServiceDoc& document, const kinds::v1::TcpRoute& route, const RouteScope& scope)
{
    std::vector<TcpTarget> targets;
    for (const auto& asked : route.route()) {
        const ResolvedDestination resolved
            = resolveDestination(asked.destination(), document.resource->id.ns, scope);
        if (resolved.problem.empty())
            targets.push_back(
                {resolved.cluster, static_cast<std::uint32_t>(std::max(1, asked.weight()))});
        else
            scope.warnings.insert({documentName(*document.resource), resolved.problem});
    }
    return targets;
}

void writeTargets(const std::vector<TcpTarget>& targets, TcpProxy& proxy)
{
    if (targets.empty()) {
        // A connection cannot be answered with a reason; an unknown cluster closes it.
        proxy.set_cluster("unresolved");
    } else if (targets.size() == 1) {
        proxy.set_cluster(targets.front().cluster);
    } else {
        for (const TcpTarget& target : targets) {
            auto* out = proxy.mutable_weighted_clusters()->add_clusters();
            out->set_name(target.cluster);
            out->set_weight(target.weight);
        }
    }
}

} // namespace

bool writeTcpTargets(const VirtualServiceDoc& document, const RouteScope& scope, TcpProxy& proxy)
{
    for (const kinds::v1::TcpRoute& route : document.spec->tcp()) {
        const bool applies
            = route.match().empty() || std::ranges::any_of(route.match(), [&](const auto& match) {
                  return appliesTo(match, document.resource->id.ns, scope);
              });
        if (!applies)
            continue;
        writeTargets(resolveTargets(document, route, scope), proxy);
        return true;
    }
    return false;
}

TcpProxy tcpProxyOf(const config::HostTarget& service, const RouteScope& scope)
{
    TcpProxy proxy;
    const VirtualServiceDoc* document = scope.config.virtualServiceFor(scope.caller, service);
    if (!document || !writeTcpTargets(*document, scope, proxy))
        proxy.set_cluster(ClusterName{service.ns, service.service, "*", scope.port}.toString());
    return proxy;
}

} // namespace meshyard::control_plane
