// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/host_names.h"

#include <fmt/format.h>

#include <array>

namespace meshyard::control_plane {

namespace {

constexpr std::array<std::string_view, 3> kDomains{".svc.cluster.local", ".mesh", ".svc"};

} // namespace

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

HostTarget parseHost(std::string_view host, std::string_view ownNamespace)
{
    std::string_view rest = host;
    for (const std::string_view domain : kDomains) {
        if (rest.ends_with(domain)) {
            rest.remove_suffix(domain.size());
            break;
        }
    }
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos)
        return {std::string(ownNamespace), std::string(rest)};
    if (rest.find('.', dot + 1) == std::string_view::npos)
        return {std::string(rest.substr(dot + 1)), std::string(rest.substr(0, dot))};
    return {std::string(ownNamespace), std::string(host)};
}

} // namespace meshyard::control_plane
