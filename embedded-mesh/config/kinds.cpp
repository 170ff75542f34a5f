// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/kinds.h"

#include "embedded-mesh/document/node.h"

#include "istio/kinds/v1/common.pb.h"
#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/edge.pb.h"
#include "istio/kinds/v1/registry.pb.h"
#include "istio/kinds/v1/resilience.pb.h"
#include "istio/kinds/v1/security.pb.h"
#include "istio/kinds/v1/telemetry.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"
#include "istio/kinds/v1/workload.pb.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace meshyard::config {
namespace {

using Strings = std::vector<std::string>;

const Strings kNetworking
    = {"networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"};
const Strings kSecurity = {"security.istio.io/v1", "security.istio.io/v1beta1"};
const Strings kTelemetry = {"telemetry.istio.io/v1", "telemetry.istio.io/v1alpha1"};
const Strings kOurs = {"meshyard.dev/v1"};

template <typename Spec>
KindInfo kind(std::string plural, Strings shortForms, const Strings& versions, std::string purpose)
{
    const auto& prototype = Spec::default_instance();
    return {prototype.GetDescriptor()->name(), std::move(plural), std::move(shortForms), versions,
        std::move(purpose), &prototype};
}

std::vector<KindInfo> makeKinds()
{
    using namespace kinds::v1;
    return {
        kind<VirtualService>("virtualservices", {"vs"}, kNetworking,
            "Routes requests to a host: ordered matches, weights, timeouts, retries, faults."),
        kind<DestinationRule>("destinationrules", {"dr"}, kNetworking,
            "Says how a host is called: subsets, balancing, limits, outlier detection, TLS."),
        kind<CircuitBreaker>("circuitbreakers", {"cb"}, kOurs,
            "Opens, half-opens and closes an edge by what its calls return."),
        kind<Override>("overrides", {"ov"}, kOurs,
            "Forces an edge open, closed or draining until a deadline."),
        kind<Gateway>(
            "gateways", {"gw"}, kNetworking, "Opens ports at the mesh's border to the outside."),
        kind<ServiceEntry>("serviceentries", {"se"}, kNetworking,
            "Puts a service that does not run in the mesh into the registry."),
        kind<WorkloadEntry>("workloadentries", {"we"}, kNetworking,
            "One instance that was not started by the mesh."),
        kind<WorkloadGroup>("workloadgroups", {"wg"}, kNetworking,
            "A template for instances that register themselves, and their readiness probe."),
        kind<Workload>("workloads", {"wl"}, kOurs, "A process to run beside a sidecar."),
        kind<Sidecar>(
            "sidecars", {}, kNetworking, "Narrows what a sidecar gets to see of the mesh."),
        kind<PeerAuthentication>(
            "peerauthentications", {"pa"}, kSecurity, "Says whether callers must use mutual TLS."),
        kind<RequestAuthentication>("requestauthentications", {"ra"}, kSecurity,
            "Says which JSON web tokens are accepted."),
        kind<AuthorizationPolicy>("authorizationpolicies", {"ap"}, kSecurity,
            "Allows or denies calls by who calls what."),
        kind<Telemetry>("telemetries", {"telemetry"}, kTelemetry,
            "Sets the access log and the share of traced requests."),
        kind<Drill>("drills", {}, kOurs, "An experiment: fault, load, and what counts as passed."),
    };
}

using FieldSet = std::unordered_map<std::string_view, std::vector<std::string_view>>;

const FieldSet& unsupportedFields()
{
    static const FieldSet fields = {
        {"HttpRoute", {"delegate", "mirrorPercent"}},
        {"Delay", {"exponentialDelay"}},
        {"Abort", {"http2Error"}},
        {"CorsPolicy", {"allowOrigin"}},
        {"L4MatchAttributes", {"sourceSubnet"}},
        {"TrafficPolicy", {"tunnel", "proxyProtocol"}},
        {"LoadBalancerSettings", {"zoneAwareLbSetting"}},
        {"HTTPCookie", {"attributes"}},
        {"ServerTlsSettings",
            {"verifyCertificateSpki", "verifyCertificateHash", "caCrl", "credentialNames",
                "caCertCredentialName", "tlsCertificates"}},
        {"JwtRule", {"spaceDelimitedClaims"}},
        {"Source", {"trustDomains", "notTrustDomains"}},
        {"Telemetry", {"metrics"}},
        {"Tracing", {"customTags", "useRequestIdForTraceSampling", "enableIstioTags"}},
        {"ObjectMeta",
            {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields",
                "ownerReferences", "finalizers", "selfLink", "generateName", "deletionTimestamp",
                "deletionGracePeriodSeconds"}},
    };
    return fields;
}

} // namespace

std::span<const KindInfo> kinds()
{
    static const std::vector<KindInfo> all = makeKinds();
    return all;
}

const KindInfo* findKind(std::string_view name)
{
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    static const std::unordered_map<std::string, const KindInfo*> byName = [] {
        std::unordered_map<std::string, const KindInfo*> names;
        for (const KindInfo& info : kinds()) {
            std::string singular = info.name;
            std::ranges::transform(singular, singular.begin(),
                [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
            names[singular] = &info;
            names[info.plural] = &info;
            for (const auto& form : info.shortForms)
                names[form] = &info;
        }
        return names;
    }();
    const auto found = byName.find(lower);
    return found == byName.end() ? nullptr : found->second;
}

bool isUnsupportedField(const google::protobuf::Descriptor& message, std::string_view field)
{
    const auto known = unsupportedFields().find(message.name());
    return known != unsupportedFields().end()
        && std::ranges::find(known->second, document::camelCase(field)) != known->second.end();
}

} // namespace meshyard::config
