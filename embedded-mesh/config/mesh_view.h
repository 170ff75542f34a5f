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

    /// Somebody calls somebody: an edge of the graph, versions left out.
    struct Call
    {
        std::string sourceNs;
        std::string source;
        std::string destinationNs;
        std::string destination;
    };

    std::vector<Service> services;
    std::vector<Call> calls; ///< measured or known; empty = retries are not multiplied along paths
    std::vector<std::string> namespaces; ///< besides those of the services
    bool known = true; ///< false: nothing is known, references to services are not checked
};

} // namespace meshyard::config
