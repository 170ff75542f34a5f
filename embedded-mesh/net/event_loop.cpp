// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/event_loop.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace meshyard::net {

namespace {

constexpr std::size_t kEventsPerTurn = 256;

int orDie(int fd, const char* what)
{
    if (fd < 0) {
        std::perror(what);
        std::abort();
    }
    return fd;
}

} // namespace

/// The eventfd that post() and stop() ring.
class EventLoop::Doorbell final : public IoHandler
{
public:
    Doorbell()
        : m_fd(orDie(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"))
    {
    }

    int fd() const { return m_fd.get(); }

    void ring()
    {
        const std::uint64_t one = 1;
        // Only a full counter can refuse, and then the bell rings already.
        [[maybe_unused]] const ssize_t written = ::write(m_fd.get(), &one, sizeof(one));
    }

    void onIo(std::uint32_t) override
    {
        std::uint64_t rings = 0;
        [[maybe_unused]] const ssize_t got = ::read(m_fd.get(), &rings, sizeof(rings));
    }

private:
    Fd m_fd;
};

EventLoop::EventLoop(const Clock& clock, Duration timerTick)
    : m_clock(clock)
    , m_epoll(orDie(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"))
    , m_doorbell(std::make_unique<Doorbell>())
    , m_timers(clock.now(), timerTick)
    , m_readBuffer(std::make_unique_for_overwrite<char[]>(kReadBufferSize))
    , m_ready(kEventsPerTurn)
{
    if (!watch(m_doorbell->fd(), *m_doorbell))
        orDie(-1, "epoll_ctl");
}

EventLoop::~EventLoop() = default;

Result<void> EventLoop::watch(int fd, IoHandler& handler)
{
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &handler;
    if (::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return failure(ErrorCode::ResourceExhausted,
            std::string("cannot watch a descriptor: ") + std::strerror(errno));
    return {};
}

void EventLoop::forget(int fd, IoHandler& handler)
{
    if (fd >= 0)
        ::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
    for (std::size_t i = 0; i < m_readyEnd; ++i) {
        if (m_ready[i].data.ptr == &handler)
            m_ready[i].data.ptr = nullptr;
    }
    for (std::vector<Wake>* list : {&m_woken, &m_waking}) {
        for (Wake& wake : *list) {
            if (wake.handler == &handler)
                wake.handler = nullptr;
        }
    }
}

void EventLoop::wake(IoHandler& handler, std::uint32_t events)
{
    m_woken.push_back({&handler, events});
}

void EventLoop::run()
{
    while (!m_stopping.exchange(false))
        runOnce(Duration::max());
}

void EventLoop::stop()
{
    m_stopping = true;
    m_doorbell->ring();
}

void EventLoop::post(Task task)
{
    bool wasEmpty = false;
    {
        const std::lock_guard lock(m_postMutex);
        wasEmpty = m_posted.empty();
        m_posted.push_back(std::move(task));
    }
    if (wasEmpty)
        m_doorbell->ring();
}

Duration EventLoop::waitTime(Duration maxWait) const
{
    if (!m_woken.empty() || !m_turnEnd.empty() || !m_disposed.empty())
        return Duration::zero();
    Duration wait = maxWait;
    if (const auto wake = m_timers.nextWake())
        wait = std::min(wait, std::max(*wake - m_clock.now(), Duration::zero()));
    return wait;
}

int EventLoop::waitForEvents(Duration wait)
{
    const int room = static_cast<int>(m_ready.size());
    if (wait == Duration::max())
        return ::epoll_wait(m_epoll.get(), m_ready.data(), room, -1);
    if (wait == Duration::zero())
        return ::epoll_wait(m_epoll.get(), m_ready.data(), room, 0);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
    const timespec precise{seconds.count(), (wait - seconds).count()};
    const int count = ::epoll_pwait2(m_epoll.get(), m_ready.data(), room, &precise, nullptr);
    if (count >= 0 || errno != ENOSYS)
        return count;
    // Kernels before 5.11. Rounded up: waking early would spin on a timer that is not due yet.
    constexpr Duration kLongest = std::chrono::hours(1);
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(std::min(wait, kLongest));
    return ::epoll_wait(m_epoll.get(), m_ready.data(), room, static_cast<int>(millis.count()));
}

void EventLoop::runOnce(Duration maxWait)
{
    const int count = waitForEvents(waitTime(maxWait));
    m_timers.setNow(m_clock.now());
    dispatchReady(std::max(count, 0));
    dispatchWoken();
    // After the descriptors: an answer that is already here beats its own timeout.
    m_timers.fireDue();
    runTasks();
    std::vector<Task> turnEnd;
    turnEnd.swap(m_turnEnd);
    for (Task& task : turnEnd)
        task();
    std::vector<std::shared_ptr<void>> disposed;
    disposed.swap(m_disposed);
}

void EventLoop::dispatchReady(int count)
{
    m_readyEnd = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < m_readyEnd; ++i) {
        const epoll_event event = m_ready[i];
        if (event.data.ptr != nullptr)
            static_cast<IoHandler*>(event.data.ptr)->onIo(event.events);
    }
    m_readyEnd = 0;
}

void EventLoop::dispatchWoken()
{
    m_waking.swap(m_woken);
    for (std::size_t i = 0; i < m_waking.size(); ++i) {
        const Wake wake = m_waking[i];
        if (wake.handler != nullptr)
            wake.handler->onIo(wake.events);
    }
    m_waking.clear();
}

void EventLoop::runTasks()
{
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(m_postMutex);
        tasks.swap(m_posted);
    }
    for (Task& task : tasks)
        task();
}

} // namespace meshyard::net
