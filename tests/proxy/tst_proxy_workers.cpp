// SPDX-License-Identifier: GPL-3.0-or-later
// One proxy with four workers: ports, breaker, limits, ejections and figures are one.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QTest>

#include <memory>

class ProxyWorkersTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void servesFromAllWorkers();
    void countsConsecutiveFailuresOverWorkers();
    void neverMoreTrialsThanAllowed();
    void limitsRequestsOverWorkers();
    void ejectsInAllWorkers();
    void refusesABadNumber();
};

namespace {

constexpr const char* kToUp = "{match: {prefix: /}, route: {cluster: up}}";
const QStringList kFour{QStringLiteral("--concurrency"), QStringLiteral("4")};

std::string breaker(const char* fields)
{
    return "metadata: {filter_metadata: {meshyard.breaker: {" + std::string(fields) + "}}}, ";
}

std::string bootstrap(std::string_view cluster)
{
    return staticBootstrap({httpListenerText("test", kToUp)}, {std::string(cluster)});
}

/// Connections that the kernel spreads over the workers.
std::vector<std::unique_ptr<WireClient>> openClients(ProxyProcess& proxy, int count)
{
    std::vector<std::unique_ptr<WireClient>> clients;
    for (int i = 0; i < count; ++i)
        clients.push_back(std::make_unique<WireClient>(proxy.port()));
    return clients;
}

void ask(WireClient& client)
{
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
}

int statusOf(WireClient& client)
{
    ask(client);
    return client.receive().status;
}

} // namespace

void ProxyWorkersTest::servesFromAllWorkers()
{
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(clusterText("up", {up.port()})), kFour);
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(proxy.stat("server.concurrency"), 4L);
    const auto clients = openClients(proxy, 40);
    for (const auto& client : clients)
        QCOMPARE(statusOf(*client), 200);
    QCOMPARE(proxy.stat("cluster.up.ok"), 40L);
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_2xx"), 40L);
    QCOMPARE(proxy.stat("downstream_cx_active"), 40L);
    // Each worker keeps connections of its own: one would be enough for one after the other.
    QVERIFY(proxy.stat("cluster.up.upstream_cx_active") > 1);
}

void ProxyWorkersTest::countsConsecutiveFailuresOverWorkers()
{
    TestUpstream up("up");
    up.status = 500;
    ProxyProcess proxy(bootstrap(clusterText(
                           "up", {up.port()}, breaker("consecutive: 5, openBaseS: 30, jitter: 0"))),
        kFour);
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto clients = openClients(proxy, 40);
    int failed = 0;
    for (const auto& client : clients) {
        ask(*client);
        const WireReply reply = client->receive();
        if (reply.header("x-meshyard-breaker"))
            break;
        ++failed;
        // What the owner hears of within 10 ms counts before the next call.
        QTRY_VERIFY(proxy.admin("/breakers").find("\"consecutive\":" + std::to_string(failed))
                != std::string::npos
            || proxy.admin("/breakers").find("\"OPEN\"") != std::string::npos);
    }
    QCOMPARE(failed, 5);
    QCOMPARE(up.calls(), 5);
    int refused = 0;
    for (std::size_t i = 6; i < clients.size(); ++i)
        refused += statusOf(*clients[i]) == 503 ? 1 : 0;
    QCOMPARE(refused, 34); // whichever worker
    QCOMPARE(up.calls(), 5);
}

void ProxyWorkersTest::neverMoreTrialsThanAllowed()
{
    TestUpstream up("up");
    up.status = 500;
    ProxyProcess proxy(bootstrap(clusterText("up", {up.port()},
                           breaker("consecutive: 5, openBaseS: 0.3, openMaxS: 0.3, jitter: 0, "
                                   "trialCalls: 4, trialSuccess: 4, trialConcurrency: 2"))),
        kFour);
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto clients = openClients(proxy, 60);
    for (std::size_t i = 0; i < 12; ++i)
        statusOf(*clients[i]);
    QTRY_VERIFY(proxy.admin("/breakers").find("\"HALF_OPEN\"") != std::string::npos);
    const int before = up.calls();
    up.status = 200;
    up.delayMs = 500;
    for (const auto& client : clients) // all at once, over all workers
        ask(*client);
    QTRY_COMPARE(proxy.stat("cluster.up.upstream_rq_active"), 2L);
    QCOMPARE(up.calls(), before + 2);
    int admitted = 0;
    for (const auto& client : clients)
        admitted += client->receive().status == 200 ? 1 : 0;
    QCOMPARE(admitted, 2);
    up.delayMs = 0;
    for (int i = 0; i < 2; ++i)
        QTRY_COMPARE(statusOf(*clients[static_cast<std::size_t>(20 + i)]), 200);
    QTRY_VERIFY(proxy.admin("/breakers").find("\"CLOSED\"") != std::string::npos);
    for (const auto& client : clients)
        QCOMPARE(statusOf(*client), 200);
}

void ProxyWorkersTest::limitsRequestsOverWorkers()
{
    TestUpstream up("up");
    up.delayMs = 800;
    ProxyProcess proxy(bootstrap(clusterText("up", {up.port()},
                           "circuit_breakers: {thresholds: [{max_requests: 3}]}, ")),
        kFour);
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto clients = openClients(proxy, 40);
    for (const auto& client : clients)
        ask(*client);
    int answered = 0;
    for (const auto& client : clients)
        answered += client->receive().status == 200 ? 1 : 0;
    QCOMPARE(answered, 3);
    QCOMPARE(proxy.stat("cluster.up.limited"), 37L);
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_active"), 0L);
    QCOMPARE(statusOf(*clients[0]), 200);
}

void ProxyWorkersTest::ejectsInAllWorkers()
{
    TestUpstream bad("bad");
    TestUpstream good("good");
    bad.status = 500;
    ProxyProcess proxy(bootstrap(clusterText("up", {bad.port(), good.port()},
                           "lb_policy: ROUND_ROBIN, outlier_detection: {consecutive_5xx: 3, "
                           "base_ejection_time: 30s, max_ejection_percent: 50}, ")),
        kFour);
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    auto clients = openClients(proxy, 1);
    for (int i = 0; i < 6; ++i) // one connection, so one worker sees it all
        statusOf(*clients[0]);
    QCOMPARE(proxy.stat("cluster.up.ejections_active"), 1L);
    const int calls = bad.calls();
    clients = openClients(proxy, 40);
    for (const auto& client : clients)
        QCOMPARE(statusOf(*client), 200);
    QCOMPARE(bad.calls(), calls);
}

void ProxyWorkersTest::refusesABadNumber()
{
    for (const char* number : {"0", "129", "two", "-1"}) {
        ProxyProcess proxy(bootstrap(clusterText("up", {1})),
            {QStringLiteral("--concurrency"), QLatin1String(number)});
        QVERIFY(!proxy.waitReady());
        QCOMPARE(proxy.waitEnd(), 2);
        QVERIFY(proxy.errors().find("--concurrency must be") != std::string::npos);
    }
}

QTEST_GUILESS_MAIN(ProxyWorkersTest)
#include "tst_proxy_workers.moc"
