// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/config_index.h"

#include "embedded-mesh/config/names.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/control_plane/translate/host_names.h"

#include "istio/kinds/v1/resilience.pb.h"

#include <algorithm>
#include <tuple>

namespace meshyard::control_plane {

namespace {

template <typename Spec>
void takeKind(const config::Resource& resource, std::vector<Typed<Spec>>& into)
{
    if (const Spec* spec = config::specOf<Spec>(resource))
        into.push_back({&resource, spec});
}

template <typename Spec> void sortByAge(std::vector<Typed<Spec>>& documents)
{
    std::ranges::sort(documents, [](const auto& a, const auto& b) {
        const auto key
            = [](const config::Resource& r) { return std::tie(r.created, r.id.ns, r.id.name); };
        return key(*a.resource) < key(*b.resource);
    });
}

enum class HostMatch { None, Wildcard, Exact };

HostMatch matchHost(
    const std::string& host, const std::string& ownNamespace, const config::HostTarget& service)
{
    if (host.find('*') == std::string::npos)
        return config::resolveHost(host, ownNamespace) == service ? HostMatch::Exact
                                                                  : HostMatch::None;
    if (host == "*")
        return HostMatch::None; // only gateways take every host
    for (const std::string& name : hostNames(service.service, service.ns, service.ns)) {
        if (config::hostMatches(host, name))
            return HostMatch::Wildcard;
    }
    return HostMatch::None;
}

/// Smaller is nearer; ties go to the older document, which comes first.
std::pair<int, int> nearness(
    HostMatch match, const std::string& ns, const Caller& caller, const std::string& serviceNs)
{
    const int place = ns == caller.ns ? 0 : ns == serviceNs ? 1 : 2;
    return {place, match == HostMatch::Exact ? 0 : 1};
}

} // namespace

std::string documentName(const config::Resource& resource)
{
    return resource.id.kind + " " + resource.id.ns + "/" + resource.id.name;
}

ConfigIndex::ConfigIndex(std::span<const config::Resource> resources)
    : m_breakers(resources)
{
    for (const config::Resource& resource : resources) {
        if (resource.broken)
            continue;
        takeKind(resource, m_virtualServices);
        takeKind(resource, m_destinationRules);
        takeKind(resource, m_gateways);
        if (config::specOf<kinds::v1::CircuitBreaker>(resource) != nullptr)
            m_circuitBreakers.push_back(&resource);
    }
    sortByAge(m_virtualServices);
    sortByAge(m_destinationRules);
    sortByAge(m_gateways);
    m_usesCors = std::ranges::any_of(m_virtualServices, [](const VirtualServiceDoc& doc) {
        return std::ranges::any_of(
            doc.spec->http(), [](const auto& http) { return http.has_cors_policy(); });
    });
}

const VirtualServiceDoc* ConfigIndex::virtualServiceFor(
    const Caller& caller, const config::HostTarget& service) const
{
    const VirtualServiceDoc* best = nullptr;
    std::pair<int, int> bestNearness{99, 99};
    for (const VirtualServiceDoc& doc : m_virtualServices) {
        const std::string& ns = doc.resource->id.ns;
        if (!isBoundTo(doc.spec->gateways(), ns, {})
            || !isExportedTo(doc.spec->export_to(), ns, caller.ns))
            continue;
        for (const std::string& host : doc.spec->hosts()) {
            const HostMatch match = matchHost(host, ns, service);
            if (match == HostMatch::None)
                continue;
            const auto found = nearness(match, ns, caller, service.ns);
            if (found < bestNearness) {
                best = &doc;
                bestNearness = found;
            }
        }
    }
    return best;
}

std::vector<const VirtualServiceDoc*> ConfigIndex::virtualServicesOfGateway(
    const GatewayDoc& gateway) const
{
    const config::ResourceId& id = gateway.resource->id;
    std::vector<const VirtualServiceDoc*> found;
    for (const VirtualServiceDoc& doc : m_virtualServices) {
        const std::string& ns = doc.resource->id.ns;
        if (isBoundTo(doc.spec->gateways(), ns, id.ns + "/" + id.name)
            && isExportedTo(doc.spec->export_to(), ns, id.ns))
            found.push_back(&doc);
    }
    return found;
}

const DestinationRuleDoc* ConfigIndex::destinationRuleFor(
    const Caller& caller, const config::HostTarget& service) const
{
    const DestinationRuleDoc* best = nullptr;
    std::pair<int, int> bestNearness{99, 99};
    for (const DestinationRuleDoc& doc : m_destinationRules) {
        const std::string& ns = doc.resource->id.ns;
        if (!isExportedTo(doc.spec->export_to(), ns, caller.ns))
            continue;
        if (doc.spec->has_workload_selector()
            && (ns != caller.ns
                || !hasLabels(caller.labels, doc.spec->workload_selector().match_labels())))
            continue;
        const HostMatch match = matchHost(doc.spec->host(), ns, service);
        if (match == HostMatch::None)
            continue;
        const auto found = nearness(match, ns, caller, service.ns);
        if (found < bestNearness) {
            best = &doc;
            bestNearness = found;
        }
    }
    return best;
}

std::string ConfigIndex::callerSignature(const Caller& caller) const
{
    std::string bits = caller.ns + "|";
    const auto add = [&bits](bool yes) { bits += yes ? '1' : '0'; };
    const auto addMatches = [&](const auto& routes) {
        for (const auto& route : routes) {
            for (const auto& match : route.match()) {
                if (!match.source_labels().empty())
                    add(hasLabels(caller.labels, match.source_labels()));
            }
        }
    };
    for (const VirtualServiceDoc& doc : m_virtualServices) {
        addMatches(doc.spec->http());
        addMatches(doc.spec->tcp());
    }
    for (const DestinationRuleDoc& doc : m_destinationRules) {
        if (doc.spec->has_workload_selector())
            add(hasLabels(caller.labels, doc.spec->workload_selector().match_labels()));
    }
    for (const config::Resource* resource : m_circuitBreakers) {
        const auto* spec = config::specOf<kinds::v1::CircuitBreaker>(*resource);
        if (!spec->has_source())
            continue;
        const auto& source = spec->source();
        add((source.service().empty() || source.service() == caller.service)
            && (source.version().empty() || source.version() == caller.version));
    }
    return bits;
}

} // namespace meshyard::control_plane
