// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/daemon.h"

#include "embedded-mesh/control_plane/admin/mesh_controller.h"
#include "embedded-mesh/control_plane/admin/servers.h"
#include "embedded-mesh/control_plane/store/data_dir_lock.h"
#include "embedded-mesh/control_plane/store/store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>

namespace meshyard::control_plane {
namespace {

using namespace std::chrono_literals;

constexpr Duration kReadyPatience = 20s; // then the line is printed with what there is
constexpr Duration kStopPatience = 20s;
constexpr long kPollNs = 20'000'000;

int fail(const Error& error)
{
    std::fprintf(stderr, "meshyardd: %s\n", error.message.c_str());
    return 1;
}

sigset_t stopSignals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    return set;
}

/// Waits a moment. @return true: we are asked to stop.
bool stopAsked()
{
    const sigset_t set = stopSignals();
    const timespec moment{0, kPollNs};
    return ::sigtimedwait(&set, nullptr, &moment) > 0;
}

void tellSupervisor(int fd, const Servers& servers)
{
    if (fd < 0)
        return;
    const std::string line = fmt::format("{} {}\n", servers.adminAddress(), servers.xdsAddress());
    if (::write(fd, line.data(), line.size()) < 0)
        spdlog::error("the supervisor does not listen");
    ::close(fd);
}

std::string readyLine(
    const MeshController& controller, const Registry& registry, const Servers& servers)
{
    nlohmann::ordered_json line = {{"event", "ready"}, {"admin", servers.adminAddress()},
        {"xds", servers.xdsAddress()}, {"metrics", ""}, {"dns", ""},
        {"gateway", controller.gatewayAddress()}, {"proxies", nlohmann::ordered_json::object()},
        {"workloads", nlohmann::ordered_json::object()}, {"pid", ::getpid()}};
    for (const auto& [id, status] : registry.statuses()) {
        if (status.spec().sidecar())
            line["proxies"][id] = {{"admin", status.admin()},
                {"outbound", fmt::format("127.0.0.1:{}", status.outbound_port())}};
        if (!status.knobs().empty())
            line["workloads"][id] = {{"knobs", status.knobs()}};
    }
    return line.dump();
}

Result<void> seedDemo(const DaemonOptions& options, MeshController& controller)
{
    if (!options.demo || controller.configuration().store().newest() != 0)
        return {};
    auto seeded = controller.configuration().seed(kDemoDocuments, "demo.yaml");
    if (!seeded)
        return tl::unexpected(seeded.error());
    if (seeded->stored())
        return {};
    std::string reason = "nothing was stored";
    for (const v1::Diagnostic& finding : seeded->diagnostics()) {
        if (finding.severity() == v1::ERROR)
            reason = fmt::format("line {}: {}", finding.line(), finding.message());
    }
    return failure(ErrorCode::Internal, "the demo mesh does not load: " + reason);
}

/// Tells when everything wanted runs and every sidecar holds the configuration that knows of it.
class ReadyCheck final
{
public:
    explicit ReadyCheck(MeshController& controller)
        : m_controller(controller)
    {
    }

    bool isReady()
    {
        const Registry::Counts counts = m_controller.registry().counts();
        if (counts.wanted == 0)
            return true;
        if (counts.ready < counts.wanted || !m_controller.registry().embedded())
            return false;
        if (m_looks++ == 0)
            m_controller.refresh(); // the newest endpoints are on their way
        return m_looks > kLooks && m_controller.allInSync();
    }

private:
    static constexpr int kLooks = 3; // until the streams have noticed
    MeshController& m_controller;
    int m_looks = 0;
};

/// Until a signal or a stopped mesh; prints the ready line on the way.
void runUntilStopped(
    MeshController& controller, const Servers& servers, const Clock& clock, bool supervised)
{
    Registry& registry = controller.registry();
    const TimePoint started = clock.now();
    std::optional<TimePoint> stopBy;
    ReadyCheck check(controller);
    bool ready = false;
    for (;;) {
        const bool asked = stopAsked();
        if (!ready && (check.isReady() || clock.now() - started > kReadyPatience)) {
            ready = true;
            std::printf("%s\n", readyLine(controller, registry, servers).c_str());
            std::fflush(stdout);
        }
        if (asked && (stopBy || !supervised || !registry.embedded() || registry.isStopped()))
            return; // asked twice, or nothing is left to stop
        if (asked)
            controller.stopMesh("");
        if (!stopBy && registry.isStopping())
            stopBy = clock.now() + kStopPatience;
        // A supervisor that stops by itself asks once: its last report may come behind the signal.
        if (stopBy && (registry.isStopped() || clock.now() >= *stopBy))
            return;
    }
}

} // namespace

int serve(const DaemonOptions& options, const std::string& version)
{
    const sigset_t set = stopSignals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr); // inherited by every thread from here on
    ::signal(SIGPIPE, SIG_IGN);
    const SteadyClock clock;
    const auto lock = DataDirLock::acquire(options.dataDir);
    if (!lock)
        return fail(lock.error());
    auto store = Store::open(options.dataDir, clock);
    if (!store)
        return fail(store.error());
    MeshController controller(**store, clock, {options.dataDir, options.demo, version});
    auto servers = Servers::start(controller, clock, options.admin, options.xds);
    if (!servers)
        return fail(servers.error());
    if (auto seeded = seedDemo(options, controller); !seeded)
        return fail(seeded.error());
    controller.start();
    tellSupervisor(options.supervisedFd, **servers);
    runUntilStopped(controller, **servers, clock, options.supervisedFd >= 0);
    controller.hub().close();
    servers->reset();
    controller.stop();
    return 0;
}

} // namespace meshyard::control_plane
