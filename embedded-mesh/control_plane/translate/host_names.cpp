// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/host_names.h"

#include <fmt/format.h>

namespace meshyard::control_plane {

std::vector<std::string> hostNames(
    std::string_view service, std::string_view ns, std::string_view callerNamespace)
{
    std::vector<std::string> names;
    if (ns == callerNamespace)
        names.emplace_back(service);
    names.push_back(fmt::format("{}.{}", service, ns));
    names.push_back(fmt::format("{}.{}.mesh", service, ns));
    names.push_back(fmt::format("{}.{}.svc.cluster.local", service, ns));
    return names;
}

} // namespace meshyard::control_plane
