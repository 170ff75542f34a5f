// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy from a bootstrap file in front of endpoints that fail: what is tried again, how
// often and when.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QElapsedTimer>
#include <QTest>

#include <map>

class ProxyRetriesTest : public QObject
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

void ProxyRetriesTest::retriesByWord_data()
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

void ProxyRetriesTest::retriesByWord()
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
            + ", num_retries: 1, retriable_status_codes: [418], per_try_timeout: 0.1s, "
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

void ProxyRetriesTest::headersAskForRetries()
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

void ProxyRetriesTest::headersSetTheTimeout()
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

void ProxyRetriesTest::countsAttempts()
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

void ProxyRetriesTest::budgetsRetries()
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

void ProxyRetriesTest::waitsAsTheResponseAsks()
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

void ProxyRetriesTest::perTryIdleTimeoutCutsASilentBody()
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

QTEST_GUILESS_MAIN(ProxyRetriesTest)
#include "tst_proxy_retries.moc"
