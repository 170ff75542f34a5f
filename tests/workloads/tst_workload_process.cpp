// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/http/http_client.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTest>

#include <memory>

using namespace meshyard;
using namespace std::chrono_literals;

namespace {

/// A real meshyard-workload; ends with the test.
class Workload final
{
public:
    explicit Workload(const QStringList& arguments)
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(QStringLiteral(MESHYARD_BIN_DIR "/meshyard-workload"), arguments);
        if (m_process.waitForReadyRead(10'000))
            m_ready = QJsonDocument::fromJson(m_process.readLine()).object();
    }
    ~Workload() { stop(); }

    /// Address it announced, e.g. of "service" or "knobs".
    net::SocketAddress address(const char* name) const
    {
        return net::SocketAddress::parse(m_ready[QLatin1String(name)].toString().toStdString())
            .value_or(net::SocketAddress());
    }
    qint64 pid() const { return m_ready[QLatin1String("pid")].toInteger(); }
    qint64 processId() const { return m_process.processId(); }

    /// SIGTERM; @return the exit code, -1 for a crash.
    int stop()
    {
        m_process.terminate();
        if (!m_process.waitForFinished(10'000))
            m_process.kill();
        return m_process.exitStatus() == QProcess::NormalExit ? m_process.exitCode() : -1;
    }

private:
    QProcess m_process;
    QJsonObject m_ready;
};

} // namespace

class WorkloadProcessTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void servesCountsAndStops();
    void knobsChangeARunningService();
    void everyProtocolStartsAndStops();
    void loadAgreesWithTheService();
    void usageErrorsExitWithTwo();

private:
    Result<http::Response> fetch(
        const net::SocketAddress& address, const char* target, const char* method = "GET");
    QJsonObject json(
        const net::SocketAddress& address, const char* target, const char* method = "GET");

    SteadyClock m_clock;
    std::unique_ptr<net::EventLoop> m_loop;
    std::unique_ptr<http::HttpClient> m_client;
};

void WorkloadProcessTest::init()
{
    m_client.reset();
    m_loop = std::make_unique<net::EventLoop>(m_clock);
    m_client = std::make_unique<http::HttpClient>(*m_loop);
}

Result<http::Response> WorkloadProcessTest::fetch(
    const net::SocketAddress& address, const char* target, const char* method)
{
    Result<http::Response> answer = failure(ErrorCode::Unknown, "nothing came");
    bool done = false;
    http::ClientRequest request;
    request.method = method;
    request.target = target;
    request.host = address.toString();
    m_client->send(address, std::move(request), [&](Result<http::Response> result) {
        answer = std::move(result);
        done = true;
    });
    const TimePoint end = m_clock.now() + 10s;
    while (!done && m_clock.now() < end)
        m_loop->runOnce(100ms);
    return answer;
}

QJsonObject WorkloadProcessTest::json(
    const net::SocketAddress& address, const char* target, const char* method)
{
    const auto answer = fetch(address, target, method);
    return answer ? QJsonDocument::fromJson(QByteArray::fromStdString(answer->body)).object()
                  : QJsonObject();
}

void WorkloadProcessTest::servesCountsAndStops()
{
    Workload ratings({QStringLiteral("service"), QStringLiteral("--name"),
        QStringLiteral("ratings"), QStringLiteral("--knobs"), QStringLiteral("127.0.0.1:0")});
    QCOMPARE(ratings.pid(), ratings.processId());
    for (int i = 0; i < 20; ++i)
        QCOMPARE(fetch(ratings.address("service"), "/ratings/0")->status, 200);
    const QJsonObject counters = json(ratings.address("knobs"), "/counters");
    QCOMPARE(counters[QLatin1String("requests")].toInt(), 20);
    QCOMPARE(counters[QLatin1String("byPath")][QLatin1String("/ratings/0")].toInt(), 20);
    QVERIFY(counters[QLatin1String("latencyMs")][QLatin1String("p99")].toDouble() > 0);
    QCOMPARE(
        json(ratings.address("knobs"), "/counters/reset", "POST")[QLatin1String("requests")].toInt(
            -1),
        0);
    QCOMPARE(ratings.stop(), 0); // although our connections are still open
}

void WorkloadProcessTest::knobsChangeARunningService()
{
    Workload ratings({QStringLiteral("service"), QStringLiteral("--name"),
        QStringLiteral("ratings"), QStringLiteral("--knobs"), QStringLiteral("127.0.0.1:0")});
    const net::SocketAddress knobs = ratings.address("knobs");
    const QJsonObject turned
        = json(knobs, "/knobs?failure_percent=100&failure_status=500&latency_ms=20", "PUT");
    QCOMPARE(turned[QLatin1String("failure_percent")].toInt(), 100);
    const TimePoint start = m_clock.now();
    QCOMPARE(fetch(ratings.address("service"), "/")->status, 500);
    QVERIFY(m_clock.now() - start >= 20ms);
    QCOMPARE(fetch(knobs, "/knobs?latency_ms=1")->status, 405); // reading never changes
    QCOMPARE(fetch(knobs, "/knobs?colour=1", "POST")->status, 400);
    QCOMPARE(json(knobs, "/knobs")[QLatin1String("latency_ms")].toInt(), 20);
}

void WorkloadProcessTest::everyProtocolStartsAndStops()
{
    const auto started = [](const char* verb) {
        return QStringList{QString::fromLatin1(verb), QStringLiteral("--name"),
            QString::fromLatin1(verb), QStringLiteral("--knobs"), QStringLiteral("127.0.0.1:0")};
    };
    Workload store(started("store"));
    Workload stock(started("stock"));
    const QString calls = QStringLiteral("mongodb=tcp://")
        + QString::fromStdString(store.address("service").toString());
    const QString asks = QStringLiteral("stock=grpc://")
        + QString::fromStdString(stock.address("service").toString())
        + QStringLiteral("/meshyard.demo.Stock/Count");
    Workload service(QStringList(started("service"))
        << QStringLiteral("--call") << calls << QStringLiteral("--call") << asks);
    const QJsonObject answer = json(service.address("service"), "/");
    QCOMPARE(answer[QLatin1String("mongodb")][QLatin1String("answer")][QLatin1String("service")]
                 .toString(),
        QStringLiteral("store"));
    QCOMPARE(answer[QLatin1String("stock")][QLatin1String("grpcStatus")].toString(),
        QStringLiteral("OK"));
    for (Workload* one : {&store, &stock})
        QCOMPARE(json(one->address("knobs"), "/counters")[QLatin1String("requests")].toInt(), 1);
    QCOMPARE(stock.stop(), 0); // although the connection to it is still open
    QCOMPARE(service.stop(), 0);
    QCOMPARE(store.stop(), 0);
}

void WorkloadProcessTest::loadAgreesWithTheService()
{
    Workload ratings({QStringLiteral("service"), QStringLiteral("--name"),
        QStringLiteral("ratings"), QStringLiteral("--knobs"), QStringLiteral("127.0.0.1:0")});
    const QString target
        = QStringLiteral("http://localhost:%1/").arg(ratings.address("service").port());
    Workload load(
        {QStringLiteral("load"), QStringLiteral("--target"), target, QStringLiteral("--rate"),
            QStringLiteral("200"), QStringLiteral("--knobs"), QStringLiteral("127.0.0.1:0")});
    const net::SocketAddress knobs = load.address("knobs");
    QTRY_VERIFY_WITH_TIMEOUT(
        json(knobs, "/counters")[QLatin1String("requests")].toInt() > 50, 10'000);
    json(knobs, "/knobs?rate=0", "POST");
    const auto settled = [&] {
        const QJsonObject counters = json(knobs, "/counters");
        return counters[QLatin1String("requests")]
            == counters[QLatin1String("outcomes")][QLatin1String("sent")];
    };
    QTRY_VERIFY_WITH_TIMEOUT(settled(), 10'000);
    const QJsonObject sent = json(knobs, "/counters");
    const QJsonObject served = json(ratings.address("knobs"), "/counters");
    QCOMPARE(sent[QLatin1String("byStatus")], served[QLatin1String("byStatus")]);
    QCOMPARE(load.stop(), 0);
}

void WorkloadProcessTest::usageErrorsExitWithTwo()
{
    QProcess process;
    process.start(QStringLiteral(MESHYARD_BIN_DIR "/meshyard-workload"), {QStringLiteral("load")});
    QVERIFY(process.waitForFinished(10'000));
    QCOMPARE(process.exitCode(), 2);
    QVERIFY(process.readAllStandardError().contains("--target is required"));
}

QTEST_GUILESS_MAIN(WorkloadProcessTest)
#include "tst_workload_process.moc"
