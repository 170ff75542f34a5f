// SPDX-License-Identifier: GPL-3.0-or-later
// The demo's database: a line asked, a line answered.
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/workloads/line/line_client.h"
#include "embedded-mesh/workloads/line/store_service.h"
#include "tests/support/fake_clock.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace meshyard;
using namespace meshyard::workloads;
using namespace std::chrono_literals;

namespace {

/// A client that sends what it is told and keeps what comes.
class Wire final : public net::ConnectionHandler
{
public:
    Wire(net::EventLoop& loop, const net::SocketAddress& address)
        : io(loop, *this)
    {
        (void)io.connect(address);
    }
    void onData(std::string_view bytes) override { received += bytes; }
    void onPeerFinished() override
    {
        ended = true;
        io.finishWriting();
    }
    void onClosed(const std::optional<Error>& error) override
    {
        ended = true;
        broken = error.has_value();
    }
    auto lines() const { return std::count(received.begin(), received.end(), '\n'); }

    net::Connection io;
    std::string received;
    bool ended = false;
    bool broken = false;
};

class Bench final
{
public:
    Bench()
        : loop(clock, 1ms)
        , counters(clock)
        , service(loop, options(), counters)
        , server(*LineServer::listen(loop, net::SocketAddress::loopback(0), service))
        , address(server->address())
        , client(loop)
    {
    }

    static ServiceOptions options()
    {
        ServiceOptions made;
        made.name = "mongodb";
        made.version = "v1";
        made.instance = "mongodb-v1-a";
        return made;
    }
    /// Fake time passes a millisecond a turn.
    void passUntil(const std::function<bool()>& done)
    {
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (!done() && std::chrono::steady_clock::now() < end) {
            loop.runOnce(0ms);
            clock.advance(1ms);
        }
    }
    Result<std::string> ask(const std::string& question = "GET ratings", Duration timeout = 2s)
    {
        std::optional<Result<std::string>> answer;
        client.ask(address, question, timeout,
            [&answer](const Result<std::string>& came) { answer = came; });
        passUntil([&answer] { return answer.has_value(); });
        return answer.value_or(failure(ErrorCode::Unknown, "nothing came"));
    }
    int counted(const char* group, const char* name) const
    {
        return QJsonDocument::fromJson(QByteArray::fromStdString(counters.json()))
            .object()[QLatin1String(group)][QLatin1String(name)]
            .toInt();
    }

    test::FakeClock clock;
    net::EventLoop loop;
    RequestCounters counters;
    StoreService service;
    std::unique_ptr<LineServer> server;
    net::SocketAddress address;
    LineClient client;
};

} // namespace

class StoreServiceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersALineWithALine();
    void aConnectionACall();
    void linesOfOneConnectionAreAnsweredInOrder();
    void whatIsNoQuestionIsSaidSo();
    void longLinesEndTheirConnection();
    void failureKnobClosesAtOnce();
    void resetKnobResets();
    void latencyKnobDelays();
    void impatienceIsATimeout();
    void aDeadStoreIsUnavailable();
    void drainAnswersWhatWasAsked();
};

void StoreServiceTest::answersALineWithALine()
{
    Bench bench;
    const auto answer = bench.ask();
    QVERIFY(answer.has_value());
    const QJsonObject json = QJsonDocument::fromJson(QByteArray::fromStdString(*answer)).object();
    QCOMPARE(json[QLatin1String("instance")].toString(), QStringLiteral("mongodb-v1-a"));
    QCOMPARE(json[QLatin1String("key")].toString(), QStringLiteral("ratings"));
    QCOMPARE(json[QLatin1String("ratings")][QLatin1String("Reviewer1")].toInt(), 5);
    QCOMPARE(bench.counted("byStatus", "answered"), 1);
}

void StoreServiceTest::aConnectionACall()
{
    Bench bench;
    for (int i = 0; i < 5; ++i)
        QVERIFY(bench.ask().has_value());
    QCOMPARE(bench.counted("connections", "accepted"), 5);
    bench.passUntil([&bench] { return bench.server->connectionCount() == 0; });
    QCOMPARE(bench.server->connectionCount(), std::size_t{0});
}

void StoreServiceTest::linesOfOneConnectionAreAnsweredInOrder()
{
    Bench bench;
    Wire wire(bench.loop, bench.address);
    wire.io.write("GET a\r\nGET b\nGE");
    wire.io.write("T c\n");
    bench.passUntil([&wire] { return wire.lines() == 3; });
    const auto at = [&wire](const char* key) {
        return wire.received.find("\"key\":\"" + std::string(key) + "\"");
    };
    QVERIFY(at("a") < at("b") && at("b") < at("c") && at("c") != std::string::npos);
    wire.io.finishWriting();
    bench.passUntil([&wire] { return wire.ended; });
    QVERIFY(wire.ended && !wire.broken);
}

void StoreServiceTest::whatIsNoQuestionIsSaidSo()
{
    Bench bench;
    for (const char* question : {"PUT ratings", "GET ", "", "get ratings"}) {
        const auto answer = bench.ask(question);
        QVERIFY(answer.has_value());
        QVERIFY(answer->starts_with("{\"error\":"));
    }
    QCOMPARE(bench.counted("byStatus", "refused"), 4);
}

void StoreServiceTest::longLinesEndTheirConnection()
{
    Bench bench;
    QVERIFY(!bench.ask("GET " + std::string(LineServer::kMaxLine, 'x')).has_value());
    Wire wire(bench.loop, bench.address);
    wire.io.write(std::string(LineServer::kMaxLine + 1, 'x')); // and no end
    bench.passUntil([&wire] { return wire.ended; });
    QVERIFY(wire.ended);
}

void StoreServiceTest::failureKnobClosesAtOnce()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("failure_percent=100&latency_ms=1000").has_value());
    const TimePoint start = bench.clock.now();
    const auto answer = bench.ask();
    QVERIFY(!answer.has_value());
    QCOMPARE(answer.error().code, ErrorCode::Unavailable);
    QVERIFY(bench.clock.now() - start < 500ms);
    QCOMPARE(bench.counted("byStatus", "closed"), 1);
}

void StoreServiceTest::resetKnobResets()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("reset_percent=100").has_value());
    Wire wire(bench.loop, bench.address);
    wire.io.write("GET a\n");
    bench.passUntil([&wire] { return wire.ended; });
    QVERIFY(wire.broken);
    QCOMPARE(bench.counted("outcomes", "reset"), 1);
}

void StoreServiceTest::latencyKnobDelays()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=200").has_value());
    const TimePoint start = bench.clock.now();
    QVERIFY(bench.ask().has_value());
    QVERIFY(bench.clock.now() - start >= 200ms);
}

void StoreServiceTest::impatienceIsATimeout()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=300").has_value());
    const auto answer = bench.ask("GET ratings", 50ms);
    QCOMPARE(answer.error().code, ErrorCode::DeadlineExceeded);
    QCOMPARE(bench.client.inFlight(), std::size_t{0});
    bench.passUntil([&bench] { return bench.service.inFlight() == 0; });
    QCOMPARE(bench.counted("byStatus", "answered") + bench.counted("outcomes", "abandoned"), 1);
}

void StoreServiceTest::aDeadStoreIsUnavailable()
{
    Bench bench;
    bench.server.reset();
    QCOMPARE(bench.ask().error().code, ErrorCode::Unavailable);
}

void StoreServiceTest::drainAnswersWhatWasAsked()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=100").has_value());
    Wire busy(bench.loop, bench.address);
    busy.io.write("GET a\n");
    Wire idle(bench.loop, bench.address);
    bench.passUntil(
        [&bench] { return bench.service.inFlight() == 1 && bench.server->connectionCount() == 2; });
    bench.server->drain();
    bench.passUntil([&] { return busy.ended && idle.ended; });
    QCOMPARE(busy.lines(), std::ptrdiff_t{1});
    QCOMPARE(idle.lines(), std::ptrdiff_t{0});
    QVERIFY(!busy.broken && !idle.broken);
}

QTEST_APPLESS_MAIN(StoreServiceTest)
#include "tst_store_service.moc"
