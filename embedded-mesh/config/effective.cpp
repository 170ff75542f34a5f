// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/effective.h"

#include "embedded-mesh/config/effective_policy.h"
#include "embedded-mesh/config/typed_resource.h"

#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/resilience.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"

#include <algorithm>
#include <array>
#include <compare>
#include <utility>

namespace meshyard::config {
namespace {

using kinds::v1::CircuitBreaker;
using Duration = BreakerPolicy::Duration;

/// How closely a document's selector names one end of an edge: -1 = not at all, 0 = any,
/// 1 = namespace, 2 = service, 3 = version or subset.
int closeness(std::string_view wantedNamespace, std::string_view wantedService,
    std::string_view wantedPart, std::string_view ns, std::string_view service,
    std::string_view part)
{
    if ((wantedNamespace != "*" && wantedNamespace != ns)
        || (!wantedService.empty() && wantedService != service)
        || (!wantedPart.empty() && wantedPart != part))
        return -1;
    if (!wantedPart.empty())
        return 3;
    if (!wantedService.empty())
        return 2;
    return wantedNamespace == "*" ? 0 : 1;
}

std::string_view namespaceOf(const std::string& written, const Resource& document)
{
    return written.empty() ? std::string_view(document.id.ns) : std::string_view(written);
}

struct Rank
{
    int total = -1;
    int source = -1;

    auto operator<=>(const Rank&) const = default;
};

Rank rank(const Resource& document, const EdgeQuery& edge)
{
    const auto* spec = specOf<CircuitBreaker>(document);
    int source = 0;
    if (spec->has_source()) {
        const auto& end = spec->source();
        source = closeness(namespaceOf(end.namespace_(), document), end.service(), end.version(),
            edge.sourceNamespace, edge.sourceService, edge.sourceVersion);
    }
    // Without a destination the document is about calls to (or from) its own namespace: a stated
    // source alone governs what that source calls, wherever it is.
    int destination = 0;
    if (spec->has_destination() || !spec->has_source()) {
        const auto& end = spec->destination();
        const std::string_view subset = end.subset() == "*" ? "" : std::string_view(end.subset());
        destination = closeness(namespaceOf(end.namespace_(), document), end.service(), subset,
            edge.destinationNamespace, edge.destinationService, edge.subset);
    }
    if (source < 0 || destination < 0)
        return {};
    return {source + destination, source};
}

std::optional<Duration> micros(bool given, const google::protobuf::Duration& duration)
{
    if (!given)
        return std::nullopt;
    return std::chrono::seconds(duration.seconds())
        + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(duration.nanos()));
}

template <typename Words> void takeWords(const Words& words, OutcomeSet& set)
{
    if (words.empty())
        return;
    std::vector<std::string> known;
    for (const std::string& word : words) {
        if (OutcomeSet::parse(std::array{word}).has_value())
            known.push_back(word);
    }
    if (auto parsed = OutcomeSet::parse(known))
        set = *parsed;
}

void takeRules(const CircuitBreaker& spec, BreakerPolicy& policy)
{
    policy.enabled = spec.has_enabled() ? spec.enabled() : policy.enabled;
    policy.mode
        = spec.mode() == CircuitBreaker::OBSERVE ? BreakerMode::Observe : BreakerMode::Enforce;
    policy.window = micros(spec.has_window(), spec.window()).value_or(policy.window);
    policy.buckets = spec.has_buckets() ? spec.buckets() : policy.buckets;
    policy.minCalls = spec.has_min_calls() ? spec.min_calls() : policy.minCalls;
    policy.failureRatio = spec.has_failure_ratio() ? spec.failure_ratio() : policy.failureRatio;
    policy.slowCall = micros(spec.has_slow_call(), spec.slow_call()).value_or(policy.slowCall);
    policy.slowRatio = spec.has_slow_ratio() ? spec.slow_ratio() : policy.slowRatio;
    policy.consecutive = spec.has_consecutive() ? spec.consecutive() : policy.consecutive;
    takeWords(spec.failure_on(), policy.failureOn);
    takeWords(spec.soft_failure_on(), policy.softFailureOn);
    takeWords(spec.ignore_on(), policy.ignoreOn);
}

void takeTimes(const CircuitBreaker& spec, BreakerPolicy& policy)
{
    policy.openBase = micros(spec.has_open_base(), spec.open_base()).value_or(policy.openBase);
    policy.openMax = micros(spec.has_open_max(), spec.open_max()).value_or(policy.openMax);
    policy.jitter = spec.has_jitter() ? spec.jitter() : policy.jitter;
    policy.trialCalls = spec.has_trial_calls() ? spec.trial_calls() : policy.trialCalls;
    policy.trialSuccess = spec.has_trial_success() ? spec.trial_success() : policy.trialSuccess;
    policy.trialConcurrency
        = spec.has_trial_concurrency() ? spec.trial_concurrency() : policy.trialConcurrency;
    policy.trialTimeout = micros(spec.has_trial_timeout(), spec.trial_timeout());
    policy.halfOpenMax
        = micros(spec.has_half_open_max(), spec.half_open_max()).value_or(policy.halfOpenMax);
    policy.ramp = micros(spec.has_ramp(), spec.ramp()).value_or(policy.ramp);
    if (spec.has_reject_status() && spec.reject_status() < 1000)
        policy.rejectStatus = static_cast<int>(spec.reject_status());
}

bool older(const Resource* a, const Resource* b)
{
    return std::pair(a->created, a->id.name) < std::pair(b->created, b->id.name);
}

} // namespace

HostTarget resolveHost(std::string_view host, std::string_view ownNamespace)
{
    for (const std::string_view tail : {".svc.cluster.local", ".svc", ".mesh"}) {
        if (host.ends_with(tail)) {
            host.remove_suffix(tail.size());
            break;
        }
    }
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos || host.find('.', dot + 1) != std::string_view::npos
        || host.starts_with('*'))
        return {std::string(ownNamespace), std::string(host)};
    return {std::string(host.substr(dot + 1)), std::string(host.substr(0, dot))};
}

BreakerResolver::BreakerResolver(std::span<const Resource> resources)
{
    for (const Resource& resource : resources) {
        if (specOf<CircuitBreaker>(resource))
            m_documents.push_back(&resource);
    }
    std::ranges::sort(m_documents, older);
}

const Resource* BreakerResolver::document(const EdgeQuery& edge) const
{
    const Resource* best = nullptr;
    Rank bestRank;
    for (const Resource* document : m_documents) {
        const Rank found = rank(*document, edge);
        if (found > bestRank) {
            best = document;
            bestRank = found;
        }
    }
    return best;
}

EffectiveBreaker BreakerResolver::resolve(const EdgeQuery& edge) const
{
    if (const Resource* found = document(edge))
        return {breakerPolicyOf(*found), found->id.ns + "/" + found->id.name};
    EffectiveBreaker none;
    none.policy.mode = BreakerMode::Observe;
    return none;
}

BreakerPolicy breakerPolicyOf(const Resource& circuitBreaker)
{
    BreakerPolicy policy;
    if (const auto* spec = specOf<CircuitBreaker>(circuitBreaker)) {
        takeRules(*spec, policy);
        takeTimes(*spec, policy);
    }
    policy.normalize();
    return policy;
}

const Resource* destinationRuleOf(std::span<const Resource> resources, const HostTarget& host)
{
    const Resource* best = nullptr;
    for (const Resource& resource : resources) {
        const auto* rule = specOf<kinds::v1::DestinationRule>(resource);
        if (rule && resolveHost(rule->host(), resource.id.ns) == host
            && (!best || older(&resource, best)))
            best = &resource;
    }
    return best;
}

std::vector<const Resource*> virtualServicesOf(
    std::span<const Resource> resources, const HostTarget& host)
{
    std::vector<const Resource*> found;
    for (const Resource& resource : resources) {
        const auto* spec = specOf<kinds::v1::VirtualService>(resource);
        if (spec && std::ranges::any_of(spec->hosts(), [&](const std::string& name) {
                return resolveHost(name, resource.id.ns) == host;
            }))
            found.push_back(&resource);
    }
    std::ranges::sort(found, older);
    return found;
}

kinds::v1::TrafficPolicy effectiveTrafficPolicy(
    const kinds::v1::DestinationRule& rule, std::string_view subset, std::uint16_t port)
{
    kinds::v1::TrafficPolicy policy = rule.traffic_policy();
    for (const auto& candidate : rule.subsets()) {
        if (subset.empty() || subset == "*" || candidate.name() != subset)
            continue;
        const auto& own = candidate.traffic_policy();
        if (own.has_load_balancer())
            *policy.mutable_load_balancer() = own.load_balancer();
        if (own.has_connection_pool())
            *policy.mutable_connection_pool() = own.connection_pool();
        if (own.has_outlier_detection())
            *policy.mutable_outlier_detection() = own.outlier_detection();
        if (own.has_tls())
            *policy.mutable_tls() = own.tls();
        if (own.has_retry_budget())
            *policy.mutable_retry_budget() = own.retry_budget();
        if (own.port_level_settings_size() > 0)
            *policy.mutable_port_level_settings() = own.port_level_settings();
    }
    const auto settings = std::ranges::find_if(policy.port_level_settings(),
        [&](const auto& level) { return port != 0 && level.port().number() == port; });
    if (settings != policy.port_level_settings().end()) {
        const auto level = *settings;
        const auto retryBudget = policy.retry_budget();
        const bool hasBudget = policy.has_retry_budget();
        policy.Clear();
        if (level.has_load_balancer())
            *policy.mutable_load_balancer() = level.load_balancer();
        if (level.has_connection_pool())
            *policy.mutable_connection_pool() = level.connection_pool();
        if (level.has_outlier_detection())
            *policy.mutable_outlier_detection() = level.outlier_detection();
        if (level.has_tls())
            *policy.mutable_tls() = level.tls();
        if (hasBudget)
            *policy.mutable_retry_budget() = retryBudget;
    }
    policy.clear_port_level_settings();
    return policy;
}

} // namespace meshyard::config
