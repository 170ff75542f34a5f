// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/supervisor/capture.h"
#include "embedded-mesh/supervisor/control_link.h"
#include "embedded-mesh/supervisor/instance_runner.h"
#include "embedded-mesh/supervisor/managed_process.h"
#include "embedded-mesh/supervisor/options.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace meshyard::supervisor {

/// Owns the control plane and every instance of this host: starts, restarts, scales and stops them.
///
/// Thread: the process's main thread, whose end is the end of every child.
class Supervisor final
{
public:
    /// @param binDir folder of our executables. `clock` outlives us.
    Supervisor(Options options, std::string binDir, const Clock& clock);
    ~Supervisor();

    /// Runs until everything is stopped. @return the process's exit code.
    int run();

private:
    enum class Stage { Running, StoppingClients, StoppingInstances, StoppingControlPlane, Done };

    Result<void> prepare();
    void startControlPlane();
    void readControlPlaneAddresses();
    void handleControlPlaneExit(int waitStatus);
    void pollOnce();
    void handleSignals();
    void handleLifeline();
    void reapChildren();
    void takeOrder();
    void applyOrder(const v1::SupervisorOrder& order);
    void startInstance(const v1::InstanceSpec& spec);
    std::string gatewayAddress(std::string_view name) const;
    void tickInstances();
    void report();
    void beginStop();
    void advanceStop();
    void checkForeground();
    int pollTimeout() const;
    bool isForeground() const { return m_options.mode == Options::Mode::Foreground; }

    const Options m_options;
    const Clock& m_clock;
    PortAllocator m_ports;
    RunContext m_context;
    std::optional<CaptureBlock> m_block;
    net::Fd m_signals;
    net::Fd m_addressPipe; // the control plane tells its addresses here
    std::string m_addressText;
    std::string m_adminAddress;
    std::string m_xdsAddress;
    std::optional<ManagedProcess> m_controlPlane;
    std::optional<TimePoint> m_controlPlaneStart; // when to start it again
    Duration m_controlPlanePause;
    std::map<std::string, std::unique_ptr<InstanceRunner>> m_instances;
    std::map<std::string, v1::InstanceSpec> m_successors; // same id, wait for the old one to go
    std::unique_ptr<ControlLink> m_link;
    std::optional<TimePoint> m_foregroundDeadline;
    Stage m_stage = Stage::Running;
    bool m_lifelineOpen = false;
    bool m_instanceGone = false;
    int m_exitCode = 0;
};

} // namespace meshyard::supervisor
