// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/prometheus_page.h"

#include <fmt/format.h>

#include <algorithm>

namespace meshyard::proxy {

namespace {

/// Label values: backslash, quote and line end are escaped, other control bytes taken out.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"')
            (out += '\\') += c;
        else if (c == '\n')
            out += "\\n";
        else if (static_cast<unsigned char>(c) >= 0x20)
            out += c;
    }
    return out;
}

std::string label(std::string_view name, std::string_view value)
{
    return fmt::format("{}=\"{}\"", name, escaped(value.empty() ? "unknown" : value));
}

/// One end of an edge, as labels name it.
struct Party
{
    std::string workload;
    std::string ns;
    std::string service; // canonical
    std::string revision;
};

/// Instance ids are SERVICE-VERSION-REPLICA (docs/architecture.md, names that cross processes).
Party partyOf(std::string_view instance)
{
    Party party;
    const std::size_t replica = instance.rfind('-');
    if (replica == std::string_view::npos || replica == 0)
        return {std::string(instance), {}, std::string(instance), {}};
    const std::string_view workload = instance.substr(0, replica);
    party.workload = workload;
    const std::size_t version = workload.rfind('-');
    if (version == std::string_view::npos || version + 1 >= workload.size()
        || workload[version + 1] != 'v') {
        party.service = workload;
        return party;
    }
    party.service = workload.substr(0, version);
    party.revision = workload.substr(version + 1);
    return party;
}

Party partyOf(const OwnIdentity& own)
{
    Party party;
    party.service = own.service;
    party.ns = own.ns;
    party.revision = own.version;
    party.workload = own.version.empty() ? own.service : own.service + "-" + own.version;
    return party;
}

std::string labelsOf(std::string_view side, const Party& party)
{
    const auto name = [side](std::string_view rest) { return fmt::format("{}_{}", side, rest); };
    return label(name("workload"), party.workload) + ',' + label(name("workload_namespace"), party.ns)
        + ',' + label(name("principal"), {}) + ',' + label(name("app"), party.service) + ','
        + label(name("version"), party.revision) + ',' + label(name("cluster"), {}) + ','
        + label(name("canonical_service"), party.service) + ','
        + label(name("canonical_revision"), party.revision.empty() ? "latest" : party.revision);
}

std::string flagsText(std::uint32_t bits)
{
    std::string text;
    for (std::size_t i = 0; i < kResponseFlags; ++i) {
        if ((bits >> i & 1U) != 0)
            (text += text.empty() ? "" : ",") += kResponseFlagNames[i].code;
    }
    return text.empty() ? "-" : text;
}

struct Destination
{
    Party party;
    std::string host;
    std::string service;
};

Destination destinationOf(const SeriesName& key, const OwnIdentity& own)
{
    Destination destination;
    if (key.inbound) {
        destination.party = partyOf(own);
        destination.service = own.service;
    } else if (const auto cluster = ClusterName::parse(key.cluster)) {
        if (!key.endpoint.empty())
            destination.party = partyOf(key.endpoint);
        destination.party.ns = cluster->ns;
        if (!key.version.empty())
            destination.party.revision = key.version;
        if (destination.party.service.empty())
            destination.party.service = cluster->service;
        destination.service = cluster->service;
    } else {
        destination.service = key.cluster;
        destination.party.workload = key.endpoint;
    }
    destination.host = destination.service;
    const std::string& ns = destination.party.ns;
    if (!ns.empty() && ns != "unknown" && !destination.service.empty())
        destination.host = fmt::format("{}.{}.svc.cluster.local", destination.service, ns);
    return destination;
}

std::string istioLabels(const SeriesName& key, const OwnIdentity& own)
{
    const Destination destination = destinationOf(key, own);
    const Party source = key.inbound ? partyOf(key.peer) : partyOf(own);
    std::string text = label("reporter", key.inbound ? "destination" : "source") + ','
        + labelsOf("source", source) + ',' + labelsOf("destination", destination.party) + ','
        + label("destination_service", destination.host) + ','
        + label("destination_service_name", destination.service) + ','
        + label("destination_service_namespace", destination.party.ns) + ','
        + label("request_protocol", key.protocol == Protocol::Http2 ? "http" : protocolName(key.protocol));
    if (key.protocol != Protocol::Tcp)
        text += ',' + label("response_code", std::to_string(key.status));
    if (key.protocol == Protocol::Grpc)
        text += ',' + label("grpc_response_status",
                    key.grpcStatus < 0 ? std::string() : std::to_string(key.grpcStatus));
    text += ',' + label("response_flags", flagsText(key.flags)) + ','
        + label("connection_security_policy",
            key.inbound ? (key.tls ? "mutual_tls" : "none") : "unknown");
    return text;
}

void addHistogram(std::string& page, std::string_view name, const std::string& labels,
    const BucketCounts& counts)
{
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < BucketCounts::kBounds.size(); ++i) {
        below += counts.counts()[i];
        page += fmt::format(
            "{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, BucketCounts::kBounds[i], below);
    }
    const std::uint64_t total = below + counts.counts().back();
    page += fmt::format("{0}_bucket{{{1},le=\"+Inf\"}} {2}\n{0}_sum{{{1}}} {3}\n{0}_count{{{1}}} {2}\n",
        name, labels, total, counts.sum());
}

using Row = std::pair<std::string, const IstioSeries*>; // labels

template <typename Value>
void addIstioCounter(
    std::string& page, std::string_view name, const std::vector<Row>& rows, Value&& value)
{
    if (rows.empty())
        return;
    page += fmt::format("# TYPE {} counter\n", name);
    for (const auto& [labels, series] : rows)
        page += fmt::format("{}{{{}}} {}\n", name, labels, value(*series));
}

void addIstio(std::string& page, const Figures& figures, const OwnIdentity& own)
{
    std::vector<Row> http;
    std::vector<Row> tcp;
    for (const auto& [key, series] : figures.istio)
        (key.protocol == Protocol::Tcp ? tcp : http).emplace_back(istioLabels(key, own), &series);
    std::ranges::sort(http);
    std::ranges::sort(tcp);
    addIstioCounter(page, "istio_requests_total", http,
        [](const IstioSeries& series) { return series.requests; });
    const auto histogram = [&](std::string_view name, auto member) {
        if (http.empty())
            return;
        page += fmt::format("# TYPE {} histogram\n", name);
        for (const auto& [labels, series] : http)
            addHistogram(page, name, labels, series->*member);
    };
    histogram("istio_request_duration_milliseconds", &IstioSeries::durationMs);
    histogram("istio_request_bytes", &IstioSeries::requestBytes);
    histogram("istio_response_bytes", &IstioSeries::responseBytes);
    addIstioCounter(page, "istio_tcp_connections_opened_total", tcp,
        [](const IstioSeries& series) { return series.tcpOpened; });
    addIstioCounter(page, "istio_tcp_connections_closed_total", tcp,
        [](const IstioSeries& series) { return series.tcpClosed; });
    addIstioCounter(page, "istio_tcp_sent_bytes_total", tcp,
        [](const IstioSeries& series) { return series.tcpSent; });
    addIstioCounter(page, "istio_tcp_received_bytes_total", tcp,
        [](const IstioSeries& series) { return series.tcpReceived; });
}

template <typename Value>
void addClusters(std::string& page, std::string_view name, std::string_view type,
    const Figures& figures, Value&& value)
{
    page += fmt::format("# TYPE {} {}\n", name, type);
    for (const auto& [cluster, sums] : figures.clusters)
        page += fmt::format(
            "{}{{{}}} {}\n", name, label("envoy_cluster_name", cluster), value(sums));
}

void addEnvoyClusters(std::string& page, const Figures& figures)
{
    using Cluster = const ClusterFigures&;
    const auto counter = [&](std::string_view name, auto&& value) {
        addClusters(page, name, "counter", figures, value);
    };
    const auto gauge = [&](std::string_view name, auto&& value) {
        addClusters(page, name, "gauge", figures, value);
    };
    counter("envoy_cluster_upstream_rq_total",
        [](Cluster sums) { return sums.calls.total() + sums.calls.retries; });
    counter("envoy_cluster_upstream_rq_completed", [](Cluster sums) { return sums.calls.total(); });
    page += "# TYPE envoy_cluster_upstream_rq_xx counter\n";
    for (const auto& [name, sums] : figures.clusters) {
        for (std::size_t group = 1; group < sums.calls.classes.size(); ++group)
            page += fmt::format("envoy_cluster_upstream_rq_xx{{envoy_response_code_class=\"{}\",{}}} {}\n",
                group, label("envoy_cluster_name", name), sums.calls.classes[group]);
    }
    counter("envoy_cluster_upstream_rq_retry", [](Cluster sums) { return sums.calls.retries; });
    counter("envoy_cluster_upstream_rq_timeout",
        [](Cluster sums) { return sums.calls.result(CallResult::Timeout); });
    counter("envoy_cluster_upstream_rq_pending_overflow", [](Cluster sums) { return sums.limited; });
    counter("envoy_cluster_upstream_cx_total", [](Cluster sums) { return sums.totalConnections; });
    counter("envoy_cluster_upstream_cx_connect_fail",
        [](Cluster sums) { return sums.calls.result(CallResult::ConnectError); });
    counter("envoy_cluster_upstream_cx_tx_bytes_total",
        [](Cluster sums) { return sums.calls.bytesOut; });
    counter("envoy_cluster_upstream_cx_rx_bytes_total",
        [](Cluster sums) { return sums.calls.bytesIn; });
    gauge("envoy_cluster_upstream_rq_active", [](Cluster sums) { return sums.activeRequests; });
    gauge("envoy_cluster_upstream_rq_pending_active", [](Cluster sums) { return sums.pending; });
    gauge("envoy_cluster_upstream_cx_active", [](Cluster sums) { return sums.connections; });
    gauge("envoy_cluster_membership_total", [](Cluster sums) { return sums.endpoints.size(); });
    gauge("envoy_cluster_membership_healthy", [](Cluster sums) {
        return std::ranges::count_if(
            sums.endpoints, [](const auto& entry) { return entry.second.healthy; });
    });
    gauge("envoy_cluster_outlier_detection_ejections_active", [](Cluster sums) {
        return std::ranges::count_if(
            sums.endpoints, [](const auto& entry) { return entry.second.ejected; });
    });
    counter("meshyard_breaker_rejected_total",
        [](Cluster sums) { return sums.calls.result(CallResult::Rejected); });
    page += "# TYPE meshyard_breaker_state gauge\n";
    for (const auto& [name, sums] : figures.clusters) {
        for (const std::string_view state : {"CLOSED", "OPEN", "HALF_OPEN"})
            page += fmt::format("meshyard_breaker_state{{{},{}}} {}\n",
                label("envoy_cluster_name", name), label("state", state),
                sums.breaker == state ? 1 : 0);
    }
}

void addServer(std::string& page, const Figures& figures)
{
    const auto gauge = [&](std::string_view name, std::uint64_t value) {
        page += fmt::format("# TYPE {0} gauge\n{0}{{}} {1}\n", name, value);
    };
    gauge("envoy_server_live", figures.live ? 1 : 0);
    gauge("envoy_server_concurrency", figures.workers);
    gauge("envoy_server_uptime", figures.uptimeSeconds);
    gauge("envoy_server_memory_allocated", figures.memoryAllocated);
    gauge("envoy_server_total_connections", figures.downstreamConnections);
    page += fmt::format("# TYPE envoy_access_log_file_write_completed counter\n"
                        "envoy_access_log_file_write_completed{{}} {}\n"
                        "# TYPE envoy_access_log_file_write_failed counter\n"
                        "envoy_access_log_file_write_failed{{}} {}\n",
        figures.logLinesWritten, figures.logLinesDropped);
}

} // namespace

std::string prometheusPage(const Figures& figures, const OwnIdentity& own)
{
    std::string page;
    addIstio(page, figures, own);
    addEnvoyClusters(page, figures);
    addServer(page, figures);
    return page;
}

} // namespace meshyard::proxy
