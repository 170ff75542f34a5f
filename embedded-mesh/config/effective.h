// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/resource.h"
#include "embedded-mesh/core/breaker_policy.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::config {

/// A service that a host field means.
struct HostTarget
{
    std::string ns;
    std::string service;

    auto operator<=>(const HostTarget&) const = default;
    bool operator==(const HostTarget&) const = default;
};

/// "svc", "svc.ns", "svc.ns.mesh", "svc.ns.svc" and "svc.ns.svc.cluster.local" as a document of
/// `ownNamespace` means them; other dotted names are services of their own, in `ownNamespace`.
HostTarget resolveHost(std::string_view host, std::string_view ownNamespace);

/// The edge a breaker guards. Empty sourceVersion = no version; subset "*" or "" = none.
struct EdgeQuery
{
    std::string sourceNamespace;
    std::string sourceService;
    std::string sourceVersion;
    std::string destinationNamespace;
    std::string destinationService;
    std::string subset;
};

struct EffectiveBreaker
{
    BreakerPolicy policy;
    std::string name; ///< "production/ratings"; empty = the built-in default (observe)
};

/// Finds the CircuitBreaker document of an edge: the most specific first (service before namespace
/// before mesh, version and subset add to it), source before destination, then the older document.
/// None: the product's defaults in observe mode.
class BreakerResolver final
{
public:
    explicit BreakerResolver(std::span<const Resource> resources);

    EffectiveBreaker resolve(const EdgeQuery& edge) const;
    /// The document itself, for the editor; nullptr = built-in default.
    const Resource* document(const EdgeQuery& edge) const;

private:
    std::vector<const Resource*> m_documents; // CircuitBreakers of the span, which outlives us
};

/// The policy a CircuitBreaker document states, with the defaults filled in. Words of failureOn and
/// its sisters that are not known are left out (validation refuses them).
BreakerPolicy breakerPolicyOf(const Resource& circuitBreaker);

/// The DestinationRule that governs a host (the oldest, where several do); nullptr = none.
const Resource* destinationRuleOf(std::span<const Resource> resources, const HostTarget& host);

/// The VirtualServices that name a host, oldest first. Only the first acts on it.
std::vector<const Resource*> virtualServicesOf(
    std::span<const Resource> resources, const HostTarget& host);

} // namespace meshyard::config
