// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/effective.h"

#include <string>
#include <string_view>
#include <vector>

namespace meshyard::control_plane {

/// Names under which a caller of `callerNamespace` reaches a service, shortest first; the bare name
/// only inside the service's own namespace.
std::vector<std::string> hostNames(
    std::string_view service, std::string_view ns, std::string_view callerNamespace);

/// The service that a host field means, as the configuration language reads it.
using HostTarget = config::HostTarget;
inline HostTarget parseHost(std::string_view host, std::string_view ownNamespace)
{
    return config::resolveHost(host, ownNamespace);
}

} // namespace meshyard::control_plane
