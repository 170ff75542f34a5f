// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/span_sink.h"

namespace meshyard::proxy {

namespace {

constexpr auto kFlushEvery = std::chrono::milliseconds(200);

std::string grpcTarget(const EndpointSet& set)
{
    std::string target;
    for (const EndpointSpec& endpoint : set.endpoints) {
        const net::SocketAddress& address = endpoint.address;
        if (address.isUnix())
            return "unix:" + address.host();
        target += target.empty() ? (address.family() == AF_INET6 ? "ipv6:" : "ipv4:") : ",";
        target += address.toString();
    }
    return target;
}

std::string flagsText(ResponseFlags flags)
{
    std::string text;
    flags.forEach([&](const ResponseFlagName& name) {
        if (!text.empty())
            text += ',';
        text += name.code;
    });
    return text.empty() ? "-" : text;
}

} // namespace

SpanSink::SpanSink(net::EventLoop& loop, SpanExporters& exporters,
    const std::shared_ptr<const ConfigSnapshot>& config)
    : m_exporters(exporters)
    , m_config(config)
    , m_timer(loop.timers(), [this] { flush(); })
{
}

SpanSink::~SpanSink()
{
    flush();
}

std::string SpanSink::targetOf(const SpanRules& rules) const
{
    if (!rules.collectorTarget.empty())
        return rules.collectorTarget;
    const auto found = m_config->clusters.find(rules.collectorCluster);
    return found == m_config->clusters.end() || !found->second.endpoints
        ? std::string()
        : grpcTarget(*found->second.endpoints);
}

void SpanSink::send(const SpanRules& rules, const SpanState& state, const LogEntry& entry,
    std::string_view nodeId)
{
    SpanRecord record;
    record.context = state.own;
    record.parent = state.parent;
    record.traceState = state.traceState;
    record.server = rules.inbound;
    record.failed = entry.status >= 500 || entry.status == 0;
    record.start = entry.startedAt;
    record.end = entry.startedAt + entry.duration;
    const auto header = [&](std::size_t place) {
        return std::string(entry.request->value(place).value_or(""));
    };
    const std::string host = header(rules.places.authority);
    record.name = rules.inbound ? "ingress" : "egress " + host;
    const auto add = [&](const char* key, std::string value) {
        if (!value.empty())
            record.attributes.emplace_back(key, std::move(value));
    };
    const std::string path = header(rules.places.path);
    add("component", "proxy");
    add("node_id", std::string(nodeId));
    add("guid:x-request-id", header(rules.places.requestId));
    add("http.method", header(rules.places.method));
    add("http.url", "http://" + host + path.substr(0, std::min(path.find('?'), rules.maxPathLength)));
    add("http.protocol", std::string(entry.protocol));
    add("http.status_code", std::to_string(entry.status));
    add("user_agent", header(rules.places.userAgent));
    add("request_size", std::to_string(entry.bytesReceived));
    add("response_size", std::to_string(entry.bytesSent));
    add("response_flags", flagsText(entry.flags));
    add("upstream_cluster", std::string(entry.cluster));
    if (entry.upstreamHost != nullptr)
        add("upstream_address", entry.upstreamHost->toString());
    if (entry.downstreamRemote != nullptr)
        add("peer.address", entry.downstreamRemote->host());
    if (record.failed)
        add("error", "true");
    const std::string target = targetOf(rules);
    if (target.empty())
        return; // its cluster has no endpoints
    auto& waiting = m_waiting[{target, rules.serviceName}];
    waiting.push_back(std::move(record));
    if (waiting.size() >= kFlushSpans)
        flush();
    else if (!m_timer.isArmed())
        m_timer.armAfter(kFlushEvery);
}

void SpanSink::flush()
{
    for (auto& [key, spans] : m_waiting) {
        if (!spans.empty())
            m_exporters.find(key.first, key.second)->push(std::exchange(spans, {}));
    }
}

} // namespace meshyard::proxy
