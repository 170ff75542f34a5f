// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/proxy.h"

#include "embedded-mesh/proxy/telemetry/admin_pages.h"
#include "embedded-mesh/proxy/telemetry/json_text.h"

#include <google/protobuf/util/json_util.h>

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <cstdio>
#include <random>

namespace meshyard::proxy {

namespace {

constexpr auto kDrainPoll = std::chrono::milliseconds(50);

} // namespace

Proxy::Proxy(net::EventLoop& mainLoop, ProxyOptions options)
    : m_loop(mainLoop)
    , m_options(std::move(options))
    , m_store(mainLoop.clock())
    , m_drainTimer(mainLoop.timers(), [this] { finishDrain(); })
{
}

Proxy::~Proxy() = default;

Result<void> Proxy::start()
{
    auto bootstrap = readBootstrap(m_options.bootstrapPath);
    if (!bootstrap)
        return tl::unexpected(bootstrap.error());
    m_bootstrap = std::move(*bootstrap);
    const auto target = controlPlaneOf(m_bootstrap);
    if (!target)
        return tl::unexpected(target.error());
    if (auto loaded = m_store.loadStatic(m_bootstrap); !loaded)
        return loaded;
    for (const std::string& warning : m_store.takeWarnings())
        spdlog::warn("{}", warning);
    m_worker = std::make_unique<WorkerThread>(m_loop.clock(), m_bootstrap.node().id(),
        std::random_device()(), [](const Cluster& cluster, const BreakerEvent& event) {
            spdlog::info("breaker of {}: {} -> {} ({})", cluster.name(),
                breakerStateName(event.from), breakerStateName(event.to),
                breakerCauseName(event.cause));
        });
    if (auto applied = m_worker->apply(m_store.snapshot()); !applied)
        return applied;
    if (auto opened = openAdmin(); !opened)
        return opened;
    announceReady();
    return {};
}

Result<void> Proxy::openAdmin()
{
    const std::string text = m_options.adminAddress.empty()
        ? addressText(m_bootstrap.admin().address())
        : m_options.adminAddress;
    if (text.empty())
        return {};
    const auto address = net::SocketAddress::parse(text);
    if (!address)
        return tl::unexpected(address.error());
    if (!address->isLoopback())
        return failure(ErrorCode::PermissionDenied,
            "admin address " + text + " is not loopback: the endpoint has no access control");
    auto server = http::HttpServer::listen(m_loop, *address, *this);
    if (!server)
        return tl::unexpected(server.error());
    m_admin = std::move(*server);
    return {};
}

void Proxy::announceReady()
{
    m_ready = true;
    std::string listeners;
    m_worker->call([&](Worker& worker) { listeners = listenersJson(worker); });
    const std::string line = fmt::format(
        R"({{"event":"ready","admin":{},"listeners":{},"pid":{}}})",
        jsonQuoted(m_admin ? m_admin->address().toString() : std::string()), listeners, ::getpid());
    std::puts(line.c_str());
    std::fflush(stdout);
}

void Proxy::onRequest(const http::Request& request, http::Responder responder)
{
    responder.send(page(request.head.methodText(), http::splitTarget(request.head.path()).first));
}

http::Response Proxy::page(std::string_view method, std::string_view path)
{
    std::string text;
    if (path == "/ready")
        return http::textResponse(m_ready ? 200 : 503, m_ready ? "LIVE\n" : "INITIALIZING\n");
    if (path == "/drain") {
        if (method != "POST")
            return http::textResponse(405, "POST it\n");
        drain(std::chrono::seconds(30));
        return http::textResponse(200, "OK\n");
    }
    if (path == "/config_dump")
        return http::jsonResponse(200, configDump());
    if (path == "/clusters") {
        m_worker->call([&](Worker& worker) { text = clustersPage(worker); });
        return http::textResponse(200, text);
    }
    if (path == "/stats") {
        m_worker->call([&](Worker& worker) { text = statsPage(worker); });
        return http::textResponse(200, text);
    }
    if (path == "/breakers") {
        m_worker->call([&](Worker& worker) { text = breakersPage(worker, m_loop.clock().now()); });
        return http::jsonResponse(200, text);
    }
    if (path == "/" || path == "/help")
        return http::textResponse(
            200, "/breakers\n/clusters\n/config_dump\n/drain (POST)\n/ready\n/stats\n");
    return http::textResponse(404, "see /help\n");
}

std::string Proxy::configDump()
{
    std::string bootstrap;
    if (!google::protobuf::util::MessageToJsonString(m_bootstrap, &bootstrap).ok())
        bootstrap = "null";
    return "{\"bootstrap\":" + bootstrap + "}\n";
}

void Proxy::drain(std::chrono::milliseconds patience)
{
    m_ready = false;
    m_drainEnds = m_loop.clock().now() + patience;
    m_worker->call([](Worker& worker) { worker.drain(); });
    m_drainTimer.armAfter(kDrainPoll);
}

void Proxy::finishDrain()
{
    std::uint32_t connections = 0;
    m_worker->call([&](Worker& worker) { connections = worker.context().downstreamConnections; });
    if (connections == 0 || m_loop.clock().now() >= m_drainEnds)
        return m_loop.stop();
    m_drainTimer.armAfter(kDrainPoll);
}

} // namespace meshyard::proxy
