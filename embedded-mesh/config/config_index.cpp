// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/config_index.h"

#include "embedded-mesh/config/names.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/suggestion.h"

#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/edge.pb.h"
#include "istio/kinds/v1/registry.pb.h"
#include "istio/kinds/v1/resilience.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"
#include "istio/kinds/v1/workload.pb.h"

#include <algorithm>
#include <unordered_set>

namespace meshyard::config {
namespace {

using namespace kinds::v1;

const ConfigIndex::Peers kNobody;

template <typename Map, typename Key>
const ConfigIndex::Peers& peersOf(const Map& map, const Key& key)
{
    const auto found = map.find(key);
    return found == map.end() ? kNobody : found->second;
}

std::string selectorKey(const google::protobuf::Map<std::string, std::string>& selector)
{
    std::vector<std::string> parts;
    for (const auto& [key, value] : selector)
        parts.push_back(key + "=" + value + ";");
    std::ranges::sort(parts);
    std::string joined;
    for (const auto& part : parts)
        joined += part;
    return joined;
}

std::string breakerClaim(const CircuitBreaker& spec, const std::string& ownNs)
{
    const auto ns = [&](const std::string& written) { return written.empty() ? ownNs : written; };
    std::string claim = "breaker ";
    if (spec.has_source())
        claim += ns(spec.source().namespace_()) + "/" + spec.source().service() + "/"
            + spec.source().version();
    claim += " to ";
    if (spec.has_destination() || !spec.has_source())
        claim += ns(spec.destination().namespace_()) + "/" + spec.destination().service() + "/"
            + spec.destination().subset();
    return claim;
}

} // namespace

std::string routeKey(const std::string& host, const std::string& ownNs, const std::string& gateway)
{
    const HostTarget target = resolveHost(host, ownNs);
    return target.ns + "/" + target.service + " on " + gatewayKey(gateway, ownNs);
}

std::string gatewayKey(const std::string& gateway, const std::string& ownNs)
{
    if (gateway == "mesh" || gateway.find('/') != std::string::npos)
        return gateway;
    return ownNs + "/" + gateway;
}

std::vector<std::string> claimsOf(const Resource& resource)
{
    std::vector<std::string> claims;
    if (const auto* gateway = specOf<Gateway>(resource)) {
        for (const auto& server : gateway->servers()) {
            for (const auto& host : server.hosts()) {
                claims.push_back("listener " + selectorKey(gateway->selector()) + " "
                    + server.bind() + ":" + std::to_string(server.port().number()) + " " + host);
            }
        }
    } else if (const auto* breaker = specOf<CircuitBreaker>(resource)) {
        claims.push_back(breakerClaim(*breaker, resource.id.ns));
    } else if (const auto* entry = specOf<ServiceEntry>(resource)) {
        for (const auto& host : entry->hosts()) {
            for (const auto& port : entry->ports())
                claims.push_back("entry " + host + ":" + std::to_string(port.number()));
        }
    }
    return claims;
}

ConfigIndex::ConfigIndex(
    std::span<const Resource> edited, std::span<const Resource> others, const MeshView& mesh)
    : m_known(mesh.known)
{
    addMesh(mesh);
    std::set<ResourceId> replaced;
    for (const Resource& resource : edited) {
        replaced.insert(resource.id);
        add(resource);
    }
    for (const Resource& resource : others) {
        if (!replaced.contains(resource.id))
            add(resource);
    }
    m_retryPaths.measure();
}

void ConfigIndex::addMesh(const MeshView& mesh)
{
    for (const auto& call : mesh.calls)
        m_retryPaths.addCall({call.sourceNs, call.source}, {call.destinationNs, call.destination});
    m_namespaces.insert(mesh.namespaces.begin(), mesh.namespaces.end());
    for (const auto& service : mesh.services) {
        m_namespaces.insert(service.ns);
        ServiceFacts& facts = m_services[{service.ns, service.name}];
        facts.ports.insert(service.ports.begin(), service.ports.end());
        facts.running = !service.instances.empty();
        for (const auto& labels : service.instances) {
            facts.instances.push_back(labels);
            m_workloads.emplace_back(service.ns, labels);
        }
    }
}

void ConfigIndex::add(const Resource& resource)
{
    const std::string& ns = resource.id.ns;
    if (const auto* rule = specOf<DestinationRule>(resource)) {
        const HostTarget host = resolveHost(rule->host(), ns);
        m_rules[host].push_back(&resource);
        for (const auto& subset : rule->subsets())
            m_subsets[host].insert(subset.name());
    } else if (const auto* route = specOf<VirtualService>(resource)) {
        for (const auto& host : route->hosts()) {
            for (const auto& branch : route->http())
                m_retryPaths.addTries(
                    resolveHost(host, ns), 1 + std::clamp(branch.retries().attempts(), 0, 100));
            if (route->gateways().empty())
                m_routes[routeKey(host, ns, "mesh")].push_back(&resource);
            for (const auto& gateway : route->gateways())
                m_routes[routeKey(host, ns, gateway)].push_back(&resource);
        }
    } else if (specOf<Gateway>(resource)) {
        m_gateways.insert(ns + "/" + resource.id.name);
    } else if (specOf<Workload>(resource)) {
        addWorkload(resource);
    } else if (specOf<ServiceEntry>(resource)) {
        addServiceEntry(resource);
    }
    for (const auto& claim : claimsOf(resource)) {
        auto& peers = m_claims[claim];
        if (peers.empty() || peers.back() != &resource)
            peers.push_back(&resource);
    }
}

void ConfigIndex::addWorkload(const Resource& resource)
{
    const auto& spec = *specOf<Workload>(resource);
    const std::string& ns = resource.id.ns;
    const std::string service = spec.service().empty() ? resource.id.name : spec.service();
    m_namespaces.insert(ns);
    Labels labels(spec.labels().begin(), spec.labels().end());
    labels.emplace("app", service);
    if (!spec.version().empty())
        labels["version"] = spec.version();
    ServiceFacts& facts = m_services[{ns, service}];
    for (const auto& port : spec.ports())
        facts.ports.insert(port.port());
    // What runs counts; the document only for versions that don't run yet.
    const bool running
        = facts.running && std::ranges::any_of(facts.instances, [&](const Labels& known) {
              const auto version = known.find("version");
              return spec.version() == (version == known.end() ? std::string() : version->second);
          });
    const std::uint32_t replicas = spec.has_replicas() ? std::min(spec.replicas(), 64U) : 1;
    if (!running)
        facts.instances.insert(facts.instances.end(), replicas, labels);
    m_workloads.emplace_back(ns, std::move(labels));
}

void ConfigIndex::addServiceEntry(const Resource& resource)
{
    const auto& spec = *specOf<ServiceEntry>(resource);
    for (const auto& host : spec.hosts()) {
        ServiceFacts& facts = m_external[host];
        facts.external = true;
        for (const auto& port : spec.ports())
            facts.ports.insert(port.number());
    }
}

bool ConfigIndex::hasNamespace(const std::string& ns) const
{
    return m_namespaces.contains(ns);
}

const ConfigIndex::ServiceFacts* ConfigIndex::service(const HostTarget& host) const
{
    if (const auto known = m_services.find(host); known != m_services.end())
        return &known->second;
    // A ServiceEntry's host is visible everywhere; "a.b" was read as service and namespace.
    for (const std::string& name : {host.service, host.service + "." + host.ns}) {
        if (const auto known = m_external.find(name); known != m_external.end())
            return &known->second;
        for (const auto& [pattern, facts] : m_external) {
            if (pattern.starts_with('*') && hostMatches(pattern, name))
                return &facts;
        }
    }
    return nullptr;
}

std::string ConfigIndex::serviceCure(const HostTarget& host) const
{
    std::vector<std::string> names;
    for (const auto& [known, facts] : m_services) {
        if (known.ns == host.ns)
            names.push_back(known.service);
        else if (known.service == host.service)
            return "; did you mean \"" + known.service + "." + known.ns + "\"?";
    }
    return document::didYouMean(host.service, names);
}

const ConfigIndex::Peers& ConfigIndex::rulesOf(const HostTarget& host) const
{
    return peersOf(m_rules, host);
}

bool ConfigIndex::hasSubset(const HostTarget& host, const std::string& subset) const
{
    const auto known = m_subsets.find(host);
    return known != m_subsets.end() && known->second.contains(subset);
}

std::vector<std::string> ConfigIndex::subsetsOf(const HostTarget& host) const
{
    const auto known = m_subsets.find(host);
    if (known == m_subsets.end())
        return {};
    return {known->second.begin(), known->second.end()};
}

const ConfigIndex::Peers& ConfigIndex::routesOf(const std::string& hostAndGateway) const
{
    return peersOf(m_routes, hostAndGateway);
}

bool ConfigIndex::hasGateway(const std::string& nsAndName) const
{
    return m_gateways.contains(nsAndName);
}

std::vector<std::string> ConfigIndex::gatewayNames() const
{
    return {m_gateways.begin(), m_gateways.end()};
}

const ConfigIndex::Peers& ConfigIndex::claims(const std::string& claim) const
{
    return peersOf(m_claims, claim);
}

bool ConfigIndex::selects(const std::string& ns, const Labels& selector) const
{
    return std::ranges::any_of(m_workloads, [&](const auto& workload) {
        return (ns.empty() || workload.first == ns)
            && std::ranges::all_of(selector, [&](const auto& wanted) {
                   const auto label = workload.second.find(wanted.first);
                   return label != workload.second.end() && label->second == wanted.second;
               });
    });
}

} // namespace meshyard::config
