// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/load_balancer.h"
#include "embedded-mesh/proxy/upstream/outlier_detector.h"

#include <QTest>

#include <map>

using namespace meshyard;
using namespace meshyard::proxy;
using namespace std::chrono_literals;

namespace {

using Endpoints = std::vector<std::shared_ptr<Endpoint>>;

/// One word an endpoint: name, then optionally `*weight`, `@priority`, `!` for unhealthy.
Endpoints endpointsOf(const QByteArray& words)
{
    Endpoints endpoints;
    for (QByteArray word : words.split(' ')) {
        EndpointSpec spec;
        if (word.endsWith('!')) {
            spec.healthy = false;
            word.chop(1);
        }
        if (const auto at = word.indexOf('@'); at >= 0) {
            spec.priority = word.mid(at + 1).toUInt();
            word.truncate(at);
        }
        if (const auto star = word.indexOf('*'); star >= 0) {
            spec.weight = word.mid(star + 1).toUInt();
            word.truncate(star);
        }
        spec.instance = word.toStdString();
        endpoints.push_back(std::make_shared<Endpoint>(spec));
    }
    return endpoints;
}

} // namespace

class BalancingTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sharesTraffic_data();
    void sharesTraffic();
    void prefersTheLessBusy();
    void avoidsWhatWasTried();
    void ejectsByTheRules_data();
    void ejectsByTheRules();
    void pausesGrowAndShrink();
};

void BalancingTest::sharesTraffic_data()
{
    QTest::addColumn<QByteArray>("endpoints");
    QTest::addColumn<int>("policy");
    QTest::addColumn<double>("panic");
    QTest::addColumn<QByteArray>("shares"); // percent, in order
    const auto row = [](const char* name, const char* endpoints, BalancePolicy policy, double panic,
                         const char* shares) {
        QTest::newRow(name) << QByteArray(endpoints) << int(policy) << panic << QByteArray(shares);
    };
    row("round robin", "a b c d", BalancePolicy::RoundRobin, 50, "25 25 25 25");
    row("random", "a b", BalancePolicy::Random, 50, "50 50");
    row("weights", "a*3 b*1", BalancePolicy::Random, 50, "75 25");
    row("unhealthy left out", "a b! c", BalancePolicy::Random, 50, "50 0 50");
    row("panic ignores health", "a b! c!", BalancePolicy::Random, 50, "33 33 33");
    row("no panic at 0", "a b! c!", BalancePolicy::Random, 0, "100 0 0");
    row("second priority idle", "a b c@1", BalancePolicy::Random, 50, "50 50 0");
    // one of two healthy: 50 % × 1.4 = 70 % stays
    row("second priority takes the rest", "a b! c@1", BalancePolicy::Random, 0, "70 0 30");
    row("first priority dead", "a! c@1 d@1", BalancePolicy::Random, 0, "0 50 50");
}

void BalancingTest::sharesTraffic()
{
    QFETCH(QByteArray, endpoints);
    QFETCH(int, policy);
    QFETCH(double, panic);
    QFETCH(QByteArray, shares);
    const Endpoints members = endpointsOf(endpoints);
    ClusterSpec spec;
    spec.balance = static_cast<BalancePolicy>(policy);
    spec.panicThreshold = panic;
    LoadBalancer balancer;
    balancer.rebuild(members, spec, 140);
    std::map<Endpoint*, int> counts;
    std::uint64_t random = 7;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i)
        ++counts[balancer.pick(nextRandom(random), {}).get()];
    const QList<QByteArray> wanted = shares.split(' ');
    for (std::size_t i = 0; i < members.size(); ++i) {
        const double share = 100.0 * counts[members[i].get()] / kDraws;
        const double expected = wanted[static_cast<int>(i)].toDouble();
        QVERIFY2(std::abs(share - expected) < 1.5, std::to_string(share).c_str());
    }
}

void BalancingTest::prefersTheLessBusy()
{
    const Endpoints members = endpointsOf("a b c d");
    LoadBalancer balancer;
    balancer.rebuild(members, ClusterSpec{}, 140);
    std::uint64_t random = 3;
    for (int i = 0; i < 4000; ++i)
        ++balancer.pick(nextRandom(random), {})->active;
    for (const auto& member : members)
        QVERIFY(member->active > 990 && member->active < 1010); // two choices keep it level
    const Endpoints two = endpointsOf("a b");
    two[0]->active = 5;
    balancer.rebuild(two, ClusterSpec{}, 140);
    for (int i = 0; i < 100; ++i)
        QCOMPARE(balancer.pick(nextRandom(random), {}), two[1]);
}

void BalancingTest::avoidsWhatWasTried()
{
    const Endpoints members = endpointsOf("a b c");
    LoadBalancer balancer;
    balancer.rebuild(members, ClusterSpec{}, 140);
    Endpoint* const tried[] = {members[0].get(), members[2].get()};
    std::uint64_t random = 5;
    for (int i = 0; i < 200; ++i)
        QCOMPARE(balancer.pick(nextRandom(random), tried), members[1]);
    balancer.rebuild(endpointsOf("a!"), ClusterSpec{}, 140);
    ClusterSpec strict;
    strict.panicThreshold = 0;
    balancer.rebuild(endpointsOf("a!"), strict, 140);
    QVERIFY(balancer.pick(1, {}) == nullptr);
}

void BalancingTest::ejectsByTheRules_data()
{
    QTest::addColumn<int>("members");
    QTest::addColumn<int>("percent");
    QTest::addColumn<bool>("alwaysOne");
    QTest::addColumn<QByteArray>("statuses");
    QTest::addColumn<bool>("ejected");
    const auto row = [](const char* name, int members, int percent, bool one, const char* statuses,
                         bool ejected) {
        QTest::newRow(name) << members << percent << one << QByteArray(statuses) << ejected;
    };
    row("five 5xx", 2, 50, false, "500 500 500 500 500", true);
    row("four 5xx", 2, 50, false, "500 500 500 500", false);
    row("a success between", 2, 50, false, "500 500 500 500 200 500", false);
    row("no answers count", 2, 50, false, "0 0 0 0 0", true);
    row("4xx are fine", 2, 50, false, "404 404 404 404 404 404", false);
    row("percent floors to none", 2, 10, false, "500 500 500 500 500", false);
    row("but one if always", 2, 10, true, "500 500 500 500 500", true);
    row("three gateway errors", 2, 50, false, "503 502 504", true);
    row("the only one, if allowed", 1, 100, false, "500 500 500 500 500", true);
}

void BalancingTest::ejectsByTheRules()
{
    QFETCH(int, members);
    QFETCH(int, percent);
    QFETCH(bool, alwaysOne);
    QFETCH(QByteArray, statuses);
    QFETCH(bool, ejected);
    Endpoints endpoints;
    for (int i = 0; i < members; ++i)
        endpoints.push_back(std::make_shared<Endpoint>(EndpointSpec{}));
    OutlierSpec spec;
    spec.enabled = true;
    spec.consecutiveGateway = 3;
    spec.maxPercent = static_cast<std::uint32_t>(percent);
    spec.alwaysEjectOne = alwaysOne;
    if (statuses.startsWith("0"))
        spec.consecutiveGateway = 0;
    for (const QByteArray& status : statuses.split(' '))
        OutlierDetector::record(*endpoints[0], status.toInt(), spec, endpoints, TimePoint{});
    QCOMPARE(endpoints[0]->ejection.ejected, ejected);
}

void BalancingTest::pausesGrowAndShrink()
{
    const Endpoints endpoints = endpointsOf("a b");
    OutlierSpec spec;
    spec.enabled = true;
    spec.maxPercent = 100;
    spec.baseEjection = 10s;
    TimePoint now{1h};
    const auto eject = [&] {
        for (int i = 0; i < 5; ++i)
            OutlierDetector::record(*endpoints[0], 500, spec, endpoints, now);
        return endpoints[0]->ejection.until - now;
    };
    QVERIFY(eject() == 10s);
    now += 9s;
    QVERIFY(!OutlierDetector::sweep(spec, endpoints, now));
    now += 1s;
    QVERIFY(OutlierDetector::sweep(spec, endpoints, now));
    QVERIFY(eject() == 20s);
    now += 20s;
    QVERIFY(OutlierDetector::sweep(spec, endpoints, now));
    for (int i = 0; i < 3; ++i) {
        now += 10s;
        OutlierDetector::sweep(spec, endpoints, now); // it behaves
    }
    QVERIFY(eject() == 10s);
}

QTEST_GUILESS_MAIN(BalancingTest)
#include "tst_balancing.moc"
