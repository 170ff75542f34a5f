// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/supervisor/child_process.h"
#include "embedded-mesh/supervisor/log_file.h"

#include <optional>
#include <string>

namespace meshyard::supervisor {

/// One process that is kept running: restarted with a growing pause, stopped with a grace period.
///
/// Thread: the supervisor's main thread.
class ManagedProcess final
{
public:
    enum class Restart { Always, Never };

    ManagedProcess(ChildSpec spec, std::string logPath, Restart restart, const Clock& clock);

    void start();
    /// SIGTERM now, SIGKILL after `grace`; a process that waits for its restart just stays down.
    void stop(Duration grace);
    /// Restarts and kills that are due.
    void tick();
    /// Copies what the child wrote into its log.
    void readOutput();
    /// The child has been reaped.
    void handleExit(int waitStatus);

    bool isRunning() const { return m_child.pid > 0; }
    bool isDown() const { return m_child.pid <= 0 && !m_restartAt; }
    /// Its standard output had a line {"event":"ready",…} since it was last started.
    bool saidReady() const { return m_saidReady; }
    pid_t pid() const { return m_child.pid; }
    int outputFd() const { return m_child.output.get(); }
    unsigned restarts() const { return m_restarts; }
    /// How it ended last, or why it could not start; "" = it never did.
    const std::string& lastExit() const { return m_lastExit; }
    std::optional<int> exitStatus() const { return m_exitStatus; }
    const ChildSpec& spec() const { return m_spec; }

private:
    void scheduleRestart();
    void scanForReady(std::string_view text);
    void signalGroup(int signal) const;

    ChildSpec m_spec;
    LogFile m_log;
    Restart m_restart;
    const Clock& m_clock;
    Child m_child;
    std::string m_line;
    std::string m_lastExit;
    std::optional<int> m_exitStatus;
    std::optional<TimePoint> m_restartAt;
    std::optional<TimePoint> m_killAt;
    TimePoint m_startedAt;
    Duration m_pause;
    unsigned m_restarts = 0;
    bool m_saidReady = false;
    bool m_stopping = false;
};

} // namespace meshyard::supervisor
