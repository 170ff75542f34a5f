// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/figures.h"

#include "embedded-mesh/proxy/filter/filter_stats.h"
#include "embedded-mesh/proxy/telemetry/json_text.h"
#include "embedded-mesh/proxy/upstream/cluster_stats.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <sstream>

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

/// Lines of one worker: what is counted adds up, what is a state is the same everywhere.
void addStats(std::map<std::string, std::uint64_t>& sums, const std::string& lines)
{
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos)
            continue;
        const std::string name = line.substr(0, colon);
        const std::uint64_t value = std::strtoull(line.c_str() + colon + 2, nullptr, 10);
        const bool counts = name.ends_with("overflow") || name.ends_with("_cx_total")
            || name.find("_detected_") != std::string::npos
            || name.find("_enforced_") != std::string::npos
            || name.find(".health_check.") != std::string::npos;
        std::uint64_t& sum = sums[name];
        sum = counts ? sum + value : std::max(sum, value);
    }
}

void addEndpoint(ClusterFigures& cluster, const Endpoint& endpoint)
{
    EndpointFigures& sum = cluster.endpoints[endpoint.spec().address.toString()];
    sum.instance = endpoint.spec().instance;
    sum.weight = endpoint.spec().weight;
    sum.priority = endpoint.spec().priority;
    if (sum.health.empty() || sum.health == "healthy")
        sum.health = healthFlags(endpoint);
    sum.healthy = sum.healthy && endpoint.health() == Endpoint::Health::Healthy;
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
    sum.pending = std::max(sum.pending, cluster.pendingRequests());
    sum.totalConnections += cluster.connectionsEver();
    const LimitCounters& refused = cluster.limitCounters();
    sum.limited += refused.requests + refused.pending + refused.retries;
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
    const UpstreamWatch* const watch = worker.upstreamWatch();
    for (const auto& [name, cluster] : context.clusters) {
        ClusterFigures& sum = clusters[name];
        addCluster(sum, *cluster, context.now());
        addStats(sum.stats,
            clusterStats(*cluster, watch == nullptr ? nullptr : watch->checker().counters(name)));
    }
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
