// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace meshyard::config {

/// What validation knows of the running mesh; filled by the control plane from its registry and by
/// the console from its model.
struct MeshView
{
    using Labels = std::map<std::string, std::string>;

    struct Service
    {
        std::string ns;
        std::string name;
        std::vector<std::uint16_t> ports;
        std::vector<Labels> instances; ///< labels of each instance, with "version"
        bool gateway = false;
    };

    std::vector<Service> services;
    std::vector<std::string> namespaces; ///< besides those of the services
    bool known = true; ///< false: nothing is known, references to services are not checked
};

} // namespace meshyard::config
