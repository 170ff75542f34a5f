// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/config/effective_policy.h"
#include "embedded-mesh/config/typed_resource.h"

#include "istio/kinds/v1/destination_rule.pb.h"

#include <QTest>

using namespace meshyard;
using namespace meshyard::config;

class EffectiveTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void resolvesHosts_data();
    void resolvesHosts();
    void picksTheMostSpecificBreaker_data();
    void picksTheMostSpecificBreaker();
    void withoutADocumentTheBreakerObserves();
    void readsEveryFieldOfAPolicy();
    void subsetsReplaceBlocks();
    void portLevelSettingsReplaceEverything();
};

namespace {

std::vector<Resource> parse(std::string_view text)
{
    auto parsed = parseResources(text);
    for (const auto& d : parsed.diagnostics)
        qWarning("%s", toString(d).c_str());
    return std::move(parsed.resources);
}

std::string breaker(const std::string& name, const std::string& spec)
{
    return "apiVersion: meshyard.dev/v1\nkind: CircuitBreaker\nmetadata: {name: " + name
        + "}\nspec: " + spec + "\n---\n";
}

} // namespace

void EffectiveTest::resolvesHosts_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<QString>("target");
    const auto row = [](const char* host, const char* target) {
        QTest::newRow(host) << QString::fromLatin1(host) << QString::fromLatin1(target);
    };
    row("reviews", "own/reviews");
    row("reviews.staging", "staging/reviews");
    row("reviews.staging.mesh", "staging/reviews");
    row("reviews.staging.svc", "staging/reviews");
    row("reviews.staging.svc.cluster.local", "staging/reviews");
    row("www.googleapis.com", "own/www.googleapis.com");
    row("*", "own/*");
}

void EffectiveTest::resolvesHosts()
{
    QFETCH(QString, host);
    QFETCH(QString, target);
    const HostTarget found = resolveHost(host.toStdString(), "own");
    QCOMPARE(QString::fromStdString(found.ns + "/" + found.service), target);
}

void EffectiveTest::picksTheMostSpecificBreaker_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("version");
    QTest::addColumn<QString>("destination");
    QTest::addColumn<QString>("subset");
    QTest::addColumn<QString>("ns");
    QTest::addColumn<QString>("found");
    const auto row = [](const char* s, const char* v, const char* d, const char* sub,
                         const char* ns, const char* found) {
        QTest::newRow(found) << QString::fromLatin1(s) << QString::fromLatin1(v)
                             << QString::fromLatin1(d) << QString::fromLatin1(sub)
                             << QString::fromLatin1(ns) << QString::fromLatin1(found);
    };
    row("x", "", "y", "*", "elsewhere", "production/mesh");
    row("x", "", "y", "*", "production", "production/namespace");
    row("x", "", "ratings", "v1", "production", "production/to-ratings");
    row("x", "", "ratings", "v2", "production", "production/to-ratings-v2");
    row("reviews", "v1", "ratings", "*", "production", "production/edge");
    row("reviews", "v3", "details", "*", "production", "production/from-reviews-v3");
    row("productpage", "v1", "ratings", "*", "production", "production/from-productpage");
}

void EffectiveTest::picksTheMostSpecificBreaker()
{
    QFETCH(QString, source);
    QFETCH(QString, version);
    QFETCH(QString, destination);
    QFETCH(QString, subset);
    QFETCH(QString, ns);
    QFETCH(QString, found);
    const auto resources = parse(breaker("mesh", "{destination: {namespace: '*'}}")
        + breaker("namespace", "{}") + breaker("to-ratings", "{destination: {service: ratings}}")
        + breaker("to-ratings-v2", "{destination: {service: ratings, subset: v2}}")
        + breaker("edge", "{source: {service: reviews}, destination: {service: ratings}}")
        + breaker("from-reviews-v3", "{source: {service: reviews, version: v3}}")
        + breaker("from-productpage", "{source: {service: productpage}}"));
    const BreakerResolver resolver(resources);
    const auto effective = resolver.resolve({"production", source.toStdString(),
        version.toStdString(), ns.toStdString(), destination.toStdString(), subset.toStdString()});
    QCOMPARE(QString::fromStdString(effective.name), found);
    QCOMPARE(effective.policy.mode, BreakerMode::Enforce);
}

void EffectiveTest::withoutADocumentTheBreakerObserves()
{
    const BreakerResolver resolver(std::span<const Resource>{});
    const auto effective = resolver.resolve({"production", "a", "", "production", "b", "*"});
    QVERIFY(effective.name.empty());
    QCOMPARE(effective.policy.mode, BreakerMode::Observe);
    QVERIFY(effective.policy.enabled);
}

void EffectiveTest::readsEveryFieldOfAPolicy()
{
    const auto resources = parse(breaker("a", R"({enabled: false, mode: OBSERVE, window: 20s,
  buckets: 20, minCalls: 3, failureRatio: 0.1, slowCall: 250ms, slowRatio: 0.9, consecutive: 0,
  failureOn: ["503"], softFailureOn: [timeout], ignoreOn: [5xx], openBase: 1s, openMax: 2s, jitter: 0,
  trialCalls: 9, trialSuccess: 8, trialConcurrency: 2, trialTimeout: 1500ms, halfOpenMax: 3s, ramp: 4s,
  rejectStatus: 429})"));
    using namespace std::chrono_literals;
    const BreakerPolicy p = breakerPolicyOf(resources.front());
    QVERIFY(!p.enabled && p.mode == BreakerMode::Observe);
    QVERIFY(p.window == 20s && p.buckets == 20 && p.minCalls == 3);
    QVERIFY(
        p.failureRatio == 0.1 && p.slowCall == 250ms && p.slowRatio == 0.9 && p.consecutive == 0);
    QVERIFY(p.failureOn == OutcomeSet::of({"503"}));
    QVERIFY(p.softFailureOn == OutcomeSet::of({"timeout"}));
    QVERIFY(p.ignoreOn == OutcomeSet::of({"5xx"}));
    QVERIFY(p.openBase == 1s && p.openMax == 2s && p.jitter == 0);
    QVERIFY(p.trialCalls == 9 && p.trialSuccess == 8 && p.trialConcurrency == 2);
    QVERIFY(p.trialTimeout == 1500ms && p.halfOpenMax == 3s && p.ramp == 4s);
    QCOMPARE(p.rejectStatus, 429);
}

namespace {

const char kRule[] = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  host: a
  trafficPolicy:
    loadBalancer: {simple: RANDOM}
    connectionPool: {tcp: {maxConnections: 5}}
    portLevelSettings:
    - port: {number: 443}
      tls: {mode: SIMPLE}
  subsets:
  - name: v1
    labels: {version: v1}
    trafficPolicy:
      loadBalancer: {simple: ROUND_ROBIN}
)";

} // namespace

void EffectiveTest::subsetsReplaceBlocks()
{
    using namespace kinds::v1;
    const auto resources = parse(kRule);
    const auto* rule = specOf<DestinationRule>(*destinationRuleOf(resources, {"production", "a"}));
    const auto policy = effectiveTrafficPolicy(*rule, "v1", 80);
    QCOMPARE(policy.load_balancer().simple(), LoadBalancerSettings::ROUND_ROBIN);
    QCOMPARE(policy.connection_pool().tcp().max_connections(), 5);
    QCOMPARE(effectiveTrafficPolicy(*rule, "*", 80).load_balancer().simple(),
        LoadBalancerSettings::RANDOM);
}

void EffectiveTest::portLevelSettingsReplaceEverything()
{
    using namespace kinds::v1;
    const auto resources = parse(kRule);
    const auto* rule = specOf<DestinationRule>(resources.front());
    const auto policy = effectiveTrafficPolicy(*rule, "v1", 443);
    QCOMPARE(policy.tls().mode(), ClientTlsSettings::SIMPLE);
    QVERIFY(!policy.has_load_balancer());
    QVERIFY(!policy.has_connection_pool());
}

QTEST_APPLESS_MAIN(EffectiveTest)
#include "tst_effective.moc"
