// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/config/resource.h"

#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/edge.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace meshyard::control_plane {

using Labels = std::map<std::string, std::string>;

/// Who is going to hold the translated configuration: what routes and rules may depend on.
struct Caller
{
    std::string ns;
    std::string service;
    std::string version;
    Labels labels;
};

/// A document with its typed spec; both point into the resources given to ConfigIndex.
template <typename Spec> struct Typed
{
    const config::Resource* resource = nullptr;
    const Spec* spec = nullptr;
};
using VirtualServiceDoc = Typed<kinds::v1::VirtualService>;
using DestinationRuleDoc = Typed<kinds::v1::DestinationRule>;
using GatewayDoc = Typed<kinds::v1::Gateway>;

/// "VirtualService production/reviews", for warnings and route names.
std::string documentName(const config::Resource& resource);

/// Whether `labels` has every pair of `wanted`; nothing wanted is always there.
template <typename Map> bool hasLabels(const Labels& labels, const Map& wanted)
{
    for (const auto& [key, value] : wanted) {
        const auto found = labels.find(key);
        if (found == labels.end() || found->second != value)
            return false;
    }
    return true;
}

/// The documents of one configuration, oldest first, and which of them act for a caller: documents
/// of the caller's namespace before those of the destination's, exact hosts before wildcards, then
/// the older.
///
/// Thread: any, after construction. The resources outlive it.
class ConfigIndex final
{
public:
    explicit ConfigIndex(std::span<const config::Resource> resources);

    /// The VirtualService that routes calls to the service inside the mesh; null = none.
    const VirtualServiceDoc* virtualServiceFor(
        const Caller& caller, const config::HostTarget& service) const;
    /// VirtualServices bound to the mesh whose host is no service of `isService`.
    template <typename IsService>
    std::vector<std::pair<std::string, const VirtualServiceDoc*>> virtualHosts(
        const Caller& caller, IsService isService) const;
    /// VirtualServices bound to the gateway, oldest first.
    std::vector<const VirtualServiceDoc*> virtualServicesOfGateway(const GatewayDoc& gateway) const;
    const DestinationRuleDoc* destinationRuleFor(
        const Caller& caller, const config::HostTarget& service) const;

    const std::vector<VirtualServiceDoc>& virtualServices() const { return m_virtualServices; }
    const std::vector<DestinationRuleDoc>& destinationRules() const { return m_destinationRules; }
    const std::vector<GatewayDoc>& gateways() const { return m_gateways; }
    const config::BreakerResolver& breakers() const { return m_breakers; }

    bool usesCors() const { return m_usesCors; }

    /// Equal for callers that get the same clusters, endpoints and outbound routes.
    std::string callerSignature(const Caller& caller) const;

private:
    std::vector<VirtualServiceDoc> m_virtualServices;
    std::vector<DestinationRuleDoc> m_destinationRules;
    std::vector<GatewayDoc> m_gateways;
    std::vector<const config::Resource*> m_circuitBreakers;
    config::BreakerResolver m_breakers;
    bool m_usesCors = false;
};

/// Whether a document of `ownNamespace` with this exportTo is seen from `callerNamespace`.
template <typename Names>
bool isExportedTo(
    const Names& exportTo, const std::string& ownNamespace, const std::string& callerNamespace)
{
    if (exportTo.empty())
        return true;
    for (const std::string& name : exportTo) {
        if (name == "*" || name == callerNamespace
            || (name == "." && ownNamespace == callerNamespace))
            return true;
    }
    return false;
}

/// Whether a route may act: bound to the mesh (`gateway` empty) or to that gateway ("ns/name").
template <typename Names>
bool isBoundTo(const Names& gateways, const std::string& ownNamespace, const std::string& gateway)
{
    if (gateways.empty())
        return gateway.empty();
    for (const std::string& name : gateways) {
        if (name == "mesh" ? gateway.empty()
                           : gateway
                    == (name.find('/') == std::string::npos ? ownNamespace + "/" + name : name))
            return true;
    }
    return false;
}

template <typename IsService>
std::vector<std::pair<std::string, const VirtualServiceDoc*>> ConfigIndex::virtualHosts(
    const Caller& caller, IsService isService) const
{
    std::vector<std::pair<std::string, const VirtualServiceDoc*>> found;
    for (const VirtualServiceDoc& doc : m_virtualServices) {
        const std::string& ns = doc.resource->id.ns;
        if (!isBoundTo(doc.spec->gateways(), ns, {})
            || !isExportedTo(doc.spec->export_to(), ns, caller.ns))
            continue;
        for (const std::string& host : doc.spec->hosts()) {
            if (host.find('*') == std::string::npos && !isService(config::resolveHost(host, ns)))
                found.emplace_back(host, &doc);
        }
    }
    return found;
}

} // namespace meshyard::control_plane
