// SPDX-License-Identifier: GPL-3.0-or-later
#include "breaker_script.h"

#include <QTest>

#include <numeric>
#include <random>

using namespace meshyard;
using namespace std::chrono_literals;

class BreakerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void followsTheRules_data();
    void followsTheRules();
    void eventSaysWhatFired();
    void boundsTrialsInFlight();
    void neverJudgesAnotherGeneration();
    void openTimeDoublesWithSeededJitter();
    void everyOpenEnds();
    void observeComputesAndAdmits();
    void overrides_data();
    void overrides();
    void keepsComputingUnderAnOverride();
    void drainsItsShare();
    void rampsUpAfterClosing();
    void policyChangeKeepsState();
    void timeInStateSumsToUptime();
    void replayGivesTheSameTransitions();
};

namespace {

BreakerPolicy steadyPolicy()
{
    BreakerPolicy policy;
    policy.jitter = 0;
    return policy;
}

BreakerOverride forced(OverrideKind kind, Breaker::Duration deadline)
{
    BreakerOverride wanted;
    wanted.kind = kind;
    wanted.id = "o1";
    wanted.deadline = deadline;
    wanted.operatorName = "ann";
    return wanted;
}

} // namespace

void BreakerTest::followsTheRules_data()
{
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<QByteArray>("state");
    const auto row = [](const char* name, const char* script, const char* state) {
        QTest::newRow(name) << QByteArray(script) << QByteArray(state);
    };
    row("four in a row stay closed", "f*4", "CLOSED");
    row("five in a row open", "f*5", "OPEN");
    row("a success breaks the row", "f*4 s f*4", "CLOSED");
    row("soft failures are no row", "q*10", "CLOSED");
    row("soft failures count in the ratio", "q*20", "OPEN");
    row("ignored count nowhere", "f*4 i*50 f", "OPEN");
    row("cancelled count nowhere", "c*100", "CLOSED");
    row("no endpoint is a failure", "n*5", "OPEN");
    row("ratio is silent below minCalls", "f s f s f s f s f s f s f s f s f s", "CLOSED");
    row("ratio trips at half of twenty", "f s f s f s f s f s f s f s f s f s f s", "OPEN");
    row("slow calls trip", "s*4 w*16", "OPEN");
    row("fewer slow calls do not", "s*5 w*15", "CLOSED");
    row("old failures leave the window", "f s f s f s f s f s f s f s f s f s +11000 f s",
        "CLOSED");
    row("a burst across buckets counts whole", "f s f s f s f s f s +1000 f s f s f s f s f s",
        "OPEN");
    row("open turns half-open by clock alone", "f*5 +5100", "HALF_OPEN");
    row("open does not end early", "f*5 +4900", "OPEN");
    row("four good trials close", "f*5 +5100 s*4", "CLOSED");
    row("one bad trial does not reopen", "f*5 +5100 f s*4", "CLOSED");
    row("two bad trials reopen", "f*5 +5100 f s f", "OPEN");
    row("a slow trial is bad", "f*5 +5100 w w", "OPEN");
    row("a soft trial is bad", "f*5 +5100 q q", "OPEN");
    row("an ignored trial returns its permit", "f*5 +5100 i*20 s*4", "CLOSED");
    row("a lost permit is a failed trial", "f*5 +5100 a +5100 a +5100", "OPEN");
    row("one lost permit is forgiven", "f*5 +5100 a +5100 s*4", "CLOSED");
    row("half-open without calls ends", "f*5 +5100 +30000", "OPEN");
    row("half-open with too few good calls renews", "f*5 +5100 s*3 +30000", "HALF_OPEN");
    row("and then closes", "f*5 +5100 s*3 +61000", "CLOSED");
    row("half-open with a failure ends open", "f*5 +5100 s*3 f +30000", "OPEN");
    row("Retry-After lengthens the open time", "r*5 +29000", "OPEN");
    row("but it ends", "r*5 +31000", "HALF_OPEN");
    row("reset closes", "f*5 R", "CLOSED");
    row("reset empties the window", "f*4 R f*4", "CLOSED");
}

void BreakerTest::followsTheRules()
{
    QFETCH(QByteArray, script);
    QFETCH(QByteArray, state);
    BreakerScript run(steadyPolicy());
    run.play(script);
    QCOMPARE(QByteArray(breakerStateName(run.breaker.state()).data()), state);
}

void BreakerTest::eventSaysWhatFired()
{
    BreakerPolicy policy = steadyPolicy();
    policy.revision = 7;
    policy.consecutive = 0;
    BreakerScript run(policy);
    run.play("s*10 f*10");
    QCOMPARE(run.events.size(), std::size_t(1));
    const BreakerEvent& event = run.events.front();
    QCOMPARE(event.from, BreakerState::Closed);
    QCOMPARE(event.to, BreakerState::Open);
    QCOMPARE(event.cause, BreakerCause::FailureRatio);
    QCOMPARE(event.observed, 0.5);
    QCOMPARE(event.threshold, 0.5);
    QCOMPARE(event.calls, 20U);
    QCOMPARE(event.policyRevision, std::uint64_t(7));
    QCOMPARE(event.generation, std::uint64_t(2));
    run.play("R");
    QCOMPARE(run.events.back().cause, BreakerCause::Operator);
    QCOMPARE(run.events.back().operatorName, std::string("tester"));
}

void BreakerTest::boundsTrialsInFlight()
{
    BreakerPolicy policy = steadyPolicy();
    policy.trialConcurrency = 2;
    BreakerScript run(policy);
    run.play("f*5 +5100");
    run.admitted = 0;
    run.play("a*50");
    QCOMPARE(run.admitted, 2);
    run.play("S a*50");
    QCOMPARE(run.admitted, 3);
    QCOMPARE(
        run.breaker.counters().rejected[std::size_t(Admission::HalfOpen)], std::uint64_t(48 + 49));
}

void BreakerTest::neverJudgesAnotherGeneration()
{
    BreakerScript run(steadyPolicy());
    run.play("a*6"); // sent before the trip
    run.play("f*5 +5100");
    QCOMPARE(run.breaker.state(), BreakerState::HalfOpen);
    run.play("S*3 F*3");
    QCOMPARE(run.breaker.state(), BreakerState::HalfOpen);
    QCOMPARE(run.breaker.counters().stale, std::uint64_t(6));
    QCOMPARE(run.breaker.status(run.now).trialsOk, 0U);
    run.play("s*4 f*4");
    QCOMPARE(run.breaker.state(), BreakerState::Closed);
}

void BreakerTest::openTimeDoublesWithSeededJitter()
{
    BreakerPolicy policy;
    const auto openTimes = [&](std::uint64_t seed) {
        BreakerScript run(policy, seed);
        std::vector<Breaker::Duration> times;
        run.play("f*5");
        for (int i = 0; i < 6; ++i) {
            times.push_back(run.breaker.status(run.now).openLeft);
            while (run.breaker.state() != BreakerState::HalfOpen)
                run.pass(50ms);
            run.play("f*2");
        }
        return times;
    };
    const auto times = openTimes(42);
    const Breaker::Duration bases[] = {5s, 10s, 20s, 40s, 60s, 60s};
    for (std::size_t i = 0; i < times.size(); ++i) {
        QVERIFY(times[i] >= bases[i]);
        QVERIFY(times[i] <= bases[i] * 12 / 10);
    }
    QVERIFY(openTimes(42) == times);
    QVERIFY(openTimes(43) != times);
}

void BreakerTest::everyOpenEnds()
{
    BreakerScript run({}, 9);
    run.play("f*5");
    std::mt19937 random(4);
    Breaker::Duration openSince = run.now;
    for (int i = 0; i < 2000; ++i) {
        run.play(random() % 3 == 0 ? "s" : "r");
        run.pass(std::chrono::milliseconds(random() % 2000));
        if (run.breaker.state() != BreakerState::Open)
            openSince = run.now;
        QVERIFY(run.now - openSince <= 72s + 2s);
    }
}

void BreakerTest::observeComputesAndAdmits()
{
    BreakerPolicy policy = steadyPolicy();
    policy.mode = BreakerMode::Observe;
    BreakerScript observed(policy);
    BreakerScript enforced(steadyPolicy());
    for (const char* part : {"f*30", "+5100", "f*30", "+10100", "s*30"}) {
        observed.play(part);
        enforced.play(part);
        QCOMPARE(observed.breaker.state(), enforced.breaker.state());
    }
    QCOMPARE(observed.refused, 0);
    QVERIFY(enforced.refused > 0);
    QCOMPARE(observed.events.size(), enforced.events.size());
}

void BreakerTest::overrides_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<bool>("admitsWhileForced");
    QTest::addColumn<QByteArray>("stateAfter");
    const auto row = [](const char* name, OverrideKind kind, const char* before, bool admits,
                         const char* after) {
        QTest::newRow(name) << int(kind) << QByteArray(before) << admits << QByteArray(after);
    };
    row("forced open, then trials", OverrideKind::ForcedOpen, "s*3", false, "HALF_OPEN");
    row("forced open over an open one", OverrideKind::ForcedOpen, "f*5", false, "HALF_OPEN");
    row("forced closed over an open one", OverrideKind::ForcedClosed, "r*5", true, "OPEN");
    row("forced closed over a closed one", OverrideKind::ForcedClosed, "s", true, "CLOSED");
}

void BreakerTest::overrides()
{
    QFETCH(int, kind);
    QFETCH(QByteArray, before);
    QFETCH(bool, admitsWhileForced);
    QFETCH(QByteArray, stateAfter);
    BreakerScript run(steadyPolicy());
    run.play(before);
    run.breaker.setOverride(forced(static_cast<OverrideKind>(kind), run.now + 4s), run.now);
    QCOMPARE(run.events.back().cause, BreakerCause::Operator);
    QCOMPARE(run.events.back().operatorName, std::string("ann"));
    const std::size_t eventsBefore = run.events.size();
    run.breaker.setOverride(forced(static_cast<OverrideKind>(kind), run.now + 4s), run.now);
    QCOMPARE(run.events.size(), eventsBefore); // sent again: no new event
    const auto decision = run.admit();
    QCOMPARE(decision.admission == Admission::Admitted, admitsWhileForced);
    if (!admitsWhileForced)
        QCOMPARE(decision.admission, Admission::ForcedOpen);
    run.pass(3900ms);
    QCOMPARE(int(run.breaker.overrideKind()), kind);
    run.pass(150ms); // it comes back by its own clock, nobody asks
    QCOMPARE(run.breaker.overrideKind(), OverrideKind::None);
    QCOMPARE(run.events.back().cause, BreakerCause::OverrideExpired);
    QCOMPARE(QByteArray(breakerStateName(run.breaker.state()).data()), stateAfter);
}

void BreakerTest::keepsComputingUnderAnOverride()
{
    BreakerScript run(steadyPolicy());
    run.breaker.setOverride(forced(OverrideKind::ForcedClosed, run.now + 600s), run.now);
    run.play("f*5");
    QCOMPARE(run.breaker.state(), BreakerState::Open);
    QCOMPARE(run.breaker.overrideKind(), OverrideKind::ForcedClosed);
    QCOMPARE(run.admit().admission, Admission::Admitted);
    run.play("+5100 s*10");
    QCOMPARE(run.breaker.state(), BreakerState::Closed);
    run.breaker.clearOverride("bob", run.now);
    QCOMPARE(run.breaker.state(), BreakerState::Closed);
    QCOMPARE(run.events.back().operatorName, std::string("bob"));
}

void BreakerTest::drainsItsShare()
{
    BreakerScript run(steadyPolicy());
    BreakerOverride draining = forced(OverrideKind::Draining, run.now + 60s);
    draining.drainPercent = 30;
    run.breaker.setOverride(draining, run.now);
    run.play("s*1000");
    QCOMPARE(run.refused, 300);
}

void BreakerTest::rampsUpAfterClosing()
{
    BreakerPolicy policy = steadyPolicy();
    policy.ramp = 10s;
    BreakerScript run(policy);
    run.play("f*5 +5100 s*4");
    run.pass(5s);
    run.hash = 0;
    run.admitted = run.refused = 0;
    run.play("s*1000");
    QVERIFY(std::abs(run.admitted - 500) <= 10);
    run.pass(5s);
    run.refused = 0;
    run.play("s*1000");
    QCOMPARE(run.refused, 0);
}

void BreakerTest::policyChangeKeepsState()
{
    BreakerScript run(steadyPolicy());
    run.play("f*4");
    BreakerPolicy changed = steadyPolicy();
    changed.consecutive = 6;
    run.breaker.setPolicy(changed, run.now);
    QCOMPARE(run.breaker.status(run.now).windowFailures, 4U);
    run.play("f");
    QCOMPARE(run.breaker.state(), BreakerState::Closed);
    run.play("f");
    QCOMPARE(run.breaker.state(), BreakerState::Open);
    changed.window = 20s;
    run.breaker.setPolicy(changed, run.now);
    QCOMPARE(run.breaker.state(), BreakerState::Open);
    QCOMPARE(run.breaker.status(run.now).windowCalls, 0U);
    changed.enabled = false;
    run.breaker.setPolicy(changed, run.now);
    QCOMPARE(run.breaker.state(), BreakerState::Closed);
    QCOMPARE(run.events.back().cause, BreakerCause::PolicyChange);
    run.play("f*100");
    QCOMPARE(run.breaker.state(), BreakerState::Closed);
}

void BreakerTest::timeInStateSumsToUptime()
{
    BreakerScript run({}, 3);
    run.play("f*5 +9000 f*2 +30000 s*5 +1234 f*5 +100");
    const auto times = run.breaker.status(run.now).timeInState;
    const auto sum = std::accumulate(times.begin(), times.end(), Breaker::Duration(0));
    QCOMPARE(sum.count(), run.now.count());
}

void BreakerTest::replayGivesTheSameTransitions()
{
    const auto events = [] {
        BreakerScript run({}, 77);
        std::mt19937 random(123);
        const char* const words[]
            = {"s", "s", "f", "f", "q", "w", "i", "a", "S", "F", "+300", "+2500"};
        for (int i = 0; i < 20000; ++i)
            run.play(words[random() % std::size(words)]);
        return run.events;
    };
    const auto first = events();
    QVERIFY(first.size() > 20);
    QVERIFY(first == events());
    for (std::size_t i = 1; i < first.size(); ++i)
        QCOMPARE(first[i].generation, first[i - 1].generation + 1);
}

QTEST_GUILESS_MAIN(BreakerTest)
#include "tst_breaker.moc"
