// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/signal_watcher.h"
#include "embedded-mesh/workloads/command_line.h"
#include "embedded-mesh/workloads/demo_service.h"
#include "embedded-mesh/workloads/grpc/stock_service.h"
#include "embedded-mesh/workloads/knob_server.h"
#include "embedded-mesh/workloads/line/store_service.h"

#include <fmt/format.h>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

using namespace meshyard;
using namespace meshyard::workloads;

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr Duration kFineTick = std::chrono::microseconds(250); // arrivals and latencies of few ms
constexpr Duration kDrainFor = std::chrono::seconds(2);
constexpr Duration kDrainCheck = std::chrono::milliseconds(20);

int complain(const Error& error, int code)
{
    fmt::print(stderr, "meshyard-workload: {}\n", error.message);
    return code;
}

void announce(const std::string& fields)
{
    fmt::print("{{\"event\":\"ready\",{}\"pid\":{}}}\n", fields, ::getpid());
    std::fflush(stdout);
}

/// What all modes share: loop, signals, counters, knobs.
class Program
{
public:
    Program()
        : m_loop(m_clock, kFineTick)
        , m_counters(m_clock)
        , m_signals(m_loop, {SIGTERM, SIGINT}, [this](int) { beginStop(); })
        , m_drainTimer(m_loop.timers(), [this] { checkDrained(); })
    {
    }
    virtual ~Program() = default;

protected:
    Result<std::string> openKnobs(KnobSet& knobs, const std::optional<net::SocketAddress>& address,
        std::function<void()> hook)
    {
        if (!address)
            return std::string();
        m_knobServer = std::make_unique<KnobServer>(knobs, m_counters);
        m_knobServer->setChangedHook(std::move(hook));
        return m_knobServer->listen(m_loop, *address).map([this] {
            return fmt::format("\"knobs\":\"{}\",", m_knobServer->address().toString());
        });
    }
    int loopUntilStopped()
    {
        m_loop.run();
        return EXIT_SUCCESS;
    }

    /// Take no new work.
    virtual void stopWork() = 0;
    virtual bool isDrained() const = 0;

    SteadyClock m_clock;
    net::EventLoop m_loop;
    RequestCounters m_counters;

private:
    void beginStop()
    {
        if (m_stopBy)
            return m_loop.stop(); // asked twice: at once
        m_stopBy = m_clock.now() + kDrainFor;
        stopWork();
        checkDrained();
    }
    void checkDrained()
    {
        if (isDrained() || m_clock.now() >= *m_stopBy)
            m_loop.stop();
        else
            m_drainTimer.armAfter(kDrainCheck);
    }

    net::SignalWatcher m_signals;
    net::Timer m_drainTimer;
    std::optional<TimePoint> m_stopBy;
    std::unique_ptr<KnobServer> m_knobServer;
};

/// A service of any protocol. @tparam Server listens for the Service, whose handler it calls.
template <typename Service, typename Server> class ServiceProgram final : public Program
{
public:
    template <typename... Rest>
    explicit ServiceProgram(const ServiceCommand& command, Rest&&... rest)
        : m_service(m_loop, command.options, m_counters, std::forward<Rest>(rest)...)
    {
    }

    int run(const ServiceCommand& command)
    {
        auto server = Server::listen(m_loop, command.listenOn, m_service);
        if (!server)
            return complain(server.error(), kFailed);
        m_server = std::move(*server);
        const auto knobs = openKnobs(m_service.knobs(), command.knobs, {});
        if (!knobs)
            return complain(knobs.error(), kFailed);
        announce(fmt::format("\"service\":\"{}\",{}", m_server->address().toString(), *knobs));
        return loopUntilStopped();
    }

private:
    void stopWork() override { m_server->drain(); }
    bool isDrained() const override { return m_service.inFlight() == 0; }

    Service m_service;
    std::unique_ptr<Server> m_server; // last: its sessions' answers go through the service
};

int runService(const ServiceCommand& command)
{
    switch (command.kind) {
    case ServiceKind::Store:
        return ServiceProgram<StoreService, LineServer>(command).run(command);
    case ServiceKind::Stock:
        return ServiceProgram<StockService, GrpcServer>(command).run(command);
    case ServiceKind::Http:
        break;
    }
    return ServiceProgram<DemoService, http::HttpServer>(command, WebProxy::fromEnvironment())
        .run(command);
}

class LoadProgram final : public Program
{
public:
    explicit LoadProgram(const LoadCommand& command)
        : m_load(m_loop, command.options, m_counters, WebProxy::fromEnvironment())
    {
    }

    int run(const LoadCommand& command)
    {
        const auto knobs = openKnobs(m_load.knobs(), command.knobs, [this] { m_load.restart(); });
        if (!knobs)
            return complain(knobs.error(), kFailed);
        announce(*knobs);
        m_load.start();
        return loopUntilStopped();
    }

private:
    void stopWork() override { m_load.stop(); }
    bool isDrained() const override { return m_load.inFlight() == 0; }

    LoadGenerator m_load;
};

} // namespace

int main(int argc, char** argv)
{
    const std::span<const char* const> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
    const auto command = parseCommandLine(arguments, Environment::ofProcess(), MESHYARD_VERSION);
    if (!command)
        return complain(command.error(), kUsage);
    if (const auto* print = std::get_if<PrintCommand>(&*command)) {
        fmt::print("{}", print->text);
        return EXIT_SUCCESS;
    }
    if (const auto* service = std::get_if<ServiceCommand>(&*command))
        return runService(*service);
    const auto& load = std::get<LoadCommand>(*command);
    return LoadProgram(load).run(load);
}
