// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/control_plane/discovery/mesh_view.h"
#include "embedded-mesh/control_plane/translate/config_index.h"

#include "envoy/config/endpoint/v3/endpoint.pb.h"

#include <map>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// The registry by name: which services a namespace sees and which endpoints a selection has.
///
/// Thread: any, after construction. The view outlives it.
class ServiceDirectory final
{
public:
    explicit ServiceDirectory(const MeshView& mesh);

    /// @return null = no such service.
    const ServiceView* find(const config::HostTarget& service) const;
    bool isVisibleFrom(const ServiceView& service, const std::string& ns) const;
    /// Services of the namespace and those exported to it.
    std::vector<const ServiceView*> visibleFrom(const std::string& ns) const;
    static const PortView* portOf(const ServiceView& service, std::uint16_t port);
    /// The port that a bare host name means: 80, else the first one routed by request.
    static std::uint16_t defaultPort(const ServiceView& service);

    /// Ready instances whose labels include `labels`, by locality and id.
    template <typename Map>
    envoy::config::endpoint::v3::ClusterLoadAssignment endpoints(const std::string& cluster,
        const ServiceView& service, const Map& labels, std::uint16_t port) const
    {
        return assign(cluster, service, Labels(labels.begin(), labels.end()), port);
    }
    const std::vector<const InstanceView*>& instancesOf(const config::HostTarget& service) const;

private:
    envoy::config::endpoint::v3::ClusterLoadAssignment assign(const std::string& cluster,
        const ServiceView& service, const Labels& labels, std::uint16_t port) const;

    std::map<config::HostTarget, const ServiceView*> m_services;
    std::map<config::HostTarget, std::vector<const InstanceView*>> m_instances;
};

/// Labels of an instance with "version" among them.
Labels labelsOf(const InstanceView& instance);

} // namespace meshyard::control_plane
