// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/supervisor/managed_process.h"
#include "embedded-mesh/supervisor/port_allocator.h"
#include "meshyard/v1/supervision.pb.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::supervisor {

/// What every instance of this host shares.
struct RunContext
{
    const Clock& clock;
    PortAllocator& ports;
    std::string dataDir; ///< one folder an instance: instances/ID
    std::string binDir; ///< where meshyard-proxy and meshyard-workload are
    std::string systemHosts; ///< text of the host's /etc/hosts
    std::string xdsAddress; ///< for bootstraps
    bool captureWorks = false;
    /// Value of "$(gateway:NAMESPACE/SERVICE:PORT)": HOST:PORT of a gateway that serves; "" = none
    /// yet.
    std::function<std::string(std::string_view)> gatewayAddress = {};
    bool foreground = false; ///< the program keeps our terminal and is not restarted
};

/// Runs one instance: its ports, files, sidecar and program, until it is asked to stop.
///
/// The program starts once the sidecar takes calls, so that its first one does not miss the mesh.
/// Thread: the supervisor's main thread.
class InstanceRunner final
{
public:
    /// Where a stop begins: Drain gives the control plane time to take the endpoint away first.
    enum class StopMode { Drain, AtOnce };

    /// `context` outlives the runner.
    InstanceRunner(v1::InstanceSpec spec, const RunContext& context);
    ~InstanceRunner();

    void start();
    void requestStop(StopMode mode);
    void updateHosts(const v1::InstanceSpec& spec);
    void tick();
    void readOutputs();
    /// @return false: not one of ours.
    bool handleExit(pid_t pid, int waitStatus);

    bool isStopped() const { return m_phase == Phase::Stopped; }
    bool isStopping() const { return m_phase >= Phase::Draining; }
    /// What to report; true in takeChanged() once after each change.
    const v1::InstanceStatus& status() const { return m_status; }
    bool takeChanged() { return std::exchange(m_changed, false); }
    const v1::InstanceSpec& spec() const { return m_status.spec(); }
    std::vector<int> outputFds() const;
    /// The program's wait status when it is not restarted and has ended.
    std::optional<int> programExit() const;

private:
    enum class Phase {
        New,
        Starting,
        Ready,
        Crashed,
        Draining,
        StoppingProgram,
        StoppingProxy,
        Stopped
    };

    Result<void> pickPorts();
    Result<void> writeFiles();
    void createProxy();
    void createProgram();
    std::map<std::string, std::string> programEnvironment() const;
    std::optional<std::vector<std::string>> expandedCommand() const;
    bool sidecarServes() const;
    bool programServes() const;
    void tickRunning();
    void tickStopping();
    void setPhase(Phase phase, const std::string& detail = {});
    void refreshPids();
    std::string folder() const;

    const RunContext& m_context;
    v1::InstanceStatus m_status;
    std::optional<ManagedProcess> m_proxy;
    std::optional<ManagedProcess> m_program;
    std::vector<std::uint16_t> m_ports;
    TimePoint m_since;
    Duration m_grace{};
    Phase m_phase = Phase::New;
    bool m_prepared = false; // ports and files are there
    bool m_changed = true;
};

} // namespace meshyard::supervisor
