// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/fd.h"
#include "embedded-mesh/net/timer_wheel.h"

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace meshyard::net {

/// Gets the readiness events of one descriptor.
class IoHandler
{
public:
    virtual ~IoHandler() = default;

    /// @param events EPOLLIN, EPOLLOUT, … Edge-triggered: work until EAGAIN, or wake() yourself.
    virtual void onIo(std::uint32_t events) = 0;
};

/// One thread's epoll loop: descriptors, timers, and tasks posted from other threads.
///
/// A turn runs: ready descriptors, woken handlers, due timers, posted tasks, end-of-turn tasks,
/// disposals. A handler may forget or destroy any handler in its callback, itself included when
/// nothing of it is touched afterwards (else disposeLater()).
/// Thread: everything but post(), stop() belongs to the thread that runs it.
class EventLoop final
{
public:
    using Task = std::function<void()>;
    static constexpr std::size_t kReadBufferSize = 64 * 1024;
    static constexpr Duration kDefaultTick = std::chrono::milliseconds(10);

    /// Ends the process when the kernel gives no epoll or eventfd: nothing could run without.
    /// @param timerTick resolution of the timers; 10 ms costs nothing, a load generator wants less.
    explicit EventLoop(const Clock& clock, Duration timerTick = kDefaultTick);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Registers once for EPOLLIN|EPOLLOUT|EPOLLRDHUP, edge-triggered.
    Result<void> watch(int fd, IoHandler& handler);
    /// Call before the descriptor is closed. Events of this turn no longer reach the handler.
    void forget(int fd, IoHandler& handler);
    /// Gives the handler another onIo(events) in this turn or the next, never from inside the call.
    void wake(IoHandler& handler, std::uint32_t events);

    void run();
    /// Any thread. run() returns after the current turn.
    void stop();
    /// One turn, waiting at most `maxWait` for something to do.
    void runOnce(Duration maxWait);

    /// Any thread. Tasks run in order; those still waiting at destruction are dropped.
    void post(Task task);
    /// Runs at the end of this turn (or of the next, when called between turns).
    void atTurnEnd(Task task) { m_turnEnd.push_back(std::move(task)); }
    /// Gives the object up at the end of the turn, when none of its functions is on the stack. A
    /// handler that must hear no more is forgotten apart.
    void disposeLater(std::shared_ptr<void> object) { m_disposed.push_back(std::move(object)); }

    TimerWheel& timers() { return m_timers; }
    const Clock& clock() const { return m_clock; }
    /// Time at the start of this turn: for deadlines. Latencies take clock().now().
    TimePoint now() const { return m_timers.now(); }
    /// The one read buffer of this thread. Its content lasts until the next read by anyone.
    std::span<char> readBuffer() { return {m_readBuffer.get(), kReadBufferSize}; }

private:
    struct Wake
    {
        IoHandler* handler;
        std::uint32_t events;
    };
    class Doorbell;

    Duration waitTime(Duration maxWait) const;
    int waitForEvents(Duration wait);
    void dispatchReady(int count);
    void dispatchWoken();
    void runTasks();

    const Clock& m_clock; // outlives us
    Fd m_epoll;
    std::unique_ptr<Doorbell> m_doorbell;
    TimerWheel m_timers;
    std::unique_ptr<char[]> m_readBuffer;
    std::vector<epoll_event> m_ready;
    std::size_t m_readyEnd = 0;
    std::vector<Wake> m_woken;
    std::vector<Wake> m_waking;
    std::vector<Task> m_turnEnd;
    std::vector<std::shared_ptr<void>> m_disposed;
    std::atomic<bool> m_stopping{false};

    std::mutex m_postMutex; // guards m_posted
    std::vector<Task> m_posted;
};

} // namespace meshyard::net
