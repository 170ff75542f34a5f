// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/edits.h"

#include "embedded-mesh/config/skeleton.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/suggestion.h"
#include "embedded-mesh/document/text_patch.h"
#include "embedded-mesh/document/yaml_parser.h"

#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/resilience.pb.h"

#include <algorithm>

namespace meshyard::config {
namespace {

using document::FieldPath;
using document::Node;
using document::TextPatch;

Result<Node> parseValue(std::string_view text)
{
    const auto stream = document::parseStream("value: " + std::string(text) + "\n");
    if (stream.problems.empty() && stream.documents.size() == 1) {
        const Node& root = stream.documents.front().root;
        if (root.isMap() && root.keys.size() == 1 && root.find("value"))
            return *root.find("value");
    }
    return failure(ErrorCode::InvalidArgument, document::quoted(text) + " is not a YAML value");
}

Result<void> applyChanges(
    TextPatch& patch, const FieldPath& block, std::span<const FieldChange> changes)
{
    for (const FieldChange& change : changes) {
        const auto relative = FieldPath::parse(change.path);
        if (!relative)
            return tl::unexpected(relative.error());
        FieldPath path = block;
        for (const auto& step : relative->steps())
            path = std::holds_alternative<std::string>(step) ? path / std::get<std::string>(step)
                                                             : path / std::get<std::size_t>(step);
        if (change.value.empty()) {
            if (document::locate(patch.root(), path)) {
                if (auto done = patch.remove(path); !done)
                    return done;
            }
            continue;
        }
        const auto value = parseValue(change.value);
        if (!value)
            return tl::unexpected(value.error());
        if (auto done = patch.set(path, *value); !done)
            return done;
    }
    return {};
}

/// Opens a document that is there, or a new one.
Result<TextPatch> openOrCreate(const Resource* present, const std::string& skeleton)
{
    return TextPatch::open(present ? present->text : skeleton);
}

bool sameScope(const Resource& resource, const BreakerScope& scope)
{
    const auto* spec = specOf<kinds::v1::CircuitBreaker>(resource);
    if (!spec)
        return false;
    const auto ns
        = [&](const std::string& written) { return written.empty() ? resource.id.ns : written; };
    const auto& from = spec->source();
    const auto& to = spec->destination();
    const bool sameSource = from.service() == scope.sourceService
        && from.version() == scope.sourceVersion
        && (from.service().empty() || ns(from.namespace_()) == scope.sourceNamespace);
    return sameSource && to.service() == scope.destinationService
        && (to.subset() == "*" ? std::string() : to.subset()) == scope.subset
        && ns(to.namespace_()) == scope.destinationNamespace;
}

std::string breakerName(const BreakerScope& scope)
{
    const auto part = [](const std::string& service, const std::string& version) {
        return service + (version.empty() ? "" : "-" + version);
    };
    if (scope.sourceService.empty() && scope.destinationService.empty())
        return scope.destinationNamespace == "*" ? "mesh-default" : "namespace-default";
    if (scope.sourceService.empty())
        return "to-" + part(scope.destinationService, scope.subset);
    const std::string from = part(scope.sourceService, scope.sourceVersion);
    return scope.destinationService.empty()
        ? "from-" + from
        : from + "-to-" + part(scope.destinationService, scope.subset);
}

Node breakerSpec(const BreakerScope& scope, const std::string& ns)
{
    Node spec = Node::map();
    if (!scope.sourceService.empty()) {
        Node source = Node::map({{"service", Node::string(scope.sourceService)}});
        if (scope.sourceNamespace != ns)
            source.set("namespace", Node::string(scope.sourceNamespace));
        if (!scope.sourceVersion.empty())
            source.set("version", Node::string(scope.sourceVersion));
        spec.set("source", std::move(source));
    }
    Node destination = Node::map();
    if (!scope.destinationService.empty())
        destination.set("service", Node::string(scope.destinationService));
    if (scope.destinationNamespace != ns)
        destination.set("namespace", Node::string(scope.destinationNamespace));
    if (!scope.subset.empty())
        destination.set("subset", Node::string(scope.subset));
    if (!destination.items.empty())
        spec.set("destination", std::move(destination));
    return spec;
}

/// Edits one block of a DestinationRule's traffic policy.
Result<TextChange> policyEdit(std::span<const Resource> resources, const HostTarget& host,
    std::string_view subset, std::string_view block, std::span<const FieldChange> changes)
{
    const Resource* present = destinationRuleOf(resources, host);
    const ResourceId id
        = present ? present->id : freeId(resources, "DestinationRule", host.ns, host.service);
    auto patch = openOrCreate(
        present, skeletonText(id, Node::map({{"host", Node::string(host.service)}})));
    if (!patch)
        return tl::unexpected(patch.error());
    FieldPath owner = FieldPath() / "spec";
    if (!subset.empty() && subset != "*") {
        const auto index = ensureSubset(*patch, subset);
        if (!index)
            return tl::unexpected(index.error());
        owner = owner / "subsets" / *index;
    }
    if (auto done = applyChanges(*patch, owner / "trafficPolicy" / block, changes); !done)
        return tl::unexpected(done.error());
    return TextChange{id, present ? present->text : "", patch->text()};
}

} // namespace

Result<std::string> editFields(std::string_view text, std::span<const FieldChange> changes)
{
    auto patch = TextPatch::open(text);
    if (!patch)
        return tl::unexpected(patch.error());
    if (auto done = applyChanges(*patch, {}, changes); !done)
        return tl::unexpected(done.error());
    return patch->text();
}

Result<TextChange> circuitBreakerEdit(std::span<const Resource> resources,
    const BreakerScope& scope, std::span<const FieldChange> changes)
{
    const auto found = std::ranges::find_if(
        resources, [&](const Resource& resource) { return sameScope(resource, scope); });
    const Resource* present = found == resources.end() ? nullptr : &*found;
    const std::string ns = scope.destinationNamespace == "*" || scope.destinationNamespace.empty()
        ? (scope.sourceNamespace.empty() || scope.sourceNamespace == "*" ? "production"
                                                                         : scope.sourceNamespace)
        : scope.destinationNamespace;
    const ResourceId id
        = present ? present->id : freeId(resources, "CircuitBreaker", ns, breakerName(scope));
    auto patch = openOrCreate(present, skeletonText(id, breakerSpec(scope, ns)));
    if (!patch)
        return tl::unexpected(patch.error());
    if (auto done = applyChanges(*patch, FieldPath() / "spec", changes); !done)
        return tl::unexpected(done.error());
    return TextChange{id, present ? present->text : "", patch->text()};
}

Result<TextChange> limitsEdit(std::span<const Resource> resources, const HostTarget& host,
    std::string_view subset, std::span<const FieldChange> changes)
{
    return policyEdit(resources, host, subset, "connectionPool", changes);
}

Result<TextChange> outlierEdit(std::span<const Resource> resources, const HostTarget& host,
    std::string_view subset, std::span<const FieldChange> changes)
{
    return policyEdit(resources, host, subset, "outlierDetection", changes);
}

} // namespace meshyard::config
