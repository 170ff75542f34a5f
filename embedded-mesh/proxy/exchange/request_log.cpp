// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/request_log.h"

#include "embedded-mesh/http/message_head.h"
#include "embedded-mesh/net/sockets.h"
#include "embedded-mesh/proxy/upstream/load_balancer.h"

#include <algorithm>

namespace meshyard::proxy {

void RequestLog::begin(const RequestOrigin& origin, const RequestView& view, const Clock& clock,
    std::uint64_t random)
{
    const std::shared_ptr<const TelemetryRules>& rules = origin.listener.telemetry;
    m_mutual = !origin.peerPrincipals.empty();
    m_flags = {};
    m_details = {};
    m_received = m_sent = 0;
    m_on = rules != nullptr;
    if (!m_on)
        return;
    if (!m_kept)
        m_kept = std::make_unique<Kept>();
    Kept& kept = *m_kept;
    kept.rules = rules;
    kept.request.clear();
    kept.response.clear();
    for (const std::string& name : rules->plan.request)
        kept.request.add(view.header(name));
    kept.headerTests = 0;
    for (std::size_t i = 0; i < rules->headerTests.size(); ++i)
        kept.headerTests |= std::uint64_t{rules->headerTests[i].matches(view)} << i;
    kept.local = kept.remote = {};
    if (origin.connection != nullptr) {
        kept.local = origin.connection->localAddress();
        kept.remote = origin.connection->remoteAddress();
    }
    kept.serverName = origin.serverName;
    kept.upstreamLocal = {};
    kept.startedAt = clock.system();
    kept.requestEnded = kept.responseBegan = {};
    kept.random = random;
    if (rules->spans != nullptr)
        beginTrace(view);
}

void RequestLog::beginTrace(const RequestView& view)
{
    Kept& kept = *m_kept;
    std::uint64_t random = kept.random;
    beginSpan(*kept.rules->spans, view.header("traceparent"),
        view.header("x-client-trace-id").has_value(),
        [&random] { return nextRandom(random); }, kept.span);
    kept.span.traceState.clear();
    if (kept.span.keepsTraceState)
        kept.span.traceState = view.header("tracestate").value_or("");
}

void RequestLog::requestIdMade(std::string_view id)
{
    if (!m_on)
        return;
    const auto& names = m_kept->rules->plan.request;
    const auto found = std::ranges::find(names, "x-request-id");
    if (found != names.end())
        m_kept->request.fill(static_cast<std::size_t>(found - names.begin()), id);
}

void RequestLog::responseBegins(const http::ResponseHead& head, const Clock& clock)
{
    if (!m_on)
        return;
    m_kept->responseBegan = clock.now();
    m_kept->response.clear();
    for (const std::string& name : m_kept->rules->plan.response)
        m_kept->response.add(head.find(name));
}

void RequestLog::upstreamChosen(int socket)
{
    if (m_on)
        m_kept->upstreamLocal = net::localAddress(socket);
}

void RequestLog::describe(LogEntry& entry, TimePoint started, TimePoint now) const
{
    using std::chrono::duration_cast;
    entry.flags = m_flags;
    entry.details = m_details;
    entry.bytesReceived = m_received;
    entry.bytesSent = m_sent;
    entry.duration = duration_cast<LogEntry::Micros>(now - started);
    if (!m_on)
        return;
    const Kept& kept = *m_kept;
    entry.startedAt = kept.startedAt;
    if (kept.requestEnded != TimePoint{})
        entry.requestDuration = duration_cast<LogEntry::Micros>(kept.requestEnded - started);
    if (kept.responseBegan != TimePoint{})
        entry.responseDuration = duration_cast<LogEntry::Micros>(kept.responseBegan - started);
    entry.downstreamLocal = kept.local.isEmpty() ? nullptr : &kept.local;
    entry.downstreamRemote = kept.remote.isEmpty() ? nullptr : &kept.remote;
    entry.serverName = kept.serverName;
    if (!kept.upstreamLocal.isEmpty())
        entry.upstreamLocal = &kept.upstreamLocal;
    entry.request = &kept.request;
    entry.response = &kept.response;
    entry.headerTests = kept.headerTests;
    entry.random = kept.random;
    entry.sampled = isTraced() && kept.span.own.sampled;
    if (isTraced())
        entry.traceId = kept.span.traceparent().substr(3, 32);
}

void RequestLog::end()
{
    if (m_on)
        m_kept->rules.reset();
    m_on = false;
}

} // namespace meshyard::proxy
