// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/proxy/bootstrap/bootstrap_file.h"
#include "embedded-mesh/proxy/bootstrap/config_store.h"
#include "embedded-mesh/proxy/worker_thread.h"

namespace meshyard::proxy {

struct ProxyOptions
{
    std::string bootstrapPath;
    std::string adminAddress; // instead of the bootstrap's
    std::string stateDir; // last good snapshot; empty = none is kept
};

/// The sidecar: joins bootstrap, configuration stream, worker, telemetry and admin endpoint.
///
/// Thread: the main loop's; what comes from elsewhere is posted.
class Proxy final : private http::RequestHandler
{
public:
    Proxy(net::EventLoop& mainLoop, ProxyOptions options);
    ~Proxy() override;

    /// Reads, compiles and opens everything that stands in the bootstrap.
    Result<void> start();
    /// Accepts no more and says close, then stops when the last connection has gone or in time.
    void drain(std::chrono::milliseconds patience);

private:
    void onRequest(const http::Request& request, http::Responder responder) override;
    http::Response page(std::string_view method, std::string_view path);
    Result<void> openAdmin();
    std::string configDump();
    void announceReady();
    void finishDrain();

    net::EventLoop& m_loop;
    const ProxyOptions m_options;
    Bootstrap m_bootstrap;
    ConfigStore m_store;
    std::unique_ptr<WorkerThread> m_worker;
    std::unique_ptr<http::HttpServer> m_admin;
    net::Timer m_drainTimer;
    TimePoint m_drainEnds{};
    bool m_ready = false;
};

} // namespace meshyard::proxy
