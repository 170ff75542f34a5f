// SPDX-License-Identifier: GPL-3.0-or-later
// One breaker over several workers: counted together, trials bounded together. The last test runs
// real threads and is meant for the preset tsan.
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/shared_breaker.h"

#include <QTest>

#include <thread>

using namespace meshyard;

namespace {

constexpr unsigned kWorkers = 4;

/// Owner and workers on one thread, on a clock that the test moves.
struct Bench
{
    explicit Bench(BreakerPolicy policy)
        : shared(std::move(policy), 1, now,
              [this](const BreakerEvent& event) { events.push_back(event); }, kWorkers,
              [this](SharedBreaker::Urgency urgency) { notified = static_cast<int>(urgency); })
    {
    }

    BreakerDecision ask(unsigned worker, std::uint64_t hash = 0)
    {
        now += std::chrono::microseconds(10);
        return shared.admit(worker, {hash, std::chrono::seconds(1)}, now);
    }

    void answer(unsigned worker, const BreakerPermit& permit, int status)
    {
        now += std::chrono::microseconds(10);
        CallOutcome outcome;
        outcome.status = status;
        shared.finish(worker, permit, outcome, now);
    }

    void call(unsigned worker, int status) { answer(worker, ask(worker).permit, status); }

    void pass(Breaker::Duration time)
    {
        now += time;
        shared.drain(now);
    }

    Breaker::Duration now = std::chrono::seconds(1);
    std::vector<BreakerEvent> events;
    int notified = 0;
    SharedBreaker shared;
};

BreakerPolicy quickPolicy()
{
    BreakerPolicy policy;
    policy.openBase = std::chrono::milliseconds(500);
    policy.jitter = 0;
    return policy;
}

/// Opens by five failures and lets the open time pass.
void bringToHalfOpen(Bench& bench)
{
    for (unsigned i = 0; i < 5; ++i)
        bench.call(i % kWorkers, 500);
    bench.pass(std::chrono::milliseconds(1));
    QCOMPARE(bench.shared.state(), BreakerState::Open);
    bench.pass(std::chrono::milliseconds(500));
    QCOMPARE(bench.shared.state(), BreakerState::HalfOpen);
}

} // namespace

class SharedBreakerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void countsConsecutiveFailuresOfAllWorkers();
    void ordersResultsOfWorkersByTime();
    void ratioCountsOverAllWorkers();
    void handsOutTrialsOnce();
    void givesAReleasedTrialBack();
    void expiresATrialThatNobodyFinished();
    void resultsFromBeforeATransitionAreStale();
    void overridesBindAllWorkers();
    void observesWithoutRejecting();
    void narrowerPolicyWithdrawsPermits();
    void keepsResultsThatDontFitTheRing();
    void tellsTheOwnerOnce();
    void neverMoreTrialsThanAllowedWithThreads_data();
    void neverMoreTrialsThanAllowedWithThreads();
};

void SharedBreakerTest::countsConsecutiveFailuresOfAllWorkers()
{
    Bench bench(quickPolicy());
    for (unsigned i = 0; i < 4; ++i)
        bench.call(i, 503);
    bench.pass(std::chrono::milliseconds(10));
    QCOMPARE(bench.shared.state(), BreakerState::Closed);
    bench.call(2, 503);
    bench.pass(std::chrono::milliseconds(10));
    QCOMPARE(bench.shared.state(), BreakerState::Open);
    QCOMPARE(bench.events.size(), std::size_t(1));
    QCOMPARE(bench.events[0].cause, BreakerCause::Consecutive);
    for (unsigned i = 0; i < kWorkers; ++i)
        QCOMPARE(bench.ask(i).admission, Admission::Open);
    QCOMPARE(bench.shared.counters().rejected[1], std::uint64_t(4));
    QCOMPARE(bench.shared.retryAfter(bench.now), std::chrono::seconds(1));
}

void SharedBreakerTest::ordersResultsOfWorkersByTime()
{
    Bench bench(quickPolicy());
    // Worker 3 succeeds between the failures of the others; its ring is read last.
    for (unsigned i = 0; i < 3; ++i)
        bench.call(i, 500);
    bench.call(3, 200);
    for (unsigned i = 0; i < 3; ++i)
        bench.call(i, 500);
    bench.pass(std::chrono::milliseconds(10));
    QCOMPARE(bench.shared.state(), BreakerState::Closed);
    QCOMPARE(bench.shared.breaker().status(bench.now).consecutive, 3U);
}

void SharedBreakerTest::ratioCountsOverAllWorkers()
{
    Bench bench(quickPolicy());
    for (unsigned i = 0; i < 20; ++i)
        bench.call(i % kWorkers, i % 2 == 0 ? 500 : 200);
    bench.pass(std::chrono::milliseconds(10));
    QCOMPARE(bench.shared.state(), BreakerState::Open);
    QCOMPARE(bench.events[0].cause, BreakerCause::FailureRatio);
    QCOMPARE(bench.events[0].calls, 20U);
}

void SharedBreakerTest::handsOutTrialsOnce()
{
    BreakerPolicy policy = quickPolicy();
    policy.trialConcurrency = 2;
    policy.trialCalls = 3;
    policy.trialSuccess = 3;
    Bench bench(policy);
    bringToHalfOpen(bench);
    const BreakerDecision first = bench.ask(0);
    const BreakerDecision second = bench.ask(3);
    QCOMPARE(first.admission, Admission::Admitted);
    QCOMPARE(second.admission, Admission::Admitted);
    QVERIFY(first.permit.lease != 0 && first.permit.lease != second.permit.lease);
    QCOMPARE(bench.ask(1).admission, Admission::HalfOpen);
    bench.pass(std::chrono::milliseconds(1)); // the owner hears of both: still none to give
    QCOMPARE(bench.ask(1).admission, Admission::HalfOpen);
    bench.answer(0, first.permit, 200);
    QCOMPARE(bench.ask(1).admission, Admission::HalfOpen); // not before the owner has judged
    bench.pass(std::chrono::milliseconds(1));
    const BreakerDecision third = bench.ask(1);
    QCOMPARE(third.admission, Admission::Admitted);
    bench.answer(3, second.permit, 200);
    bench.pass(std::chrono::milliseconds(1));
    QCOMPARE(bench.ask(2).admission, Admission::HalfOpen); // trialCalls are used up
    bench.answer(1, third.permit, 200);
    bench.pass(std::chrono::milliseconds(1));
    QCOMPARE(bench.shared.state(), BreakerState::Closed);
}

void SharedBreakerTest::givesAReleasedTrialBack()
{
    Bench bench(quickPolicy());
    bringToHalfOpen(bench);
    const BreakerDecision trial = bench.ask(1);
    QCOMPARE(bench.ask(2).admission, Admission::HalfOpen);
    bench.shared.release(1, trial.permit, bench.now);
    bench.pass(std::chrono::milliseconds(1));
    QCOMPARE(bench.ask(2).admission, Admission::Admitted);
}

void SharedBreakerTest::expiresATrialThatNobodyFinished()
{
    Bench bench(quickPolicy());
    bringToHalfOpen(bench);
    QCOMPARE(bench.ask(0).admission, Admission::Admitted);
    bench.pass(std::chrono::milliseconds(1));
    bench.pass(std::chrono::milliseconds(1001)); // the route's timeout
    QCOMPARE(bench.shared.counters().expired, std::uint64_t(1));
    QCOMPARE(bench.ask(1).admission, Admission::Admitted);
}

void SharedBreakerTest::resultsFromBeforeATransitionAreStale()
{
    Bench bench(quickPolicy());
    const BreakerDecision early = bench.ask(3);
    bringToHalfOpen(bench);
    bench.answer(3, early.permit, 500);
    bench.pass(std::chrono::milliseconds(1));
    QCOMPARE(bench.shared.state(), BreakerState::HalfOpen);
    QCOMPARE(bench.shared.counters().stale, std::uint64_t(1));
}

void SharedBreakerTest::overridesBindAllWorkers()
{
    Bench bench(quickPolicy());
    BreakerOverride forced;
    forced.kind = OverrideKind::ForcedOpen;
    forced.id = "one";
    forced.deadline = bench.now + std::chrono::seconds(30);
    bench.shared.setOverride(forced, bench.now);
    for (unsigned i = 0; i < kWorkers; ++i)
        QCOMPARE(bench.ask(i).admission, Admission::ForcedOpen);
    QCOMPARE(bench.shared.retryAfter(bench.now), std::chrono::seconds(30));
    bench.pass(std::chrono::seconds(31)); // by time, without anybody's help
    QCOMPARE(bench.shared.state(), BreakerState::HalfOpen);
    bench.shared.reset("me", bench.now);
    QCOMPARE(bench.shared.state(), BreakerState::Closed);

    forced.kind = OverrideKind::Draining;
    forced.drainPercent = 25;
    forced.deadline = Breaker::Duration::max();
    bench.shared.setOverride(forced, bench.now);
    int refused = 0;
    for (unsigned i = 0; i < 100; ++i)
        refused += bench.ask(i % kWorkers, i).admission == Admission::ForcedOpen ? 1 : 0;
    QCOMPARE(refused, 25);
}

void SharedBreakerTest::observesWithoutRejecting()
{
    BreakerPolicy policy = quickPolicy();
    policy.mode = BreakerMode::Observe;
    Bench bench(policy);
    for (unsigned i = 0; i < 6; ++i)
        bench.call(i % kWorkers, 500);
    bench.pass(std::chrono::milliseconds(10));
    QCOMPARE(bench.shared.state(), BreakerState::Open);
    bench.call(2, 500);
    QCOMPARE(bench.shared.counters().unjudged, std::uint64_t(1));
    QCOMPARE(bench.shared.counters().rejected[1], std::uint64_t(0));
}

void SharedBreakerTest::narrowerPolicyWithdrawsPermits()
{
    BreakerPolicy policy = quickPolicy();
    policy.trialConcurrency = 4;
    Bench bench(policy);
    bringToHalfOpen(bench);
    policy.trialConcurrency = 1;
    bench.shared.setPolicy(policy, bench.now);
    QCOMPARE(bench.ask(0).admission, Admission::Admitted);
    QCOMPARE(bench.ask(1).admission, Admission::HalfOpen);
}

void SharedBreakerTest::keepsResultsThatDontFitTheRing()
{
    BreakerPolicy policy = quickPolicy();
    policy.minCalls = 100000;
    Bench bench(policy);
    const auto calls = static_cast<unsigned>(OutcomeRing::kSize * 3);
    for (unsigned i = 0; i < calls; ++i)
        bench.call(1, 200);
    for (int i = 0; i < 4; ++i) {
        bench.pass(std::chrono::milliseconds(1));
        bench.shared.flush(1);
    }
    QCOMPARE(bench.shared.counters().success, std::uint64_t(calls));
}

void SharedBreakerTest::tellsTheOwnerOnce()
{
    Bench bench(quickPolicy());
    bench.call(0, 200);
    QCOMPARE(bench.notified, 1);
    bench.notified = 0;
    bench.call(1, 200);
    QCOMPARE(bench.notified, 0); // it knows already
    bench.call(1, 500);
    QCOMPARE(bench.notified, 2); // this can't wait
    bench.pass(std::chrono::milliseconds(1));
    bench.call(2, 200);
    QCOMPARE(bench.notified, 1);
}

void SharedBreakerTest::neverMoreTrialsThanAllowedWithThreads_data()
{
    QTest::addColumn<unsigned>("concurrency");
    QTest::newRow("one trial at a time") << 1U;
    QTest::newRow("three at a time") << 3U;
}

void SharedBreakerTest::neverMoreTrialsThanAllowedWithThreads()
{
    QFETCH(unsigned, concurrency);
    BreakerPolicy policy = quickPolicy();
    policy.openBase = policy.openMax = std::chrono::microseconds(300);
    policy.trialConcurrency = concurrency;
    policy.trialCalls = 8;
    policy.trialSuccess = 6;
    const SteadyClock clock;
    const auto time = [&clock] {
        return std::chrono::duration_cast<Breaker::Duration>(clock.now().time_since_epoch());
    };
    std::uint64_t transitions = 0; // the owner's
    std::atomic<bool> wake{false};
    SharedBreaker shared(
        policy, 7, time(), [&](const BreakerEvent&) { ++transitions; }, kWorkers,
        [&](SharedBreaker::Urgency) { wake = true; });
    std::atomic<bool> stop{false};
    std::atomic<unsigned> inFlight{0};
    std::atomic<unsigned> worst{0};
    std::atomic<std::uint64_t> trials{0};
    std::atomic<std::uint64_t> finished{0};
    const auto work = [&](unsigned worker) {
        std::uint64_t random = worker + 1;
        while (!stop) {
            random = random * 6364136223846793005ULL + 1442695040888963407ULL;
            const BreakerDecision decision
                = shared.admit(worker, {random >> 33, std::chrono::seconds(60)}, time());
            if (decision.admission != Admission::Admitted) {
                shared.flush(worker);
                continue;
            }
            const bool trial = decision.permit.lease != 0;
            for (int i = 0; i < 100; ++i) // others get a chance, too
                static_cast<void>(time());
            if (trial) {
                ++trials;
                const unsigned now = ++inFlight;
                unsigned seen = worst;
                while (now > seen && !worst.compare_exchange_weak(seen, now)) { }
                for (int i = 0; i < 50; ++i)
                    static_cast<void>(time());
            }
            CallOutcome outcome;
            outcome.status = (random >> 40) % 5 == 0 ? 500 : 200;
            if (trial)
                --inFlight;
            if (trial && (random >> 50) % 16 == 0) {
                shared.release(worker, decision.permit, time());
                continue;
            }
            shared.finish(worker, decision.permit, outcome, time());
            ++finished;
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kWorkers; ++i)
        threads.emplace_back(work, i);
    const TimePoint latest = clock.now() + std::chrono::seconds(20); // a busy machine
    for (unsigned turn = 0; transitions < 60 && clock.now() < latest; ++turn) {
        if (wake.exchange(false) || turn % 64 == 0)
            shared.drain(time());
    }
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    for (int i = 0; i < 100; ++i) { // a full spill takes many rings
        for (unsigned worker = 0; worker < kWorkers; ++worker)
            shared.flush(worker);
        shared.drain(time());
    }
    const BreakerCounters counters = shared.counters();
    QVERIFY2(worst <= concurrency, std::to_string(worst).c_str());
    QVERIFY2(trials > 20 && transitions > 20, std::to_string(trials).c_str());
    QCOMPARE(counters.success + counters.failure + counters.stale + counters.unjudged,
        finished.load()); // no result is lost, none counted twice
    QCOMPARE(counters.expired, std::uint64_t(0));
}

QTEST_APPLESS_MAIN(SharedBreakerTest)
#include "tst_shared_breaker.moc"
