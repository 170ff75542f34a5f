// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/admin_pages.h"

#include "embedded-mesh/proxy/telemetry/json_text.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

constexpr std::array<std::string_view, kCallResults> kResultNames{"ok", "client_errors",
    "server_errors", "connect_errors", "timeouts", "rejected", "limited", "no_endpoint", "faults",
    "cancelled"};

void addClusterStats(std::string& page, const std::string& name, const ClusterFigures& cluster)
{
    const auto line = [&](std::string_view figure, std::uint64_t value) {
        page += fmt::format("cluster.{}.{}: {}\n", name, figure, value);
    };
    const CallFigures& calls = cluster.calls;
    for (std::size_t i = 0; i < kCallResults; ++i)
        line(kResultNames[i], calls.results[i]);
    line("retries", calls.retries);
    line("upstream_rq_total", calls.total() + calls.retries);
    for (std::size_t group = 1; group < calls.classes.size(); ++group)
        line(fmt::format("upstream_rq_{}xx", group), calls.classes[group]);
    line("upstream_rq_completed", calls.total());
    line("upstream_rq_active", cluster.activeRequests);
    line("upstream_rq_pending_active", cluster.pending);
    line("upstream_rq_retry", calls.retries);
    line("upstream_rq_timeout", calls.result(CallResult::Timeout));
    line("upstream_rq_cancelled", calls.result(CallResult::Cancelled));
    line("upstream_cx_active", cluster.connections);
    line("upstream_cx_connect_fail", calls.result(CallResult::ConnectError));
    line("upstream_cx_none_healthy", calls.result(CallResult::NoEndpoint));
    line("upstream_cx_tx_bytes_total", calls.bytesOut);
    line("upstream_cx_rx_bytes_total", calls.bytesIn);
    line("ejections_active",
        static_cast<std::uint64_t>(std::ranges::count_if(
            cluster.endpoints, [](const auto& entry) { return entry.second.ejected; })));
    line("membership_total", cluster.endpoints.size());
    for (const auto& [figure, value] : cluster.stats)
        page += fmt::format("{}: {}\n", figure, value);
    page += fmt::format("cluster.{}.breaker: {}\n", name, cluster.breaker);
}

} // namespace

std::string clustersPage(const Figures& figures)
{
    std::string page;
    for (const auto& [name, cluster] : figures.clusters) {
        page += fmt::format("{0}::default_priority::max_connections::{1}\n"
                            "{0}::default_priority::max_pending_requests::{2}\n"
                            "{0}::default_priority::max_requests::{3}\n"
                            "{0}::default_priority::max_retries::{4}\n",
            name, cluster.limits.connections, cluster.limits.pending, cluster.limits.requests,
            cluster.limits.retries);
        for (const auto& [address, endpoint] : cluster.endpoints) {
            const CallFigures& calls = endpoint.calls;
            const std::uint64_t failed
                = calls.result(CallResult::ConnectError) + calls.result(CallResult::Timeout);
            page += fmt::format(
                "{0}::instance::{1}\n{0}::rq_total::{2}\n{0}::rq_success::{3}\n"
                "{0}::rq_error::{4}\n{0}::rq_timeout::{5}\n{0}::rq_active::{6}\n"
                "{0}::cx_active::{7}\n{0}::cx_connect_fail::{8}\n{0}::weight::{9}\n"
                "{0}::priority::{10}\n{0}::health_flags::{11}\n{0}::ejections::{12}\n",
                name + "::" + address, endpoint.instance, calls.total(),
                calls.result(CallResult::Ok), failed + calls.result(CallResult::ServerError),
                calls.result(CallResult::Timeout), endpoint.active, endpoint.connections,
                calls.result(CallResult::ConnectError), endpoint.weight, endpoint.priority,
                endpoint.health, endpoint.ejections);
        }
    }
    return page;
}

std::string statsPage(const Figures& figures)
{
    std::string page = fmt::format("downstream_cx_active: {}\nserver.concurrency: {}\n"
                                   "access_log.written: {}\naccess_log.dropped: {}\n"
                                   "tracing.opentelemetry.spans_sent: {}\n"
                                   "tracing.opentelemetry.spans_dropped: {}\n"
                                   "downstream_global_cx_overflow: {}\n"
                                   "downstream_cx_accept_refused: {}\n",
        figures.downstreamConnections, figures.workers, figures.logLinesWritten,
        figures.logLinesDropped, figures.spansSent, figures.spansDropped,
        figures.connectionsRefused, figures.acceptRefusals);
    for (const auto& [name, value] : figures.filters)
        page += fmt::format("{}: {}\n", name, value);
    for (const auto& [name, mirrors] : figures.mirrors) {
        page += fmt::format("mirror.{0}.sent: {1}\nmirror.{0}.answered: {2}\n"
                            "mirror.{0}.failed: {3}\nmirror.{0}.dropped: {4}\n",
            name, mirrors.sent, mirrors.answered, mirrors.failed, mirrors.dropped);
    }
    for (const auto& [name, cluster] : figures.clusters)
        addClusterStats(page, name, cluster);
    return page;
}

std::string breakersPage(const Figures& figures)
{
    std::string page = "[";
    for (const auto& [name, cluster] : figures.clusters) {
        if (page.size() > 1)
            page += ",\n ";
        page += cluster.breakerJson;
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
