// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/service_directory.h"

#include <algorithm>
#include <tuple>

namespace meshyard::control_plane {

namespace {

namespace endpoint = envoy::config::endpoint::v3;

void describe(const InstanceView& instance, endpoint::LbEndpoint& target)
{
    auto& groups = *target.mutable_metadata()->mutable_filter_metadata();
    auto& ours = *groups["meshyard"].mutable_fields();
    ours["instance"].set_string_value(instance.id);
    ours["service"].set_string_value(instance.node.service);
    ours["namespace"].set_string_value(instance.node.ns);
    ours["version"].set_string_value(instance.node.version);
    auto& labels = *groups["envoy.lb"].mutable_fields();
    for (const auto& [key, value] : labelsOf(instance))
        labels[key].set_string_value(value);
}

/// Port under which others reach a service port of the instance; 0 = not there.
std::uint16_t reachablePort(const InstanceView& instance, std::uint16_t port)
{
    const auto& ports = instance.sidecar ? instance.inboundPorts : instance.targetPorts;
    const auto found = ports.find(port);
    return found == ports.end() ? std::uint16_t{0} : found->second;
}

} // namespace

Labels labelsOf(const InstanceView& instance)
{
    Labels labels = instance.labels;
    if (!instance.node.version.empty())
        labels.emplace("version", instance.node.version);
    return labels;
}

ServiceDirectory::ServiceDirectory(const MeshView& mesh)
{
    for (const ServiceView& service : mesh.services)
        m_services[{service.ns, service.name}] = &service;
    for (const InstanceView& instance : mesh.instances)
        m_instances[{instance.node.ns, instance.node.service}].push_back(&instance);
    for (auto& [service, instances] : m_instances) {
        std::ranges::sort(instances, [](const InstanceView* a, const InstanceView* b) {
            return std::tie(a->region, a->zone, a->subZone, a->id)
                < std::tie(b->region, b->zone, b->subZone, b->id);
        });
    }
}

const ServiceView* ServiceDirectory::find(const config::HostTarget& service) const
{
    const auto found = m_services.find(service);
    return found == m_services.end() ? nullptr : found->second;
}

bool ServiceDirectory::isVisibleFrom(const ServiceView& service, const std::string& ns) const
{
    return service.ns == ns
        || (!service.exportTo.empty() && isExportedTo(service.exportTo, service.ns, ns));
}

std::vector<const ServiceView*> ServiceDirectory::visibleFrom(const std::string& ns) const
{
    std::vector<const ServiceView*> visible;
    for (const auto& [name, service] : m_services) {
        if (isVisibleFrom(*service, ns))
            visible.push_back(service);
    }
    return visible;
}

const PortView* ServiceDirectory::portOf(const ServiceView& service, std::uint16_t port)
{
    const auto found = std::ranges::find(service.ports, port, &PortView::port);
    return found == service.ports.end() ? nullptr : &*found;
}

std::uint16_t ServiceDirectory::defaultPort(const ServiceView& service)
{
    std::uint16_t first = 0;
    for (const PortView& port : service.ports) {
        if (port.protocol == Protocol::Tcp)
            continue;
        if (port.port == 80)
            return 80;
        if (first == 0)
            first = port.port;
    }
    return first;
}

const std::vector<const InstanceView*>& ServiceDirectory::instancesOf(
    const config::HostTarget& service) const
{
    static const std::vector<const InstanceView*> none;
    const auto found = m_instances.find(service);
    return found == m_instances.end() ? none : found->second;
}

endpoint::ClusterLoadAssignment ServiceDirectory::assign(const std::string& cluster,
    const ServiceView& service, const Labels& labels, std::uint16_t port) const
{
    endpoint::ClusterLoadAssignment assignment;
    assignment.set_cluster_name(cluster);
    const InstanceView* previous = nullptr;
    endpoint::LocalityLbEndpoints* group = nullptr;
    for (const InstanceView* instance : instancesOf({service.ns, service.name})) {
        const std::uint16_t reachable = reachablePort(*instance, port);
        if (!instance->ready || instance->draining || reachable == 0
            || !hasLabels(labelsOf(*instance), labels))
            continue;
        const auto place
            = [](const InstanceView& i) { return std::tie(i.region, i.zone, i.subZone); };
        if (!group || place(*previous) != place(*instance)) {
            group = assignment.add_endpoints();
            group->mutable_locality()->set_region(instance->region);
            group->mutable_locality()->set_zone(instance->zone);
            group->mutable_locality()->set_sub_zone(instance->subZone);
        }
        previous = instance;
        auto* target = group->add_lb_endpoints();
        auto* socket = target->mutable_endpoint()->mutable_address()->mutable_socket_address();
        socket->set_address(instance->address);
        socket->set_port_value(reachable);
        target->set_health_status(envoy::config::core::v3::HEALTHY);
        describe(*instance, *target);
        group->mutable_load_balancing_weight()->set_value(
            static_cast<std::uint32_t>(group->lb_endpoints_size()));
    }
    return assignment;
}

} // namespace meshyard::control_plane
