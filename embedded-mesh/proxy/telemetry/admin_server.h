// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/proxy/telemetry/prometheus_page.h"

#include <functional>

namespace meshyard::proxy {

/// What the admin endpoint asks of the proxy, and tells it to do. On the main loop's thread.
class AdminSubject
{
public:
    virtual ~AdminSubject() = default;

    virtual Figures figures() = 0;
    virtual OwnIdentity identity() const = 0;
    /// @param query of the request: `resource`, `include_eds`.
    virtual std::string configDump() = 0;
    virtual std::string serverInfo() = 0;
    /// JSON object: listener name → address.
    virtual std::string listeners() = 0;
    /// "LIVE", "PRE_INITIALIZING" or "DRAINING".
    virtual std::string_view state() const = 0;
    virtual void setHealthy(bool healthy) = 0;
    /// Says close on every answer and closes the listeners; the process stays.
    virtual void drainListeners() = 0;
    /// Drains and ends the process.
    virtual void drainAndExit() = 0;
    virtual void reopenLogs() = 0;
};

/// The admin endpoint, on loopback or a Unix socket: what Envoy's shows, with its paths and shapes.
/// GET never changes anything; a Host that is not this machine's is refused (DNS rebinding).
///
/// Thread: its loop's.
class AdminServer final : private http::RequestHandler
{
public:
    static Result<std::unique_ptr<AdminServer>> listen(
        net::EventLoop& loop, const net::SocketAddress& address, AdminSubject& subject);

    const net::SocketAddress& address() const { return m_server->address(); }

private:
    explicit AdminServer(AdminSubject& subject)
        : m_subject(subject)
    {
    }

    void onRequest(const http::Request& request, http::Responder responder) override;
    bool isOwnHost(std::string_view host) const;
    http::Response shown(std::string_view path, std::string_view query);
    http::Response done(std::string_view path, std::string_view query);
    http::Response stats(std::string_view query);

    AdminSubject& m_subject; // outlives us
    std::unique_ptr<http::HttpServer> m_server;
};

} // namespace meshyard::proxy
