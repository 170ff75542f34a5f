// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/config/resource.h"
#include "embedded-mesh/core/result.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::config {

/// A document before and after an edit, ready for preview and Apply.
struct TextChange
{
    ResourceId id;
    std::string before; ///< empty = the document is created
    std::string after;

    bool operator==(const TextChange&) const = default;
};

/// One value to write: a path below the edited block ("tcp.maxConnections") and a YAML value
/// ("100", "5s", "[5xx, reset]").
struct FieldChange
{
    std::string path;
    std::string value; ///< empty = remove the field
};

/// Writes values into one document's text; paths count from the top ("spec.timeout").
/// @return InvalidArgument when the text or a value can't be parsed.
Result<std::string> editFields(std::string_view text, std::span<const FieldChange> changes);

/// Where a share of the calls goes.
struct RouteShare
{
    HostTarget service;
    std::string version; ///< empty = every version
    unsigned weight = 0;
};

enum class CallerKind : std::uint8_t { Sidecar, Gateway };

/// A rule that sends calls to a host.
struct RouteRule
{
    ResourceId virtualService;
    std::size_t rule = 0; ///< index in spec.http
    std::string match; ///< the match as YAML on one line; empty = every call
    std::vector<RouteShare> shares; ///< as they stand; version by the subset's label
};

/// Every rule by which callers of that kind reach a host, in the order they are tried; for a
/// preview that lets one choose.
std::vector<RouteRule> routeRulesTo(
    std::span<const Resource> resources, const HostTarget& host, CallerKind caller);

/// What a drag asks for: calls to `host` shall go to `shares`.
struct RerouteRequest
{
    HostTarget host;
    std::optional<ResourceId> virtualService; ///< unset = the one of the host inside the mesh
    std::optional<std::size_t> rule; ///< index in spec.http; unset = the first without match
    std::vector<RouteShare> shares; ///< at least one; weights are relative, sum over 0
};

/// The VirtualService of the host with the rule's weights and destinations changed (or created),
/// and the DestinationRules whose subsets that needs. Documents that need no change are left out.
/// Destinations that stay keep their headers, port and comments; a new one takes the port of the
/// rule's first.
/// @return NotFound for a rule that is not there; FailedPrecondition for a rule that routes nowhere
///         (redirect, directResponse).
Result<std::vector<TextChange>> rerouteEdit(
    std::span<const Resource> resources, const RerouteRequest& request);

/// The edges a CircuitBreaker document is for: empty services are any.
struct BreakerScope
{
    std::string sourceNamespace;
    std::string sourceService;
    std::string sourceVersion;
    std::string destinationNamespace;
    std::string destinationService;
    std::string subset;
};

/// Writes fields of the CircuitBreaker document that states exactly this scope, or creates it in
/// the destination's namespace. Paths count from spec ("failureRatio").
Result<TextChange> circuitBreakerEdit(std::span<const Resource> resources,
    const BreakerScope& scope, std::span<const FieldChange> changes);

/// Writes connection limits of a host's DestinationRule, creating it if absent. Paths count from
/// connectionPool ("tcp.maxConnections"). @param subset empty = the whole host.
Result<TextChange> limitsEdit(std::span<const Resource> resources, const HostTarget& host,
    std::string_view subset, std::span<const FieldChange> changes);

/// Same for outlierDetection ("consecutive5xxErrors").
Result<TextChange> outlierEdit(std::span<const Resource> resources, const HostTarget& host,
    std::string_view subset, std::span<const FieldChange> changes);

} // namespace meshyard::config
