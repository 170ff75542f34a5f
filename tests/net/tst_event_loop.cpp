// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/event_loop.h"

#include "tests/support/fake_clock.h"

#include <QTest>

#include <fcntl.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

using namespace meshyard;
using namespace meshyard::net;
using namespace std::chrono_literals;

namespace {

struct Pipe
{
    Pipe()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0) {
            reader.reset(ends[0]);
            writer.reset(ends[1]);
        }
    }
    void ring() { QCOMPARE(::write(writer.get(), "x", 1), ssize_t{1}); }

    Fd reader;
    Fd writer;
};

class Recorder final : public IoHandler
{
public:
    explicit Recorder(std::function<void()> action = [] { })
        : m_action(std::move(action))
    {
    }
    void onIo(std::uint32_t events) override
    {
        ++calls;
        lastEvents = events;
        m_action();
    }

    int calls = 0;
    std::uint32_t lastEvents = 0;

private:
    std::function<void()> m_action;
};

} // namespace

class EventLoopTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void deliversReadinessOnce();
    void forgottenHandlersHearNothingOfTheSameTurn();
    void wokenHandlersRunInTheSameTurn();
    void timersFollowTheClockGiven();
    void realTimersWakeTheLoop();
    void postedTasksComeInOrderFromOtherThreads();
    void disposalWaitsForTheEndOfTheTurn();
};

void EventLoopTest::deliversReadinessOnce()
{
    const SteadyClock clock;
    EventLoop loop(clock);
    Pipe pipe;
    Recorder recorder;
    QVERIFY(loop.watch(pipe.reader.get(), recorder).has_value());
    pipe.ring();
    loop.runOnce(0ms);
    QCOMPARE(recorder.calls, 1);
    QVERIFY((recorder.lastEvents & EPOLLIN) != 0);
    loop.runOnce(0ms); // edge-triggered: unread bytes do not fire again
    QCOMPARE(recorder.calls, 1);
    pipe.writer.reset();
    loop.runOnce(0ms);
    QCOMPARE(recorder.calls, 2);
    QVERIFY((recorder.lastEvents & EPOLLHUP) != 0);
    loop.forget(pipe.reader.get(), recorder);
}

void EventLoopTest::forgottenHandlersHearNothingOfTheSameTurn()
{
    const SteadyClock clock;
    EventLoop loop(clock);
    std::array<Pipe, 2> pipes;
    std::array<std::unique_ptr<Recorder>, 2> recorders;
    int calls = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        recorders[i] = std::make_unique<Recorder>([&, i] {
            ++calls;
            const std::size_t other = 1 - i;
            loop.forget(pipes[other].reader.get(), *recorders[other]);
            recorders[other].reset();
        });
        QVERIFY(loop.watch(pipes[i].reader.get(), *recorders[i]).has_value());
        pipes[i].ring();
    }
    loop.runOnce(0ms);
    QCOMPARE(calls, 1);
}

void EventLoopTest::wokenHandlersRunInTheSameTurn()
{
    const SteadyClock clock;
    EventLoop loop(clock);
    Recorder woken;
    Recorder dropped;
    loop.wake(woken, EPOLLIN);
    loop.wake(dropped, EPOLLIN);
    loop.forget(-1, dropped);
    loop.runOnce(1h); // does not wait: there is something to do
    QCOMPARE(woken.calls, 1);
    QCOMPARE(dropped.calls, 0);
}

void EventLoopTest::timersFollowTheClockGiven()
{
    test::FakeClock clock;
    EventLoop loop(clock);
    int fired = 0;
    Timer timer(loop.timers(), [&] { ++fired; });
    timer.armAfter(5min);
    loop.runOnce(0ms);
    clock.advance(4min);
    loop.runOnce(0ms);
    QCOMPARE(fired, 0);
    clock.advance(1min);
    loop.runOnce(1h);
    QCOMPARE(fired, 1);
    QCOMPARE(loop.now(), clock.now());
}

void EventLoopTest::realTimersWakeTheLoop()
{
    const SteadyClock clock;
    EventLoop loop(clock, 250us);
    const TimePoint start = clock.now();
    Timer timer(loop.timers(), [&] { loop.stop(); });
    timer.arm(start + 5ms);
    loop.run();
    QVERIFY(clock.now() - start >= 5ms);
}

void EventLoopTest::postedTasksComeInOrderFromOtherThreads()
{
    const SteadyClock clock;
    EventLoop loop(clock);
    std::vector<int> order;
    std::thread poster([&] {
        for (int i = 0; i < 1000; ++i)
            loop.post([&order, i] { order.push_back(i); });
        loop.post([&loop] { loop.stop(); });
    });
    loop.run();
    poster.join();
    QCOMPARE(order.size(), std::size_t{1000});
    QVERIFY(std::is_sorted(order.begin(), order.end()));
}

void EventLoopTest::disposalWaitsForTheEndOfTheTurn()
{
    const SteadyClock clock;
    EventLoop loop(clock);
    Pipe pipe;
    std::unique_ptr<Recorder> owner;
    bool alive = true;
    auto token = std::shared_ptr<void>(nullptr, [&alive](void*) { alive = false; });
    owner = std::make_unique<Recorder>([&loop, &owner, &pipe, &alive, token = std::move(token)] {
        loop.forget(pipe.reader.get(), *owner);
        loop.disposeLater(std::move(owner));
        QVERIFY(alive);
    });
    QVERIFY(loop.watch(pipe.reader.get(), *owner).has_value());
    pipe.ring();
    loop.runOnce(0ms);
    QVERIFY(!alive);
}

QTEST_APPLESS_MAIN(EventLoopTest)
#include "tst_event_loop.moc"
