// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/managed_process.h"

#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace meshyard::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstPause = 200ms;
constexpr Duration kLongestPause = 10s;
constexpr Duration kStableAfter = 30s; // a run this long starts the pauses anew
constexpr std::size_t kLongestLine = 1U << 16U;

} // namespace

ManagedProcess::ManagedProcess(
    ChildSpec spec, std::string logPath, Restart restart, const Clock& clock)
    : m_spec(std::move(spec))
    , m_log(std::move(logPath))
    , m_restart(restart)
    , m_clock(clock)
    , m_startedAt(clock.now())
    , m_pause(kFirstPause)
{
}

void ManagedProcess::start()
{
    m_saidReady = false;
    m_line.clear();
    m_startedAt = m_clock.now();
    m_restartAt.reset();
    auto child = spawn(m_spec);
    if (child) {
        m_child = std::move(*child);
        return;
    }
    m_lastExit = child.error().message;
    spdlog::error("{}", m_lastExit);
    scheduleRestart();
}

void ManagedProcess::signalGroup(int signal) const
{
    // A child that leads its group takes its own children along.
    ::kill(m_spec.ownGroup ? -m_child.pid : m_child.pid, signal);
}

void ManagedProcess::stop(Duration grace)
{
    m_stopping = true;
    m_restartAt.reset();
    if (m_child.pid <= 0 || m_killAt)
        return;
    signalGroup(SIGTERM);
    m_killAt = m_clock.now() + grace;
}

void ManagedProcess::tick()
{
    const TimePoint now = m_clock.now();
    if (m_restartAt && now >= *m_restartAt) {
        ++m_restarts;
        start();
    }
    if (m_killAt && m_child.pid > 0 && now >= *m_killAt) {
        signalGroup(SIGKILL);
        m_killAt = now + 1s;
    }
}

void ManagedProcess::readOutput()
{
    std::array<char, 8192> buffer{};
    while (m_child.output.isOpen()) {
        const ssize_t got = ::read(m_child.output.get(), buffer.data(), buffer.size());
        if (got == 0)
            m_child.output.reset();
        if (got <= 0)
            return;
        const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
        m_log.append(text);
        if (!m_saidReady)
            scanForReady(text);
    }
}

void ManagedProcess::scanForReady(std::string_view text)
{
    m_line += text;
    std::size_t end = 0;
    while ((end = m_line.find('\n')) != std::string::npos) {
        const std::string_view line = std::string_view(m_line).substr(0, end);
        m_saidReady = m_saidReady
            || (line.find("\"event\"") != std::string_view::npos
                && line.find("\"ready\"") != std::string_view::npos);
        m_line.erase(0, end + 1);
    }
    if (m_line.size() > kLongestLine)
        m_line.clear();
}

void ManagedProcess::handleExit(int waitStatus)
{
    readOutput();
    signalGroup(SIGKILL); // what it left behind in its group
    m_child = Child{};
    m_killAt.reset();
    m_saidReady = false;
    m_exitStatus = waitStatus;
    m_lastExit = describeExit(waitStatus);
    if (!m_stopping) {
        spdlog::warn("{} ended: {}", m_spec.command.front(), m_lastExit);
        scheduleRestart();
    }
}

void ManagedProcess::scheduleRestart()
{
    if (m_restart == Restart::Never || m_stopping)
        return;
    const TimePoint now = m_clock.now();
    if (now - m_startedAt >= kStableAfter)
        m_pause = kFirstPause;
    m_restartAt = now + m_pause;
    m_pause = std::min<Duration>(m_pause * 2, kLongestPause);
}

} // namespace meshyard::supervisor
