// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/timer_wheel.h"

#include "tests/support/fake_clock.h"

#include <QTest>

#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace meshyard;
using namespace meshyard::net;
using namespace std::chrono_literals;

class TimerWheelTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void firesOnceAndNeverEarly();
    void postponedTimersFireAtTheLaterDeadline();
    void advancedTimersFireAtTheEarlierDeadline();
    void cancelledTimersStaySilent();
    void deadlinesBeyondOneRoundWork();
    void jumpsOverManyRoundsFireEverythingDue();
    void callbacksMayRearmCancelAndDestroy();
    void nextWakeNeverOversleeps();

private:
    void advance(Duration by)
    {
        m_clock->advance(by);
        m_wheel->setNow(m_clock->now());
        m_wheel->fireDue();
    }

    std::unique_ptr<test::FakeClock> m_clock;
    std::unique_ptr<TimerWheel> m_wheel;
};

void TimerWheelTest::init()
{
    m_clock = std::make_unique<test::FakeClock>();
    m_wheel = std::make_unique<TimerWheel>(m_clock->now(), 10ms);
}

void TimerWheelTest::firesOnceAndNeverEarly()
{
    int fired = 0;
    Timer timer(*m_wheel, [&] { ++fired; });
    timer.armAfter(95ms);
    advance(94ms);
    QCOMPARE(fired, 0);
    advance(6ms); // the tick that contains the deadline ends at 100 ms
    QCOMPARE(fired, 1);
    QVERIFY(!timer.isArmed());
    advance(10s);
    QCOMPARE(fired, 1);
}

void TimerWheelTest::postponedTimersFireAtTheLaterDeadline()
{
    int fired = 0;
    Timer timer(*m_wheel, [&] { ++fired; });
    timer.armAfter(50ms);
    for (int i = 0; i < 20; ++i) {
        advance(30ms);
        timer.armAfter(50ms);
    }
    QCOMPARE(fired, 0);
    advance(60ms);
    QCOMPARE(fired, 1);
}

void TimerWheelTest::advancedTimersFireAtTheEarlierDeadline()
{
    int fired = 0;
    Timer timer(*m_wheel, [&] { ++fired; });
    timer.armAfter(10s);
    timer.armAfter(20ms);
    advance(20ms);
    QCOMPARE(fired, 1);
}

void TimerWheelTest::cancelledTimersStaySilent()
{
    int fired = 0;
    Timer timer(*m_wheel, [&] { ++fired; });
    timer.armAfter(20ms);
    timer.cancel();
    advance(1s);
    QCOMPARE(fired, 0);
    QVERIFY(!m_wheel->nextWake().has_value());
    timer.armAfter(20ms);
    advance(20ms);
    QCOMPARE(fired, 1);
}

void TimerWheelTest::deadlinesBeyondOneRoundWork()
{
    int fired = 0;
    Timer timer(*m_wheel, [&] { ++fired; });
    timer.armAfter(90s); // a round is 20.48 s
    for (int i = 0; i < 899; ++i)
        advance(100ms);
    QCOMPARE(fired, 0);
    advance(100ms);
    QCOMPARE(fired, 1);
}

void TimerWheelTest::jumpsOverManyRoundsFireEverythingDue()
{
    int fired = 0;
    std::vector<std::unique_ptr<Timer>> timers;
    for (int i = 0; i < 100; ++i) {
        timers.push_back(std::make_unique<Timer>(*m_wheel, [&] { ++fired; }));
        timers.back()->armAfter(i * 777ms);
    }
    advance(1h);
    QCOMPARE(fired, 100);
}

void TimerWheelTest::callbacksMayRearmCancelAndDestroy()
{
    int fired = 0;
    std::unique_ptr<Timer> doomed;
    Timer other(*m_wheel, [&] { QFAIL("was cancelled by its neighbour"); });
    Timer periodic(*m_wheel, [&] {
        if (++fired < 3)
            periodic.armAfter(20ms);
    });
    doomed = std::make_unique<Timer>(*m_wheel, [&] {
        other.cancel();
        doomed.reset();
    });
    other.armAfter(30ms);
    doomed->armAfter(20ms);
    periodic.armAfter(20ms);
    for (int i = 0; i < 20; ++i)
        advance(10ms);
    QCOMPARE(fired, 3);
    QVERIFY(doomed == nullptr);
}

void TimerWheelTest::nextWakeNeverOversleeps()
{
    std::mt19937 random(7); // NOLINT(cert-msc51-cpp): the same run every time
    std::uniform_int_distribution<int> delayMs(0, 60'000);
    std::vector<std::unique_ptr<Timer>> timers;
    std::map<int, TimePoint> due;
    int late = 0;
    for (int i = 0; i < 500; ++i) {
        const TimePoint deadline = m_wheel->now() + std::chrono::milliseconds(delayMs(random));
        due[i] = deadline;
        timers.push_back(std::make_unique<Timer>(*m_wheel, [&, i] {
            late += m_wheel->now() < due[i] || m_wheel->now() > due[i] + 10ms ? 1 : 0;
            due.erase(i);
        }));
        timers.back()->arm(deadline);
    }
    int wakes = 0;
    while (const auto wake = m_wheel->nextWake()) {
        advance(*wake - m_clock->now());
        ++wakes;
    }
    QVERIFY(due.empty());
    QCOMPARE(late, 0);
    QVERIFY(wakes < 2000);
}

QTEST_APPLESS_MAIN(TimerWheelTest)
#include "tst_timer_wheel.moc"
