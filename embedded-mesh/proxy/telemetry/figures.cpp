// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/figures.h"

#include "embedded-mesh/proxy/filter/filter_stats.h"
#include "embedded-mesh/proxy/telemetry/json_text.h"

#include <numeric>

namespace meshyard::proxy {

namespace {

double seconds(std::chrono::microseconds time)
{
    return std::chrono::duration<double>(time).count();
}

std::string breakerJson(const Cluster& cluster, TimePoint now)
{
    const BreakerStatus status = cluster.breaker().status(Cluster::breakerTime(now));
    const BreakerCounters counters = cluster.breaker().counters();
    return fmt::format(
        R"({{"cluster":{},"state":"{}","override":"{}","overrideId":{},"overrideSecondsLeft":{:.1f},)"
        R"("openSecondsLeft":{:.1f},"mode":"{}","enabled":{},"windowCalls":{},"windowFailures":{},)"
        R"("windowSlow":{},"consecutive":{},"insufficient":{},"trialsIssued":{},"trialsOk":{},)"
        R"("trialsWanted":{},"rejected":{},"stale":{},"generation":{},"policyRevision":{}}})",
        jsonQuoted(cluster.name()), breakerStateName(status.state),
        overrideKindName(status.overrideKind), jsonQuoted(status.overrideId),
        seconds(status.overrideLeft), seconds(status.openLeft),
        status.observeOnly ? "observe" : "enforce", cluster.breaker().policy().enabled,
        status.windowCalls, status.windowFailures, status.windowSlow, status.consecutive,
        status.insufficient, status.trialsIssued, status.trialsOk, status.trialsWanted,
        counters.rejected[1] + counters.rejected[2] + counters.rejected[3], status.stale,
        cluster.breaker().generation(), status.policyRevision);
}

std::string_view healthOf(const Endpoint& endpoint)
{
    if (endpoint.ejection.ejected)
        return "/failed_outlier_check";
    if (!endpoint.spec().healthy)
        return "/failed_eds_health";
    return endpoint.spec().draining ? "/eds_status_draining" : "healthy";
}

void addEndpoint(ClusterFigures& cluster, const Endpoint& endpoint)
{
    EndpointFigures& sum = cluster.endpoints[endpoint.spec().address.toString()];
    sum.instance = endpoint.spec().instance;
    sum.weight = endpoint.spec().weight;
    sum.priority = endpoint.spec().priority;
    if (sum.health.empty() || sum.health == "healthy")
        sum.health = healthOf(endpoint);
    sum.healthy = sum.healthy && endpoint.isHealthy();
    sum.ejected = sum.ejected || endpoint.ejection.ejected;
    sum.calls.add(endpoint.counters);
    sum.active += endpoint.active;
    sum.connections += endpoint.connections;
    sum.ejections += endpoint.ejection.totalEjections;
    cluster.calls.add(endpoint.counters);
    cluster.connections += endpoint.connections;
}

void addCluster(ClusterFigures& sum, const Cluster& cluster, TimePoint now)
{
    sum.limits = cluster.spec().limits;
    sum.calls.add(cluster.unplaced);
    for (const auto& endpoint : cluster.endpoints())
        addEndpoint(sum, *endpoint);
    for (const auto& endpoint : cluster.leavingEndpoints())
        sum.calls.add(endpoint->counters);
    sum.activeRequests += cluster.activeRequests();
    sum.pending += cluster.pendingRequests();
    sum.totalConnections += cluster.totalConnections();
    sum.limited += cluster.totalLimited();
    if (cluster.breaker().isOwner()) {
        sum.breaker = breakerStateName(cluster.breaker().state());
        sum.breakerJson = breakerJson(cluster, now);
    }
}

} // namespace

void CallFigures::add(const CallCounters& counters)
{
    for (std::size_t i = 0; i < results.size(); ++i)
        results[i] += counters.totals[i];
    for (std::size_t i = 0; i < classes.size(); ++i)
        classes[i] += counters.statusClasses[i];
    retries += counters.totalRetries;
    bytesOut += counters.totalBytesOut + counters.bytesOut;
    bytesIn += counters.totalBytesIn + counters.bytesIn;
}

void CallFigures::add(const CallFigures& other)
{
    for (std::size_t i = 0; i < results.size(); ++i)
        results[i] += other.results[i];
    for (std::size_t i = 0; i < classes.size(); ++i)
        classes[i] += other.classes[i];
    retries += other.retries;
    bytesOut += other.bytesOut;
    bytesIn += other.bytesIn;
}

std::uint64_t CallFigures::total() const
{
    return std::accumulate(results.begin(), results.end(), std::uint64_t{0});
}

void Figures::add(const Worker& worker)
{
    ++workers;
    const WorkerContext& context = worker.context();
    acceptRefusals += context.acceptRefusals;
    downstreamConnections += context.downstreamConnections;
    for (const auto& [name, cluster] : context.clusters)
        addCluster(clusters[name], *cluster, context.now());
    for (const auto& [key, series] : context.istio.all())
        istio[key].add(series);
    for (const auto& [name, counted] : context.mirrorCounters) {
        MirrorCounters& sum = mirrors[name];
        sum.sent += counted.sent;
        sum.answered += counted.answered;
        sum.failed += counted.failed;
        sum.dropped += counted.dropped;
    }
    if (workers > 1)
        return; // the filters' counters are the same ones in every worker
    for (const auto& [name, listener] : worker.listeners())
        visitFilterStats(listener->spec(), [this](std::string_view stat, std::uint64_t value) {
            filters[std::string(stat)] += value; // of one name: of one stat_prefix
        });
}

} // namespace meshyard::proxy
