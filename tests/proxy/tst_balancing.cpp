// SPDX-License-Identifier: GPL-3.0-or-later
#include "endpoint_words.h"

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;
using namespace std::chrono_literals;

class BalancingTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sharesTraffic_data();
    void sharesTraffic();
    void weightedTurnsAreExact();
    void weightedLeastRequestFollowsLoadAndWeight();
    void prefersTheLessBusy();
    void scansAllForTheLeastBusy();
    void avoidsWhatWasTried();
    void retriesLeavePrioritiesBehind();
    void sharesAmongPriorities_data();
    void sharesAmongPriorities();
    void localitiesShareByWeight_data();
    void localitiesShareByWeight();
    void slowStartGrows();
};

namespace {

std::shared_ptr<Endpoint> pickOne(LoadBalancer& balancer, std::uint64_t random)
{
    PickContext context;
    context.random = random;
    return balancer.pick(context);
}

void compareShares(const std::vector<double>& shares, const QByteArray& wanted, double tolerance)
{
    const QList<QByteArray> words = wanted.split(' ');
    QCOMPARE(words.size(), qsizetype(shares.size()));
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const double expected = words[qsizetype(i)].toDouble();
        QVERIFY2(std::abs(shares[i] - expected) <= tolerance,
            QByteArray::number(qulonglong(i)) + ": " + QByteArray::number(shares[i]));
    }
}

} // namespace

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
    row("random knows no weights", "a*3 b*1", BalancePolicy::Random, 50, "50 50");
    row("round robin by weight", "a*3 b*1", BalancePolicy::RoundRobin, 50, "75 25");
    row("least request by weight", "a*3 b*1", BalancePolicy::LeastRequest, 50, "75 25");
    row("ring by weight", "a*3 b*1", BalancePolicy::RingHash, 50, "75 25");
    row("maglev by weight", "a*3 b*1", BalancePolicy::Maglev, 50, "75 25");
    row("unhealthy left out", "a b! c", BalancePolicy::Random, 50, "50 0 50");
    row("panic ignores health", "a b! c!", BalancePolicy::Random, 50, "33.3 33.3 33.3");
    row("no panic at 0", "a b! c!", BalancePolicy::Random, 0, "100 0 0");
    row("second priority idle", "a b c@1", BalancePolicy::Random, 50, "50 50 0");
    // one of two healthy: 50 % × 1.4 = 70 % stays
    row("second priority takes the rest", "a b! c@1", BalancePolicy::Random, 0, "70 0 30");
    row("first priority dead", "a! c@1 d@1", BalancePolicy::Random, 0, "0 50 50");
    row("degraded only for the rest", "a b! c! d~", BalancePolicy::Random, 0, "50 0 0 50");
    row("no degraded while enough are well", "a b c d~", BalancePolicy::Random, 0,
        "33.3 33.3 33.3 0");
    row("all degraded", "a~ b~", BalancePolicy::Random, 0, "50 50");
    row("panic in the ring", "a b! c! d!", BalancePolicy::RingHash, 50, "25 25 25 25");
}

void BalancingTest::sharesTraffic()
{
    QFETCH(QByteArray, endpoints);
    QFETCH(int, policy);
    QFETCH(double, panic);
    QFETCH(QByteArray, shares);
    const Endpoints members = endpointsOf(endpoints);
    BalanceSpec spec;
    spec.policy = static_cast<BalancePolicy>(policy);
    spec.panicThreshold = panic;
    spec.minRingSize = 16384;
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), spec);
    compareShares(sharesOf(balancer, members, 20000), shares, 1.6);
}

void BalancingTest::weightedTurnsAreExact()
{
    const Endpoints members = endpointsOf("a*5 b*3 c*2 d*7");
    BalanceSpec spec;
    spec.policy = BalancePolicy::RoundRobin;
    LoadBalancer balancer;
    BalanceInput input = inputOf(members);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        input.seed = seed;
        balancer.rebuild(input, spec);
        for (int round = 0; round < 50; ++round) {
            std::map<std::string, unsigned> counts;
            for (int i = 0; i < 17; ++i)
                ++counts[pickOne(balancer, 1)->spec().instance];
            for (const auto& member : members)
                QCOMPARE(counts[member->spec().instance], member->spec().weight);
        }
    }
    const Endpoints equal = endpointsOf("a b c");
    balancer.rebuild(inputOf(equal), spec);
    const auto first = pickOne(balancer, 1);
    QVERIFY(pickOne(balancer, 1) != first);
    QVERIFY(pickOne(balancer, 1) != first);
    QCOMPARE(pickOne(balancer, 1), first);
}

void BalancingTest::weightedLeastRequestFollowsLoadAndWeight()
{
    const Endpoints members = endpointsOf("a*4 b*1");
    BalanceSpec spec;
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), spec);
    members[0]->active = 7; // 4 / 8 against 1 / 1
    compareShares(sharesOf(balancer, members, 3000), "33.3 66.7", 1);
    spec.activeRequestBias = 0; // as round robin
    balancer.rebuild(inputOf(members), spec);
    compareShares(sharesOf(balancer, members, 3000), "80 20", 0.1);
    spec.activeRequestBias = 2; // 4 / 64 against 1
    balancer.rebuild(inputOf(members), spec);
    compareShares(sharesOf(balancer, members, 3400), "5.9 94.1", 0.5);
}

void BalancingTest::prefersTheLessBusy()
{
    const Endpoints members = endpointsOf("a b c d");
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), BalanceSpec{});
    std::uint64_t random = 3;
    for (int i = 0; i < 4000; ++i)
        ++pickOne(balancer, nextRandom(random))->active;
    for (const auto& member : members)
        QVERIFY(member->active > 990 && member->active < 1010); // two choices keep it level
    const Endpoints two = endpointsOf("a b");
    two[0]->active = 5;
    balancer.rebuild(inputOf(two), BalanceSpec{});
    for (int i = 0; i < 100; ++i)
        QCOMPARE(pickOne(balancer, nextRandom(random)), two[1]);
}

void BalancingTest::scansAllForTheLeastBusy()
{
    const Endpoints members = endpointsOf("a b c d e f");
    for (const auto& member : members)
        member->active = 3;
    members[1]->active = members[4]->active = 1;
    BalanceSpec spec;
    spec.fullScan = true;
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), spec);
    compareShares(sharesOf(balancer, members, 4000), "0 50 0 0 50 0", 2.5);
}

void BalancingTest::avoidsWhatWasTried()
{
    const Endpoints members = endpointsOf("a b c");
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), BalanceSpec{});
    Endpoint* const tried[] = {members[0].get(), members[2].get()};
    PickContext context;
    context.avoid = tried;
    std::uint64_t random = 5;
    for (int i = 0; i < 200; ++i) {
        context.random = nextRandom(random);
        QCOMPARE(balancer.pick(context), members[1]);
    }
    BalanceSpec strict;
    strict.panicThreshold = 0;
    balancer.rebuild(inputOf(endpointsOf("a!")), strict);
    QVERIFY(pickOne(balancer, 1) == nullptr);
    balancer.rebuild({}, strict);
    QVERIFY(pickOne(balancer, 1) == nullptr);
}

void BalancingTest::retriesLeavePrioritiesBehind()
{
    const Endpoints members = endpointsOf("a b@1 c@2");
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), BalanceSpec{});
    PickContext context;
    context.triedPriorities = 1U << 0;
    std::uint64_t random = 5;
    std::map<std::string, int> counts;
    for (int i = 0; i < 400; ++i) {
        context.random = nextRandom(random);
        ++counts[balancer.pick(context)->spec().instance];
    }
    QCOMPARE(counts["a"], 0);
    QVERIFY(counts["b"] > 150 && counts["c"] > 150);
    context.triedPriorities = 7; // all were: begin anew
    QCOMPARE(balancer.pick(context), members[0]);
}

void BalancingTest::sharesAmongPriorities_data()
{
    QTest::addColumn<QByteArray>("health"); // percent healthy, by priority
    QTest::addColumn<QByteArray>("load"); // percent of the traffic
    QTest::addColumn<QByteArray>("panics"); // of threshold 50
    const auto row = [](const char* health, const char* load, const char* panics) {
        QTest::newRow(health) << QByteArray(health) << QByteArray(load) << QByteArray(panics);
    };
    // arch_overview/upstream/load_balancing/priority and panic_threshold
    row("100 100", "100 0", "0 0");
    row("72 72", "100 0", "0 0");
    row("71 71", "99 1", "0 0");
    row("50 60", "70 30", "0 0");
    row("25 100", "35 65", "0 0");
    row("25 25", "50 50", "1 1");
    row("0 100", "0 100", "0 0");
    row("5 65", "8 92", "1 0");
    row("100 100 100", "100 0 0", "0 0 0");
    row("71 71 100", "99 1 0", "0 0 0");
    row("25 25 100", "35 35 30", "0 0 0");
    row("25 25 20", "34 33 33", "1 1 1"); // panic everywhere: by number of hosts
    row("0 0", "50 50", "1 1");
}

void BalancingTest::sharesAmongPriorities()
{
    QFETCH(QByteArray, health);
    QFETCH(QByteArray, load);
    QFETCH(QByteArray, panics);
    std::vector<PriorityHealth> rows;
    for (const QByteArray& percent : health.split(' '))
        rows.push_back({percent.toUInt(), 0, 100, 100});
    PriorityLoad priorities;
    priorities.compute(rows, 140, 50);
    QByteArrayList loads;
    QByteArrayList inPanic;
    for (std::size_t i = 0; i < priorities.size(); ++i) {
        loads.append(QByteArray::number(priorities.healthyLoad()[i]));
        inPanic.append(priorities.isPanicking(i) ? "1" : "0");
    }
    QCOMPARE(loads.join(' '), load);
    QCOMPARE(inPanic.join(' '), panics);
    std::vector<unsigned> chosen(rows.size());
    for (std::uint64_t hash = 0; hash < 100; ++hash)
        ++chosen[priorities.choose(hash).priority];
    for (std::size_t i = 0; i < rows.size(); ++i)
        QCOMPARE(chosen[i], priorities.healthyLoad()[i]);
}

void BalancingTest::localitiesShareByWeight_data()
{
    QTest::addColumn<QByteArray>("endpoints");
    QTest::addColumn<int>("policy");
    QTest::addColumn<QByteArray>("shares");
    const auto row
        = [](const char* name, const char* endpoints, BalancePolicy policy, const char* shares) {
              QTest::newRow(name) << QByteArray(endpoints) << int(policy) << QByteArray(shares);
          };
    // weights 1 and 2
    row("by weight, not by number", "a/0 b/0 c/1", BalancePolicy::RoundRobin, "16.7 16.7 66.7");
    row("in the ring, too", "a/0 b/0 c/1", BalancePolicy::RingHash, "16.7 16.7 66.7");
    row("in the table, too", "a/0 b/0 c/1", BalancePolicy::Maglev, "16.7 16.7 66.7");
    // half of the second is well: 70 % of its weight is left
    row("less for the ailing", "a/0 b/1 c/1!", BalancePolicy::LeastRequest, "41.7 58.3 0");
    row("dead locality", "a/0 b/0 c/1!", BalancePolicy::Random, "50 50 0");
}

void BalancingTest::localitiesShareByWeight()
{
    QFETCH(QByteArray, endpoints);
    QFETCH(int, policy);
    QFETCH(QByteArray, shares);
    const Endpoints members = endpointsOf(endpoints);
    const std::uint32_t weights[] = {1, 2};
    BalanceSpec spec;
    spec.policy = static_cast<BalancePolicy>(policy);
    spec.localityWeighted = true;
    spec.minRingSize = 16384;
    BalanceInput input = inputOf(members);
    input.localityWeights = weights;
    LoadBalancer balancer;
    balancer.rebuild(input, spec);
    compareShares(sharesOf(balancer, members, 12000), shares, 1.6);
}

void BalancingTest::slowStartGrows()
{
    const Endpoints members = endpointsOf("old new");
    const TimePoint now{1h};
    members[0]->healthySince = now - 1h;
    members[1]->healthySince = now;
    BalanceSpec spec;
    spec.policy = BalancePolicy::RoundRobin;
    spec.slowStart.window = 60s;
    LoadBalancer balancer;
    BalanceInput input = inputOf(members);
    input.now = now;
    const auto shareAfter = [&](std::chrono::seconds age) {
        balancer.rebuild(input, spec);
        PickContext context;
        context.now = now + age;
        int fresh = 0;
        for (int i = 0; i < 2200; ++i)
            fresh += balancer.pick(context) == members[1] ? 1 : 0;
        return fresh / 22.0;
    };
    QVERIFY(std::abs(shareAfter(0s) - 9.1) < 0.5); // 10 % of the other's weight at least
    QVERIFY(std::abs(shareAfter(30s) - 33.3) < 0.7);
    QVERIFY(std::abs(shareAfter(60s) - 50) < 0.3);
    spec.slowStart.aggression = 2; // weight 0.5 ^ (1/2)
    QVERIFY(std::abs(shareAfter(30s) - 41.4) < 0.7);
    spec.slowStart.minWeight = 0.5;
    QVERIFY(std::abs(shareAfter(1s) - 33.3) < 0.7);
}

QTEST_GUILESS_MAIN(BalancingTest)
#include "tst_balancing.moc"
