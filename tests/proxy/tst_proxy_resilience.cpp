// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy from a bootstrap file in front of upstreams that fail: retries, timeouts, faults,
// breaker, limits, ejection.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QElapsedTimer>
#include <QTest>

class ProxyResilienceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void retriesElsewhere();
    void givesTheLastAnswerWhenRetriesAreUsedUp();
    void retriesConnectFailures();
    void retriesAPostWithItsBody();
    void timesOut();
    void perTryTimeoutRetries();
    void answersForBrokenUpstreams_data();
    void answersForBrokenUpstreams();
    void injectsFaults();
    void breakerOpensTriesAndCloses();
    void observedBreakerRejectsNothing();
    void faultsDontCountForTheBreaker();
    void limitsRequests();
    void queuesForAConnection();
    void ejectsAndLetsBack();
    void failsFastWhenAllAreEjected();
    void cancelledCallsFreeTheUpstream();
};

namespace {

constexpr const char* kToUp = "{match: {prefix: /}, route: {cluster: up}}";

std::string breaker(const char* fields)
{
    return "metadata: {filter_metadata: {meshyard.breaker: {" + std::string(fields) + "}}}, ";
}

std::string one(std::string_view routes, std::string_view cluster)
{
    return staticBootstrap({httpListenerText("test", routes)}, {std::string(cluster)});
}

/// Sends without waiting for the answer.
void ask(WireClient& client, std::string_view target = "/")
{
    client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n");
}

std::uint16_t closedPort()
{
    TestUpstream gone("gone");
    return gone.port();
}

} // namespace

void ProxyResilienceTest::retriesElsewhere()
{
    TestUpstream bad("bad");
    TestUpstream good("good");
    bad.status = 503;
    ProxyProcess proxy(one(
        "{match: {prefix: /}, route: {cluster: up, retry_policy: {retry_on: 5xx, num_retries: 1}}}",
        clusterText("up", {bad.port(), good.port()},
            "circuit_breakers: {thresholds: [{max_retries: 100}]}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 40; ++i)
        QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QVERIFY(bad.calls() > 0);
    QCOMPARE(proxy.stat("cluster.up.retries"), long(bad.calls()));
    QCOMPARE(proxy.stat("cluster.up.ok"), 40L);
}

void ProxyResilienceTest::givesTheLastAnswerWhenRetriesAreUsedUp()
{
    TestUpstream bad("bad");
    bad.status = 503;
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up, retry_policy: {retry_on: "
                           "gateway-error, num_retries: 2}}}",
        clusterText("up", {bad.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/");
    QCOMPARE(reply.status, 503);
    QVERIFY(reply.isFrom("bad"));
    QCOMPARE(bad.calls(), 3);
}

void ProxyResilienceTest::retriesConnectFailures()
{
    TestUpstream good("good");
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up, retry_policy: {retry_on: "
                           "connect-failure, num_retries: 1}}}",
        clusterText("up", {closedPort(), good.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 20; ++i)
        QCOMPARE(fetch(proxy.port(), "/").status, 200);
}

void ProxyResilienceTest::retriesAPostWithItsBody()
{
    TestUpstream bad("bad");
    TestUpstream good("good");
    bad.status = 500;
    ProxyProcess proxy(
        one("{match: {prefix: /}, route: {cluster: up, retry_policy: {retry_on: "
            "retriable-status-codes, retriable_status_codes: [500], num_retries: 1}}}",
            clusterText("up", {bad.port(), good.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 10; ++i) {
        const WireReply reply = post(proxy.port(), "/", "the body");
        QVERIFY(reply.isFrom("good"));
        QCOMPARE(reply.body, std::string("the body"));
    }
}

void ProxyResilienceTest::timesOut()
{
    TestUpstream slow("slow");
    slow.delayMs = 3000;
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up, timeout: 0.3s}}",
        clusterText("up", {slow.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/").status, 504);
    QVERIFY(timer.elapsed() >= 290 && timer.elapsed() < 1500);
    QCOMPARE(proxy.stat("cluster.up.timeouts"), 1L);
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_active"), 0L);
}

void ProxyResilienceTest::perTryTimeoutRetries()
{
    TestUpstream slow("slow");
    TestUpstream good("good");
    slow.delayMs = 3000;
    ProxyProcess proxy(one("{match: {prefix: /}, route: {cluster: up, timeout: 2s, retry_policy: "
                           "{retry_on: 5xx, num_retries: 1, per_try_timeout: 0.1s}}}",
        clusterText("up", {slow.port(), good.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 8; ++i)
        QVERIFY(fetch(proxy.port(), "/").isFrom("good"));
}

void ProxyResilienceTest::answersForBrokenUpstreams_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<int>("status");
    const auto row = [](const char* name, const char* answer, int status) {
        QTest::newRow(name) << QByteArray(answer) << status;
    };
    row("no HTTP at all", "garbage\r\n\r\n", 502);
    row("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 502);
    row("length and chunked",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", 502);
    row("ends inside its head", "HTTP/1.1 200 OK\r\nContent-", 503);
    row("bad status", "HTTP/1.1 20 OK\r\n\r\n", 502);
    row("ends inside its body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", 0);
    row("until close", "HTTP/1.1 200 OK\r\n\r\nall of it", 200);
    row("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200);
}

void ProxyResilienceTest::answersForBrokenUpstreams()
{
    QFETCH(QByteArray, answer);
    QFETCH(int, status);
    RawUpstream raw(answer.toStdString());
    ProxyProcess proxy(one(kToUp, clusterText("up", {raw.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/").status, status);
}

void ProxyResilienceTest::injectsFaults()
{
    TestUpstream up("up");
    const std::string fault
        = R"(typed_per_filter_config: {envoy.filters.http.fault: {"@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault, )";
    ProxyProcess proxy(one("{match: {prefix: /abort}, route: {cluster: up}, " + fault
            + "abort: {http_status: 418, percentage: {numerator: 100}}, headers: [{name: end-user, "
              "exact_match: jason}]}}}, {match: {prefix: /delay}, route: {cluster: up}, "
            + fault
            + "delay: {fixed_delay: 0.3s, percentage: {numerator: 100}}}}}, "
              "{match: {prefix: /half}, route: {cluster: up}, "
            + fault + "abort: {http_status: 500, percentage: {numerator: 50}}}}}",
        clusterText("up", {up.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/abort").status, 200);
    QCOMPARE(fetch(proxy.port(), "/abort", "end-user: jason\r\n").status, 418);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/delay").status, 200);
    QVERIFY(timer.elapsed() >= 290);
    int aborted = 0;
    for (int i = 0; i < 400; ++i)
        aborted += fetch(proxy.port(), "/half").status == 500 ? 1 : 0;
    QVERIFY2(aborted > 150 && aborted < 250, std::to_string(aborted).c_str());
    QCOMPARE(proxy.stat("cluster.up.faults"), long(aborted + 1));
}

void ProxyResilienceTest::breakerOpensTriesAndCloses()
{
    TestUpstream up("up");
    up.status = 500;
    ProxyProcess proxy(one(kToUp,
        clusterText("up", {up.port()},
            breaker("consecutive: 5, openBaseS: 0.5, jitter: 0, trialCalls: 2, trialSuccess: 2"))));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 5; ++i)
        QCOMPARE(fetch(proxy.port(), "/").status, 500);
    const WireReply refused = fetch(proxy.port(), "/");
    QCOMPARE(refused.status, 503);
    QCOMPARE(refused.header("x-meshyard-breaker").value_or(""), std::string("open"));
    QCOMPARE(refused.header("retry-after").value_or(""), std::string("1"));
    QCOMPARE(up.calls(), 5);
    QCOMPARE(proxy.stat("cluster.up.rejected"), 1L);

    up.status = 200;
    up.delayMs = 300;
    QTRY_VERIFY(proxy.admin("/breakers").find("\"HALF_OPEN\"") != std::string::npos);
    WireClient trial(proxy.port());
    ask(trial);
    QTRY_COMPARE(up.calls(), 6);
    const WireReply second = fetch(proxy.port(), "/"); // one permit at a time
    QCOMPARE(second.header("x-meshyard-breaker").value_or(""), std::string("half-open"));
    QCOMPARE(trial.receive().status, 200);
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QVERIFY(proxy.admin("/breakers").find("\"CLOSED\"") != std::string::npos);
}

void ProxyResilienceTest::observedBreakerRejectsNothing()
{
    TestUpstream up("up");
    up.status = 500;
    ProxyProcess proxy(one(kToUp, clusterText("up", {up.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 30; ++i)
        QCOMPARE(fetch(proxy.port(), "/").status, 500);
    QVERIFY(proxy.admin("/breakers").find("\"OPEN\"") != std::string::npos);
    QCOMPARE(up.calls(), 30);
}

void ProxyResilienceTest::faultsDontCountForTheBreaker()
{
    TestUpstream up("up");
    ProxyProcess proxy(one(
        R"({match: {prefix: /}, route: {cluster: up}, typed_per_filter_config: {envoy.filters.http.fault: {"@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault, abort: {http_status: 500, percentage: {numerator: 100}}}}})",
        clusterText("up", {up.port()}, breaker("consecutive: 5"))));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 20; ++i)
        QCOMPARE(fetch(proxy.port(), "/").status, 500);
    QVERIFY(proxy.admin("/breakers").find("\"CLOSED\"") != std::string::npos);
}

void ProxyResilienceTest::limitsRequests()
{
    TestUpstream up("up");
    up.delayMs = 400;
    ProxyProcess proxy(one(kToUp,
        clusterText("up", {up.port()}, "circuit_breakers: {thresholds: [{max_requests: 1}]}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient first(proxy.port());
    ask(first);
    QTRY_COMPARE(up.calls(), 1);
    const WireReply refused = fetch(proxy.port(), "/");
    QCOMPARE(refused.status, 503);
    QCOMPARE(refused.header("x-meshyard-breaker").value_or(""), std::string("limited"));
    QCOMPARE(first.receive().status, 200);
    QCOMPARE(proxy.stat("cluster.up.limited"), 1L);
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
}

void ProxyResilienceTest::queuesForAConnection()
{
    TestUpstream up("up");
    up.delayMs = 200;
    ProxyProcess proxy(one(kToUp,
        clusterText("up", {up.port()},
            "circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 1}]}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient first(proxy.port());
    ask(first);
    QTRY_COMPARE(up.calls(), 1);
    WireClient second(proxy.port());
    ask(second);
    QTRY_COMPARE(proxy.stat("cluster.up.upstream_rq_active"), 2L);
    QCOMPARE(
        fetch(proxy.port(), "/").header("x-meshyard-breaker").value_or(""), std::string("limited"));
    QCOMPARE(first.receive().status, 200);
    QCOMPARE(second.receive().status, 200);
    QCOMPARE(proxy.stat("cluster.up.upstream_cx_active"), 1L);
}

void ProxyResilienceTest::ejectsAndLetsBack()
{
    TestUpstream bad("bad");
    TestUpstream good("good");
    bad.status = 500;
    ProxyProcess proxy(one(kToUp,
        clusterText("up", {bad.port(), good.port()},
            "lb_policy: ROUND_ROBIN, outlier_detection: {consecutive_5xx: 3, interval: 0.1s, "
            "base_ejection_time: 0.5s, max_ejection_percent: 50}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 6; ++i)
        fetch(proxy.port(), "/");
    QCOMPARE(bad.calls(), 3);
    for (int i = 0; i < 20; ++i)
        QVERIFY(fetch(proxy.port(), "/").isFrom("good"));
    QCOMPARE(proxy.stat("cluster.up.ejections_active"), 1L);
    bad.status = 200;
    QTRY_COMPARE(proxy.stat("cluster.up.ejections_active"), 0L);
    for (int i = 0; i < 4; ++i)
        fetch(proxy.port(), "/");
    QVERIFY(bad.calls() > 3);
}

void ProxyResilienceTest::failsFastWhenAllAreEjected()
{
    TestUpstream bad("bad");
    bad.status = 500;
    ProxyProcess proxy(one(kToUp,
        clusterText("up", {bad.port()},
            "outlier_detection: {consecutive_5xx: 2, base_ejection_time: 30s, "
            "max_ejection_percent: 100}, common_lb_config: {healthy_panic_threshold: {value: "
            "0}}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    fetch(proxy.port(), "/");
    fetch(proxy.port(), "/");
    QCOMPARE(fetch(proxy.port(), "/").status, 503);
    QCOMPARE(bad.calls(), 2);
    QCOMPARE(proxy.stat("cluster.up.no_endpoint"), 1L);
}

void ProxyResilienceTest::cancelledCallsFreeTheUpstream()
{
    TestUpstream up("up");
    up.delayMs = 2000;
    ProxyProcess proxy(one(kToUp, clusterText("up", {up.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    {
        WireClient leaving(proxy.port());
        ask(leaving);
        QTRY_COMPARE(up.calls(), 1);
    }
    QTRY_COMPARE(proxy.stat("cluster.up.cancelled"), 1L);
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_active"), 0L);
    QTRY_COMPARE(proxy.stat("cluster.up.upstream_cx_active"), 0L);
}

QTEST_GUILESS_MAIN(ProxyResilienceTest)
#include "tst_proxy_resilience.moc"
