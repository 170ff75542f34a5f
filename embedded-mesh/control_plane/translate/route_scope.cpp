// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/route_scope.h"

#include "embedded-mesh/config/effective_policy.h"
#include "embedded-mesh/core/ids.h"

#include <fmt/format.h>

#include <algorithm>

namespace meshyard::control_plane {

namespace {

std::uint16_t portOfDestination(const kinds::v1::Destination& destination,
    const ServiceView& service, std::uint16_t requestPort)
{
    if (destination.has_port())
        return static_cast<std::uint16_t>(destination.port().number());
    if (service.ports.size() == 1)
        return service.ports.front().port;
    return requestPort;
}

bool definesSubset(const DestinationRuleDoc* rule, const std::string& subset)
{
    return rule != nullptr
        && std::ranges::any_of(rule->spec->subsets(),
            [&subset](const auto& candidate) { return candidate.name() == subset; });
}

} // namespace

kinds::v1::TrafficPolicy trafficPolicyOf(const config::HostTarget& service,
    const std::string& subset, std::uint16_t port, const RouteScope& scope)
{
    const DestinationRuleDoc* rule = scope.config.destinationRuleFor(scope.caller, service);
    return rule ? config::effectiveTrafficPolicy(*rule->spec, subset, port)
                : kinds::v1::TrafficPolicy();
}

ResolvedDestination resolveDestination(const kinds::v1::Destination& destination,
    const std::string& ownNamespace, const RouteScope& scope)
{
    const auto problem
        = [](std::string text) { return ResolvedDestination{{}, std::move(text), {}}; };
    const config::HostTarget target = config::resolveHost(destination.host(), ownNamespace);
    const ServiceView* service = scope.directory.find(target);
    if (!service)
        return problem(
            fmt::format("service '{}' does not exist in namespace {}", target.service, target.ns));
    if (!scope.directory.isVisibleFrom(*service, scope.caller.ns))
        return problem(fmt::format("service '{}' of namespace {} is not exported to namespace {}",
            target.service, target.ns, scope.caller.ns));
    const std::uint16_t port = portOfDestination(destination, *service, scope.port);
    if (!ServiceDirectory::portOf(*service, port))
        return problem(fmt::format(
            "service '{}' of namespace {} has no port {}", target.service, target.ns, port));
    const std::string subset = destination.subset().empty() ? "*" : destination.subset();
    if (subset != "*"
        && !definesSubset(scope.config.destinationRuleFor(scope.caller, target), subset))
        return problem(
            fmt::format("subset '{}' of {}/{} is not defined: no DestinationRule names it", subset,
                target.ns, target.service));
    return {ClusterName{target.ns, target.service, subset, port}.toString(), {},
        trafficPolicyOf(target, subset, port, scope)};
}

} // namespace meshyard::control_plane
