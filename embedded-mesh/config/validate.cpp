// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/validate.h"

#include "embedded-mesh/config/check_context.h"
#include "embedded-mesh/document/suggestion.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>

namespace meshyard::config {
namespace {

// Kinds that are stored and checked, and that no proxy acts on yet: saying so is honest.
constexpr std::array<std::string_view, 9> kWithoutEffect
    = {"ServiceEntry", "WorkloadEntry", "WorkloadGroup", "Sidecar", "PeerAuthentication",
        "RequestAuthentication", "AuthorizationPolicy", "Telemetry", "Drill"};

void checkDocument(const CheckContext& context)
{
    const auto& id = context.resource.id;
    if (std::ranges::find(kWithoutEffect, std::string_view(id.kind)) != kWithoutEffect.end())
        context.info("MY0116", "kind",
            "Meshyard keeps " + id.kind + " documents but does not act on them yet");
    if (context.index.knowsMesh() && id.kind != "Workload" && !context.index.hasNamespace(id.ns))
        context.warning("MY0204", "metadata.namespace",
            "nothing runs in the namespace " + document::quoted(id.ns) + " yet");
    checkVirtualService(context);
    checkDestinationRule(context);
    checkGateway(context);
    checkServiceEntry(context);
    checkCircuitBreaker(context);
    checkOverride(context);
    checkWorkload(context);
    checkSecurity(context);
}

std::string placeOf(const Resource& resource)
{
    return resource.file + ":" + std::to_string(resource.tree->line);
}

/// MY0113 for documents of one name in several texts; parseResources() sees those of one text.
void refuseTwins(std::span<const Resource> edited, std::vector<Diagnostic>& out)
{
    std::map<ResourceId, const Resource*> seen;
    for (const Resource& resource : edited) {
        const auto [first, fresh] = seen.emplace(resource.id, &resource);
        const Resource& twin = *first->second;
        if (fresh || (resource.broken && resource.file == twin.file))
            continue;
        const ResourceId& id = resource.id;
        out.push_back(diagnosticAt(resource, "metadata.name", Severity::Error, "MY0113",
            id.kind + " " + id.ns + "/" + id.name + " stands twice in this request: "
                + placeOf(twin) + " and " + placeOf(resource) + "; keep one"));
    }
}

void sortByPlace(std::vector<Diagnostic>& diagnostics)
{
    std::ranges::stable_sort(
        diagnostics, {}, [](const Diagnostic& d) { return std::tie(d.file, d.line, d.column); });
}

} // namespace

std::vector<Diagnostic> validate(
    std::span<const Resource> edited, std::span<const Resource> others, const MeshView& mesh)
{
    const ConfigIndex index(edited, others, mesh);
    std::vector<Diagnostic> diagnostics;
    for (const Resource& resource : edited)
        checkDocument({index, resource, diagnostics});
    refuseTwins(edited, diagnostics);
    sortByPlace(diagnostics);
    return diagnostics;
}

std::vector<Diagnostic> check(std::string_view text, const ParseOptions& options,
    std::span<const Resource> others, const MeshView& mesh)
{
    auto parsed = parseResources(text, options);
    auto meaning = validate(parsed.resources, others, mesh);
    std::ranges::move(meaning, std::back_inserter(parsed.diagnostics));
    sortByPlace(parsed.diagnostics);
    return std::move(parsed.diagnostics);
}

} // namespace meshyard::config
