// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/telemetry/edge_state.h"

#include <algorithm>
#include <numeric>

namespace meshyard::control_plane {
namespace {

constexpr std::size_t kRetries = 9;

/// Forced open counts as open, half-open as half as bad.
int severity(v1::BreakerState state)
{
    switch (state) {
    case v1::OPEN:
        return 2;
    case v1::HALF_OPEN:
        return 1;
    default:
        return 0;
    }
}

void addMember(const std::string& instance, const v1::BreakerSecond& from, v1::EdgeBreaker& into)
{
    v1::BreakerMember& member = *into.add_members();
    member.set_instance(instance);
    member.set_state(from.state());
    member.set_open_left_ms(from.open_left_ms());
    member.set_window_calls(from.window_calls());
    member.set_window_failures(from.window_failures());
    member.set_trials_ok(from.trials_ok());
    member.set_trials_wanted(from.trials_wanted());
}

void addState(const v1::BreakerSecond& from, v1::EdgeBreaker& into)
{
    if (into.instances() == 0 || severity(from.state()) > severity(into.state()))
        into.set_state(from.state());
    into.set_instances(into.instances() + 1);
    into.set_open_instances(into.open_instances() + (from.state() == v1::OPEN ? 1 : 0));
    into.set_half_open_instances(
        into.half_open_instances() + (from.state() == v1::HALF_OPEN ? 1 : 0));
    std::int64_t leftMs = from.state() == v1::OPEN ? from.open_left_ms() : 0;
    if (from.override_kind() != v1::OVERRIDE_NONE) {
        into.set_override_kind(from.override_kind());
        into.set_override_id(from.override_id());
        leftMs = from.override_left_ms();
    }
    into.set_seconds_left(std::max(into.seconds_left(), (leftMs + 999) / 1000));
}

void addWindow(const v1::BreakerSecond& from, v1::EdgeBreaker& into)
{
    into.set_observe_only(into.observe_only() || from.observe_only());
    into.set_limited(into.limited() || from.limited());
    into.set_panic(into.panic() || from.panic());
    into.set_trials_issued(into.trials_issued() + from.trials_issued());
    into.set_trials_wanted(into.trials_wanted() + from.trials_wanted());
    into.set_window_calls(into.window_calls() + from.window_calls());
    into.set_window_failures(into.window_failures() + from.window_failures());
    into.set_window_slow(into.window_slow() + from.window_slow());
    into.set_consecutive(std::max(into.consecutive(), from.consecutive()));
    into.set_ejected_endpoints(std::max(into.ejected_endpoints(), from.ejected_endpoints()));
    into.set_endpoints(std::max(into.endpoints(), from.endpoints()));
    into.set_limit_in_flight(into.limit_in_flight() + from.limit_in_flight());
}

} // namespace

OutcomeCounts countsOf(const v1::Outcomes& o)
{
    return {o.ok(), o.client_errors(), o.server_errors(), o.connect_errors(), o.timeouts(),
        o.rejected(), o.limited(), o.no_endpoint(), o.faults(), o.retries(), o.cancelled()};
}

void writeCounts(const OutcomeCounts& counts, v1::Outcomes& out)
{
    out.set_ok(counts[0]);
    out.set_client_errors(counts[1]);
    out.set_server_errors(counts[2]);
    out.set_connect_errors(counts[3]);
    out.set_timeouts(counts[4]);
    out.set_rejected(counts[5]);
    out.set_limited(counts[6]);
    out.set_no_endpoint(counts[7]);
    out.set_faults(counts[8]);
    out.set_retries(counts[9]);
    out.set_cancelled(counts[10]);
}

void add(OutcomeCounts& into, const OutcomeCounts& more)
{
    for (std::size_t i = 0; i < into.size(); ++i)
        into[i] += more[i];
}

std::uint64_t finished(const OutcomeCounts& counts)
{
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) - counts[kRetries];
}

bool isZero(const OutcomeCounts& counts)
{
    return std::all_of(counts.begin(), counts.end(), [](std::uint32_t n) { return n == 0; });
}

EdgeState* BreakerGroup::mainEdge() const
{
    const auto heaviest = std::max_element(edges.begin(), edges.end(),
        [](const EdgeState* a, const EdgeState* b) { return a->weight < b->weight; });
    return heaviest == edges.end() ? nullptr : *heaviest;
}

v1::EdgeBreaker summarize(const EdgeState& edge)
{
    v1::EdgeBreaker breaker;
    bool insufficient = true;
    for (const BreakerGroup* group : edge.groups) {
        breaker.set_shared(breaker.shared() || group->edges.size() > 1);
        for (const auto& [instance, member] : group->members) {
            addState(member, breaker);
            addWindow(member, breaker);
            addMember(instance, member, breaker);
            insufficient = insufficient && member.insufficient();
        }
    }
    breaker.set_insufficient(breaker.instances() > 0 && insufficient);
    breaker.set_known(breaker.instances() > 0 ? v1::KNOWN : v1::UNKNOWN);
    return breaker;
}

} // namespace meshyard::control_plane
