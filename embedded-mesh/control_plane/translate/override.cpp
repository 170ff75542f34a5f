// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/config_index.h"
#include "embedded-mesh/control_plane/translate/service_directory.h"
#include "embedded-mesh/control_plane/translate/translator.h"

#include <algorithm>

namespace meshyard::control_plane {

namespace {

bool isAny(const std::string& name)
{
    return name.empty() || name == "*";
}

bool selectsSource(const v1::EdgeSelector& edge, const InstanceView& instance)
{
    return (isAny(edge.source_namespace()) || edge.source_namespace() == instance.node.ns)
        && (isAny(edge.source_service()) || edge.source_service() == instance.node.service)
        && (isAny(edge.source_version()) || edge.source_version() == instance.node.version);
}

/// Names of the subsets the override acts on; "*" is the cluster without a subset.
std::vector<std::string> subsetsOf(const v1::EdgeSelector& edge, const DestinationRuleDoc* rule)
{
    if (!edge.subset().empty())
        return {edge.subset()};
    std::vector<std::string> subsets;
    const std::string& version = edge.destination_version();
    if (isAny(version))
        subsets.emplace_back("*");
    if (rule) {
        for (const auto& subset : rule->spec->subsets()) {
            const auto label = subset.labels().find("version");
            if (isAny(version) || (label != subset.labels().end() && label->second == version))
                subsets.push_back(subset.name());
        }
    }
    // No subset selects that version: the shared cluster carries it.
    if (subsets.empty())
        subsets.emplace_back("*");
    return subsets;
}

std::vector<std::string> clustersOf(const v1::EdgeSelector& edge, const Caller& caller,
    const ConfigIndex& config, const ServiceDirectory& directory)
{
    std::vector<std::string> clusters;
    for (const ServiceView* service : directory.visibleFrom(caller.ns)) {
        const bool isSelected
            = (isAny(edge.destination_namespace()) || edge.destination_namespace() == service->ns)
            && (isAny(edge.destination_service()) || edge.destination_service() == service->name);
        if (!isSelected)
            continue;
        const auto* rule = config.destinationRuleFor(caller, {service->ns, service->name});
        for (const std::string& subset : subsetsOf(edge, rule)) {
            for (const PortView& port : service->ports)
                clusters.push_back(
                    ClusterName{service->ns, service->name, subset, port.port}.toString());
        }
    }
    return clusters;
}

v1::EdgeOverride bodyOf(const OverrideView& view)
{
    v1::EdgeOverride body;
    body.set_id(view.active.id());
    body.set_kind(view.reset ? v1::OVERRIDE_NONE : view.active.kind());
    body.set_drain_percent(view.active.drain_percent());
    body.set_deadline_unix_ms(view.active.until_released() ? 0 : view.active.deadline_unix_ms());
    body.set_reason(view.active.reason());
    body.set_operator_name(view.active.operator_name());
    body.set_reset(view.reset);
    return body;
}

} // namespace

std::map<std::string, std::vector<v1::EdgeOverride>> translateOverrides(
    std::span<const config::Resource> resources, const MeshView& mesh,
    std::span<const OverrideView> overrides)
{
    std::map<std::string, std::vector<v1::EdgeOverride>> byNode;
    if (overrides.empty())
        return byNode;
    const ConfigIndex config(resources);
    const ServiceDirectory directory(mesh);
    for (const InstanceView& instance : mesh.instances) {
        if (!instance.sidecar)
            continue;
        const Caller caller{
            instance.node.ns, instance.node.service, instance.node.version, labelsOf(instance)};
        for (const OverrideView& view : overrides) {
            if (!selectsSource(view.active.edge(), instance))
                continue;
            v1::EdgeOverride body = bodyOf(view);
            for (std::string& cluster : clustersOf(view.active.edge(), caller, config, directory))
                body.add_clusters(std::move(cluster));
            if (body.clusters_size() > 0)
                byNode[instance.id].push_back(std::move(body));
        }
    }
    return byNode;
}

} // namespace meshyard::control_plane
