// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/supervisor.h"

#include "embedded-mesh/supervisor/loopback_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace meshyard::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr int kBusyTickMs = 25;
constexpr int kIdleTickMs = 500;
constexpr Duration kControlPlaneGrace = 5s;
constexpr Duration kForegroundPatience = 10s;
constexpr int kRefusedExit = 3;

std::string readWhole(const std::string& path)
{
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string hostId()
{
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
}

net::Fd blockSignals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return net::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int exitCodeOf(int waitStatus)
{
    return WIFSIGNALED(waitStatus) ? 128 + WTERMSIG(waitStatus) : WEXITSTATUS(waitStatus);
}

} // namespace

Supervisor::Supervisor(Options options, std::string binDir, const Clock& clock)
    : m_options(std::move(options))
    , m_clock(clock)
    , m_ports(static_cast<std::uint32_t>(::getpid()))
    , m_context{clock, m_ports, m_options.dataDir, std::move(binDir), {}, {}}
    , m_signals(blockSignals())
    , m_controlPlanePause(200ms)
{
    m_context.gatewayAddress = [this](std::string_view name) { return gatewayAddress(name); };
}

Supervisor::~Supervisor() = default;

Result<void> Supervisor::prepare()
{
    if (m_context.dataDir.empty())
        m_context.dataDir = fmt::format("/tmp/meshyard-{}/run-{}", ::getuid(), ::getpid());
    std::error_code error;
    std::filesystem::create_directories(m_context.dataDir, error);
    if (error)
        return failure(ErrorCode::PermissionDenied,
            fmt::format("cannot create the folder {}: {}; choose another with --data-dir",
                m_context.dataDir, error.message()));
    m_context.dataDir = std::filesystem::absolute(m_context.dataDir).string();
    // Orphans of our workloads become our children, so that they stop with the mesh.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    m_context.systemHosts = readWhole("/etc/hosts");
    m_context.foreground = isForeground();
    m_context.captureWorks = captureWorks(m_context.dataDir);
    if (m_context.captureWorks) {
        auto block = CaptureBlock::claim();
        if (block)
            m_block.emplace(std::move(*block));
        else
            spdlog::warn("{}", block.error().message);
        m_context.captureWorks = m_block.has_value();
    }
    if (m_options.lifelineFd >= 0) {
        ::fcntl(m_options.lifelineFd, F_SETFD, FD_CLOEXEC);
        m_lifelineOpen = true;
    }
    return {};
}

int Supervisor::run()
{
    if (auto prepared = prepare(); !prepared) {
        std::fprintf(stderr, "meshyard-supervisor: %s\n", prepared.error().message.c_str());
        return 1;
    }
    v1::SupervisorHello hello;
    hello.set_host_id(hostId());
    hello.set_pid(::getpid());
    hello.set_capture_base(m_block ? m_block->base() : "");
    if (isForeground())
        *hello.mutable_foreground() = m_options.instance;
    m_link = std::make_unique<ControlLink>(std::move(hello));
    if (isForeground()) {
        m_link->connectTo(m_options.connect);
        m_foregroundDeadline = m_clock.now() + kForegroundPatience;
    } else {
        startControlPlane();
    }
    while (m_stage != Stage::Done)
        pollOnce();
    if (m_options.dataDir.empty()) { // a folder of our own choice
        std::error_code ignored;
        std::filesystem::remove_all(m_context.dataDir, ignored);
    }
    return m_exitCode;
}

void Supervisor::startControlPlane()
{
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return;
    m_addressPipe.reset(ends[0]);
    const net::Fd writeEnd(ends[1]);
    ::fcntl(m_addressPipe.get(), F_SETFL, O_NONBLOCK);
    ChildSpec child;
    child.command = m_options.controlPlane;
    child.command.insert(child.command.end(), {"--supervised", std::to_string(writeEnd.get())});
    if (!m_adminAddress.empty()) // the same addresses again: sidecars know them
        child.command.insert(
            child.command.end(), {"--admin", m_adminAddress, "--xds", m_xdsAddress});
    child.keepFds = {writeEnd.get()};
    child.output = ChildSpec::Output::Inherited;
    m_addressText.clear();
    m_controlPlaneStart.reset();
    m_controlPlane.emplace(std::move(child), m_context.dataDir + "/control-plane.log",
        ManagedProcess::Restart::Never, m_clock);
    m_controlPlane->start();
    if (!m_controlPlane->isRunning()) {
        std::fprintf(stderr, "meshyard-supervisor: %s\n", m_controlPlane->lastExit().c_str());
        m_exitCode = 1;
        beginStop();
    }
}

void Supervisor::readControlPlaneAddresses()
{
    std::array<char, 512> buffer{};
    const ssize_t got = ::read(m_addressPipe.get(), buffer.data(), buffer.size());
    if (got <= 0) {
        if (got == 0)
            m_addressPipe.reset();
        return;
    }
    m_addressText.append(buffer.data(), static_cast<std::size_t>(got));
    std::istringstream line(m_addressText.substr(0, m_addressText.find('\n')));
    if (m_addressText.find('\n') == std::string::npos)
        return;
    line >> m_adminAddress >> m_xdsAddress;
    m_controlPlanePause = 200ms;
    m_link->connectTo(m_adminAddress);
}

void Supervisor::handleControlPlaneExit(int waitStatus)
{
    m_controlPlane->handleExit(waitStatus);
    if (m_stage != Stage::Running)
        return;
    if (m_adminAddress.empty()) { // it never served: its own sentence is on standard error
        m_exitCode = exitCodeOf(waitStatus);
        beginStop();
    } else if (!m_options.restartControlPlane) {
        spdlog::warn("the control plane ended ({}); sidecars and workloads go on without it",
            describeExit(waitStatus));
    } else {
        spdlog::warn("the control plane ended ({}); starting it again", describeExit(waitStatus));
        m_controlPlaneStart = m_clock.now() + m_controlPlanePause;
        m_controlPlanePause = std::min<Duration>(m_controlPlanePause * 2, 10s);
    }
}

int Supervisor::pollTimeout() const
{
    const bool settled = m_stage == Stage::Running && !m_controlPlaneStart && !m_foregroundDeadline
        && std::all_of(m_instances.begin(), m_instances.end(),
            [](const auto& entry) { return entry.second->status().state() == "ready"; });
    return settled ? kIdleTickMs : kBusyTickMs;
}

void Supervisor::pollOnce()
{
    std::vector<pollfd> fds{{m_signals.get(), POLLIN, 0}, {m_link->wakeFd(), POLLIN, 0}};
    const int lifeline = m_lifelineOpen ? m_options.lifelineFd : -1;
    fds.push_back({lifeline, POLLIN, 0});
    fds.push_back({m_addressPipe.get(), POLLIN, 0});
    for (const auto& [id, instance] : m_instances) {
        for (const int fd : instance->outputFds())
            fds.push_back({fd, POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), pollTimeout());
    handleSignals();
    if (fds[2].revents != 0)
        handleLifeline();
    if (m_addressPipe.isOpen() && fds[3].revents != 0)
        readControlPlaneAddresses();
    for (const auto& [id, instance] : m_instances)
        instance->readOutputs();
    reapChildren();
    if (fds[1].revents != 0)
        takeOrder();
    if (m_controlPlaneStart && m_clock.now() >= *m_controlPlaneStart)
        startControlPlane();
    if (m_controlPlane)
        m_controlPlane->tick();
    tickInstances();
    if (isForeground())
        checkForeground();
    advanceStop();
    report();
}

void Supervisor::handleSignals()
{
    signalfd_siginfo info{};
    while (::read(m_signals.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
        const bool fromTerminal = info.ssi_signo == SIGINT && isForeground();
        if (info.ssi_signo != SIGCHLD && !fromTerminal) // Ctrl+C is the command's own
            beginStop();
    }
}

void Supervisor::handleLifeline()
{
    char word = 0;
    const ssize_t got = ::read(m_options.lifelineFd, &word, 1);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    m_lifelineOpen = false; // closed, or detached on purpose
    if (got == 1 && word == 'd') {
        spdlog::info("detached: the mesh goes on without its console");
        return;
    }
    beginStop();
}

void Supervisor::reapChildren()
{
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
        pid = ::waitpid(-1, &status, WNOHANG)) {
        if (m_controlPlane && m_controlPlane->pid() == pid) {
            handleControlPlaneExit(status);
            continue;
        }
        for (const auto& [id, instance] : m_instances) {
            if (instance->handleExit(pid, status))
                break;
        }
    }
}

void Supervisor::takeOrder()
{
    const auto order = m_link->takeOrder();
    if (order && m_stage == Stage::Running)
        applyOrder(*order);
    const std::string refusal = m_link->refusal();
    if (isForeground() && !refusal.empty() && m_instances.empty() && m_stage == Stage::Running) {
        std::fprintf(stderr, "meshyard-supervisor: %s\n", refusal.c_str());
        m_exitCode = kRefusedExit;
        beginStop();
    }
}

void Supervisor::applyOrder(const v1::SupervisorOrder& order)
{
    if (order.stop_all()) {
        beginStop();
        return;
    }
    m_context.xdsAddress = order.xds_address();
    std::map<std::string, const v1::InstanceSpec*> desired;
    for (const v1::InstanceSpec& spec : order.desired())
        desired[spec.id()] = &spec;
    for (const auto& [id, instance] : m_instances) {
        if (!desired.contains(id))
            instance->requestStop(InstanceRunner::StopMode::Drain);
    }
    for (const auto& [id, spec] : desired) {
        const auto running = m_instances.find(id);
        if (running == m_instances.end()) {
            startInstance(*spec);
        } else if (running->second->isStopping()
            || running->second->spec().spec_hash() != spec->spec_hash()) {
            running->second->requestStop(InstanceRunner::StopMode::Drain);
            m_successors[id] = *spec;
        } else {
            running->second->updateHosts(*spec);
        }
    }
    std::erase_if(m_successors, [&](const auto& entry) { return !desired.contains(entry.first); });
}

void Supervisor::startInstance(const v1::InstanceSpec& spec)
{
    auto instance = std::make_unique<InstanceRunner>(spec, m_context);
    instance->start();
    m_instances[spec.id()] = std::move(instance);
    m_foregroundDeadline.reset();
}

std::string Supervisor::gatewayAddress(std::string_view name) const
{
    for (const auto& [id, instance] : m_instances) {
        const v1::InstanceSpec& spec = instance->spec();
        if (!spec.gateway() || instance->status().state() != "ready")
            continue;
        for (const auto& [port, hostPort] : instance->status().host_ports()) {
            if (fmt::format("{}/{}:{}", spec.namespace_(), spec.service(), port) == name
                && portAccepts(hostPort))
                return fmt::format("127.0.0.1:{}", hostPort);
        }
    }
    return {};
}

void Supervisor::tickInstances()
{
    std::vector<v1::InstanceSpec> ready;
    for (auto it = m_instances.begin(); it != m_instances.end();) {
        it->second->tick();
        if (!it->second->isStopped()) {
            ++it;
            continue;
        }
        if (auto next = m_successors.extract(it->first); !next.empty())
            ready.push_back(std::move(next.mapped()));
        it = m_instances.erase(it);
        m_instanceGone = true;
    }
    for (const v1::InstanceSpec& spec : ready) {
        if (m_stage == Stage::Running)
            startInstance(spec);
    }
}

void Supervisor::report()
{
    bool changed = std::exchange(m_instanceGone, false);
    for (const auto& [id, instance] : m_instances)
        changed = instance->takeChanged() || changed;
    if (!changed)
        return;
    v1::SupervisorReport report;
    for (const auto& [id, instance] : m_instances)
        *report.add_instances() = instance->status();
    m_link->send(std::move(report));
}

void Supervisor::checkForeground()
{
    if (m_stage != Stage::Running)
        return;
    for (const auto& [id, instance] : m_instances) {
        if (const auto ended = instance->programExit()) {
            m_exitCode = exitCodeOf(*ended);
            beginStop();
            return;
        }
    }
    if (m_foregroundDeadline && m_clock.now() >= *m_foregroundDeadline) {
        std::fprintf(stderr,
            "meshyard-supervisor: no mesh answers at %s: start one with meshyardd\n",
            m_options.connect.c_str());
        m_exitCode = 1;
        beginStop();
    }
}

void Supervisor::beginStop()
{
    if (m_stage != Stage::Running)
        return;
    m_stage = Stage::StoppingClients;
    m_foregroundDeadline.reset();
    m_controlPlaneStart.reset();
    m_successors.clear();
    for (const auto& [id, instance] : m_instances) {
        if (!instance->spec().sidecar()) // load first, so that nobody meets a closed door
            instance->requestStop(InstanceRunner::StopMode::AtOnce);
    }
}

void Supervisor::advanceStop()
{
    if (m_stage == Stage::StoppingClients
        && std::none_of(m_instances.begin(), m_instances.end(),
            [](const auto& entry) { return !entry.second->spec().sidecar(); })) {
        m_stage = Stage::StoppingInstances;
        for (const auto& [id, instance] : m_instances)
            instance->requestStop(InstanceRunner::StopMode::AtOnce);
    }
    if (m_stage == Stage::StoppingInstances && m_instances.empty()) {
        m_stage = Stage::StoppingControlPlane;
        if (m_controlPlane)
            m_controlPlane->stop(kControlPlaneGrace);
    }
    if (m_stage == Stage::StoppingControlPlane && (!m_controlPlane || m_controlPlane->isDown()))
        m_stage = Stage::Done;
}

} // namespace meshyard::supervisor
