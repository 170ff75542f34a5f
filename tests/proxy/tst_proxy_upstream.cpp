// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy from a bootstrap file: which endpoint a request goes to, and what happens when that
// one fails.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QElapsedTimer>
#include <QTest>

#include <map>

class ProxyUpstreamTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void retriesByWord_data();
    void retriesByWord();
    void headersAskForRetries();
    void headersSetTheTimeout();
    void countsAttempts();
    void budgetsRetries();
    void waitsAsTheResponseAsks();
    void perTryIdleTimeoutCutsASilentBody();
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

std::string retryRoute(std::string_view policy)
{
    return "{match: {prefix: /}, route: {cluster: up, retry_policy: {" + std::string(policy)
        + "}}}";
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

std::uint16_t closedPort()
{
    TestUpstream gone("gone");
    return gone.port();
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

void ProxyUpstreamTest::retriesByWord_data()
{
    QTest::addColumn<QByteArray>("kind"); // of the first endpoint
    QTest::addColumn<QByteArray>("words"); // that retry it, as with Envoy 1.40
    const auto row = [](const char* kind, const char* words) {
        QTest::newRow(kind) << QByteArray(kind) << QByteArray(words);
    };
    row("503", "5xx gateway-error");
    row("500", "5xx");
    row("409", "retriable-4xx");
    row("418", "retriable-status-codes");
    row("reset", "5xx gateway-error reset");
    row("refused", "5xx gateway-error reset reset-before-request connect-failure");
    row("slow", "5xx gateway-error reset");
}

void ProxyUpstreamTest::retriesByWord()
{
    QFETCH(QByteArray, kind);
    QFETCH(QByteArray, words);
    TestUpstream good("good");
    TestUpstream bad("bad");
    RawUpstream reset("HTTP/1.1 200 OK\r\nContent-");
    bad.status = kind.toInt() > 0 ? kind.toInt() : 200;
    bad.delayMs = kind == "slow" ? 2000 : 0;
    std::uint16_t first = bad.port();
    if (kind == "reset")
        first = reset.port();
    if (kind == "refused")
        first = closedPort();
    const QByteArrayList all{"5xx", "gateway-error", "reset", "reset-before-request",
        "connect-failure", "retriable-4xx", "retriable-status-codes", "refused-stream"};
    std::string routes;
    for (const QByteArray& word : all)
        routes += "{match: {path: /" + word.toStdString()
            + "}, route: {cluster: up, retry_policy: {retry_on: " + word.toStdString()
            + ", num_retries: 1, retriable_status_codes: [418], per_try_timeout: 0.2s, "
              "retry_host_predicate: [{name: x, typed_config: {\"@type\": type.googleapis.com/"
              "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate}}]}}}, ";
    ProxyProcess proxy(
        one(routes, clusterText("up", {first, good.port()}, "lb_policy: ROUND_ROBIN, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (const QByteArray& word : all) {
        const long before = proxy.stat("cluster.up.retries");
        int fine = 0;
        for (int i = 0; i < 4; ++i)
            fine += fetch(proxy.port(), "/" + word.toStdString()).isFrom("good") ? 1 : 0;
        const bool retried = words.split(' ').contains(word);
        QVERIFY2(fine == (retried ? 4 : 2), word);
        QVERIFY2((proxy.stat("cluster.up.retries") > before) == retried, word);
    }
}

void ProxyUpstreamTest::headersAskForRetries()
{
    TestUpstream bad("bad");
    TestUpstream good("good");
    bad.status = 503;
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up}}",
        clusterText("up", {bad.port(), good.port()}, "lb_policy: ROUND_ROBIN, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    auto seen = answers(proxy, 4);
    QCOMPARE(seen["bad"], 2);
    for (int i = 0; i < 4; ++i) {
        const WireReply reply
            = fetch(proxy.port(), "/", "X-Envoy-Retry-On: 5xx\r\nx-envoy-max-retries: 2\r\n");
        QVERIFY(reply.isFrom("good"));
        QVERIFY(reply.body.find("nvoy") == std::string::npos); // they end at the router
    }
}

void ProxyUpstreamTest::headersSetTheTimeout()
{
    TestUpstream slow("slow");
    slow.delayMs = 2000;
    ProxyProcess proxy(
        one("{match: {prefix: /}, route: {cluster: up}}", clusterText("up", {slow.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/", "x-envoy-upstream-rq-timeout-ms: 200\r\n").status, 504);
    QVERIFY(timer.elapsed() >= 190 && timer.elapsed() < 1500);
    QCOMPARE(fetch(proxy.port(), "/",
                 "x-envoy-upstream-rq-timeout-ms: 200\r\n"
                 "x-envoy-upstream-rq-timeout-alt-response: 1\r\n")
                 .status,
        204);
}

void ProxyUpstreamTest::countsAttempts()
{
    TestUpstream bad("bad");
    TestUpstream good("good");
    bad.status = 503;
    const std::string listener = httpListenerText("test", retryRoute("retry_on: 5xx"));
    std::string counting = listener;
    const std::string domains = "domains: [\"*\"], ";
    counting.insert(counting.find(domains),
        "include_request_attempt_count: true, include_attempt_count_in_response: true, ");
    ProxyProcess proxy(staticBootstrap(
        {counting}, {clusterText("up", {bad.port(), good.port()}, "lb_policy: ROUND_ROBIN, ")}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::map<std::string, int> counts;
    for (int i = 0; i < 6; ++i) {
        const WireReply reply = fetch(proxy.port(), "/", "x-envoy-attempt-count: 9\r\n");
        QCOMPARE(reply.status, 200);
        const std::string count = reply.header("x-envoy-attempt-count").value_or("");
        QVERIFY2(reply.body.find("x-envoy-attempt-count: " + count + "\n") != std::string::npos,
            reply.body.c_str());
        QVERIFY(reply.body.find("count: 9") == std::string::npos);
        ++counts[count];
    }
    QVERIFY(counts["2"] > 0); // wherever the turns began, some met the bad one first
    bad.status = 200;
    QCOMPARE(
        fetch(proxy.port(), "/").header("x-envoy-attempt-count").value_or(""), std::string("1"));
}

void ProxyUpstreamTest::budgetsRetries()
{
    TestUpstream bad("bad");
    bad.status = 503;
    const auto callsWith = [&](const char* limits) {
        ProxyProcess proxy(one(retryRoute("retry_on: 5xx, num_retries: 2"),
            clusterText("up", {bad.port()},
                std::string("circuit_breakers: {thresholds: [{") + limits + "}]}, ")));
        if (!proxy.waitReady())
            return -1;
        const int before = bad.calls();
        fetch(proxy.port(), "/");
        const long overflow = proxy.stat("cluster.up.upstream_rq_retry_overflow");
        return bad.calls() - before + (overflow > 0 ? 10 : 0);
    };
    QCOMPARE(callsWith("max_retries: 3"), 3);
    QCOMPARE(callsWith("max_retries: 0"), 11);
    QCOMPARE(callsWith("max_retries: 0, retry_budget: {min_retry_concurrency: 1}"), 3);
    QCOMPARE(
        callsWith("retry_budget: {budget_percent: {value: 100}, min_retry_concurrency: 0}"), 3);
    QCOMPARE(callsWith("retry_budget: {budget_percent: {value: 0}, min_retry_concurrency: 0}"), 11);
}

void ProxyUpstreamTest::waitsAsTheResponseAsks()
{
    TestUpstream bad("bad");
    bad.status = 503;
    bad.retryAfter = 1;
    ProxyProcess proxy(
        one(retryRoute("retry_on: 5xx, rate_limited_retry_back_off: {reset_headers: [{name: "
                       "retry-after, format: SECONDS}]}"),
            clusterText("up", {bad.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/").status, 503);
    QVERIFY2(timer.elapsed() >= 990 && timer.elapsed() < 3000, QByteArray::number(timer.elapsed()));
    QCOMPARE(bad.calls(), 2);
}

void ProxyUpstreamTest::perTryIdleTimeoutCutsASilentBody()
{
    TestUpstream slow("slow");
    slow.delayMs = 3000;
    ProxyProcess proxy(one(retryRoute("retry_on: 5xx, num_retries: 0, per_try_idle_timeout: 0.2s"),
        clusterText("up", {slow.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/").status, 504);
    QVERIFY(timer.elapsed() < 2000);
}

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
