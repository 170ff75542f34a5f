// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/config_index.h"
#include "embedded-mesh/control_plane/translate/service_directory.h"
#include "embedded-mesh/control_plane/translate/translator.h"

#include <set>
#include <string>

namespace meshyard::control_plane {

using WarningSink = std::set<TranslationWarning>;

/// For whom and where routes are written.
struct RouteScope
{
    const Caller& caller;
    const ConfigIndex& config;
    const ServiceDirectory& directory;
    WarningSink& warnings;
    std::string gateway; ///< "" = inside the mesh, else the Gateway's "namespace/name"
    std::uint16_t port = 0; ///< the callers sent to
};

/// Whether a match block (HTTP or TCP) concerns this caller, port and gateway at all.
template <typename Match>
bool appliesTo(const Match& match, const std::string& ownNamespace, const RouteScope& scope)
{
    if (match.port() != 0 && match.port() != scope.port)
        return false;
    if (!match.source_namespace().empty() && match.source_namespace() != scope.caller.ns)
        return false;
    if (!hasLabels(scope.caller.labels, match.source_labels()))
        return false;
    return match.gateways().empty() || isBoundTo(match.gateways(), ownNamespace, scope.gateway);
}

/// Where a `destination` leads: a cluster, or the reason why nowhere.
struct ResolvedDestination
{
    std::string cluster;
    std::string problem; ///< one sentence; empty = resolved
    kinds::v1::TrafficPolicy policy; ///< of the destination
};

/// Refuses to lead into nothing: unknown or unseen service, undefined subset, missing port.
ResolvedDestination resolveDestination(const kinds::v1::Destination& destination,
    const std::string& ownNamespace, const RouteScope& scope);

/// The traffic policy that acts on a subset ("*" = none) and port of a service.
kinds::v1::TrafficPolicy trafficPolicyOf(const config::HostTarget& service,
    const std::string& subset, std::uint16_t port, const RouteScope& scope);

} // namespace meshyard::control_plane
