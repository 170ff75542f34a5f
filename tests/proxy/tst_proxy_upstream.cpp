// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy from a bootstrap file: which endpoint a request goes to, and what happens when that
// one fails.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QTest>

#include <map>

class ProxyUpstreamTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void connectionsGrowOld();
    void highPriorityHasItsOwnLimits();
    void hashesAHeader_data();
    void hashesAHeader();
    void setsACookieAndFollowsIt();
    void picksSubsets_data();
    void picksSubsets();
    void failsOverToTheNextPriority();
    void localitiesShareByWeight();
    void checksHealth_data();
    void checksHealth();
    void ejectsByFailurePercentage();
    void looksNamesUp();
};

namespace {

std::string one(std::string_view routes, std::string_view cluster)
{
    return staticBootstrap({httpListenerText("test", routes)}, {std::string(cluster)});
}

std::string endpointText(std::uint16_t port, std::string_view extra = {})
{
    return "{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: "
        + std::to_string(port) + "}}}" + std::string(extra) + "}";
}

/// A cluster whose localities are given in full.
std::string clusterOf(std::string_view localities, std::string_view extra)
{
    return "{name: up, type: STATIC, connect_timeout: 1s, " + std::string(extra)
        + "load_assignment: {cluster_name: x, endpoints: [" + std::string(localities) + "]}}";
}

/// Who answered `count` requests.
std::map<std::string, int> answers(const ProxyProcess& proxy, int count,
    std::string_view path = "/", std::string_view headers = {})
{
    std::map<std::string, int> seen;
    for (int i = 0; i < count; ++i)
        ++seen[fetch(proxy.port(), path, headers).header("x-upstream").value_or("none")];
    return seen;
}

} // namespace

void ProxyUpstreamTest::connectionsGrowOld()
{
    TestUpstream up("up");
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up}}",
        clusterText(
            "up", {up.port()}, "common_http_protocol_options: {max_connection_duration: 0.3s}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 3; ++i)
        QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QTRY_COMPARE(proxy.stat("cluster.up.upstream_cx_active"), 0L);
    const long opened = proxy.stat("cluster.up.upstream_cx_total");
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QCOMPARE(proxy.stat("cluster.up.upstream_cx_total"), opened + 1);
}

void ProxyUpstreamTest::highPriorityHasItsOwnLimits()
{
    TestUpstream up("up");
    ProxyProcess proxy(one("{match: {prefix: /high}, route: {cluster: up, priority: HIGH}}, "
                           "{match: {prefix: /}, route: {cluster: up}}",
        clusterText("up", {up.port()},
            "circuit_breakers: {thresholds: [{max_requests: 0}, {priority: HIGH, max_requests: 1, "
            "track_remaining: true}]}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/").status, 503);
    QCOMPARE(fetch(proxy.port(), "/high").status, 200);
    QCOMPARE(proxy.stat("cluster.up.circuit_breakers.default.rq_open"), 1L);
    QCOMPARE(proxy.stat("cluster.up.circuit_breakers.high.remaining_rq"), 1L);
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_active_overflow"), 1L);
}

void ProxyUpstreamTest::hashesAHeader_data()
{
    QTest::addColumn<QByteArray>("policy");
    QTest::newRow("ring") << QByteArray("lb_policy: RING_HASH, ");
    QTest::newRow("maglev") << QByteArray("lb_policy: MAGLEV, ");
    QTest::newRow("typed ring") << QByteArray(
        R"(load_balancing_policy: {policies: [{typed_extension_config: {name: r, typed_config: {"@type": type.googleapis.com/envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash, hash_function: MURMUR_HASH_2}}}]}, )");
}

void ProxyUpstreamTest::hashesAHeader()
{
    QFETCH(QByteArray, policy);
    TestUpstream a("a");
    TestUpstream b("b");
    TestUpstream c("c");
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up, hash_policy: [{header: "
                           "{header_name: x-user}}]}}",
        clusterText("up", {a.port(), b.port(), c.port()}, policy.toStdString())));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::map<std::string, int> users;
    for (int user = 0; user < 24; ++user) {
        const auto seen = answers(proxy, 3, "/", "x-user: " + std::to_string(user) + "\r\n");
        QCOMPARE(seen.size(), std::size_t(1));
        ++users[seen.begin()->first];
    }
    QCOMPARE(users.size(), std::size_t(3));
    QVERIFY(answers(proxy, 40).size() == 3); // without the header: anywhere
}

void ProxyUpstreamTest::setsACookieAndFollowsIt()
{
    TestUpstream a("a");
    TestUpstream b("b");
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up, hash_policy: [{cookie: "
                           "{name: sid, ttl: 60s, path: /}}]}}",
        clusterText("up", {a.port(), b.port()}, "lb_policy: RING_HASH, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 8; ++i) {
        const WireReply first = fetch(proxy.port(), "/");
        const std::string cookie = first.header("set-cookie").value_or("");
        QVERIFY2(cookie.starts_with("sid=\"") && cookie.ends_with("; Max-Age=60; Path=/; HttpOnly"),
            cookie.c_str());
        const std::string line = "cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
        const WireReply next = fetch(proxy.port(), "/", line);
        QCOMPARE(next.header("x-upstream").value_or(""), first.header("x-upstream").value_or(" "));
        QVERIFY(!next.header("set-cookie"));
    }
}

void ProxyUpstreamTest::picksSubsets_data()
{
    QTest::addColumn<QByteArray>("fallback");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("who"); // all who answer
    const auto row = [](const char* fallback, const char* path, const char* who) {
        QTest::addRow("%s %s", fallback, path)
            << QByteArray(fallback) << QByteArray(path) << QByteArray(who);
    };
    row("NO_FALLBACK", "/v1", "a b");
    row("NO_FALLBACK", "/v2", "c");
    row("NO_FALLBACK", "/v9", "none");
    row("NO_FALLBACK", "/", "none");
    row("ANY_ENDPOINT", "/v9", "a b c");
    row("ANY_ENDPOINT", "/", "a b c");
    row("DEFAULT_SUBSET", "/v9", "c");
    row("ANY_ENDPOINT", "/weighted", "c");
}

void ProxyUpstreamTest::picksSubsets()
{
    QFETCH(QByteArray, fallback);
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, who);
    TestUpstream a("a");
    TestUpstream b("b");
    TestUpstream c("c");
    const auto marked = [](const TestUpstream& up, const char* version) {
        return endpointText(up.port(),
            std::string(", metadata: {filter_metadata: {envoy.lb: {version: ") + version + "}}}");
    };
    const auto match = [](const char* version) {
        return std::string("metadata_match: {filter_metadata: {envoy.lb: {version: ") + version
            + "}}}";
    };
    const std::string routes = "{match: {prefix: /v1}, route: {cluster: up, " + match("v1") + "}}, "
        + "{match: {prefix: /v2}, route: {cluster: up, " + match("v2") + "}}, "
        + "{match: {prefix: /v9}, route: {cluster: up, " + match("v9") + "}}, "
        + "{match: {prefix: /weighted}, route: {weighted_clusters: {clusters: [{name: up, weight: "
          "1, "
        + match("v2") + "}]}, " + match("v1") + "}}, {match: {prefix: /}, route: {cluster: up}}";
    ProxyProcess proxy(one(routes,
        clusterOf("{lb_endpoints: [" + marked(a, "v1") + ", " + marked(b, "v1") + ", "
                + marked(c, "v2") + "]}",
            "lb_subset_config: {fallback_policy: " + fallback.toStdString()
                + ", default_subset: {version: v2}, subset_selectors: [{keys: [version]}]}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QByteArrayList seen;
    for (const auto& [name, count] : answers(proxy, 6, path.toStdString()))
        seen.append(QByteArray::fromStdString(name));
    QCOMPARE(seen.join(' '), who);
}

void ProxyUpstreamTest::failsOverToTheNextPriority()
{
    TestUpstream near("near");
    TestUpstream far("far");
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up}}",
        clusterOf("{priority: 0, lb_endpoints: [" + endpointText(near.port()) + "]}, {priority: 1, "
                + "lb_endpoints: [" + endpointText(far.port()) + "]}",
            "common_lb_config: {healthy_panic_threshold: {value: 0}}, outlier_detection: "
            "{consecutive_5xx: 2, interval: 0.1s, base_ejection_time: 0.4s, max_ejection_percent: "
            "100}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(answers(proxy, 10)["near"], 10);
    near.status = 500;
    auto seen = answers(proxy, 10);
    QCOMPARE(seen["near"], 2);
    QCOMPARE(seen["far"], 8);
    near.status = 200;
    QTRY_VERIFY(fetch(proxy.port(), "/").isFrom("near"));
}

void ProxyUpstreamTest::localitiesShareByWeight()
{
    TestUpstream a("a");
    TestUpstream b("b");
    TestUpstream c("c");
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up}}",
        clusterOf("{load_balancing_weight: 1, lb_endpoints: [" + endpointText(a.port()) + ", "
                + endpointText(b.port()) + "]}, {load_balancing_weight: 3, lb_endpoints: ["
                + endpointText(c.port()) + "]}",
            "lb_policy: ROUND_ROBIN, common_lb_config: {locality_weighted_lb_config: {}}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    auto seen = answers(proxy, 40);
    QCOMPARE(seen["c"], 30);
    QCOMPARE(seen["a"], 5);
}

void ProxyUpstreamTest::checksHealth_data()
{
    QTest::addColumn<QByteArray>("check");
    QTest::newRow("HTTP") << QByteArray("http_health_check: {path: /healthz}");
    QTest::newRow("TCP") << QByteArray("tcp_health_check: {}");
}

void ProxyUpstreamTest::checksHealth()
{
    QFETCH(QByteArray, check);
    TestUpstream good("good");
    auto bad = std::make_unique<TestUpstream>("bad");
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up}}",
        clusterText("up", {good.port(), bad->port()},
            "lb_policy: ROUND_ROBIN, health_checks: [{timeout: 1s, interval: 0.05s, "
            "no_traffic_interval: 0.05s, healthy_threshold: 1, unhealthy_threshold: 2, "
                + check.toStdString() + "}], ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QTRY_VERIFY(proxy.stat("cluster.up.health_check.success") >= 2);
    QCOMPARE(proxy.stat("cluster.up.membership_healthy"), 2L);
    QCOMPARE(answers(proxy, 10)["bad"], 5);
    if (check.startsWith("http"))
        bad->status = 503; // and it says so itself
    else
        bad->stop();
    QTRY_COMPARE(proxy.stat("cluster.up.membership_healthy"), 1L);
    QCOMPARE(answers(proxy, 10)["good"], 10);
    QVERIFY(proxy.admin("/clusters").find("/failed_active_hc") != std::string::npos);
    if (!check.startsWith("http"))
        return;
    bad->status = 200;
    QTRY_COMPARE(proxy.stat("cluster.up.membership_healthy"), 2L);
    QCOMPARE(answers(proxy, 10)["bad"], 5);
}

void ProxyUpstreamTest::ejectsByFailurePercentage()
{
    TestUpstream bad("bad");
    TestUpstream good("good");
    bad.status = 404; // told apart by what counts: made 500 for half of its calls
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up}}",
        clusterText("up", {bad.port(), good.port()},
            "lb_policy: ROUND_ROBIN, outlier_detection: {interval: 0.5s, consecutive_5xx: 0, "
            "enforcing_success_rate: 0, enforcing_failure_percentage: 100, "
            "failure_percentage_threshold: 40, failure_percentage_minimum_hosts: 2, "
            "failure_percentage_request_volume: 4, max_ejection_percent: 50}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto sendSome = [&] {
        for (int i = 0; i < 20; ++i) {
            bad.status = i % 4 < 2 ? 500 : 200;
            fetch(proxy.port(), "/");
        }
        return proxy.stat("cluster.up.outlier_detection.ejections_enforced_failure_percentage");
    };
    QTRY_COMPARE(sendSome(), 1L);
    QCOMPARE(proxy.stat("cluster.up.outlier_detection.ejections_active"), 1L);
    QCOMPARE(answers(proxy, 10)["good"], 10);
}

void ProxyUpstreamTest::looksNamesUp()
{
    TestUpstream up("up");
    const auto cluster = [&](const char* host, const char* type) {
        return std::string("{name: up, connect_timeout: 1s, dns_lookup_family: V4_ONLY, ")
            + "dns_refresh_rate: 0.1s, type: " + type
            + ", load_assignment: {cluster_name: x, endpoints: [{lb_endpoints: [{endpoint: "
              "{address: {socket_address: {address: "
            + host + ", port_value: " + std::to_string(up.port()) + "}}}}]}]}}";
    };
    for (const char* type : {"STRICT_DNS", "LOGICAL_DNS"}) {
        ProxyProcess proxy(
            one("{match: {prefix: /}, route: {cluster: up}}", cluster("localhost", type)));
        QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
        QVERIFY(fetch(proxy.port(), "/").isFrom("up"));
    }
    ProxyProcess lost(one("{match: {prefix: /}, route: {cluster: up}}",
        cluster("no-such-name.invalid", "STRICT_DNS")));
    QVERIFY2(lost.waitReady(), lost.errors().c_str()); // a name may come later
    QCOMPARE(fetch(lost.port(), "/").status, 503);
}

QTEST_GUILESS_MAIN(ProxyUpstreamTest)
#include "tst_proxy_upstream.moc"
