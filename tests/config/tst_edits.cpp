// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/edits.h"
#include "embedded-mesh/config/validate.h"

#include <QTest>

using namespace meshyard;
using namespace meshyard::config;

class EditsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rerouteCreatesWhatIsMissing();
    void rerouteKeepsEverythingElse();
    void rerouteToOneDropsTheWeight();
    void rerouteUsesSubsetsByTheirLabels();
    void rerouteToAnotherService();
    void rerouteOfAGatewaysRule();
    void rerouteRefuses();
    void listsRules();
    void breakerEdits();
    void limitsAndOutlier();
    void badValuesChangeNothing();
};

namespace {

const HostTarget kReviews{"production", "reviews"};

std::vector<Resource> parse(const std::string& text)
{
    auto parsed = parseResources(text);
    for (const auto& d : parsed.diagnostics)
        qWarning("%s", toString(d).c_str());
    return std::move(parsed.resources);
}

QString after(const std::vector<TextChange>& changes, const char* kind)
{
    for (const auto& change : changes) {
        if (change.id.kind == kind)
            return QString::fromStdString(change.after);
    }
    return {};
}

const char kRules[] = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - name: v1
    labels: {version: v1}
  - name: second   # by another name
    labels: {version: v2}
  - name: v3
    labels: {version: v3}
---
)";

const char kRoutes[] = R"(# split by hand
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
    - reviews
  http:
    - match:
        - headers: {end-user: {exact: jason}}
      route:
        - destination: {host: reviews, subset: second}
    - route:
        - destination:
            host: reviews
            subset: v1
            port: {number: 9080}
          weight: 80   # stable
          headers: {request: {set: {x-a: "1"}}}
        - destination:
            host: reviews
            subset: v3
          weight: 20
)";

} // namespace

void EditsTest::rerouteCreatesWhatIsMissing()
{
    RerouteRequest request{kReviews, {}, {}, {{kReviews, "v1", 90}, {kReviews, "v2", 10}}};
    const auto changes = rerouteEdit({}, request);
    QVERIFY(changes.has_value());
    QCOMPARE(changes->size(), std::size_t(2));
    QCOMPARE(after(*changes, "VirtualService"), QStringLiteral(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: production
spec:
  hosts:
    - reviews
  http:
    - route:
        - destination:
            host: reviews
            subset: v1
          weight: 90
        - destination:
            host: reviews
            subset: v2
          weight: 10
)"));
    QCOMPARE(
        after(*changes, "DestinationRule"), QStringLiteral(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
  namespace: production
spec:
  host: reviews
  subsets:
    - name: v1
      labels:
        version: v1
    - name: v2
      labels:
        version: v2
)"));
}

void EditsTest::rerouteKeepsEverythingElse()
{
    const auto resources = parse(std::string(kRules) + kRoutes);
    const auto changes
        = rerouteEdit(resources, {kReviews, {}, {}, {{kReviews, "v1", 50}, {kReviews, "v3", 50}}});
    QVERIFY(changes.has_value());
    QCOMPARE(changes->size(), std::size_t(1));
    const QString expected
        = QString::fromLatin1(kRoutes)
              .replace(QStringLiteral("weight: 80   #"), QStringLiteral("weight: 50   #"))
              .replace(QStringLiteral("weight: 20"), QStringLiteral("weight: 50"));
    QCOMPARE(after(*changes, "VirtualService"), expected);
}

void EditsTest::rerouteToOneDropsTheWeight()
{
    const auto resources = parse(std::string(kRules) + kRoutes);
    const auto changes = rerouteEdit(resources, {kReviews, {}, 1, {{kReviews, "v1", 100}}});
    QVERIFY(changes.has_value());
    const QString text = after(*changes, "VirtualService");
    QVERIFY2(!text.contains(u"weight") && !text.contains(u"v3") && text.contains(u"x-a"),
        qPrintable(text));
}

void EditsTest::rerouteUsesSubsetsByTheirLabels()
{
    const auto resources = parse(std::string(kRules) + kRoutes);
    const auto changes = rerouteEdit(resources,
        {kReviews, {}, 1, {{kReviews, "v1", 1}, {kReviews, "v2", 1}, {kReviews, "v4", 2}}});
    QVERIFY(changes.has_value());
    QCOMPARE(changes->size(), std::size_t(2));
    const QString route = after(*changes, "VirtualService");
    QVERIFY2(route.contains(QStringLiteral(
                 "        - destination:\n            host: reviews\n            subset: "
                 "second\n            port:\n              number: 9080\n          weight: "
                 "1\n")),
        qPrintable(route));
    QCOMPARE(after(*changes, "DestinationRule"),
        QString::fromLatin1(kRules).remove(QStringLiteral("---\n"))
            + QStringLiteral("  - name: v4\n    labels:\n      version: v4\n"));
}

void EditsTest::rerouteToAnotherService()
{
    const HostTarget copy{"staging", "reviews"};
    const auto changes = rerouteEdit({}, {kReviews, {}, {}, {{copy, "", 100}}});
    QVERIFY(changes.has_value());
    QCOMPARE(changes->size(), std::size_t(1));
    QVERIFY(after(*changes, "VirtualService").contains(u"host: reviews.staging\n"));
}

void EditsTest::rerouteOfAGatewaysRule()
{
    const auto resources = parse(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front}
spec:
  hosts: ["*"]
  gateways: [front]
  http:
  - match: [{uri: {exact: /reviews}}]
    route: [{destination: {host: reviews, port: {number: 9080}}}]
)");
    const auto rules = routeRulesTo(resources, kReviews, CallerKind::Gateway);
    QCOMPARE(rules.size(), std::size_t(1));
    const auto changes = rerouteEdit(
        resources, {kReviews, rules[0].virtualService, rules[0].rule, {{kReviews, "v2", 100}}});
    QVERIFY(changes.has_value());
    QVERIFY2(
        after(*changes, "VirtualService")
            .contains(u"route: [{destination: {host: reviews, subset: v2, port: {number: 9080}}}]"),
        qPrintable(after(*changes, "VirtualService")));
}

void EditsTest::rerouteRefuses()
{
    const auto resources = parse(std::string(kRules) + kRoutes);
    const auto refuse = [&](const RerouteRequest& request) {
        return rerouteEdit(resources, request).error().code;
    };
    QCOMPARE(refuse({kReviews, {}, 7, {{kReviews, "v1", 1}}}), ErrorCode::NotFound);
    QCOMPARE(refuse({kReviews, {}, {}, {{kReviews, "v1", 0}}}), ErrorCode::InvalidArgument);
    QCOMPARE(refuse({kReviews, ResourceId{"VirtualService", "production", "x"}, {},
                 {{kReviews, "v1", 1}}}),
        ErrorCode::NotFound);
    const auto redirects
        = parse("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n"
                "spec: {hosts: [reviews], http: [{redirect: {uri: /}}]}\n");
    QCOMPARE(rerouteEdit(redirects, {kReviews, {}, {}, {{kReviews, "v1", 1}}}).error().code,
        ErrorCode::FailedPrecondition);
}

void EditsTest::listsRules()
{
    const auto resources = parse(std::string(kRules) + kRoutes);
    const auto rules = routeRulesTo(resources, kReviews, CallerKind::Sidecar);
    QCOMPARE(rules.size(), std::size_t(2));
    QCOMPARE(rules[0].match, std::string("{headers: {end-user: {exact: jason}}}"));
    QCOMPARE(rules[0].shares[0].version, std::string("v2"));
    QCOMPARE(rules[0].shares[0].weight, 100U);
    QVERIFY(rules[1].match.empty());
    QCOMPARE(rules[1].shares[1].weight, 20U);
    QVERIFY(routeRulesTo(resources, kReviews, CallerKind::Gateway).empty());
}

void EditsTest::breakerEdits()
{
    const BreakerScope scope{"production", "reviews", "", "production", "ratings", ""};
    const std::vector<FieldChange> changes
        = {{"failureRatio", "0.25"}, {"window", "20s"}, {"mode", "OBSERVE"}};
    const auto made = circuitBreakerEdit({}, scope, changes);
    QVERIFY(made.has_value());
    QCOMPARE(QString::fromStdString(made->after), QStringLiteral(R"(apiVersion: meshyard.dev/v1
kind: CircuitBreaker
metadata:
  name: reviews-to-ratings
  namespace: production
spec:
  source:
    service: reviews
  destination:
    service: ratings
  failureRatio: 0.25
  window: 20s
  mode: OBSERVE
)"));
    const auto resources = parse(made->after);
    const auto changed = circuitBreakerEdit(
        resources, scope, std::vector<FieldChange>{{"window", ""}, {"mode", "ENFORCE"}});
    QVERIFY(changed.has_value());
    QVERIFY(changed->id == made->id);
    QCOMPARE(changed->before, made->after);
    QVERIFY(changed->after.ends_with("  failureRatio: 0.25\n  mode: ENFORCE\n"));
    const auto other = circuitBreakerEdit(resources, {"", "", "", "*", "", ""}, changes);
    QVERIFY(other && other->before.empty());
    QCOMPARE(other->id.name, std::string("mesh-default"));
    QVERIFY(other->after.find("  destination:\n    namespace: \"*\"\n") != std::string::npos);
    MeshView nothing;
    nothing.known = false;
    QVERIFY(check(other->after, {}, resources, nothing).empty());
}

void EditsTest::limitsAndOutlier()
{
    const auto resources = parse(kRules);
    const auto limits = limitsEdit(resources, kReviews, "",
        std::vector<FieldChange>{
            {"tcp.maxConnections", "100"}, {"http.http1MaxPendingRequests", "10"}});
    QVERIFY(limits.has_value());
    QVERIFY2(limits->after.ends_with("  trafficPolicy:\n    connectionPool:\n      tcp:\n        "
                                     "maxConnections: 100\n      http:\n        "
                                     "http1MaxPendingRequests: 10\n"),
        limits->after.c_str());
    const auto outlier = outlierEdit(
        resources, kReviews, "second", std::vector<FieldChange>{{"consecutive5xxErrors", "3"}});
    QVERIFY(outlier.has_value());
    QVERIFY2(outlier->after.find(
                 "  - name: second   # by another name\n    labels: {version: v2}\n    "
                 "trafficPolicy:\n  "
                 "    outlierDetection:\n        consecutive5xxErrors: 3\n  - name: v3\n")
            != std::string::npos,
        outlier->after.c_str());
    const auto fresh = limitsEdit(
        {}, {"staging", "a"}, "v1", std::vector<FieldChange>{{"tcp.connectTimeout", "1s"}});
    QVERIFY(fresh.has_value());
    QVERIFY(parse(fresh->after).size() == 1);
    QCOMPARE(toString(fresh->id), std::string("DestinationRule/staging/a"));
}

void EditsTest::badValuesChangeNothing()
{
    const auto resources = parse(kRules);
    QCOMPARE(limitsEdit(resources, kReviews, "", std::vector<FieldChange>{{"tcp", "1\nhost: x"}})
                 .error()
                 .code,
        ErrorCode::InvalidArgument);
    QCOMPARE(editFields("a: 1\n", std::vector<FieldChange>{{"a", "["}}).error().code,
        ErrorCode::InvalidArgument);
    QCOMPARE(*editFields("a: 1 # c\n", std::vector<FieldChange>{{"a", "2"}, {"b", ""}}),
        std::string("a: 2 # c\n"));
}

QTEST_APPLESS_MAIN(EditsTest)
#include "tst_edits.moc"
