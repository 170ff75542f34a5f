// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/report_builder.h"

#include <sys/resource.h>

#include <dirent.h>
#include <unistd.h>

#include <fstream>

namespace meshyard::proxy {

namespace {

std::int64_t unixMicros(const Clock& clock)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(clock.system().time_since_epoch())
        .count();
}

std::int64_t millis(std::chrono::microseconds time)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

void fill(const CallCounters& counters, v1::Outcomes& outcomes)
{
    const auto count
        = [&](CallResult result) { return counters.results[static_cast<std::size_t>(result)]; };
    outcomes.set_ok(count(CallResult::Ok));
    outcomes.set_client_errors(count(CallResult::ClientError));
    outcomes.set_server_errors(count(CallResult::ServerError));
    outcomes.set_connect_errors(count(CallResult::ConnectError));
    outcomes.set_timeouts(count(CallResult::Timeout));
    outcomes.set_rejected(count(CallResult::Rejected));
    outcomes.set_limited(count(CallResult::Limited));
    outcomes.set_no_endpoint(count(CallResult::NoEndpoint));
    outcomes.set_faults(count(CallResult::Fault));
    outcomes.set_cancelled(count(CallResult::Cancelled));
    outcomes.set_retries(counters.retries);
}

void fill(const LatencySketch& sketch, v1::Sketch& proto)
{
    std::size_t last = 0;
    const auto counts = sketch.counts();
    for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
        if (counts[bucket] == 0)
            continue;
        proto.add_bucket_deltas(static_cast<std::uint32_t>(bucket - last));
        proto.add_counts(counts[bucket]);
        last = bucket;
    }
    proto.set_sum_us(sketch.sumMicros());
    proto.set_max_us(sketch.maxMicros());
}

v1::OutboundSecond& addOutbound(const std::string& cluster, const std::string& endpoint,
    const CallCounters& counters, v1::ProxyReport& report, std::uint32_t connections, bool ejected)
{
    v1::OutboundSecond& row = *report.add_outbound();
    row.set_cluster(cluster);
    row.set_endpoint(endpoint);
    row.set_protocol(static_cast<v1::Protocol>(counters.protocol));
    fill(counters, *row.mutable_outcomes());
    row.set_bytes_out(counters.bytesOut);
    row.set_bytes_in(counters.bytesIn);
    row.set_in_flight(counters.inFlight);
    row.set_peak_in_flight(counters.peakInFlight);
    row.set_upstream_us(counters.upstreamMicros);
    row.set_connections(connections);
    row.set_ejected(ejected);
    if (!counters.latency.isEmpty())
        fill(counters.latency, *row.mutable_latency());
    return row;
}

void addBreaker(Cluster& cluster, TimePoint now, v1::ProxyReport& report)
{
    v1::BreakerSecond& row = *report.add_breakers();
    row.set_cluster(cluster.name());
    row.set_limited(cluster.takeLimited());
    row.set_panic(cluster.isPanicking());
    if (!cluster.breaker().isOwner())
        return; // the rest is worker 0's to say
    const BreakerStatus status = cluster.breaker().status(Cluster::breakerTime(now));
    row.set_state(static_cast<v1::BreakerState>(status.state));
    row.set_override_kind(static_cast<v1::OverrideKind>(status.overrideKind));
    row.set_override_id(status.overrideId);
    row.set_override_left_ms(millis(status.overrideLeft));
    row.set_open_left_ms(millis(status.openLeft));
    row.set_window_calls(status.windowCalls);
    row.set_window_failures(status.windowFailures);
    row.set_window_slow(status.windowSlow);
    row.set_consecutive(status.consecutive);
    row.set_trials_issued(status.trialsIssued);
    row.set_trials_ok(status.trialsOk);
    row.set_trials_wanted(status.trialsWanted);
    row.set_observe_only(status.observeOnly);
    row.set_insufficient(status.insufficient);
    row.set_stale_results(static_cast<std::uint32_t>(status.stale));
    row.set_policy_revision(status.policyRevision);
    const std::uint32_t limit = cluster.spec().limits.requests;
    row.set_limit_in_flight(limit > INT32_MAX ? 0 : limit);
    row.set_ejected_endpoints(cluster.ejectedCount());
    row.set_endpoints(static_cast<std::uint32_t>(cluster.endpoints().size()));
}

std::uint32_t openDescriptors()
{
    DIR* const folder = ::opendir("/proc/self/fd");
    if (folder == nullptr)
        return 0;
    std::uint32_t count = 0;
    while (::readdir(folder) != nullptr)
        ++count;
    ::closedir(folder);
    return count > 3 ? count - 3 : 0; // ".", ".." and the folder itself
}

void fillVitals(const WorkerContext& context, v1::ProxyVitals& vitals)
{
    std::ifstream statm("/proc/self/statm");
    std::uint64_t pages = 0;
    if (statm >> pages >> pages)
        vitals.set_rss_bytes(pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        const auto micros = [](const timeval& time) {
            return static_cast<std::uint64_t>(time.tv_sec) * 1000000U
                + static_cast<std::uint64_t>(time.tv_usec);
        };
        vitals.set_cpu_us(micros(usage.ru_utime) + micros(usage.ru_stime));
    }
    vitals.set_open_fds(openDescriptors());
    vitals.set_downstream_connections(context.downstreamConnections);
    for (const auto& [type, version] : context.config->versions)
        (*vitals.mutable_applied_versions())[type] = version;
}

} // namespace

void ReportBuilder::addCluster(Cluster& cluster, TimePoint now, v1::ProxyReport& report) const
{
    for (const auto& endpoint : cluster.endpoints()) {
        CallCounters& counters = endpoint->counters;
        if (!counters.isIdle() || endpoint->connections > 0 || endpoint->ejection.ejected) {
            auto& row = addOutbound(cluster.name(), endpoint->spec().instance, counters, report,
                endpoint->connections, endpoint->ejection.ejected);
            row.set_tls_connections(cluster.usesTls(*endpoint) ? endpoint->connections : 0);
        }
        counters.roll();
    }
    for (const auto& endpoint : cluster.leavingEndpoints()) {
        if (!endpoint->counters.isIdle())
            addOutbound(cluster.name(), endpoint->spec().instance, endpoint->counters, report,
                endpoint->connections, false);
        endpoint->counters.roll();
    }
    if (!cluster.unplaced.isIdle())
        addOutbound(cluster.name(), {}, cluster.unplaced, report, 0, false);
    cluster.unplaced.roll();
    addBreaker(cluster, now, report);
}

v1::ProxyReport ReportBuilder::take(WorkerContext& context)
{
    const TimePoint now = context.now();
    v1::ProxyReport report;
    report.set_node_id(context.nodeId);
    report.set_end_unix_ms(unixMicros(context.loop.clock()) / 1000);
    const auto span = m_last == TimePoint{}
        ? std::chrono::milliseconds(1000)
        : std::chrono::duration_cast<std::chrono::milliseconds>(now - m_last);
    report.set_span_ms(static_cast<std::uint32_t>(std::max<std::int64_t>(span.count(), 1)));
    m_last = now;
    for (auto& [name, cluster] : context.clusters) {
        if (!name.starts_with("inbound|"))
            addCluster(*cluster, now, report);
    }
    context.inbound.forEach(
        [&](std::uint16_t port, const std::string& peer, CallCounters& counters) {
            if (!counters.isIdle()) {
                v1::InboundSecond& row = *report.add_inbound();
                row.set_peer(peer);
                row.set_port(port);
                fill(counters, *row.mutable_outcomes());
                row.set_bytes_in(counters.bytesIn);
                row.set_bytes_out(counters.bytesOut);
                row.set_in_flight(counters.inFlight);
                row.set_upstream_us(counters.upstreamMicros);
                if (!counters.latency.isEmpty())
                    fill(counters.latency, *row.mutable_latency());
            }
            counters.roll();
        });
    fillVitals(context, *report.mutable_vitals());
    return report;
}

v1::ProxyReport transitionReport(const std::string& nodeId, const Clock& clock,
    const std::string& cluster, const BreakerEvent& event)
{
    v1::ProxyReport report;
    report.set_node_id(nodeId);
    const std::int64_t micros = unixMicros(clock);
    report.set_end_unix_ms(micros / 1000);
    v1::BreakerTransition& row = *report.add_transitions();
    row.set_cluster(cluster);
    row.set_from(static_cast<v1::BreakerState>(event.from));
    row.set_to(static_cast<v1::BreakerState>(event.to));
    row.set_cause(static_cast<v1::BreakerCause>(event.cause));
    row.set_observed(event.observed);
    row.set_threshold(event.threshold);
    row.set_calls(event.calls);
    row.set_unix_us(micros);
    row.set_policy_revision(event.policyRevision);
    row.set_operator_name(event.operatorName);
    row.set_override_kind(static_cast<v1::OverrideKind>(event.overrideKind));
    row.set_generation(event.generation);
    return report;
}

} // namespace meshyard::proxy
