// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/wire/value_codec.h"

#include <algorithm>
#include <limits>

namespace meshyard::wire {

namespace {

/// Enums of both sides have equal values; one this version does not know reads as the first.
template <typename To, typename From> To enumOf(From value, int last)
{
    const int number = static_cast<int>(value);
    return static_cast<To>(number >= 0 && number <= last ? number : 0);
}

std::uint32_t capped(std::uint64_t value)
{
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

template <typename T> std::vector<T> listOf(const google::protobuf::RepeatedPtrField<T>& in)
{
    return {in.begin(), in.end()};
}

BreakerMember fromWire(const v1::BreakerMember& in)
{
    return {in.instance(), enumOf<BreakerState>(in.state(), 3), in.open_left_ms(),
        in.window_calls(), in.window_failures(), in.trials_ok(), in.trials_wanted()};
}

BreakerTransition fromWire(const v1::BreakerTransition& in)
{
    BreakerTransition out;
    out.cluster = in.cluster();
    out.from = enumOf<BreakerState>(in.from(), 3);
    out.to = enumOf<BreakerState>(in.to(), 3);
    out.cause = enumOf<BreakerCause>(in.cause(), 9);
    out.observed = in.observed();
    out.threshold = in.threshold();
    out.calls = in.calls();
    out.unixUs = in.unix_us();
    out.policyRevision = in.policy_revision();
    out.operatorName = in.operator_name();
    out.overrideKind = enumOf<OverrideKind>(in.override_kind(), 3);
    out.generation = in.generation();
    return out;
}

void toWire(const BreakerMember& in, v1::BreakerMember* out)
{
    out->set_instance(in.instance);
    out->set_state(static_cast<v1::BreakerState>(in.state));
    out->set_open_left_ms(in.openLeftMs);
    out->set_window_calls(in.windowCalls);
    out->set_window_failures(in.windowFailures);
    out->set_trials_ok(in.trialsOk);
    out->set_trials_wanted(in.trialsWanted);
}

void toWire(const BreakerTransition& in, v1::BreakerTransition* out)
{
    out->set_cluster(in.cluster);
    out->set_from(static_cast<v1::BreakerState>(in.from));
    out->set_to(static_cast<v1::BreakerState>(in.to));
    out->set_cause(static_cast<v1::BreakerCause>(in.cause));
    out->set_observed(in.observed);
    out->set_threshold(in.threshold);
    out->set_calls(in.calls);
    out->set_unix_us(in.unixUs);
    out->set_policy_revision(in.policyRevision);
    out->set_operator_name(in.operatorName);
    out->set_override_kind(static_cast<v1::OverrideKind>(in.overrideKind));
    out->set_generation(in.generation);
}

} // namespace

NodeKey fromWire(const v1::NodeKey& in)
{
    return {in.namespace_(), in.service(), in.version()};
}

void toWire(const NodeKey& in, v1::NodeKey* out)
{
    out->set_namespace_(in.ns);
    out->set_service(in.service);
    out->set_version(in.version);
}

EdgeKey fromWire(const v1::EdgeKey& in)
{
    return {fromWire(in.source()), fromWire(in.destination()),
        in.subset().empty() ? "*" : in.subset(), enumOf<Protocol>(in.protocol(), 4)};
}

void toWire(const EdgeKey& in, v1::EdgeKey* out)
{
    toWire(in.source, out->mutable_source());
    toWire(in.destination, out->mutable_destination());
    out->set_subset(in.subset);
    out->set_protocol(static_cast<v1::Protocol>(in.protocol));
}

Outcomes fromWire(const v1::Outcomes& in)
{
    Outcomes out;
    out.ok = in.ok();
    out.clientErrors = in.client_errors();
    out.serverErrors = in.server_errors();
    out.connectErrors = in.connect_errors();
    out.timeouts = in.timeouts();
    out.rejected = in.rejected();
    out.limited = in.limited();
    out.noEndpoint = in.no_endpoint();
    out.faults = in.faults();
    out.retries = in.retries();
    out.cancelled = in.cancelled();
    return out;
}

void toWire(const Outcomes& in, v1::Outcomes* out)
{
    out->set_ok(capped(in.ok));
    out->set_client_errors(capped(in.clientErrors));
    out->set_server_errors(capped(in.serverErrors));
    out->set_connect_errors(capped(in.connectErrors));
    out->set_timeouts(capped(in.timeouts));
    out->set_rejected(capped(in.rejected));
    out->set_limited(capped(in.limited));
    out->set_no_endpoint(capped(in.noEndpoint));
    out->set_faults(capped(in.faults));
    out->set_retries(capped(in.retries));
    out->set_cancelled(capped(in.cancelled));
}

LatencySketch fromWire(const v1::Sketch& in)
{
    LatencySketch out;
    std::uint64_t bucket = 0;
    const int size = std::min(in.bucket_deltas_size(), in.counts_size());
    for (int i = 0; i < size; ++i) {
        bucket += in.bucket_deltas(i);
        out.addToBucket(static_cast<std::size_t>(bucket), in.counts(i));
    }
    out.setSumAndMax(in.sum_us(), in.max_us());
    return out;
}

void toWire(const LatencySketch& in, v1::Sketch* out)
{
    std::uint32_t last = 0;
    const auto counts = in.counts();
    for (std::uint32_t bucket = 0; bucket < counts.size(); ++bucket) {
        if (counts[bucket] == 0)
            continue;
        out->add_bucket_deltas(bucket - last);
        out->add_counts(counts[bucket]);
        last = bucket;
    }
    out->set_sum_us(in.sumMicros());
    out->set_max_us(in.maxMicros());
}

EdgeBreaker fromWire(const v1::EdgeBreaker& in)
{
    EdgeBreaker out;
    out.state = enumOf<BreakerState>(in.state(), 3);
    out.overrideKind = enumOf<OverrideKind>(in.override_kind(), 3);
    out.overrideId = in.override_id();
    out.secondsLeft = in.seconds_left();
    out.openInstances = in.open_instances();
    out.halfOpenInstances = in.half_open_instances();
    out.instances = in.instances();
    out.known = enumOf<Knowledge>(in.known(), 4);
    out.observeOnly = in.observe_only();
    out.insufficient = in.insufficient();
    out.limited = in.limited();
    out.panic = in.panic();
    out.shared = in.shared();
    out.trialsIssued = in.trials_issued();
    out.trialsWanted = in.trials_wanted();
    out.windowCalls = in.window_calls();
    out.windowFailures = in.window_failures();
    out.windowSlow = in.window_slow();
    out.ejectedEndpoints = in.ejected_endpoints();
    out.endpoints = in.endpoints();
    out.limitInFlight = in.limit_in_flight();
    out.consecutive = in.consecutive();
    out.drainPercent = in.drain_percent();
    for (const v1::BreakerMember& member : in.members())
        out.members.push_back(fromWire(member));
    return out;
}

void toWire(const EdgeBreaker& in, v1::EdgeBreaker* out)
{
    out->set_state(static_cast<v1::BreakerState>(in.state));
    out->set_override_kind(static_cast<v1::OverrideKind>(in.overrideKind));
    out->set_override_id(in.overrideId);
    out->set_seconds_left(in.secondsLeft);
    out->set_open_instances(in.openInstances);
    out->set_half_open_instances(in.halfOpenInstances);
    out->set_instances(in.instances);
    out->set_known(static_cast<v1::Knowledge>(in.known));
    out->set_observe_only(in.observeOnly);
    out->set_insufficient(in.insufficient);
    out->set_limited(in.limited);
    out->set_panic(in.panic);
    out->set_shared(in.shared);
    out->set_trials_issued(in.trialsIssued);
    out->set_trials_wanted(in.trialsWanted);
    out->set_window_calls(in.windowCalls);
    out->set_window_failures(in.windowFailures);
    out->set_window_slow(in.windowSlow);
    out->set_ejected_endpoints(in.ejectedEndpoints);
    out->set_endpoints(in.endpoints);
    out->set_limit_in_flight(in.limitInFlight);
    out->set_consecutive(in.consecutive);
    out->set_drain_percent(in.drainPercent);
    for (const BreakerMember& member : in.members)
        toWire(member, out->add_members());
}

EdgeSample fromWire(const v1::EdgeSample& in)
{
    EdgeSample out;
    out.edge = in.edge();
    out.outcomes = fromWire(in.outcomes());
    out.bytesOut = in.bytes_out();
    out.bytesIn = in.bytes_in();
    out.inFlight = in.in_flight();
    out.connections = in.connections();
    out.tlsConnections = in.tls_connections();
    out.latency = fromWire(in.latency());
    if (in.has_breaker())
        out.breaker = fromWire(in.breaker());
    out.serverP50Us = in.server_p50_us();
    out.serverP99Us = in.server_p99_us();
    out.ageMs = in.age_ms();
    return out;
}

void toWire(const EdgeSample& in, v1::EdgeSample* out)
{
    out->set_edge(in.edge);
    toWire(in.outcomes, out->mutable_outcomes());
    out->set_bytes_out(in.bytesOut);
    out->set_bytes_in(in.bytesIn);
    out->set_in_flight(in.inFlight);
    out->set_connections(in.connections);
    out->set_tls_connections(in.tlsConnections);
    if (!in.latency.isEmpty())
        toWire(in.latency, out->mutable_latency());
    if (in.breaker)
        toWire(*in.breaker, out->mutable_breaker());
    out->set_server_p50_us(in.serverP50Us);
    out->set_server_p99_us(in.serverP99Us);
    out->set_age_ms(in.ageMs);
}

Service fromWire(const v1::Service& in)
{
    Service out{in.namespace_(), in.name(), {}, listOf(in.subsets())};
    for (const v1::ServicePort& port : in.ports())
        out.ports.push_back({port.name(), port.port(), enumOf<Protocol>(port.protocol(), 4)});
    return out;
}

void toWire(const Service& in, v1::Service* out)
{
    out->set_namespace_(in.ns);
    out->set_name(in.name);
    for (const ServicePort& port : in.ports) {
        v1::ServicePort* added = out->add_ports();
        added->set_name(port.name);
        added->set_port(port.port);
        added->set_protocol(static_cast<v1::Protocol>(port.protocol));
    }
    out->mutable_subsets()->Assign(in.subsets.begin(), in.subsets.end());
}

Node fromWire(const v1::Node& in)
{
    return {fromWire(in.key()), enumOf<NodeKind>(in.kind(), 4), in.instances(), in.ready(),
        listOf(in.localities()), {in.labels().begin(), in.labels().end()},
        in.mesh_traffic_captured()};
}

void toWire(const Node& in, v1::Node* out)
{
    toWire(in.key, out->mutable_key());
    out->set_kind(static_cast<v1::NodeKind>(in.kind));
    out->set_instances(in.instances);
    out->set_ready(in.ready);
    out->mutable_localities()->Assign(in.localities.begin(), in.localities.end());
    for (const auto& [name, value] : in.labels)
        (*out->mutable_labels())[name] = value;
    out->set_mesh_traffic_captured(in.captured);
}

Instance fromWire(const v1::Instance& in)
{
    return {in.id(), fromWire(in.node()), in.address(), in.ready(), in.state(), in.locality(),
        in.pid(), in.knobs()};
}

void toWire(const Instance& in, v1::Instance* out)
{
    out->set_id(in.id);
    toWire(in.node, out->mutable_node());
    out->set_address(in.address);
    out->set_ready(in.ready);
    out->set_state(in.state);
    out->set_locality(in.locality);
    out->set_pid(in.pid);
    out->set_knobs(in.knobs);
}

ProxyState fromWire(const v1::ProxyState& in)
{
    return {in.node_id(), fromWire(in.node()), in.connected(), in.in_sync(), in.acked_revision(),
        in.nack(), in.kind(), in.rss_bytes(), in.cpu(), in.admin(), in.last_report_unix_ms()};
}

void toWire(const ProxyState& in, v1::ProxyState* out)
{
    out->set_node_id(in.nodeId);
    toWire(in.node, out->mutable_node());
    out->set_connected(in.connected);
    out->set_in_sync(in.inSync);
    out->set_acked_revision(in.ackedRevision);
    out->set_nack(in.nack);
    out->set_kind(in.kind);
    out->set_rss_bytes(in.rssBytes);
    out->set_cpu(in.cpu);
    out->set_admin(in.admin);
    out->set_last_report_unix_ms(in.lastReportMs);
}

Edge fromWire(const v1::Edge& in)
{
    return {in.id(), fromWire(in.key()), listOf(in.clusters())};
}

void toWire(const Edge& in, v1::Edge* out)
{
    out->set_id(in.id);
    toWire(in.key, out->mutable_key());
    out->mutable_clusters()->Assign(in.clusters.begin(), in.clusters.end());
}

Event fromWire(const v1::Event& in)
{
    Event out;
    out.id = in.id();
    out.unixMs = in.unix_ms();
    out.kind = enumOf<EventKind>(in.kind(), 6);
    if (in.has_edge())
        out.edge = fromWire(in.edge());
    if (in.has_node())
        out.node = fromWire(in.node());
    out.instance = in.instance();
    if (in.has_transition())
        out.transition = fromWire(in.transition());
    out.revision = in.revision();
    out.actor = in.actor();
    out.text = in.text();
    return out;
}

void toWire(const Event& in, v1::Event* out)
{
    out->set_id(in.id);
    out->set_unix_ms(in.unixMs);
    out->set_kind(static_cast<v1::EventKind>(in.kind));
    if (in.edge)
        toWire(*in.edge, out->mutable_edge());
    if (in.node)
        toWire(*in.node, out->mutable_node());
    out->set_instance(in.instance);
    if (in.transition)
        toWire(*in.transition, out->mutable_transition());
    out->set_revision(in.revision);
    out->set_actor(in.actor);
    out->set_text(in.text);
}

EdgeSelector fromWire(const v1::EdgeSelector& in)
{
    return {in.source_namespace(), in.source_service(), in.source_version(),
        in.destination_namespace(), in.destination_service(), in.subset(),
        in.destination_version()};
}

void toWire(const EdgeSelector& in, v1::EdgeSelector* out)
{
    out->set_source_namespace(in.sourceNamespace);
    out->set_source_service(in.sourceService);
    out->set_source_version(in.sourceVersion);
    out->set_destination_namespace(in.destinationNamespace);
    out->set_destination_service(in.destinationService);
    out->set_subset(in.subset);
    out->set_destination_version(in.destinationVersion);
}

ActiveOverride fromWire(const v1::ActiveOverride& in)
{
    return {in.id(), fromWire(in.edge()), enumOf<OverrideKind>(in.kind(), 3), in.drain_percent(),
        in.deadline_unix_ms(), in.reason(), in.operator_name(), in.set_unix_ms(),
        in.until_released()};
}

void toWire(const ActiveOverride& in, v1::ActiveOverride* out)
{
    out->set_id(in.id);
    toWire(in.edge, out->mutable_edge());
    out->set_kind(static_cast<v1::OverrideKind>(in.kind));
    out->set_drain_percent(in.drainPercent);
    out->set_deadline_unix_ms(in.deadlineMs);
    out->set_reason(in.reason);
    out->set_operator_name(in.operatorName);
    out->set_set_unix_ms(in.setMs);
    out->set_until_released(in.untilReleased);
}

MeshInfo fromWire(const v1::MeshInfo& in)
{
    MeshInfo out;
    out.id = in.id();
    out.name = in.name();
    out.revision = in.revision();
    out.appliedRevision = in.applied_revision();
    out.proxies = in.proxies();
    out.proxiesInSync = in.proxies_in_sync();
    out.problems = listOf(in.problems());
    out.demo = in.demo();
    out.startedMs = in.started_unix_ms();
    out.gatewayAddress = in.gateway_address();
    out.canUndo = in.can_undo();
    out.canRedo = in.can_redo();
    out.workloadsWanted = in.workloads_wanted();
    out.workloadsReady = in.workloads_ready();
    return out;
}

void toWire(const MeshInfo& in, v1::MeshInfo* out)
{
    out->set_id(in.id);
    out->set_name(in.name);
    out->set_revision(in.revision);
    out->set_applied_revision(in.appliedRevision);
    out->set_proxies(in.proxies);
    out->set_proxies_in_sync(in.proxiesInSync);
    out->mutable_problems()->Assign(in.problems.begin(), in.problems.end());
    out->set_demo(in.demo);
    out->set_started_unix_ms(in.startedMs);
    out->set_gateway_address(in.gatewayAddress);
    out->set_can_undo(in.canUndo);
    out->set_can_redo(in.canRedo);
    out->set_workloads_wanted(in.workloadsWanted);
    out->set_workloads_ready(in.workloadsReady);
}

} // namespace meshyard::wire
