// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/admin_pages.h"

#include "embedded-mesh/proxy/filter/filter_stats.h"
#include "embedded-mesh/proxy/telemetry/json_text.h"
#include "embedded-mesh/proxy/upstream/cluster_stats.h"

#include <array>
#include <map>

namespace meshyard::proxy {

namespace {

constexpr std::array<std::string_view, kCallResults> kResultNames{"ok", "client_errors",
    "server_errors", "connect_errors", "timeouts", "rejected", "limited", "no_endpoint", "faults",
    "cancelled"};

/// Clusters by name: the pages are for people.
std::map<std::string_view, const Cluster*> sorted(const Worker& worker)
{
    std::map<std::string_view, const Cluster*> clusters;
    for (const auto& [name, cluster] : worker.context().clusters)
        clusters[name] = cluster.get();
    return clusters;
}

void addCounters(std::array<std::uint64_t, kCallResults>& sum, const CallCounters& counters)
{
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += counters.totals[i];
}

double seconds(std::chrono::microseconds time)
{
    return std::chrono::duration<double>(time).count();
}

std::string breakerJson(const Cluster& cluster, TimePoint now)
{
    const BreakerStatus status = cluster.breaker().status(Cluster::breakerTime(now));
    const BreakerCounters& counters = cluster.breaker().counters();
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

} // namespace

std::string clustersPage(const Worker& worker)
{
    std::string page;
    for (const auto& [name, cluster] : sorted(worker)) {
        const ResourceLimits& limits = cluster->spec().limits;
        page += fmt::format("{0}::max_connections::{1}\n{0}::max_pending_requests::{2}\n"
                            "{0}::max_requests::{3}\n{0}::max_retries::{4}\n",
            name, limits.connections, limits.pending, limits.requests, limits.retries);
        for (const auto& endpoint : cluster->endpoints()) {
            const std::string place
                = fmt::format("{}::{}", name, endpoint->spec().address.toString());
            std::uint64_t total = 0;
            for (const std::uint64_t count : endpoint->counters.totals)
                total += count;
            page += fmt::format("{0}::instance::{1}\n{0}::rq_total::{2}\n{0}::rq_active::{3}\n"
                                "{0}::cx_active::{4}\n{0}::weight::{5}\n{0}::priority::{6}\n"
                                "{0}::health_flags::{7}\n{0}::ejections::{8}\n",
                place, endpoint->spec().instance, total, endpoint->active, endpoint->connections,
                endpoint->spec().weight, endpoint->spec().priority, healthFlags(*endpoint),
                endpoint->ejection.totalEjections);
        }
    }
    return page;
}

std::string statsPage(const Worker& worker)
{
    std::string page
        = fmt::format("downstream_cx_active: {}\n", worker.context().downstreamConnections);
    for (const auto& [name, listener] : worker.listeners())
        visitFilterStats(listener->spec(), [&page](std::string_view stat, std::uint64_t value) {
            page += fmt::format("{}: {}\n", stat, value);
        });
    for (const auto& [name, mirrors] : worker.context().mirrorCounters) {
        page += fmt::format("mirror.{0}.sent: {1}\nmirror.{0}.answered: {2}\n"
                            "mirror.{0}.failed: {3}\nmirror.{0}.dropped: {4}\n",
            name, mirrors.sent, mirrors.answered, mirrors.failed, mirrors.dropped);
    }
    for (const auto& [name, cluster] : sorted(worker)) {
        std::array<std::uint64_t, kCallResults> sum{};
        std::uint64_t retries = 0;
        std::uint64_t connections = 0;
        addCounters(sum, cluster->unplaced);
        for (const auto& endpoint : cluster->endpoints()) {
            addCounters(sum, endpoint->counters);
            retries += endpoint->counters.totalRetries;
            connections += endpoint->connections;
        }
        for (std::size_t i = 0; i < sum.size(); ++i)
            page += fmt::format("cluster.{}.{}: {}\n", name, kResultNames[i], sum[i]);
        page += fmt::format(
            "cluster.{0}.retries: {1}\ncluster.{0}.upstream_rq_active: {2}\n"
            "cluster.{0}.upstream_cx_active: {3}\ncluster.{0}.ejections_active: {4}\n"
            "cluster.{0}.membership_total: {5}\ncluster.{0}.breaker: {6}\n",
            name, retries, cluster->activeRequests(), connections, cluster->ejectedCount(),
            cluster->endpoints().size(), breakerStateName(cluster->breaker().state()));
        const auto* const watch = worker.upstreamWatch();
        page += clusterStats(
            *cluster, watch == nullptr ? nullptr : watch->checker().counters(std::string(name)));
    }
    return page;
}

std::string breakersPage(const Worker& worker, TimePoint now)
{
    std::string page = "[";
    for (const auto& [name, cluster] : sorted(worker)) {
        if (page.size() > 1)
            page += ",\n ";
        page += breakerJson(*cluster, now);
    }
    return page + "]\n";
}

std::string listenersJson(const Worker& worker)
{
    std::string json = "{";
    for (const auto& [name, listener] : worker.listeners()) {
        if (json.size() > 1)
            json += ',';
        json += jsonQuoted(name) + ':' + jsonQuoted(listener->address().toString());
    }
    return json + '}';
}

} // namespace meshyard::proxy
