// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/config/mesh_view.h"
#include "embedded-mesh/config/resource.h"
#include "embedded-mesh/config/retry_paths.h"

#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace meshyard::config {

/// Everything validation looks up, gathered in one pass over the documents and the mesh.
/// Internal to the room.
class ConfigIndex final
{
public:
    using Labels = MeshView::Labels;

    struct ServiceFacts
    {
        std::set<std::uint32_t> ports;
        std::vector<Labels> instances;
        bool running = false; ///< instances are what the mesh reports
        bool external = false; ///< of a ServiceEntry: its instances are not known
    };

    using Peers = std::vector<const Resource*>;

    ConfigIndex(
        std::span<const Resource> edited, std::span<const Resource> others, const MeshView& mesh);

    bool knowsMesh() const { return m_known; }
    bool hasNamespace(const std::string& ns) const;

    /// @return nullptr = no such service.
    const ServiceFacts* service(const HostTarget& host) const;
    /// "; did you mean …?" for a host that is not there, or nothing.
    std::string serviceCure(const HostTarget& host) const;

    const Peers& rulesOf(const HostTarget& host) const;
    bool hasSubset(const HostTarget& host, const std::string& subset) const;
    std::vector<std::string> subsetsOf(const HostTarget& host) const;
    /// VirtualServices on one host and gateway ("mesh" or "ns/name").
    const Peers& routesOf(const std::string& hostAndGateway) const;
    bool hasGateway(const std::string& nsAndName) const;
    std::vector<std::string> gatewayNames() const;
    /// Documents of one kind that claim the same thing (listener, breaker selector).
    const Peers& claims(const std::string& claim) const;
    bool selects(const std::string& ns, const Labels& selector) const;
    const RetryPaths& retryPaths() const { return m_retryPaths; }

private:
    void addMesh(const MeshView& mesh);
    void add(const Resource& resource);
    void addWorkload(const Resource& resource);
    void addServiceEntry(const Resource& resource);

    bool m_known = true;
    std::set<std::string> m_namespaces;
    std::map<HostTarget, ServiceFacts> m_services;
    std::map<std::string, ServiceFacts> m_external;
    std::map<HostTarget, Peers> m_rules;
    std::map<HostTarget, std::set<std::string>> m_subsets;
    std::unordered_map<std::string, Peers> m_routes;
    std::set<std::string> m_gateways;
    std::unordered_map<std::string, Peers> m_claims;
    RetryPaths m_retryPaths;
    std::vector<std::pair<std::string, Labels>> m_workloads; ///< namespace and labels
};

/// Keys of ConfigIndex, made the same way on both sides.
std::string routeKey(const std::string& host, const std::string& ownNs, const std::string& gateway);
std::string gatewayKey(const std::string& gateway, const std::string& ownNs);
std::vector<std::string> claimsOf(const Resource& resource);

} // namespace meshyard::config
