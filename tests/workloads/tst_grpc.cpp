// SPDX-License-Identifier: GPL-3.0-or-later
// gRPC of the demo's services: our client and our server with each other, and the bytes they speak.
#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/workloads/grpc/grpc_client.h"
#include "embedded-mesh/workloads/grpc/grpc_message.h"
#include "embedded-mesh/workloads/grpc/stock_messages.h"
#include "embedded-mesh/workloads/grpc/stock_service.h"
#include "tests/support/fake_clock.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace meshyard;
using namespace meshyard::workloads;
using namespace std::chrono_literals;
using http::GrpcCode;

namespace {

using namespace std::string_literals; // texts with NULs in them

class Bench final
{
public:
    Bench()
        : loop(clock, 1ms)
        , counters(clock)
        , service(loop, options(), counters)
        , server(*GrpcServer::listen(loop, net::SocketAddress::loopback(0), service))
        , address(server->address())
        , client(loop)
    {
    }

    static ServiceOptions options()
    {
        ServiceOptions made;
        made.name = "stock";
        made.version = "v1";
        made.instance = "stock-v1-a";
        return made;
    }
    GrpcCall countCall(Duration timeout = 5s) const
    {
        return {"stock:9090", std::string(kStockCount), CountRequest{"0"}.encode(),
            {{"user-agent", "details/v1"}}, timeout};
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
    GrpcAnswer ask(GrpcCall call)
    {
        std::optional<GrpcAnswer> answer;
        client.call(address, std::move(call), [&answer](const GrpcAnswer& came) { answer = came; });
        passUntil([&answer] { return answer.has_value(); });
        return answer.value_or(GrpcAnswer{GrpcCode::Unknown, {}, "nothing came"});
    }
    GrpcAnswer ask() { return ask(countCall()); }
    int counted(const char* group, const char* name) const
    {
        return QJsonDocument::fromJson(QByteArray::fromStdString(counters.json()))
            .object()[QLatin1String(group)][QLatin1String(name)]
            .toInt();
    }

    test::FakeClock clock;
    net::EventLoop loop;
    RequestCounters counters;
    StockService service;
    std::unique_ptr<GrpcServer> server;
    net::SocketAddress address;
    GrpcClient client;
};

} // namespace

class GrpcTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messagesAreProtobuf();
    void malformedMessagesAreRefused_data();
    void malformedMessagesAreRefused();
    void framesOneMessage();
    void timeoutsFitEightDigits();
    void countsCopies();
    void oneConnectionCarriesManyCalls();
    void failureKnobAnswersUnavailable();
    void latencyKnobDelays();
    void resetKnobEndsTheStream();
    void deadlinePassesOnBothSides();
    void otherMethodsAreUnimplemented();
    void aLostServerIsUnavailable();
    void noGrpcServerIsAnError();
    void drainLetsCallsEnd();
};

void GrpcTest::messagesAreProtobuf()
{
    QCOMPARE(CountRequest{"0"}.encode(),
        "\x0a\x01"s
        "0"s);
    QCOMPARE(CountRequest{}.encode(), std::string());
    const CountReply reply{"0", 300, "v1", "a"};
    QCOMPARE(reply.encode(),
        "\x0a\x01"s
        "0\x10\xac\x02\x1a\x02v1\x22\x01"s
        "a"s);
    const auto read = CountReply::decode(reply.encode());
    QVERIFY(read.has_value());
    QCOMPARE(read->item, reply.item);
    QCOMPARE(read->copies, reply.copies);
    QCOMPARE(read->version, reply.version);
    QCOMPARE(read->instance, reply.instance);
    // Fields of a later version: a varint, a text, four and eight bytes.
    const auto later = CountRequest::decode("\x28\x96\x01\x32\x01x\x3d"
                                            "1234\x41"
                                            "12345678\x0a\x01y"s);
    QVERIFY(later.has_value());
    QCOMPARE(later->item, std::string("y"));
}

void GrpcTest::malformedMessagesAreRefused_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("text longer than the message") << QByteArray("\x0a\x05x");
    QTest::newRow("length cut off") << QByteArray("\x0a");
    QTest::newRow("varint without an end") << QByteArray(11, '\x80');
    QTest::newRow("field zero") << QByteArray("\x02\x01x");
    QTest::newRow("group") << QByteArray("\x0b\x0c");
    QTest::newRow("fixed64 cut off") << QByteArray("\x09\x01");
}

void GrpcTest::malformedMessagesAreRefused()
{
    QFETCH(QByteArray, bytes);
    QVERIFY(!CountRequest::decode(bytes.toStdString()).has_value());
    QVERIFY(!CountReply::decode(bytes.toStdString()).has_value());
    Bench bench;
    GrpcCall call = bench.countCall();
    call.message = bytes.toStdString();
    QCOMPARE(int(bench.ask(call).code), int(GrpcCode::InvalidArgument));
}

void GrpcTest::framesOneMessage()
{
    QCOMPARE(grpcFrame("abc"),
        "\0\0\0\0\x03"s
        "abc"s);
    QCOMPARE(grpcUnframed("\0\0\0\0\x03"s
                          "abc"s)
                 .value(),
        std::string_view("abc"));
    QCOMPARE(grpcUnframed("\0\0\0\0\0"s).value(), std::string_view());
    for (const std::string& wrong : {""s, "\0\0\0\0"s,
             "\0\0\0\0\x04"s
             "abc"s,
             "\0\0\0\0\x02"s
             "abc"s,
             "\x01\0\0\0\x03"s
             "abc"s})
        QVERIFY(!grpcUnframed(wrong).has_value());
}

void GrpcTest::timeoutsFitEightDigits()
{
    QCOMPARE(grpcTimeoutText(3s), std::string("3000000u"));
    QCOMPARE(grpcTimeoutText(100s), std::string("100000m"));
    QCOMPARE(grpcTimeoutText(100'000s), std::string("100000S"));
    for (const Duration timeout : {Duration(3s), Duration(100s), Duration(100'000s)})
        QVERIFY(*http::parseGrpcTimeout(grpcTimeoutText(timeout)) == timeout);
}

void GrpcTest::countsCopies()
{
    Bench bench;
    const GrpcAnswer answer = bench.ask();
    QCOMPARE(int(answer.code), int(GrpcCode::Ok));
    const auto reply = CountReply::decode(answer.message);
    QVERIFY(reply.has_value());
    QCOMPARE(reply->item, std::string("0"));
    QVERIFY(reply->copies >= 1 && reply->copies <= 40);
    QCOMPARE(reply->instance, std::string("stock-v1-a"));
    QCOMPARE(bench.counted("byStatus", "OK"), 1);
    QCOMPARE(bench.counted("byCaller", "details/v1"), 1);
    QCOMPARE(bench.service.inFlight(), std::size_t{0});
}

void GrpcTest::oneConnectionCarriesManyCalls()
{
    Bench bench;
    std::size_t answered = 0;
    constexpr std::size_t kCalls = 80;
    for (std::size_t i = 0; i < kCalls; ++i)
        bench.client.call(bench.address, bench.countCall(),
            [&](const GrpcAnswer& answer) { answered += answer.code == GrpcCode::Ok ? 1 : 0; });
    bench.passUntil([&] { return answered == kCalls; });
    QCOMPARE(answered, kCalls);
    QCOMPARE(bench.server->connectionCount(), std::size_t{1});
    // Beyond what one connection takes at a time there is another one.
    for (std::size_t i = 0; i < 2 * kCalls; ++i)
        bench.client.call(bench.address, bench.countCall(),
            [&](const GrpcAnswer& answer) { answered += answer.code == GrpcCode::Ok ? 1 : 0; });
    bench.passUntil([&] { return answered == 3 * kCalls; });
    QCOMPARE(answered, 3 * kCalls);
    QCOMPARE(bench.client.connectionCount(), std::size_t{2});
}

void GrpcTest::failureKnobAnswersUnavailable()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("failure_percent=100").has_value());
    const GrpcAnswer answer = bench.ask();
    QCOMPARE(int(answer.code), int(GrpcCode::Unavailable));
    QCOMPARE(answer.error, std::string("failing on request"));
    QCOMPARE(bench.counted("byStatus", "UNAVAILABLE"), 1);
    QVERIFY(bench.service.knobs().apply("failure_percent=0").has_value());
    QCOMPARE(int(bench.ask().code), int(GrpcCode::Ok));
    QCOMPARE(bench.client.connectionCount(), std::size_t{1}); // a failed call costs no connection
}

void GrpcTest::latencyKnobDelays()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=200").has_value());
    const TimePoint start = bench.clock.now();
    QCOMPARE(int(bench.ask().code), int(GrpcCode::Ok));
    QVERIFY(bench.clock.now() - start >= 200ms);
}

void GrpcTest::resetKnobEndsTheStream()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("reset_percent=100").has_value());
    QCOMPARE(int(bench.ask().code), int(GrpcCode::Internal));
    QCOMPARE(bench.counted("outcomes", "reset"), 1);
}

void GrpcTest::deadlinePassesOnBothSides()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=1000").has_value());
    const TimePoint start = bench.clock.now();
    QCOMPARE(int(bench.ask(bench.countCall(50ms)).code), int(GrpcCode::DeadlineExceeded));
    QVERIFY(bench.clock.now() - start < 200ms);
    bench.passUntil([&bench] { return bench.service.inFlight() == 0; });
    QCOMPARE(bench.counted("outcomes", "abandoned"), 1);
    QCOMPARE(bench.counted("byStatus", "OK"), 0);
}

void GrpcTest::otherMethodsAreUnimplemented()
{
    Bench bench;
    GrpcCall call = bench.countCall();
    call.path = "/meshyard.demo.Stock/Sell";
    QCOMPARE(int(bench.ask(call).code), int(GrpcCode::Unimplemented));
}

void GrpcTest::aLostServerIsUnavailable()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=1000").has_value());
    std::optional<GrpcAnswer> answer;
    bench.client.call(
        bench.address, bench.countCall(), [&answer](const GrpcAnswer& came) { answer = came; });
    bench.passUntil([&bench] { return bench.service.inFlight() == 1; });
    bench.server.reset(); // in the midst of the call
    bench.passUntil([&answer] { return answer.has_value(); });
    QVERIFY(answer.has_value());
    QCOMPARE(int(answer->code), int(GrpcCode::Unavailable));
    QCOMPARE(int(bench.ask().code), int(GrpcCode::Unavailable)); // nobody listens any more
    QCOMPARE(bench.client.connectionCount(), std::size_t{0});
}

void GrpcTest::noGrpcServerIsAnError()
{
    class Handler final : public http::RequestHandler
    {
        void onRequest(const http::Request&, http::Responder responder) override
        {
            responder.send(http::textResponse(200, "HTTP/1.1 only"));
        }
    };
    Bench bench;
    Handler handler;
    const auto server
        = *http::HttpServer::listen(bench.loop, net::SocketAddress::loopback(0), handler);
    bench.address = server->address();
    QVERIFY(bench.ask().code != GrpcCode::Ok);
}

void GrpcTest::drainLetsCallsEnd()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=100").has_value());
    std::optional<GrpcAnswer> answer;
    bench.client.call(
        bench.address, bench.countCall(), [&answer](const GrpcAnswer& came) { answer = came; });
    bench.passUntil([&bench] { return bench.service.inFlight() == 1; });
    bench.server->drain();
    bench.passUntil([&answer] { return answer.has_value(); });
    QVERIFY(answer.has_value());
    QCOMPARE(int(answer->code), int(GrpcCode::Ok));
    bench.passUntil([&bench] { return bench.server->connectionCount() == 0; });
    QCOMPARE(bench.server->connectionCount(), std::size_t{0});
    QCOMPARE(int(bench.ask().code), int(GrpcCode::Unavailable));
}

QTEST_APPLESS_MAIN(GrpcTest)
#include "tst_grpc.moc"
