// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control_plane/translate/bookinfo_mesh.h"

#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"

#include <QDir>
#include <QFile>
#include <QtTest>

using namespace meshyard;
using namespace meshyard::control_plane;
using namespace meshyard::test;

namespace {

const std::string kSubsets = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
---
)";

std::string virtualService(const std::string& http, const std::string& name = "reviews")
{
    return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name
        + "}\nspec:\n  hosts: [reviews]\n  http:\n" + http;
}

} // namespace

class TranslateRoutesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writesRoutes_data();
    void writesRoutes();
    void hasIstiosTimeoutAndRetries();
    void takesTimeoutAndRetriesOfTheRoute();
    void switchesRetriesOff();
    void translatesFaults();
    void editsHeaders();
    void mirrors();
    void rewrites();
    void dependsOnTheCallersLabels();
    void answersMissingSubsetsWithAReason();
    void answersTheLostShareOfASplit();
    void routesByHostHeader();
    void prefersTheCallersNamespace();
    void keepsPrivateDocumentsPrivate();
    void takesIstiosSamples();

private:
    static envoy::config::route::v3::Route firstRoute(const std::string& http);
};

void TranslateRoutesTest::writesRoutes_data()
{
    QTest::addColumn<QByteArray>("http");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* http, const char* expected) {
        QTest::newRow(name) << QByteArray(http) << QByteArray(expected);
    };
    row("all to one subset", "  - route: [{destination: {host: reviews, subset: v1}}]\n",
        "/* -> production/reviews/v1/9080\n");
    row("weights",
        "  - route:\n    - {destination: {host: reviews, subset: v1}, weight: 80}\n"
        "    - {destination: {host: reviews, subset: v2}, weight: 20}\n",
        "/* -> 80 production/reviews/v1/9080, 20 production/reviews/v2/9080\n");
    row("a header of a user",
        "  - match: [{headers: {end-user: {exact: jason}}}]\n"
        "    route: [{destination: {host: reviews, subset: v2}}]\n"
        "  - route: [{destination: {host: reviews, subset: v3}}]\n",
        "/* end-user=jason -> production/reviews/v2/9080\n/* -> production/reviews/v3/9080\n");
    row("paths",
        "  - match: [{uri: {exact: /a}}, {uri: {prefix: /b}}, {uri: {regex: \"/c.*\"}}]\n"
        "    route: [{destination: {host: reviews}}]\n",
        "/a -> production/reviews/*/9080\n/b* -> production/reviews/*/9080\n"
        "~/c.* -> production/reviews/*/9080\n"
        "/* -> 404 no route of VirtualService production/reviews matches\n");
    row("method, authority, presence, absence and query",
        "  - match:\n    - {method: {exact: GET}, authority: {prefix: rev}, headers: {x-a: {}}, "
        "withoutHeaders: {x-b: {}}, queryParams: {q: {exact: \"1\"}}}\n"
        "    route: [{destination: {host: reviews}}]\n"
        "  - route: [{destination: {host: reviews, subset: v1}}]\n",
        "/* :method=GET :authority=rev x-a !x-b ?q=1 -> production/reviews/*/9080\n"
        "/* -> production/reviews/v1/9080\n");
    row("what follows a catch-all is left out",
        "  - route: [{destination: {host: reviews, subset: v1}}]\n"
        "  - route: [{destination: {host: reviews, subset: v2}}]\n",
        "/* -> production/reviews/v1/9080\n");
    row("another port",
        "  - match: [{port: 81}]\n    route: [{destination: {host: ratings}}]\n"
        "  - route: [{destination: {host: reviews}}]\n",
        "/* -> production/reviews/*/9080\n");
    row("another namespace's callers",
        "  - match: [{sourceNamespace: staging}]\n    route: [{destination: {host: ratings}}]\n"
        "  - route: [{destination: {host: reviews}}]\n",
        "/* -> production/reviews/*/9080\n");
    row("a gateway's match does not act in the mesh",
        "  - match: [{gateways: [web]}]\n    route: [{destination: {host: ratings}}]\n"
        "  - route: [{destination: {host: reviews}}]\n",
        "/* -> production/reviews/*/9080\n");
    row("redirect", "  - redirect: {uri: /new, authority: x.org, redirectCode: 307}\n",
        "/* -> redirect x.org/new 3\n");
    row("direct response", "  - directResponse: {status: 418, body: {string: tea}}\n",
        "/* -> 418 tea\n");
    row("an unknown host", "  - route: [{destination: {host: nowhere}}]\n",
        "/* -> 503 service 'nowhere' does not exist in namespace production\n");
    row("a service that is not exported",
        "  - route: [{destination: {host: reviews.staging.svc.cluster.local}}]\n",
        "/* -> 503 service 'reviews' of namespace staging is not exported to namespace "
        "production\n");
    row("a port that is not there",
        "  - route: [{destination: {host: ratings, port: {number: 81}}}]\n",
        "/* -> 503 service 'ratings' of namespace production has no port 81\n");
}

void TranslateRoutesTest::writesRoutes()
{
    QFETCH(QByteArray, http);
    QFETCH(QByteArray, expected);
    const auto resources = documents(kSubsets + virtualService(http.toStdString()));
    const Translation translation = translate(resources, bookinfoMesh());
    const auto routes
        = NodeConfig(translation, "productpage-v1-a").routes("outbound|production/reviews|9080");
    QCOMPARE(QByteArray::fromStdString(describe(routes)), expected);
}

envoy::config::route::v3::Route TranslateRoutesTest::firstRoute(const std::string& http)
{
    const auto resources = documents(kSubsets + virtualService(http));
    const Translation translation = translate(resources, bookinfoMesh());
    return NodeConfig(translation, "productpage-v1-a")
        .routes("outbound|production/reviews|9080")
        .virtual_hosts(0)
        .routes(0);
}

void TranslateRoutesTest::hasIstiosTimeoutAndRetries()
{
    const auto route = firstRoute("  - route: [{destination: {host: reviews}}]\n");
    QVERIFY(route.route().has_timeout());
    QCOMPARE(route.route().timeout().seconds(), std::int64_t{0});
    const auto& retries = route.route().retry_policy();
    QCOMPARE(retries.num_retries().value(), 2U);
    QCOMPARE(
        retries.retry_on(), std::string("connect-failure,refused-stream,unavailable,cancelled"));
    QCOMPARE(retries.host_selection_retry_max_attempts(), std::int64_t{5});
}

void TranslateRoutesTest::takesTimeoutAndRetriesOfTheRoute()
{
    const auto route = firstRoute(
        "  - timeout: 0.5s\n    retries: {attempts: 3, perTryTimeout: 100ms, retryOn: "
        "\"gateway-error,503, reset\"}\n    route: [{destination: {host: reviews}}]\n");
    QCOMPARE(route.route().timeout().nanos(), 500'000'000);
    const auto& retries = route.route().retry_policy();
    QCOMPARE(retries.num_retries().value(), 3U);
    QCOMPARE(retries.per_try_timeout().nanos(), 100'000'000);
    QCOMPARE(retries.retry_on(), std::string("gateway-error,reset,retriable-status-codes"));
    QCOMPARE(retries.retriable_status_codes(0), 503U);
}

void TranslateRoutesTest::switchesRetriesOff()
{
    const auto route
        = firstRoute("  - retries: {attempts: 0}\n    route: [{destination: {host: reviews}}]\n");
    QVERIFY(!route.route().has_retry_policy());
}

void TranslateRoutesTest::translatesFaults()
{
    const auto route = firstRoute("  - fault:\n      delay: {percent: 10, fixedDelay: 7s}\n"
                                  "      abort: {percentage: {value: 0.1}, httpStatus: 500}\n"
                                  "    route: [{destination: {host: reviews}}]\n");
    envoy::extensions::filters::http::fault::v3::HTTPFault fault;
    QVERIFY(route.typed_per_filter_config().at("envoy.filters.http.fault").UnpackTo(&fault));
    QCOMPARE(fault.delay().fixed_delay().seconds(), std::int64_t{7});
    QCOMPARE(fault.delay().percentage().numerator(), 100'000U);
    QCOMPARE(fault.abort().http_status(), 500U);
    QCOMPARE(fault.abort().percentage().numerator(), 1'000U);
    const auto without = firstRoute("  - fault: {abort: {httpStatus: 500}}\n"
                                    "    route: [{destination: {host: reviews}}]\n");
    QCOMPARE(without.typed_per_filter_config().size(), std::size_t{0});
}

void TranslateRoutesTest::editsHeaders()
{
    const auto route = firstRoute(
        "  - headers: {request: {set: {x-a: \"1\", host: other}, remove: [x-b]}, response: {add: "
        "{x-c: \"2\"}}}\n    route: [{destination: {host: reviews}}]\n");
    QCOMPARE(route.request_headers_to_add_size(), 1);
    QCOMPARE(route.request_headers_to_add(0).header().key(), std::string("x-a"));
    QCOMPARE(route.request_headers_to_add(0).append_action(),
        envoy::config::core::v3::HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD);
    QCOMPARE(route.request_headers_to_remove(0), std::string("x-b"));
    QCOMPARE(route.response_headers_to_add(0).header().value(), std::string("2"));
    QCOMPARE(route.route().host_rewrite_literal(), std::string("other"));
}

void TranslateRoutesTest::mirrors()
{
    const auto route
        = firstRoute("  - mirror: {host: reviews, subset: v2}\n    mirrorPercentage: {value: 25}\n"
                     "    route: [{destination: {host: reviews, subset: v1}}]\n");
    const auto& mirror = route.route().request_mirror_policies(0);
    QCOMPARE(mirror.cluster(), std::string("production/reviews/v2/9080"));
    QCOMPARE(mirror.runtime_fraction().default_value().numerator(), 250'000U);
}

void TranslateRoutesTest::rewrites()
{
    const auto route = firstRoute("  - match: [{uri: {prefix: /old}}]\n    rewrite: {uri: /new, "
                                  "authority: x}\n    route: [{destination: {host: reviews}}]\n");
    QCOMPARE(route.route().prefix_rewrite(), std::string("/new"));
    QCOMPARE(route.route().host_rewrite_literal(), std::string("x"));
}

void TranslateRoutesTest::dependsOnTheCallersLabels()
{
    const auto resources = documents(kSubsets
        + virtualService("  - match: [{sourceLabels: {app: productpage}}]\n"
                         "    route: [{destination: {host: reviews, subset: v2}}]\n"
                         "  - route: [{destination: {host: reviews, subset: v1}}]\n"));
    const Translation translation = translate(resources, bookinfoMesh());
    const auto routes = [&translation](const char* node) {
        return describe(NodeConfig(translation, node).routes("outbound|production/reviews|9080"));
    };
    QCOMPARE(routes("productpage-v1-a"), std::string("/* -> production/reviews/v2/9080\n"));
    QCOMPARE(routes("details-v1-a"), std::string("/* -> production/reviews/v1/9080\n"));
}

void TranslateRoutesTest::answersMissingSubsetsWithAReason()
{
    const auto resources
        = documents(virtualService("  - route: [{destination: {host: reviews, subset: v9}}]\n"));
    const Translation translation = translate(resources, bookinfoMesh());
    const auto route = NodeConfig(translation, "productpage-v1-a")
                           .routes("outbound|production/reviews|9080")
                           .virtual_hosts(0)
                           .routes(0);
    const std::string reason
        = "subset 'v9' of production/reviews is not defined: no DestinationRule names it";
    QCOMPARE(route.direct_response().status(), 503U);
    QCOMPARE(route.response_headers_to_add(0).header().key(), std::string("x-meshyard-reason"));
    QCOMPARE(route.response_headers_to_add(0).header().value(), reason);
    QCOMPARE(translation.warnings.size(), std::size_t{1});
    QCOMPARE(translation.warnings[0].document, std::string("VirtualService production/reviews"));
    QCOMPARE(translation.warnings[0].text, reason);
}

void TranslateRoutesTest::answersTheLostShareOfASplit()
{
    const auto resources = documents(kSubsets
        + virtualService(
            "  - route:\n    - {destination: {host: reviews, subset: v1}, weight: 60}\n"
            "    - {destination: {host: reviews, subset: v9}, weight: 40}\n"));
    const Translation translation = translate(resources, bookinfoMesh());
    QCOMPARE(
        describe(
            NodeConfig(translation, "productpage-v1-a").routes("outbound|production/reviews|9080")),
        std::string("/* 400000ppm -> 503 subset 'v9' of production/reviews is not defined: no "
                    "DestinationRule names it\n/* -> production/reviews/v1/9080\n"));
}

void TranslateRoutesTest::routesByHostHeader()
{
    const auto resources = documents(
        kSubsets + virtualService("  - route: [{destination: {host: reviews, subset: v1}}]\n"));
    const Translation translation = translate(resources, bookinfoMesh());
    const std::string text
        = describe(NodeConfig(translation, "productpage-v1-a").routes("outbound|any"));
    QVERIFY2(text.find("[reviews:9080 reviews reviews.production:9080 reviews.production "
                       "reviews.production.mesh:9080 reviews.production.mesh "
                       "reviews.production.svc.cluster.local:9080 "
                       "reviews.production.svc.cluster.local]\n"
                       "/* -> production/reviews/v1/9080\n")
            != std::string::npos,
        text.c_str());
    QVERIFY(text.ends_with(
        "[*]\n/* -> 503 no service of that name is visible from namespace production\n"));
}

void TranslateRoutesTest::prefersTheCallersNamespace()
{
    MeshView mesh = bookinfoMesh();
    mesh.services[3].exportTo = {"*"};
    const auto resources = documents(kSubsets
        + virtualService("  - route: [{destination: {host: reviews, subset: v1}}]\n")
        + "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n"
          "metadata: {name: own, namespace: staging}\n"
          "spec:\n  hosts: [reviews.production]\n  http:\n"
          "  - route: [{destination: {host: reviews.production, subset: v2}}]\n");
    const Translation translation = translate(resources, mesh);
    const auto routes = [&translation](const char* node) {
        return describe(NodeConfig(translation, node).routes("outbound|production/reviews|9080"));
    };
    QCOMPARE(routes("staging-reviews-v3-a"), std::string("/* -> production/reviews/v2/9080\n"));
    QCOMPARE(routes("productpage-v1-a"), std::string("/* -> production/reviews/v1/9080\n"));
}

void TranslateRoutesTest::keepsPrivateDocumentsPrivate()
{
    MeshView mesh = bookinfoMesh();
    mesh.services[3].exportTo = {"*"};
    const auto resources = documents(kSubsets
        + virtualService("  - route: [{destination: {host: reviews, subset: v1}}]\n")
        + "  exportTo: [\".\"]\n");
    const Translation translation = translate(resources, mesh);
    QCOMPARE(describe(NodeConfig(translation, "staging-reviews-v3-a")
                     .routes("outbound|production/reviews|9080")),
        std::string("/* -> production/reviews/*/9080\n"));
}

void TranslateRoutesTest::takesIstiosSamples()
{
    const QString folder = qEnvironmentVariable("MESHYARD_ISTIO_SAMPLES");
    if (folder.isEmpty() || !QDir(folder).exists())
        QSKIP("MESHYARD_ISTIO_SAMPLES names no folder");
    const auto read = [&folder](const char* name) {
        QFile file(folder + QLatin1Char('/') + QLatin1String(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
    };
    const std::string rules = read("destination-rule-all.yaml") + "\n---\n";
    const auto routes = [&](const char* file, const char* service, const char* node) {
        const auto resources = documents(rules + read(file));
        const Translation translation = translate(resources, bookinfoMesh());
        return describe(NodeConfig(translation, node)
                .routes(std::string("outbound|production/") + service + "|9080"));
    };
    QCOMPARE(routes("virtual-service-all-v1.yaml", "reviews", "productpage-v1-a"),
        std::string("/* -> production/reviews/v1/9080\n"));
    QCOMPARE(routes("virtual-service-reviews-80-20.yaml", "reviews", "productpage-v1-a"),
        std::string("/* -> 80 production/reviews/v1/9080, 20 production/reviews/v2/9080\n"));
    QCOMPARE(routes("virtual-service-ratings-test-abort.yaml", "ratings", "reviews-v2-a"),
        std::string("/* end-user=jason -> production/ratings/v1/9080\n"
                    "/* -> production/ratings/v1/9080\n"));
}

QTEST_APPLESS_MAIN(TranslateRoutesTest)
#include "tst_translate_routes.moc"
