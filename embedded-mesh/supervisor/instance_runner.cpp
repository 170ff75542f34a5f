// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/instance_runner.h"

#include "embedded-mesh/supervisor/bootstrap.h"
#include "embedded-mesh/supervisor/capture.h"
#include "embedded-mesh/supervisor/loopback_probe.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>

namespace meshyard::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDrain = 700ms;
constexpr Duration kGrace = 6s;
constexpr Duration kShortGrace = 1s; // when the whole mesh goes, nobody is left to wait for
constexpr Duration kSidecarPatience = 5s; // then the program starts all the same

std::string loopback(std::uint32_t port)
{
    return fmt::format("127.0.0.1:{}", port);
}

/// Replaces "$(NAME)" by what `valueOf` says.
template <typename ValueOf> std::string expandReferences(std::string_view text, ValueOf valueOf)
{
    std::string out;
    while (!text.empty()) {
        const std::size_t begin = text.find("$(");
        const std::size_t end = begin == std::string_view::npos ? begin : text.find(')', begin);
        if (end == std::string_view::npos)
            break;
        out += text.substr(0, begin);
        out += valueOf(text.substr(begin + 2, end - begin - 2));
        text.remove_prefix(end + 1);
    }
    return out.append(text);
}

const char* phaseName(int phase)
{
    static constexpr const char* kNames[] = {
        "starting", "starting", "ready", "crashed", "stopping", "stopping", "stopping", "stopped"};
    return kNames[phase];
}

std::vector<HostNames> hostNames(const v1::InstanceSpec& spec)
{
    std::vector<HostNames> entries;
    for (const auto& entry : spec.hosts())
        entries.emplace_back(
            entry.address(), std::vector<std::string>(entry.names().begin(), entry.names().end()));
    return entries;
}

} // namespace

InstanceRunner::InstanceRunner(v1::InstanceSpec spec, const RunContext& context)
    : m_context(context)
    , m_since(context.clock.now())
{
    m_status.set_id(spec.id());
    *m_status.mutable_spec() = std::move(spec);
}

InstanceRunner::~InstanceRunner()
{
    for (const std::uint16_t port : m_ports)
        m_context.ports.giveBack(port);
}

std::string InstanceRunner::folder() const
{
    return m_context.dataDir + "/instances/" + m_status.id();
}

void InstanceRunner::start()
{
    m_status.set_captured(m_context.captureWorks && spec().sidecar() && !spec().hosts().empty());
    setPhase(Phase::Starting);
    auto prepared = pickPorts();
    if (prepared)
        prepared = writeFiles();
    if (!prepared) {
        spdlog::error("instance {}: {}", m_status.id(), prepared.error().message);
        setPhase(Phase::Crashed, prepared.error().message);
        return;
    }
    m_prepared = true;
    if (spec().sidecar())
        createProxy();
    tickRunning();
}

Result<void> InstanceRunner::pickPorts()
{
    const auto take = [this](std::uint32_t wanted) -> Result<std::uint32_t> {
        if (wanted != 0)
            return wanted;
        auto port = m_context.ports.take();
        if (!port)
            return tl::unexpected(port.error());
        m_ports.push_back(*port);
        return std::uint32_t{*port};
    };
    std::vector<std::pair<std::uint32_t*, std::uint32_t>> wanted; // where to, which one (0 = any)
    for (const auto& port : spec().ports()) {
        if (spec().gateway()) {
            wanted.emplace_back(&(*m_status.mutable_host_ports())[port.port()], port.host_port());
            continue;
        }
        wanted.emplace_back(&(*m_status.mutable_target_ports())[port.port()], port.target_port());
        if (spec().sidecar())
            wanted.emplace_back(&(*m_status.mutable_inbound_ports())[port.port()], 0);
    }
    std::uint32_t admin = 0;
    std::uint32_t outbound = 0;
    std::uint32_t knobs = 0;
    if (spec().sidecar()) {
        wanted.emplace_back(&admin, 0);
        wanted.emplace_back(&outbound, 0);
    }
    if (!spec().knobs_env().empty())
        wanted.emplace_back(&knobs, 0);
    for (auto& [target, number] : wanted) {
        auto port = take(number);
        if (!port)
            return tl::unexpected(port.error());
        *target = *port;
    }
    m_status.set_outbound_port(outbound);
    m_status.set_admin(admin != 0 ? loopback(admin) : "");
    m_status.set_knobs(knobs != 0 ? loopback(knobs) : "");
    return {};
}

Result<void> InstanceRunner::writeFiles()
{
    std::error_code error;
    std::filesystem::create_directories(folder() + "/state", error);
    if (error)
        return failure(ErrorCode::PermissionDenied,
            fmt::format("cannot create the folder {}: {}", folder(), error.message()));
    if (m_status.captured()) {
        auto written = rewriteInPlace(
            folder() + "/hosts", renderHosts(m_context.systemHosts, hostNames(spec())));
        if (!written)
            return written;
    }
    if (!spec().sidecar())
        return {};
    return rewriteInPlace(
        folder() + "/bootstrap.json", renderBootstrap(spec(), m_status, m_context.xdsAddress));
}

void InstanceRunner::createProxy()
{
    ChildSpec child;
    child.command = {m_context.binDir + "/meshyard-proxy", "-c", folder() + "/bootstrap.json",
        "--state-dir", folder() + "/state"};
    child.workingDirectory = folder();
    child.unsetEnv = {"http_proxy", "HTTP_PROXY", "https_proxy", "grpc_proxy"};
    m_proxy.emplace(std::move(child), folder() + "/proxy.log", ManagedProcess::Restart::Always,
        m_context.clock);
    m_proxy->start();
}

/// nullopt: it names a gateway that does not serve yet.
std::optional<std::vector<std::string>> InstanceRunner::expandedCommand() const
{
    const std::map<std::string, std::string> env = programEnvironment();
    std::vector<std::string> command;
    for (const std::string& word : spec().command()) {
        bool missing = false;
        command.push_back(expandReferences(word, [&](std::string_view name) -> std::string {
            constexpr std::string_view kGateway = "gateway:";
            if (!name.starts_with(kGateway)) {
                const auto found = env.find(std::string(name));
                return found == env.end() ? fmt::format("$({})", name) : found->second;
            }
            std::string address = m_context.gatewayAddress(name.substr(kGateway.size()));
            missing = missing || address.empty();
            return address;
        }));
        if (missing)
            return std::nullopt;
    }
    const std::string sibling = m_context.binDir + "/" + command.front();
    if (command.front().starts_with("meshyard-") && std::filesystem::exists(sibling))
        command.front() = sibling;
    return command;
}

std::map<std::string, std::string> InstanceRunner::programEnvironment() const
{
    std::map<std::string, std::string> env(spec().env().begin(), spec().env().end());
    if (!spec().ports().empty())
        env["PORT"] = std::to_string(m_status.target_ports().at(spec().ports(0).port()));
    env["MESHYARD_INSTANCE"] = m_status.id();
    if (!spec().knobs_env().empty())
        env[spec().knobs_env()] = m_status.knobs();
    if (!spec().sidecar())
        return env;
    const std::string outbound = "http://" + loopback(m_status.outbound_port());
    env["MESHYARD_OUTBOUND"] = outbound;
    if (!m_status.captured()) { // with names of its own the program needs no proxy setting
        env["http_proxy"] = outbound;
        env["no_proxy"] = "localhost,127.0.0.1,::1";
    }
    return env;
}

void InstanceRunner::createProgram()
{
    auto command = expandedCommand();
    if (!command)
        return;
    ChildSpec child;
    child.command = std::move(*command);
    child.workingDirectory = spec().working_directory();
    child.env = programEnvironment();
    if (m_status.captured())
        child.unsetEnv = {"http_proxy", "HTTP_PROXY"};
    if (m_status.captured())
        child.hostsFile = folder() + "/hosts";
    if (m_context.foreground) {
        child.output = ChildSpec::Output::Inherited;
        child.ownGroup = false; // Ctrl+C and job control belong to it
    }
    m_program.emplace(std::move(child), folder() + "/program.log",
        m_context.foreground ? ManagedProcess::Restart::Never : ManagedProcess::Restart::Always,
        m_context.clock);
    m_program->start();
}

void InstanceRunner::updateHosts(const v1::InstanceSpec& desired)
{
    if (!m_status.captured())
        return;
    *m_status.mutable_spec()->mutable_hosts() = desired.hosts();
    auto written = rewriteInPlace(
        folder() + "/hosts", renderHosts(m_context.systemHosts, hostNames(spec())));
    if (!written)
        spdlog::warn("instance {}: {}", m_status.id(), written.error().message);
}

bool InstanceRunner::sidecarServes() const
{
    return !m_proxy
        || (m_proxy->saidReady() && (spec().gateway() || portAccepts(m_status.outbound_port())));
}

bool InstanceRunner::programServes() const
{
    if (spec().command().empty())
        return true;
    if (!m_program || !m_program->isRunning())
        return false;
    for (const auto& port : spec().ports()) {
        if (port.protocol() != "udp" && !portAccepts(m_status.target_ports().at(port.port())))
            return false;
    }
    return true;
}

void InstanceRunner::tick()
{
    if (m_proxy)
        m_proxy->tick();
    if (m_program)
        m_program->tick();
    if (isStopping())
        tickStopping();
    else
        tickRunning();
    refreshPids();
}

void InstanceRunner::tickRunning()
{
    if (m_phase == Phase::Ready || !m_prepared)
        return;
    const bool sidecarUp = sidecarServes();
    const bool patienceOver = m_context.clock.now() - m_since > kSidecarPatience;
    if (!m_program && !spec().command().empty() && m_prepared && (sidecarUp || patienceOver))
        createProgram();
    if (sidecarUp && programServes())
        setPhase(Phase::Ready);
}

void InstanceRunner::requestStop(StopMode mode)
{
    if (isStopping() && mode == StopMode::Drain)
        return;
    m_grace = mode == StopMode::AtOnce && !m_context.foreground ? kShortGrace : kGrace;
    if (m_phase < Phase::Draining)
        setPhase(Phase::Draining);
    if (mode == StopMode::AtOnce && m_phase == Phase::Draining)
        m_since = TimePoint{};
}

void InstanceRunner::tickStopping()
{
    if (m_phase == Phase::Draining && m_context.clock.now() - m_since >= kDrain) {
        if (m_program)
            m_program->stop(m_grace);
        setPhase(Phase::StoppingProgram);
    }
    if (m_phase == Phase::StoppingProgram && (!m_program || m_program->isDown())) {
        if (m_proxy)
            m_proxy->stop(m_grace);
        setPhase(Phase::StoppingProxy);
    }
    if (m_phase == Phase::StoppingProxy && (!m_proxy || m_proxy->isDown()))
        setPhase(Phase::Stopped);
}

void InstanceRunner::setPhase(Phase phase, const std::string& detail)
{
    m_phase = phase;
    m_since = m_context.clock.now();
    m_status.set_state(phaseName(static_cast<int>(phase)));
    m_status.set_detail(detail);
    m_changed = true;
}

void InstanceRunner::refreshPids()
{
    const int program = m_program ? m_program->pid() : -1;
    const int proxy = m_proxy ? m_proxy->pid() : -1;
    if (program == m_status.workload_pid() && proxy == m_status.proxy_pid())
        return;
    m_status.set_workload_pid(program);
    m_status.set_proxy_pid(proxy);
    m_status.set_restarts(
        (m_program ? m_program->restarts() : 0) + (m_proxy ? m_proxy->restarts() : 0));
    m_changed = true;
}

void InstanceRunner::readOutputs()
{
    if (m_proxy)
        m_proxy->readOutput();
    if (m_program)
        m_program->readOutput();
}

bool InstanceRunner::handleExit(pid_t pid, int waitStatus)
{
    const bool isProxy = m_proxy && m_proxy->pid() == pid;
    const bool isProgram = m_program && m_program->pid() == pid;
    if (!isProxy && !isProgram)
        return false;
    ManagedProcess& process = isProxy ? *m_proxy : *m_program;
    process.handleExit(waitStatus);
    if (!isStopping())
        setPhase(Phase::Crashed, (isProxy ? "sidecar: " : "") + process.lastExit());
    return true;
}

std::vector<int> InstanceRunner::outputFds() const
{
    std::vector<int> fds;
    if (m_proxy && m_proxy->outputFd() >= 0)
        fds.push_back(m_proxy->outputFd());
    if (m_program && m_program->outputFd() >= 0)
        fds.push_back(m_program->outputFd());
    return fds;
}

std::optional<int> InstanceRunner::programExit() const
{
    if (!m_program || m_program->isRunning() || !m_program->isDown())
        return std::nullopt;
    return m_program->exitStatus().value_or(127 << 8); // could not be started: the shell's code
}

} // namespace meshyard::supervisor
