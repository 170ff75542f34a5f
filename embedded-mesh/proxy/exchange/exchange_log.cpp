// SPDX-License-Identifier: GPL-3.0-or-later
// What an exchange leaves behind when it is over: counters, log lines, metrics.
#include "embedded-mesh/proxy/exchange/exchange.h"
#include "embedded-mesh/proxy/telemetry/log_sink.h"

namespace meshyard::proxy {

void Exchange::expire(const LocalReply& answer)
{
    if (!isActive())
        return;
    if (m_attemptOpen)
        endAttempt(outcomeNow(CallOutcome::End::Cancelled, 0)); // not the upstream's fault
    if (m_state != State::Responding)
        return reply(CallResult::Cancelled, answer);
    m_routeTimer.cancel();
    m_stepTimer.cancel();
    dropUpstream();
    m_log.note(answer.details);
    if (answer.flag)
        m_log.flag(*answer.flag);
    account(CallResult::Cancelled);
    clear();
    m_downstream.cut();
}

void Exchange::account(CallResult result)
{
    const TimePoint now = m_context.now();
    const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::microseconds>(now - m_started).count()));
    const auto upstreamMicros
        = hasLatency(result) ? static_cast<std::uint64_t>(m_upstreamTime.count()) : 0;
    if (m_inbound != nullptr) {
        m_inbound->upstreamMicros += upstreamMicros;
        m_inbound->finish(result, micros);
        m_inbound->end();
    }
    if (m_cluster != nullptr) {
        CallCounters& counters = m_endpoint ? m_endpoint->counters : m_cluster->unplaced;
        counters.upstreamMicros += upstreamMicros;
        counters.finish(result, micros);
        counters.noteStatus(m_status);
        noteProtocol(counters);
        if (m_grpc && m_grpcStatus >= 0)
            counters.countGrpc(m_grpcStatus);
    }
    countForIstio(micros);
    if (m_log.isOn())
        writeLog(now);
    m_log.end();
}

void Exchange::countForIstio(std::uint64_t micros)
{
    if (m_inbound == nullptr && m_cluster == nullptr)
        return; // no edge: nobody was meant
    SeriesView key;
    key.status = static_cast<std::uint16_t>(m_status);
    key.flags = m_log.flags().bits();
    if (m_grpc) {
        key.protocol = Protocol::Grpc;
        key.grpcStatus = static_cast<std::int8_t>(m_grpcStatus);
    }
    key.tls = m_log.isMutual();
    if (m_inbound != nullptr) {
        key.inbound = true;
        key.peer = m_inbound->peer;
        key.port = m_inbound->port;
    } else {
        key.cluster = m_cluster->name();
        if (m_endpoint != nullptr) {
            key.endpoint = m_endpoint->spec().instance;
            key.version = m_endpoint->spec().version;
        }
    }
    IstioSeries& series = m_context.istio.series(key);
    ++series.requests;
    series.durationMs.record(static_cast<double>(micros) / 1000.0);
    series.requestBytes.record(static_cast<double>(m_log.received()));
    series.responseBytes.record(static_cast<double>(m_log.sent()));
}

void Exchange::writeLog(TimePoint now)
{
    LogEntry entry;
    if (m_retry.isExhausted() && m_status >= 500)
        m_log.flag(ResponseFlag::UpstreamRetryLimitExceeded);
    m_log.describe(entry, m_started, now);
    entry.protocol = m_downstream.isHttp2() ? "HTTP/2" : "HTTP/1.1";
    entry.status = m_status;
    entry.grpcStatus = m_grpc ? m_grpcStatus : -1;
    entry.attempts = m_retry.attempts();
    if (m_route != nullptr)
        entry.routeName = m_route->name;
    if (m_cluster != nullptr)
        entry.cluster = m_cluster->name();
    if (m_endpoint != nullptr)
        entry.upstreamHost = &m_endpoint->spec().address;
    const RequestLog::Kept& kept = m_log.kept();
    if (m_context.logs != nullptr && !kept.rules->logs.empty())
        m_context.logs->log(*kept.rules, entry);
    const SpanRules* const spans = kept.rules->spans.get();
    if (m_context.spans != nullptr && entry.sampled && spans->sends())
        m_context.spans->send(*spans, kept.span, entry, m_context.nodeId);
}

} // namespace meshyard::proxy
