// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/exchange/request_origin.h"
#include "embedded-mesh/proxy/route/request_view.h"
#include "embedded-mesh/proxy/telemetry/access_log.h"
#include "embedded-mesh/proxy/telemetry/span_sink.h"

namespace meshyard::http {
class ResponseHead;
}

namespace meshyard::proxy {

/// What an exchange remembers of a request for logs, metrics and spans. Where its listener asks for
/// none, only flags and details are noted.
///
/// Thread: its worker's. Serves one request after another; keeps its memory.
class RequestLog final
{
public:
    /// What is kept only for a listener with TelemetryRules.
    struct Kept
    {
        std::shared_ptr<const TelemetryRules> rules;
        CapturedHeaders request;
        CapturedHeaders response;
        net::SocketAddress local;
        net::SocketAddress remote;
        net::SocketAddress upstreamLocal;
        WallTime startedAt{};
        TimePoint requestEnded{};
        TimePoint responseBegan{};
        std::string serverName; // SNI
        SpanState span; // with tracing only
        std::uint64_t headerTests = 0;
        std::uint64_t random = 0;
    };

    void begin(const RequestOrigin& origin, const RequestView& view, const Clock& clock,
        std::uint64_t random);
    void note(ResponseFlag flag, std::string_view details)
    {
        m_flags.set(flag);
        m_details = details;
    }
    /// @param details a literal.
    void note(std::string_view details) { m_details = details; }
    void flag(ResponseFlag flag) { m_flags.set(flag); }
    void responseBegins(const http::ResponseHead& head, const Clock& clock);
    /// The id that we gave a request which came without.
    void requestIdMade(std::string_view id);
    bool isTraced() const { return m_on && m_kept->rules->spans != nullptr; }
    /// @param socket to the upstream, which the request is sent on now.
    void upstreamChosen(int socket);
    void requestEnds(const Clock& clock)
    {
        if (m_on)
            m_kept->requestEnded = clock.now();
    }
    void count(std::uint64_t received, std::uint64_t sent)
    {
        m_received += received;
        m_sent += sent;
    }

    bool isOn() const { return m_on; }
    const Kept& kept() const { return *m_kept; } // only when on
    /// The caller has shown a certificate that holds.
    bool isMutual() const { return m_mutual; }
    ResponseFlags flags() const { return m_flags; }
    std::string_view details() const { return m_details; }
    std::uint64_t received() const { return m_received; }
    std::uint64_t sent() const { return m_sent; }
    /// Fills in what this knows. The entry points into it.
    void describe(LogEntry& entry, TimePoint started, TimePoint now) const;
    void end();

private:
    void beginTrace(const RequestView& view);

    ResponseFlags m_flags;
    bool m_on = false;
    bool m_mutual = false;
    std::string_view m_details;
    std::uint64_t m_received = 0; // body bytes
    std::uint64_t m_sent = 0;
    std::unique_ptr<Kept> m_kept;
};

} // namespace meshyard::proxy
