// SPDX-License-Identifier: GPL-3.0-or-later
// Access logs of a real proxy: what a request leaves behind, and that no log holds a request up.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include <sys/stat.h>

class ProxyAccessLogTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void saysHowRequestsEnded_data();
    void saysHowRequestsEnded();
    void logsWhoSpoke();
    void logsRetries();
    void logsAbandonedRequests();
    void logsTcpConnections();
    void writesEachLineOnceFromManyWorkers();
    void aPipeThatNobodyReadsHoldsNothingUp();
    void writesToStandardError();
    void startsANewFileWhenAsked();
    void refusesUnknownLoggers();

private:
    QString logPath() const { return m_folder->filePath(QStringLiteral("access.log")); }
    QList<QByteArray> lines() const;
    /// `access_log: [...], ` with that format.
    std::string logTo(const QString& path, std::string_view format) const;

    std::unique_ptr<QTemporaryDir> m_folder;
};

namespace {

constexpr const char* kOutcome = "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%";

std::uint16_t closedPort()
{
    TestUpstream gone("gone");
    return gone.port();
}

} // namespace

void ProxyAccessLogTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

QList<QByteArray> ProxyAccessLogTest::lines() const
{
    QFile file(logPath());
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QList<QByteArray> all = file.readAll().split('\n');
    all.removeLast(); // behind the last line end
    return all;
}

std::string ProxyAccessLogTest::logTo(const QString& path, std::string_view format) const
{
    return "access_log: [{name: envoy.access_loggers.file, typed_config: {\"@type\": "
           "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: \""
        + path.toStdString() + "\", log_format: {text_format_source: {inline_string: \""
        + std::string(format) + "\\n\"}}}}], ";
}

void ProxyAccessLogTest::saysHowRequestsEnded_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("line");
    const auto row = [](const char* name, const char* path, const char* line) {
        QTest::newRow(name) << QByteArray(path) << QByteArray(line);
    };
    row("from the upstream", "/up", "200 - via_upstream");
    row("no route", "/nowhere", "404 NR route_not_found");
    row("no cluster", "/nocluster", "503 NC cluster_not_found");
    row("direct", "/direct", "418 - direct_response");
    row("connection refused", "/refused",
        "503 UF upstream_reset_before_response_started{connection_failure}");
    row("nobody there", "/empty", "503 UH no_healthy_upstream");
    row("too slow", "/slow", "504 UT upstream_response_timeout");
    row("connection lost", "/cut",
        "503 UC upstream_reset_before_response_started{connection_termination}");
    row("no HTTP", "/garbage", "502 UPE upstream_reset_before_response_started{protocol_error}");
    row("aborted", "/abort", "418 FI fault_filter_abort");
    row("per try too slow", "/tryslow", "504 UT upstream_per_try_timeout");
    row("malformed", "/ x\r\nbroken", "400 DPE http1.codec_error");
    row("delayed", "/delay", "200 DI via_upstream");
}

void ProxyAccessLogTest::saysHowRequestsEnded()
{
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, line);
    TestUpstream up("up");
    TestUpstream slow("slow");
    slow.delayMs = 2000;
    RawUpstream cut("HTTP/1.1 200 OK\r\nContent-");
    RawUpstream garbage("garbage\r\n\r\n");
    const std::string fault
        = R"(typed_per_filter_config: {envoy.filters.http.fault: {"@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault, )";
    std::string routes = "{match: {path: /nocluster}, route: {cluster: none}}, "
                         "{match: {path: /direct}, direct_response: {status: 418}}, "
                         "{match: {path: /slow}, route: {cluster: slow, timeout: 0.2s}}, "
                         "{match: {path: /tryslow}, route: {cluster: slow, retry_policy: "
                         "{per_try_timeout: 0.1s}}}, "
                         "{match: {path: /abort}, route: {cluster: up}, "
        + fault
        + "abort: {http_status: 418, percentage: {numerator: 100}}}}}, "
          "{match: {path: /delay}, route: {cluster: up}, "
        + fault + "delay: {fixed_delay: 0.05s, percentage: {numerator: 100}}}}}";
    for (const char* name : {"up", "refused", "empty", "cut", "garbage"})
        routes += std::string(", {match: {path: /") + name + "}, route: {cluster: " + name + "}}";
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test", routes, logTo(logPath(), kOutcome))},
            {clusterText("up", {up.port()}), clusterText("slow", {slow.port()}),
                clusterText("refused", {closedPort()}), clusterText("empty", {}),
                clusterText("cut", {cut.port()}), clusterText("garbage", {garbage.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    fetch(proxy.port(), path.toStdString());
    QTRY_COMPARE(lines(), QList<QByteArray>{line});
}

void ProxyAccessLogTest::logsWhoSpoke()
{
    TestUpstream up("up");
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test", "{name: main, match: {prefix: /}, route: {cluster: up}}",
            logTo(logPath(),
                "%REQ(:METHOD)% %REQ(:PATH)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(:AUTHORITY)% "
                "%PROTOCOL% %BYTES_RECEIVED% %BYTES_SENT% %ROUTE_NAME% %UPSTREAM_CLUSTER% "
                "%UPSTREAM_HOST% %DOWNSTREAM_LOCAL_PORT% "
                "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% "
                "%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %RESP(X-UPSTREAM)% "
                "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"))},
        {clusterText("up", {up.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(post(proxy.port(), "/a?b=c", "the body").status, 200);
    const std::string wanted
        = "POST /a?b=c /a?b=c test HTTP/1.1 8 8 main up 127.0.0.1:" + std::to_string(up.port())
        + " " + std::to_string(proxy.port()) + " 127.0.0.1 127.0.0.1 up 1";
    QTRY_COMPARE(lines(), QList<QByteArray>{QByteArray::fromStdString(wanted)});
}

void ProxyAccessLogTest::logsRetries()
{
    TestUpstream bad("bad");
    bad.status = 503;
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test",
            "{match: {prefix: /}, route: {cluster: up, retry_policy: {retry_on: 5xx, num_retries: "
            "1}}}",
            logTo(logPath(), std::string(kOutcome) + " %UPSTREAM_REQUEST_ATTEMPT_COUNT%"))},
        {clusterText("up", {bad.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    fetch(proxy.port(), "/");
    QTRY_COMPARE(lines(), QList<QByteArray>{"503 URX via_upstream 2"});
}

void ProxyAccessLogTest::logsAbandonedRequests()
{
    TestUpstream slow("slow");
    slow.delayMs = 1000;
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test", "{match: {prefix: /}, route: {cluster: up}}",
                            logTo(logPath(), kOutcome))},
            {clusterText("up", {slow.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    {
        WireClient client(proxy.port());
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        QTRY_COMPARE(slow.calls(), 1);
    }
    QTRY_COMPARE(lines(), QList<QByteArray>{"0 DC downstream_remote_disconnect"});
}

void ProxyAccessLogTest::logsTcpConnections()
{
    RawUpstream echo("");
    const std::string tcp
        = "{name: test, address: {socket_address: {address: 127.0.0.1, port_value: 0}}, "
          "filter_chains: [{filters: [{name: tcp, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
          "stat_prefix: t, cluster: echo, "
        + logTo(logPath(),
            "%PROTOCOL% %BYTES_RECEIVED% %BYTES_SENT% %UPSTREAM_CLUSTER% %RESPONSE_FLAGS%")
        + "}}]}]}";
    ProxyProcess proxy(staticBootstrap({tcp}, {clusterText("echo", {echo.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    {
        WireClient client(proxy.port());
        client.send("hello");
        QCOMPARE(client.receiveBytes(5), std::string("hello"));
    }
    QTRY_COMPARE(lines(), QList<QByteArray>{"- 5 5 echo -"});
}

void ProxyAccessLogTest::writesEachLineOnceFromManyWorkers()
{
    TestUpstream up("up");
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test", "{match: {prefix: /}, route: {cluster: up}}",
                            logTo(logPath(), "%REQ(:PATH)%"))},
            {clusterText("up", {up.port()})}),
        {QStringLiteral("--concurrency"), QStringLiteral("3")});
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    constexpr int kRequests = 300;
    QList<QByteArray> wanted;
    for (int i = 0; i < kRequests; ++i) {
        wanted.append("/r" + QByteArray::number(i));
        QCOMPARE(fetch(proxy.port(), wanted.back().toStdString()).status, 200);
    }
    proxy.process().terminate(); // what waits in buffers is written before the end
    QCOMPARE(proxy.waitEnd(), 0);
    QList<QByteArray> got = lines();
    std::ranges::sort(got);
    std::ranges::sort(wanted);
    QCOMPARE(got, wanted);
}

void ProxyAccessLogTest::aPipeThatNobodyReadsHoldsNothingUp()
{
    TestUpstream up("up");
    const QString pipe = m_folder->filePath(QStringLiteral("pipe"));
    QCOMPARE(::mkfifo(pipe.toLocal8Bit().constData(), 0600), 0);
    // Open for both, so that writing succeeds until the pipe is full.
    QFile reader(pipe);
    QVERIFY(reader.open(QIODevice::ReadWrite | QIODevice::Unbuffered));
    const std::string padding(4000, 'x');
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test", "{match: {prefix: /}, route: {cluster: up}}",
                            logTo(pipe, padding + "%REQ(:PATH)%"))},
            {clusterText("up", {up.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    QElapsedTimer timer;
    timer.start();
    qint64 worst = 0;
    for (int i = 0; i < 1500; ++i) { // six megabytes: more than pipe and queue hold
        const qint64 before = timer.elapsed();
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        QCOMPARE(client.receive().status, 200);
        worst = std::max(worst, timer.elapsed() - before);
    }
    QVERIFY2(worst < 500, std::to_string(worst).c_str());
    QTRY_VERIFY(proxy.stat("access_log.dropped") > 0);
    proxy.process().terminate();
    QCOMPARE(proxy.waitEnd(), 0); // nor the end
}

void ProxyAccessLogTest::writesToStandardError()
{
    TestUpstream up("up");
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test", "{match: {prefix: /}, route: {cluster: up}}",
            "access_log: [{name: envoy.access_loggers.stderr, typed_config: {\"@type\": "
            "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StderrAccessLog, "
            "log_format: {json_format: {path: \"%REQ(:PATH)%\", status: "
            "\"%RESPONSE_CODE%\"}}}}], ")},
        {clusterText("up", {up.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/to-stderr").status, 200);
    proxy.process().terminate();
    QCOMPARE(proxy.waitEnd(), 0);
    const std::string errors = proxy.errors();
    QVERIFY2(
        errors.find(R"({"path":"/to-stderr","status":200})") != std::string::npos, errors.c_str());
}

void ProxyAccessLogTest::startsANewFileWhenAsked()
{
    TestUpstream up("up");
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test", "{match: {prefix: /}, route: {cluster: up}}",
                            logTo(logPath(), "%REQ(:PATH)%"))},
            {clusterText("up", {up.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    fetch(proxy.port(), "/one");
    QTRY_COMPARE(lines(), QList<QByteArray>{"/one"});
    QVERIFY(QFile::rename(logPath(), logPath() + QStringLiteral(".1")));
    proxy.postAdmin("/reopen_logs");
    fetch(proxy.port(), "/two");
    QTRY_COMPARE(lines(), QList<QByteArray>{"/two"});
}

void ProxyAccessLogTest::refusesUnknownLoggers()
{
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test", "{match: {prefix: /}, route: {cluster: up}}",
                            logTo(logPath(), "%NO_SUCH_COMMAND%"))},
            {clusterText("up", {1})}));
    QVERIFY(!proxy.waitReady());
    QVERIFY(proxy.errors().find("NO_SUCH_COMMAND") != std::string::npos);
}

QTEST_GUILESS_MAIN(ProxyAccessLogTest)
#include "tst_proxy_access_log.moc"
