// SPDX-License-Identifier: GPL-3.0-or-later
// CircuitBreaker and Override: the ranges of the state machine's fields.
#include "embedded-mesh/config/check_context.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/core/breaker_policy.h"
#include "embedded-mesh/document/go_duration.h"
#include "embedded-mesh/document/suggestion.h"

#include "istio/kinds/v1/resilience.pb.h"
#include <fmt/format.h>

#include <array>

namespace meshyard::config {
namespace {

using namespace kinds::v1;
using namespace std::chrono_literals;
using document::quoted;

template <typename Words>
void checkWords(const CheckContext& context, const std::string& field, const Words& words)
{
    for (int i = 0; i < words.size(); ++i) {
        if (const auto parsed = OutcomeSet::parse(std::array{words.Get(i)}); !parsed)
            context.error("MY0502", at(field, i), parsed.error().message);
    }
}

void checkSelector(const CheckContext& context, const EdgeSource& source, const EdgeDestination& to)
{
    const auto end = [&](const std::string& field, const std::string& ns,
                         const std::string& service) {
        const std::string where = ns.empty() ? context.ns() : ns;
        if (!context.index.knowsMesh() || ns == "*")
            return;
        if (!service.empty() && !context.index.service({where, service}))
            context.warning("MY0201", field + ".service",
                fmt::format("no service {} is known in {}{}", quoted(service), where,
                    context.index.serviceCure({where, service})));
        else if (!ns.empty() && !context.index.hasNamespace(ns))
            context.warning("MY0204", field + ".namespace", "there is no namespace " + quoted(ns));
    };
    end("spec.source", source.namespace_(), source.service());
    end("spec.destination", to.namespace_(), to.service());
    if (!source.version().empty() && source.service().empty())
        context.error(
            "MY0503", "spec.source.version", "a version needs a service beside it: add service");
    if (!to.subset().empty() && to.service().empty())
        context.error(
            "MY0503", "spec.destination.subset", "a subset needs a service beside it: add service");
    const HostTarget host{to.namespace_().empty() ? context.ns() : to.namespace_(), to.service()};
    if (!to.subset().empty() && to.subset() != "*" && !to.service().empty()
        && !context.index.hasSubset(host, to.subset()))
        context.warning("MY0202", "spec.destination.subset",
            fmt::format("no DestinationRule of {} defines the subset {}{}", quoted(to.service()),
                quoted(to.subset()),
                document::didYouMean(to.subset(), context.index.subsetsOf(host))));
}

void checkWindow(const CheckContext& context, const CircuitBreaker& spec)
{
    if (spec.has_window())
        context.wantDuration("spec.window", spec.window(), 1s, 300s);
    if (spec.has_buckets())
        context.wantRange("spec.buckets", spec.buckets(), 1, 100);
    if (spec.has_min_calls())
        context.wantRange("spec.minCalls", spec.min_calls(), 1, 1'000'000);
    if (spec.has_failure_ratio())
        context.wantRange("spec.failureRatio", spec.failure_ratio(), 0, 1);
    if (spec.has_slow_call())
        context.wantDuration("spec.slowCall", spec.slow_call(), 0s, 1h);
    if (spec.has_slow_ratio())
        context.wantRange("spec.slowRatio", spec.slow_ratio(), 0, 1);
    if (spec.has_consecutive())
        context.wantRange("spec.consecutive", spec.consecutive(), 0, 1'000'000);
    const bool ratioOff = spec.has_failure_ratio() && spec.failure_ratio() == 0;
    const bool slowOff = (spec.has_slow_call() && toNanos(spec.slow_call()) == 0ns)
        || (spec.has_slow_ratio() && spec.slow_ratio() == 0);
    if (ratioOff && slowOff && spec.has_consecutive() && spec.consecutive() == 0)
        context.warning("MY0504", "spec",
            "this breaker never opens: failureRatio, slowCall and consecutive are all off");
}

void checkOpen(const CheckContext& context, const CircuitBreaker& spec)
{
    const auto base = spec.has_open_base() ? toNanos(spec.open_base()) : 5s;
    if (spec.has_open_base())
        context.wantDuration("spec.openBase", spec.open_base(), 1ms, 1h);
    if (spec.has_open_max())
        context.wantDuration("spec.openMax", spec.open_max(), 1ms, 24h);
    const auto most = spec.has_open_max() ? toNanos(spec.open_max()) : 60s;
    if (most < base)
        context.error("MY0505", spec.has_open_max() ? "spec.openMax" : "spec.openBase",
            fmt::format(
                "openMax ({}) is shorter than openBase ({}): raise openMax or lower openBase",
                document::toGoDuration(most), document::toGoDuration(base)));
    if (spec.has_jitter())
        context.wantRange("spec.jitter", spec.jitter(), 0, 1);
    if (spec.has_ramp())
        context.wantDuration("spec.ramp", spec.ramp(), 0s, 1h);
    if (spec.has_reject_status())
        context.wantRange("spec.rejectStatus", spec.reject_status(), 400, 599);
}

void checkTrials(const CheckContext& context, const CircuitBreaker& spec)
{
    const std::uint32_t calls = spec.has_trial_calls() ? spec.trial_calls() : 5;
    const std::uint32_t success = spec.has_trial_success() ? spec.trial_success() : 4;
    if (spec.has_trial_calls())
        context.wantRange("spec.trialCalls", calls, 1, 10'000);
    if (spec.has_trial_success())
        context.wantRange("spec.trialSuccess", success, 1, 10'000);
    if (success > calls)
        context.error("MY0505", spec.has_trial_success() ? "spec.trialSuccess" : "spec.trialCalls",
            fmt::format(
                "{} successes of {} trials can't be reached: write trialSuccess: {} or less",
                success, calls, calls));
    if (spec.has_trial_concurrency())
        context.wantRange("spec.trialConcurrency", spec.trial_concurrency(), 1, 1'000);
    if (spec.has_trial_timeout())
        context.wantDuration("spec.trialTimeout", spec.trial_timeout(), 1ms, 1h);
    if (spec.has_half_open_max())
        context.wantDuration("spec.halfOpenMax", spec.half_open_max(), 1ms, 24h);
}

} // namespace

void checkCircuitBreaker(const CheckContext& context)
{
    const auto* spec = specOf<CircuitBreaker>(context.resource);
    if (!spec)
        return;
    checkSelector(context, spec->source(), spec->destination());
    checkWindow(context, *spec);
    checkOpen(context, *spec);
    checkTrials(context, *spec);
    checkWords(context, "spec.failureOn", spec->failure_on());
    checkWords(context, "spec.softFailureOn", spec->soft_failure_on());
    checkWords(context, "spec.ignoreOn", spec->ignore_on());
    for (const auto& claim : claimsOf(context.resource)) {
        for (const Resource* rival : context.index.claims(claim)) {
            if (rival->id != context.resource.id) {
                context.warning("MY0307", "spec",
                    fmt::format("CircuitBreaker {} is for the same edges: only the older one acts",
                        quoted(rival->id.ns + "/" + rival->id.name)));
                return;
            }
        }
    }
}

void checkOverride(const CheckContext& context)
{
    const auto* spec = specOf<Override>(context.resource);
    if (!spec)
        return;
    checkSelector(context, spec->source(), spec->destination());
    if (spec->destination().service().empty())
        context.missing(
            "spec.destination.service", "an override needs a destination: name its service");
    if (spec->kind() == Override::UNSPECIFIED)
        context.missing("spec.kind", "\"kind\" is missing: FORCED_OPEN, FORCED_CLOSED or DRAINING");
    if (spec->kind() == Override::DRAINING)
        context.wantRange("spec.drainPercent", spec->drain_percent(), 1, 100);
    else if (spec->drain_percent() != 0)
        context.warning("MY0506", "spec.drainPercent", "it has no effect without kind: DRAINING");
    if (spec->has_ttl() && !spec->until_released())
        context.wantDuration("spec.ttl", spec->ttl(), 5s, 24h);
    else if (!spec->until_released())
        context.missing(
            "spec.ttl", "an override needs a deadline: write ttl: 10m, or untilReleased: true");
}

} // namespace meshyard::config
