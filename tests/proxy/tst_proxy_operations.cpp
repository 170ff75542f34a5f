// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy that is drained, runs out of descriptors, or has callers without end.
#include "proxy_process.h"
#include "test_upstream.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include <sys/resource.h>

#include <signal.h>
#include <unistd.h>

class ProxyOperationsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void drainFailsNoRequest_data();
    void drainFailsNoRequest();
    void drainWaitsForTheAnswerInProgress();
    void drainEndsInTime();
    void drainListenersKeepsTheProcess();
    void outOfDescriptorsServesOnAndRecovers();
    void limitsConnections_data();
    void limitsConnections();
    void raisesItsDescriptorLimit();
    void endsStreamsWithoutActivity();
    void endsRequestsThatNeverArriveWhole();
    void endsOldConnections();
    void endsConnectionsAfterSomeRequests();
};

namespace {

constexpr const char* kToUp = "{match: {prefix: /}, route: {cluster: up}}";
constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

std::string bootstrap(std::uint16_t port, std::string_view listener = {})
{
    return staticBootstrap(
        {httpListenerText("test", kToUp, listener)}, {clusterText("up", {port})});
}

/// Sends one request after another until nobody listens any more.
struct Caller
{
    explicit Caller(std::uint16_t port)
        : thread([this, port] { run(port); })
    {
    }

    void run(std::uint16_t port)
    {
        while (!stop) {
            WireClient client(port);
            if (!client.isConnected())
                return; // refused: nothing was sent
            for (bool open = true; open && !stop;) {
                client.send(kRequest);
                const WireReply reply = client.receive();
                ++(reply.status == 200 ? answered : failed);
                open = reply.status == 200 && reply.header("connection") != "close";
            }
        }
    }

    std::atomic<bool> stop{false};
    std::atomic<int> answered{0};
    std::atomic<int> failed{0};
    std::thread thread; // last: it uses the others
};

/// CPU time of a process, in clock ticks.
long cpuTicks(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/stat").arg(pid));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray text = file.readAll();
    const QByteArrayList fields = text.mid(text.lastIndexOf(')') + 2).split(' ');
    return fields[11].toLong() + fields[12].toLong();
}

} // namespace

void ProxyOperationsTest::drainFailsNoRequest_data()
{
    QTest::addColumn<QString>("workers");
    QTest::newRow("one worker") << QStringLiteral("1");
    QTest::newRow("three workers") << QStringLiteral("3");
}

void ProxyOperationsTest::drainFailsNoRequest()
{
    QFETCH(QString, workers);
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(up.port()), {QStringLiteral("--concurrency"), workers});
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::vector<std::unique_ptr<Caller>> callers;
    for (int i = 0; i < 6; ++i)
        callers.push_back(std::make_unique<Caller>(proxy.port()));
    QTRY_VERIFY(up.calls() > 200);
    ::kill(static_cast<pid_t>(proxy.process().processId()), SIGTERM);
    const int status = proxy.waitEnd();
    int answered = 0;
    int failed = 0;
    for (const auto& caller : callers) {
        caller->stop = true;
        caller->thread.join();
        answered += caller->answered;
        failed += caller->failed;
    }
    QCOMPARE(status, 0);
    QVERIFY(answered > 200);
    QCOMPARE(failed, 0);
}

void ProxyOperationsTest::drainWaitsForTheAnswerInProgress()
{
    TestUpstream up("up");
    up.delayMs = 700;
    ProxyProcess proxy(bootstrap(up.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient busy(proxy.port());
    busy.send(kRequest);
    QTRY_COMPARE(up.calls(), 1);
    WireClient idle(proxy.port());
    proxy.process().terminate();
    QCOMPARE(idle.receiveAll(), std::string()); // closed, without a word
    const WireReply reply = busy.receive();
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.header("connection").value_or(""), std::string("close"));
    QCOMPARE(proxy.waitEnd(), 0);
}

void ProxyOperationsTest::drainEndsInTime()
{
    TestUpstream up("up");
    up.delayMs = 20000;
    ProxyProcess proxy(
        bootstrap(up.port()), {QStringLiteral("--drain-time-s"), QStringLiteral("1")});
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient busy(proxy.port());
    busy.send(kRequest);
    QTRY_COMPARE(up.calls(), 1);
    QElapsedTimer timer;
    timer.start();
    proxy.process().terminate();
    QCOMPARE(proxy.waitEnd(), 0);
    QVERIFY(timer.elapsed() >= 950 && timer.elapsed() < 4000);
    QVERIFY(proxy.errors().find("1 connections did not end in time") != std::string::npos);
}

void ProxyOperationsTest::drainListenersKeepsTheProcess()
{
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(up.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QCOMPARE(proxy.postAdmin("/drain_listeners"), 200);
    QCOMPARE(proxy.adminReply("GET", "/ready").body, std::string("DRAINING\n"));
    WireClient late(proxy.port());
    QVERIFY(!late.isConnected());
}

void ProxyOperationsTest::outOfDescriptorsServesOnAndRecovers()
{
    TestUpstream up("up");
    constexpr rlim_t kLimit = 48;
    ProxyProcess proxy(bootstrap(up.port()), {}, [] {
        const rlimit few{kLimit, kLimit};
        ::setrlimit(RLIMIT_NOFILE, &few);
    });
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient first(proxy.port());
    first.send(kRequest);
    QCOMPARE(first.receive().status, 200);

    std::vector<std::unique_ptr<WireClient>> many;
    for (int i = 0; i < 80; ++i)
        many.push_back(std::make_unique<WireClient>(proxy.port()));
    std::string said;
    const auto complaints = [&] { // errors() gives each line once
        said += proxy.errors();
        return QByteArray::fromStdString(said).count("can't accept");
    };
    QTRY_COMPARE(complaints(), qsizetype(1));
    const long before = cpuTicks(proxy.process().processId());
    QElapsedTimer timer;
    timer.start();
    int served = 0;
    while (timer.elapsed() < 1000) { // existing ones are served all the while
        first.send(kRequest);
        served += first.receive().status == 200 ? 1 : 0;
        QTest::qWait(50);
    }
    QVERIFY(served >= 5);
    const double cpu = static_cast<double>(cpuTicks(proxy.process().processId()) - before)
        / static_cast<double>(::sysconf(_SC_CLK_TCK));
    QVERIFY2(cpu < 0.2, std::to_string(cpu).c_str());
    QCOMPARE(complaints(), qsizetype(1));

    many.erase(many.begin(), many.begin() + 60);
    timer.restart();
    for (const auto& client : many) {
        client->send(kRequest);
        QCOMPARE(client->receive().status, 200);
    }
    QVERIFY2(timer.elapsed() < 1000, std::to_string(timer.elapsed()).c_str());
    QVERIFY(proxy.stat("downstream_cx_accept_refused") > 0);
}

void ProxyOperationsTest::limitsConnections_data()
{
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QString>("workers");
    const QByteArray monitor
        = "overload_manager: {resource_monitors: [{name: "
          "envoy.resource_monitors.global_downstream_max_connections, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3."
          "DownstreamConnectionsConfig, max_active_downstream_connections: 5}}]}\n";
    const QByteArray runtime
        = "layered_runtime: {layers: [{name: s, static_layer: "
          "{overload.global_downstream_max_connections: 5}}]}\n";
    QTest::newRow("resource monitor") << monitor << QStringLiteral("1");
    QTest::newRow("runtime key") << runtime << QStringLiteral("1");
    QTest::newRow("over workers") << monitor << QStringLiteral("3");
}

void ProxyOperationsTest::limitsConnections()
{
    QFETCH(QByteArray, rule);
    QFETCH(QString, workers);
    TestUpstream up("up");
    ProxyProcess proxy(rule.toStdString() + bootstrap(up.port()),
        {QStringLiteral("--concurrency"), workers});
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::vector<std::unique_ptr<WireClient>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<WireClient>(proxy.port()));
        clients.back()->send(kRequest);
        QCOMPARE(clients.back()->receive().status, 200);
    }
    WireClient sixth(proxy.port());
    sixth.send(kRequest);
    QCOMPARE(sixth.receive().status, 0);
    QCOMPARE(proxy.stat("downstream_global_cx_overflow"), 1L);
    clients[0]->send(kRequest);
    QCOMPARE(clients[0]->receive().status, 200);
    clients.pop_back();
    QTRY_COMPARE(proxy.stat("downstream_cx_active"), 4L);
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
}

void ProxyOperationsTest::raisesItsDescriptorLimit()
{
    TestUpstream up("up");
    rlimit own{};
    ::getrlimit(RLIMIT_NOFILE, &own);
    ProxyProcess proxy(bootstrap(up.port()), {}, [] {
        rlimit few{};
        ::getrlimit(RLIMIT_NOFILE, &few);
        few.rlim_cur = 64;
        ::setrlimit(RLIMIT_NOFILE, &few);
    });
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    rlimit raised{};
    QCOMPARE(::prlimit(static_cast<pid_t>(proxy.process().processId()), RLIMIT_NOFILE, nullptr,
                 &raised),
        0);
    QCOMPARE(raised.rlim_cur, own.rlim_max);
}

void ProxyOperationsTest::endsStreamsWithoutActivity()
{
    TestUpstream up("up");
    up.delayMs = 5000;
    ProxyProcess proxy(bootstrap(up.port(), "stream_idle_timeout: 0.3s, "));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    const WireReply reply = fetch(proxy.port(), "/");
    QCOMPARE(reply.status, 408);
    QCOMPARE(reply.header("connection").value_or(""), std::string("close"));
    QVERIFY(timer.elapsed() >= 290 && timer.elapsed() < 2000);
    QTRY_COMPARE(proxy.stat("cluster.up.upstream_rq_active"), 0L);
}

void ProxyOperationsTest::endsRequestsThatNeverArriveWhole()
{
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(up.port(), "request_timeout: 0.3s, "));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient slow(proxy.port());
    slow.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\npart");
    QCOMPARE(slow.receive().status, 408);
    QCOMPARE(slow.receiveAll(), std::string());
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
}

void ProxyOperationsTest::endsOldConnections()
{
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(
        up.port(), "common_http_protocol_options: {max_connection_duration: 0.3s}, "));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    client.send(kRequest);
    QCOMPARE(client.receive().status, 200);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(client.receiveAll(), std::string());
    QVERIFY(timer.elapsed() < 2000);
}

void ProxyOperationsTest::endsConnectionsAfterSomeRequests()
{
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(
        up.port(), "common_http_protocol_options: {max_requests_per_connection: 2}, "));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    client.send(kRequest);
    QVERIFY(client.receive().header("connection") != "close");
    client.send(kRequest);
    QCOMPARE(client.receive().header("connection").value_or(""), std::string("close"));
    QCOMPARE(client.receiveAll(), std::string());
}

QTEST_GUILESS_MAIN(ProxyOperationsTest)
#include "tst_proxy_operations.moc"
