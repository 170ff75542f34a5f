// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/cluster_stats.h"

#include <fmt/format.h>

#include <algorithm>

namespace meshyard::proxy {

namespace {

void addLimits(const Cluster& cluster, RoutingPriority priority, std::string& page)
{
    const ResourceLimits& limits = cluster.spec().limitsOf(priority);
    const std::string place = fmt::format("cluster.{}.circuit_breakers.{}", cluster.name(),
        priority == RoutingPriority::High ? "high" : "default");
    const auto row = [&](std::string_view name, std::string_view left, std::uint32_t used,
                         std::uint32_t limit) {
        page += fmt::format("{}.{}: {}\n", place, name, used >= limit ? 1 : 0);
        if (limits.trackRemaining)
            page += fmt::format("{}.{}: {}\n", place, left, limit - std::min(used, limit));
    };
    row("cx_open", "remaining_cx", cluster.openConnections(), limits.connections);
    row("rq_pending_open", "remaining_pending", cluster.pendingRequests(), limits.pending);
    row("rq_open", "remaining_rq", cluster.activeRequests(priority), limits.requests);
    row("rq_retry_open", "remaining_retries", cluster.activeRetries(priority), limits.retries);
}

void addOutliers(const Cluster& cluster, std::string& page)
{
    const OutlierCounters& counters = cluster.outlierCounters();
    const std::string place = fmt::format("cluster.{}.outlier_detection.ejections", cluster.name());
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < kOutlierCauses; ++i) {
        const std::string_view name = outlierCauseName(static_cast<OutlierCause>(i));
        total += counters.enforced[i];
        page += fmt::format("{0}_detected_{1}: {2}\n{0}_enforced_{1}: {3}\n", place, name,
            counters.detected[i], counters.enforced[i]);
    }
    page += fmt::format("{0}_active: {1}\n{0}_enforced_total: {2}\n{0}_overflow: {3}\n", place,
        cluster.ejectedCount(), total, counters.overflow);
}

} // namespace

std::string clusterStats(const Cluster& cluster, const HealthChecker::Counters* checks)
{
    const auto count = [&](Endpoint::Health health) {
        return std::ranges::count_if(cluster.endpoints(),
            [health](const auto& endpoint) { return endpoint->health() == health; });
    };
    const LimitCounters& refused = cluster.limitCounters();
    std::string page = fmt::format("cluster.{0}.membership_healthy: {1}\n"
                                   "cluster.{0}.membership_degraded: {2}\n"
                                   "cluster.{0}.upstream_cx_total: {3}\n"
                                   "cluster.{0}.upstream_cx_overflow: {4}\n"
                                   "cluster.{0}.upstream_rq_pending_overflow: {5}\n"
                                   "cluster.{0}.upstream_rq_active_overflow: {6}\n"
                                   "cluster.{0}.upstream_rq_retry_overflow: {7}\n",
        cluster.name(), count(Endpoint::Health::Healthy), count(Endpoint::Health::Degraded),
        cluster.connectionsEver(), refused.connections, refused.pending, refused.requests,
        refused.retries);
    addLimits(cluster, RoutingPriority::Default, page);
    addLimits(cluster, RoutingPriority::High, page);
    if (cluster.spec().outlier.enabled)
        addOutliers(cluster, page);
    if (checks != nullptr)
        page += fmt::format("cluster.{0}.health_check.attempt: {1}\n"
                            "cluster.{0}.health_check.success: {2}\n"
                            "cluster.{0}.health_check.failure: {3}\n"
                            "cluster.{0}.health_check.network_failure: {4}\n",
            cluster.name(), checks->attempts, checks->successes, checks->failures,
            checks->networkFailures);
    return page;
}

std::string healthFlags(const Endpoint& endpoint)
{
    std::string flags;
    if (endpoint.check == CheckState::Failing || endpoint.check == CheckState::Pending)
        flags += "/failed_active_hc";
    if (endpoint.ejection.ejected)
        flags += "/failed_outlier_check";
    if (!endpoint.spec().healthy)
        flags += "/failed_eds_health";
    if (endpoint.check == CheckState::Degraded)
        flags += "/degraded_active_hc";
    if (endpoint.spec().degraded)
        flags += "/degraded_eds_health";
    if (endpoint.spec().draining)
        flags += "/eds_status_draining";
    if (endpoint.removalPending)
        flags += "/pending_dynamic_removal";
    if (endpoint.check == CheckState::Pending)
        flags += "/pending_active_hc";
    return flags.empty() ? "healthy" : flags;
}

} // namespace meshyard::proxy
