// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/outlier_detector.h"
#include "endpoint_words.h"

#include <QTest>

#include <set>

using namespace meshyard;
using namespace meshyard::proxy;
using namespace std::chrono_literals;

class OutlierTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ejectsByTheRules_data();
    void ejectsByTheRules();
    void pausesGrowAndShrink();
    void pauseIsCapped();
    void jitterDelaysTheReturn();
    void returnsOnlyAtASweep();
    void successRateFindsTheWorst_data();
    void successRateFindsTheWorst();
    void failurePercentageFindsEachOne();
    void localFailuresApart();
    void enforcesAShare();
    void neverEjectsMoreThanAllowed();
    void aPassedHealthCheckLetsBack();
    void disabledLetsAllBack();
};

namespace {

OutlierSpec enabled(std::uint32_t percent = 100)
{
    OutlierSpec spec;
    spec.enabled = true;
    spec.maxPercent = percent;
    return spec;
}

constexpr TimePoint kStart{1h};

} // namespace

void OutlierTest::ejectsByTheRules_data()
{
    QTest::addColumn<int>("members");
    QTest::addColumn<int>("percent");
    QTest::addColumn<bool>("alwaysOne");
    QTest::addColumn<int>("enforcingGateway");
    QTest::addColumn<QByteArray>("statuses");
    QTest::addColumn<QByteArray>("cause"); // "" = none
    const auto row = [](const char* name, int members, int percent, bool one, int gateway,
                         const char* statuses, const char* cause) {
        QTest::newRow(name) << members << percent << one << gateway << QByteArray(statuses)
                            << QByteArray(cause);
    };
    row("five 5xx", 2, 50, false, 0, "500 500 500 500 500", "consecutive_5xx");
    row("four 5xx", 2, 50, false, 0, "500 500 500 500", "");
    row("a success between", 2, 50, false, 0, "500 500 500 500 200 500", "");
    row("no answers count", 2, 50, false, 0, "0 0 0 0 0", "consecutive_5xx");
    row("4xx are fine", 2, 50, false, 0, "404 404 404 404 404 404", "");
    row("percent floors to none", 2, 10, false, 0, "500 500 500 500 500", "");
    row("but one if always", 2, 10, true, 0, "500 500 500 500 500", "consecutive_5xx");
    row("three gateway errors", 2, 50, false, 100, "503 502 504", "consecutive_gateway_failure");
    row("a 500 breaks the row of gateway errors", 2, 50, false, 100, "503 500 504 502", "");
    row("gateway rule is not enforced by default", 2, 50, false, 0, "503 502 504 500", "");
    row("the only one, if allowed", 1, 100, false, 0, "500 500 500 500 500", "consecutive_5xx");
}

void OutlierTest::ejectsByTheRules()
{
    QFETCH(int, members);
    QFETCH(int, percent);
    QFETCH(bool, alwaysOne);
    QFETCH(int, enforcingGateway);
    QFETCH(QByteArray, statuses);
    QFETCH(QByteArray, cause);
    Endpoints endpoints;
    for (int i = 0; i < members; ++i)
        endpoints.push_back(std::make_shared<Endpoint>(EndpointSpec{}));
    OutlierSpec spec = enabled(static_cast<std::uint32_t>(percent));
    spec.consecutiveGateway = 3;
    spec.enforcingGateway = static_cast<std::uint32_t>(enforcingGateway);
    spec.alwaysEjectOne = alwaysOne;
    OutlierDetector detector(1);
    for (const QByteArray& status : statuses.split(' '))
        detector.record(*endpoints[0], status.toInt(), spec, endpoints, kStart);
    const EjectionRecord& record = endpoints[0]->ejection;
    QCOMPARE(record.ejected, !cause.isEmpty());
    if (!record.ejected)
        return;
    QCOMPARE(QByteArray::fromStdString(std::string(outlierCauseName(record.cause))), cause);
    QCOMPARE(detector.counters().enforced[std::size_t(record.cause)], std::uint64_t(1));
}

void OutlierTest::pausesGrowAndShrink()
{
    const Endpoints endpoints = endpointsOf("a b");
    OutlierSpec spec = enabled();
    spec.baseEjection = 10s;
    OutlierDetector detector(1);
    TimePoint now = kStart;
    const auto eject = [&] {
        for (int i = 0; i < 5; ++i)
            detector.record(*endpoints[0], 500, spec, endpoints, now);
        return endpoints[0]->ejection.until - now;
    };
    QVERIFY(eject() == 10s);
    now += 9s;
    QVERIFY(!detector.sweep(spec, endpoints, now));
    now += 1s;
    QVERIFY(detector.sweep(spec, endpoints, now));
    QVERIFY(eject() == 20s);
    now += 20s;
    QVERIFY(detector.sweep(spec, endpoints, now));
    for (int i = 0; i < 2; ++i)
        detector.sweep(spec, endpoints, now); // it behaves
    QVERIFY(eject() == 10s);
}

void OutlierTest::pauseIsCapped()
{
    const Endpoints endpoints = endpointsOf("a b");
    OutlierSpec spec = enabled();
    spec.maxEjection = 70s;
    OutlierDetector detector(1);
    TimePoint now = kStart;
    std::vector<Duration> pauses;
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 5; ++i)
            detector.record(*endpoints[0], 500, spec, endpoints, now);
        pauses.push_back(endpoints[0]->ejection.until - now);
        now = endpoints[0]->ejection.until;
        QVERIFY(detector.sweep(spec, endpoints, now));
    }
    QVERIFY((pauses == std::vector<Duration>{30s, 60s, 70s, 70s, 70s}));
}

void OutlierTest::jitterDelaysTheReturn()
{
    std::set<Duration> pauses;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Endpoints endpoints = endpointsOf("a b");
        OutlierSpec spec = enabled();
        spec.maxJitter = 5s;
        OutlierDetector detector(seed);
        for (int i = 0; i < 5; ++i)
            detector.record(*endpoints[0], 500, spec, endpoints, kStart);
        const Duration pause = endpoints[0]->ejection.until - kStart;
        QVERIFY(pause >= 30s && pause <= 35s);
        pauses.insert(pause);
    }
    QVERIFY(pauses.size() > 15);
}

void OutlierTest::returnsOnlyAtASweep()
{
    const Endpoints endpoints = endpointsOf("a b");
    const OutlierSpec spec = enabled();
    OutlierDetector detector(1);
    QVERIFY(!detector.tick(spec, endpoints, kStart));
    for (int i = 0; i < 5; ++i)
        detector.record(*endpoints[0], 500, spec, endpoints, kStart + 3s);
    QVERIFY(!detector.tick(spec, endpoints, kStart + 9s));
    QVERIFY(!detector.tick(spec, endpoints, kStart + 30s)); // a sweep, but 27 s of 30
    QVERIFY(!detector.tick(spec, endpoints, kStart + 34s)); // over, but no sweep
    QVERIFY(endpoints[0]->ejection.ejected);
    QVERIFY(detector.tick(spec, endpoints, kStart + 40s));
    QVERIFY(!endpoints[0]->ejection.ejected);
}

void OutlierTest::successRateFindsTheWorst_data()
{
    QTest::addColumn<int>("factor"); // thousandths
    QTest::addColumn<int>("requests");
    QTest::addColumn<int>("hosts");
    QTest::addColumn<bool>("ejected");
    QTest::newRow("default factor") << 1900 << 100 << 6 << true;
    QTest::newRow("wider") << 2500 << 100 << 6 << false; // √5 deviations at most among six
    QTest::newRow("too few requests") << 1900 << 99 << 6 << false;
    QTest::newRow("too few hosts") << 1500 << 100 << 4 << false;
}

void OutlierTest::successRateFindsTheWorst()
{
    QFETCH(int, factor);
    QFETCH(int, requests);
    QFETCH(int, hosts);
    QFETCH(bool, ejected);
    const Endpoints all = endpointsOf("a b c d e f");
    const Endpoints endpoints(all.begin(), all.begin() + hosts);
    OutlierSpec spec = enabled();
    spec.successRateStdev = static_cast<std::uint32_t>(factor);
    OutlierDetector detector(1);
    for (const auto& endpoint : endpoints) {
        for (int i = 0; i < requests; ++i) // one in five of a's fails, never five in a row
            detector.record(*endpoint, endpoint == endpoints[0] && i % 5 == 0 ? 500 : 200, spec,
                endpoints, kStart);
    }
    QCOMPARE(detector.sweep(spec, endpoints, kStart), ejected);
    QCOMPARE(endpoints[0]->ejection.ejected, ejected);
    if (ejected)
        QCOMPARE(int(endpoints[0]->ejection.cause), int(OutlierCause::SuccessRate));
    for (std::size_t i = 1; i < endpoints.size(); ++i)
        QVERIFY(!endpoints[i]->ejection.ejected);
    if (requests >= 100)
        QCOMPARE(endpoints[0]->ejection.successRate, 80.0);
    QVERIFY(!detector.sweep(spec, endpoints, kStart)); // counted anew each interval
}

void OutlierTest::failurePercentageFindsEachOne()
{
    const Endpoints endpoints = endpointsOf("a b c d e");
    OutlierSpec spec = enabled();
    spec.enforcing5xx = 0;
    spec.enforcingSuccessRate = 0;
    spec.enforcingFailurePercentage = 100;
    spec.failurePercentageThreshold = 60;
    OutlierDetector detector(1);
    for (const auto& endpoint : endpoints) {
        const int failures = endpoint == endpoints[0] || endpoint == endpoints[1] ? 30 : 29;
        for (int i = 0; i < 50; ++i)
            detector.record(*endpoint, i < failures ? 500 : 200, spec, endpoints, kStart);
    }
    QVERIFY(detector.sweep(spec, endpoints, kStart)); // 60 and 58 % failed
    for (std::size_t i = 0; i < endpoints.size(); ++i)
        QCOMPARE(endpoints[i]->ejection.ejected, i < 2);
    QCOMPARE(int(endpoints[0]->ejection.cause), int(OutlierCause::FailurePercentage));
}

void OutlierTest::localFailuresApart()
{
    const Endpoints endpoints = endpointsOf("a b");
    OutlierSpec spec = enabled();
    spec.splitsLocal = true;
    spec.consecutiveLocal = 3;
    OutlierDetector detector(1);
    for (int i = 0; i < 2; ++i)
        detector.record(*endpoints[0], 0, spec, endpoints, kStart);
    detector.record(*endpoints[0], 503, spec, endpoints, kStart); // an answer: no local failure
    for (int i = 0; i < 2; ++i)
        detector.record(*endpoints[0], 0, spec, endpoints, kStart);
    QVERIFY(!endpoints[0]->ejection.ejected);
    QVERIFY(detector.record(*endpoints[0], 0, spec, endpoints, kStart));
    QCOMPARE(int(endpoints[0]->ejection.cause), int(OutlierCause::ConsecutiveLocal));
    // Not split: nothing tells them from answers.
    spec.splitsLocal = false;
    for (int i = 0; i < 4; ++i)
        detector.record(*endpoints[1], i % 2 == 0 ? 0 : 500, spec, endpoints, kStart);
    QVERIFY(detector.record(*endpoints[1], 0, spec, endpoints, kStart));
    QCOMPARE(int(endpoints[1]->ejection.cause), int(OutlierCause::Consecutive5xx));
}

void OutlierTest::enforcesAShare()
{
    OutlierSpec spec = enabled();
    spec.enforcing5xx = 30;
    int ejected = 0;
    OutlierDetector detector(1);
    for (int round = 0; round < 1000; ++round) {
        const Endpoints endpoints = endpointsOf("a");
        for (int i = 0; i < 5; ++i)
            detector.record(*endpoints[0], 500, spec, endpoints, kStart);
        ejected += endpoints[0]->ejection.ejected ? 1 : 0;
    }
    QVERIFY2(ejected > 250 && ejected < 350, QByteArray::number(ejected));
    QCOMPARE(detector.counters().detected[0], std::uint64_t(1000));
    QCOMPARE(detector.counters().enforced[0], std::uint64_t(ejected));
}

void OutlierTest::neverEjectsMoreThanAllowed()
{
    const Endpoints endpoints = endpointsOf("a b c d e f g h i j");
    const OutlierSpec spec = enabled(30);
    OutlierDetector detector(1);
    for (const auto& endpoint : endpoints) {
        for (int i = 0; i < 5; ++i)
            detector.record(*endpoint, 500, spec, endpoints, kStart);
    }
    QCOMPARE(
        std::ranges::count_if(endpoints, [](const auto& e) { return e->ejection.ejected; }), 3);
    QCOMPARE(detector.counters().overflow, std::uint64_t(7));
}

void OutlierTest::aPassedHealthCheckLetsBack()
{
    const Endpoints endpoints = endpointsOf("a b");
    OutlierSpec spec = enabled();
    OutlierDetector detector(1);
    for (int i = 0; i < 5; ++i)
        detector.record(*endpoints[0], 500, spec, endpoints, kStart);
    spec.checkUnejects = false;
    QVERIFY(!detector.checkPassed(*endpoints[0], spec));
    spec.checkUnejects = true;
    QVERIFY(detector.checkPassed(*endpoints[0], spec));
    QVERIFY(!endpoints[0]->ejection.ejected);
}

void OutlierTest::disabledLetsAllBack()
{
    const Endpoints endpoints = endpointsOf("a b");
    OutlierSpec spec = enabled();
    OutlierDetector detector(1);
    for (int i = 0; i < 5; ++i)
        detector.record(*endpoints[0], 500, spec, endpoints, kStart);
    spec.enabled = false;
    QVERIFY(detector.sweep(spec, endpoints, kStart + 1s));
    QVERIFY(!endpoints[0]->ejection.ejected);
}

QTEST_GUILESS_MAIN(OutlierTest)
#include "tst_outliers.moc"
