// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace meshyard::control_plane {

/// Names under which a caller of `callerNamespace` reaches a service, shortest first; the bare name
/// only inside the service's own namespace.
std::vector<std::string> hostNames(
    std::string_view service, std::string_view ns, std::string_view callerNamespace);

/// A service that a host field means.
struct HostTarget
{
    std::string ns;
    std::string service;

    auto operator<=>(const HostTarget&) const = default;
};

/// Reads "svc", "svc.ns", "svc.ns.mesh", "svc.ns.svc" and "svc.ns.svc.cluster.local" as a document
/// of `ownNamespace` means them. Other dotted names keep their first two labels only if there are
/// no more; else the whole name is the service.
HostTarget parseHost(std::string_view host, std::string_view ownNamespace);

} // namespace meshyard::control_plane
