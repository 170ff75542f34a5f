// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/edits.h"

#include "embedded-mesh/config/skeleton.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/message_writer.h"
#include "embedded-mesh/document/suggestion.h"
#include "embedded-mesh/document/text_patch.h"
#include "embedded-mesh/document/yaml_printer.h"

#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace meshyard::config {
namespace {

using document::FieldPath;
using document::Node;
using document::TextPatch;
using kinds::v1::DestinationRule;
using kinds::v1::VirtualService;

/// A share as it is written: host and subset by their names in documents.
struct WrittenShare
{
    HostTarget service;
    std::string host;
    std::string subset;
    unsigned weight = 0;
};

bool onMesh(const VirtualService& spec)
{
    return spec.gateways().empty()
        || std::ranges::find(spec.gateways(), std::string("mesh")) != spec.gateways().end();
}

/// Works out one reroute; see rerouteEdit().
class Reroute
{
public:
    Reroute(std::span<const Resource> resources, const RerouteRequest& request)
        : m_resources(resources)
        , m_request(request)
    {
    }

    Result<std::vector<TextChange>> run()
    {
        const auto total = std::accumulate(m_request.shares.begin(), m_request.shares.end(), 0U,
            [](unsigned sum, const RouteShare& share) { return sum + share.weight; });
        if (total == 0)
            return failure(ErrorCode::InvalidArgument, "at least one share must be above 0");
        if (auto done = findRoute(); !done)
            return tl::unexpected(done.error());
        if (auto done = findSubsets(); !done)
            return tl::unexpected(done.error());
        auto routed = m_present ? changeRule() : createRoute();
        if (!routed)
            return tl::unexpected(routed.error());
        if (routed->before != routed->after)
            m_changes.push_back(std::move(*routed));
        return std::move(m_changes);
    }

private:
    Result<void> findRoute()
    {
        if (m_request.virtualService) {
            const auto found
                = std::ranges::find(m_resources, *m_request.virtualService, &Resource::id);
            if (found == m_resources.end() || !specOf<VirtualService>(*found))
                return failure(ErrorCode::NotFound,
                    "there is no " + toString(*m_request.virtualService) + " any more");
            m_present = &*found;
            return {};
        }
        for (const Resource* candidate : virtualServicesOf(m_resources, m_request.host)) {
            if (onMesh(*specOf<VirtualService>(*candidate))) {
                m_present = candidate;
                break;
            }
        }
        return {};
    }

    // Each version needs a subset that selects it, by whatever name it has.
    Result<void> findSubsets()
    {
        const std::string& ownNs = m_present ? m_present->id.ns : m_request.host.ns;
        std::map<HostTarget, std::vector<std::string>> missing;
        for (const RouteShare& share : m_request.shares) {
            WrittenShare written{share.service, share.service.service, "", share.weight};
            if (share.service.ns != ownNs)
                written.host += "." + share.service.ns;
            if (!share.version.empty()) {
                written.subset = subsetOf(share.service, share.version);
                if (written.subset.empty()) {
                    written.subset = share.version;
                    missing[share.service].push_back(share.version);
                }
            }
            m_shares.push_back(std::move(written));
        }
        for (const auto& [service, versions] : missing) {
            if (auto done = addSubsets(service, versions); !done)
                return done;
        }
        return {};
    }

    std::string subsetOf(const HostTarget& service, const std::string& version) const
    {
        const Resource* rule = destinationRuleOf(m_resources, service);
        if (!rule)
            return {};
        for (const auto& subset : specOf<DestinationRule>(*rule)->subsets()) {
            const auto label = subset.labels().find("version");
            if (subset.labels_size() == 1 && label != subset.labels().end()
                && label->second == version)
                return subset.name();
        }
        return {};
    }

    Result<void> addSubsets(const HostTarget& service, const std::vector<std::string>& versions)
    {
        const Resource* rule = destinationRuleOf(m_resources, service);
        const ResourceId id
            = rule ? rule->id : freeId(m_resources, "DestinationRule", service.ns, service.service);
        auto patch = TextPatch::open(rule
                ? rule->text
                : skeletonText(id, Node::map({{"host", Node::string(service.service)}})));
        if (!patch)
            return tl::unexpected(patch.error());
        for (const auto& version : versions) {
            if (auto index = ensureSubset(*patch, version); !index)
                return tl::unexpected(index.error());
        }
        m_changes.push_back({id, rule ? rule->text : "", patch->text()});
        return {};
    }

    Node destinationNode(const WrittenShare& share, const Node* port) const
    {
        Node destination = Node::map({{"host", Node::string(share.host)}});
        if (!share.subset.empty())
            destination.set("subset", Node::string(share.subset));
        if (port)
            destination.set("port", *port);
        Node route = Node::map({{"destination", std::move(destination)}});
        if (m_shares.size() > 1)
            route.set("weight", Node::number(share.weight));
        return route;
    }

    Node newRule() const
    {
        Node routes = Node::sequence();
        for (const WrittenShare& share : m_shares) {
            if (share.weight > 0 || m_shares.size() > 1)
                routes.items.push_back(destinationNode(share, nullptr));
        }
        return Node::map({{"route", std::move(routes)}});
    }

    Result<TextChange> createRoute() const
    {
        if (m_request.rule && *m_request.rule > 0)
            return failure(ErrorCode::NotFound, "there is no VirtualService with such a rule");
        const auto& host = m_request.host;
        const ResourceId id = freeId(m_resources, "VirtualService", host.ns, host.service);
        const Node spec = Node::map({{"hosts", Node::sequence({Node::string(host.service)})},
            {"http", Node::sequence({newRule()})}});
        return TextChange{id, "", skeletonText(id, spec)};
    }

    Result<TextChange> changeRule() const
    {
        const auto& spec = *specOf<VirtualService>(*m_present);
        auto patch = TextPatch::open(m_present->text);
        if (!patch)
            return tl::unexpected(patch.error());
        const auto count = static_cast<std::size_t>(spec.http_size());
        std::size_t rule = m_request.rule.value_or(count);
        for (std::size_t i = 0; !m_request.rule && i < count && rule == count; ++i) {
            if (spec.http(static_cast<int>(i)).match().empty())
                rule = i;
        }
        const FieldPath http = FieldPath() / "spec" / "http";
        if (rule >= count) {
            if (m_request.rule)
                return failure(ErrorCode::NotFound,
                    document::quoted(m_present->id.name) + " has no rule "
                        + std::to_string(rule + 1));
            if (auto done = patch->insert(http, count, newRule()); !done)
                return tl::unexpected(done.error());
        } else {
            const auto& chosen = spec.http(static_cast<int>(rule));
            if (chosen.has_redirect() || chosen.has_direct_response())
                return failure(ErrorCode::FailedPrecondition,
                    "this rule answers by itself (redirect or directResponse): edit its text to "
                    "route it");
            if (auto done = changeDestinations(*patch, http / rule / "route"); !done)
                return tl::unexpected(done.error());
        }
        return TextChange{m_present->id, m_present->text, patch->text()};
    }

    bool isShare(const Node& route, const WrittenShare& share) const
    {
        const Node* destination = route.find("destination");
        const Node* host = destination ? destination->find("host") : nullptr;
        const Node* subset = destination ? destination->find("subset") : nullptr;
        return host && resolveHost(host->text, m_present->id.ns) == share.service
            && (subset ? subset->text : std::string()) == share.subset;
    }

    // Weights of those that stay are set in place, new ones are added, the others go last, so that
    // the list is never empty on the way.
    Result<void> changeDestinations(TextPatch& patch, const FieldPath& list) const
    {
        const Node before = document::locate(patch.root(), list)
            ? *document::locate(patch.root(), list)
            : Node::sequence();
        std::vector<bool> kept(before.items.size(), false);
        const Node* first = before.items.empty() ? nullptr : before.items[0].find("destination");
        const Node* port = first ? first->find("port") : nullptr;
        std::size_t size = before.items.size();
        for (const WrittenShare& share : m_shares) {
            std::size_t at = 0;
            while (at < before.items.size() && (kept[at] || !isShare(before.items[at], share)))
                ++at;
            if (at == before.items.size()) {
                const Node* itsPort = share.service == m_request.host ? port : nullptr;
                if (auto done = patch.insert(list, size++, destinationNode(share, itsPort)); !done)
                    return done;
                continue;
            }
            kept[at] = true;
            if (auto done = setWeight(patch, list / at, share.weight); !done)
                return done;
        }
        for (std::size_t i = before.items.size(); i > 0; --i) {
            if (kept[i - 1])
                continue;
            if (auto done = patch.remove(list / (i - 1)); !done)
                return done;
        }
        return {};
    }

    // A single destination takes all: a weight of its own would only puzzle.
    Result<void> setWeight(TextPatch& patch, const FieldPath& route, unsigned weight) const
    {
        const FieldPath path = route / "weight";
        if (m_shares.size() > 1)
            return patch.set(path, Node::number(weight));
        return document::locate(patch.root(), path) ? patch.remove(path) : Result<void>();
    }

    std::span<const Resource> m_resources;
    const RerouteRequest& m_request;
    const Resource* m_present = nullptr;
    std::vector<WrittenShare> m_shares;
    std::vector<TextChange> m_changes;
};

std::string versionOf(
    std::span<const Resource> resources, const HostTarget& service, const std::string& name)
{
    const Resource* rule = name.empty() ? nullptr : destinationRuleOf(resources, service);
    if (!rule)
        return name;
    for (const auto& subset : specOf<DestinationRule>(*rule)->subsets()) {
        const auto label = subset.labels().find("version");
        if (subset.name() == name && label != subset.labels().end())
            return label->second;
    }
    return name;
}

// Which rules of a VirtualService can reach the host: all of one that is for the host, those with
// such a destination of a gateway's.
bool leadsTo(const kinds::v1::HttpRoute& rule, const HostTarget& host, const std::string& ns)
{
    return std::ranges::any_of(rule.route(),
        [&](const auto& route) { return resolveHost(route.destination().host(), ns) == host; });
}

} // namespace

std::vector<RouteRule> routeRulesTo(
    std::span<const Resource> resources, const HostTarget& host, CallerKind caller)
{
    std::vector<RouteRule> rules;
    for (const Resource& resource : resources) {
        const auto* spec = specOf<VirtualService>(resource);
        if (!spec || (caller == CallerKind::Sidecar) != onMesh(*spec))
            continue;
        const bool own = std::ranges::any_of(spec->hosts(),
            [&](const std::string& name) { return resolveHost(name, resource.id.ns) == host; });
        for (int i = 0; i < spec->http_size(); ++i) {
            const auto& rule = spec->http(i);
            if (rule.route().empty() || !(own || leadsTo(rule, host, resource.id.ns)))
                continue;
            RouteRule found{resource.id, static_cast<std::size_t>(i), {}, {}};
            for (const auto& match : rule.match())
                found.match += (found.match.empty() ? "" : " or ")
                    + document::printFlow(document::toNode(match));
            for (const auto& route : rule.route()) {
                const HostTarget service = resolveHost(route.destination().host(), resource.id.ns);
                const unsigned weight = rule.route_size() == 1
                    ? 100U
                    : static_cast<unsigned>(std::max(route.weight(), 0));
                found.shares.push_back(
                    {service, versionOf(resources, service, route.destination().subset()), weight});
            }
            rules.push_back(std::move(found));
        }
    }
    return rules;
}

Result<std::vector<TextChange>> rerouteEdit(
    std::span<const Resource> resources, const RerouteRequest& request)
{
    return Reroute(resources, request).run();
}

} // namespace meshyard::config
