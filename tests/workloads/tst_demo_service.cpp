// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/demo_service.h"
#include "embedded-mesh/workloads/grpc/stock_service.h"
#include "embedded-mesh/workloads/line/store_service.h"
#include "tests/support/fake_clock.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <functional>

using namespace meshyard;
using namespace meshyard::workloads;
using namespace std::chrono_literals;

namespace {

/// Plays a dependency: keeps the last request's fields, answers as told.
class Dependent final : public http::RequestHandler
{
public:
    void onRequest(const http::Request& request, http::Responder responder) override
    {
        ++requests;
        for (const http::Field& field : request.head.fields())
            fields.emplace_back(request.head.name(field), request.head.value(field));
        responder.send(http::jsonResponse(status, R"({"stars":5})"));
    }

    int requests = 0;
    int status = 200;
    http::HeaderList fields;
};

class Bench final
{
public:
    Bench()
        : loop(clock, std::chrono::milliseconds(1))
        , counters(clock)
        , stockCounters(clock)
        , storeCounters(clock)
        , client(loop)
        , dependencyServer(
              *http::HttpServer::listen(loop, net::SocketAddress::loopback(0), dependency))
        , stock(loop, named("stock"), stockCounters)
        , stockServer(*GrpcServer::listen(loop, net::SocketAddress::loopback(0), stock))
        , store(loop, named("mongodb"), storeCounters)
        , storeServer(*LineServer::listen(loop, net::SocketAddress::loopback(0), store))
        , service(loop, options(), counters, std::nullopt)
        , server(*http::HttpServer::listen(loop, net::SocketAddress::loopback(0), service))
    {
    }

    static ServiceOptions named(const std::string& name)
    {
        ServiceOptions made;
        made.name = name;
        made.version = "v1";
        made.instance = name + "-v1-a";
        return made;
    }
    ServiceOptions options() const
    {
        ServiceOptions made;
        made.name = "reviews";
        made.version = "v3";
        made.instance = "reviews-v3-a";
        for (const std::string& call :
            {"ratings=http://" + dependencyServer->address().toString() + "/x",
                "stock=grpc://" + stockServer->address().toString() + "/meshyard.demo.Stock/Count",
                "mongodb=tcp://" + storeServer->address().toString()})
            made.dependencies.push_back(*Dependency::parse(call));
        return made;
    }

    /// Asks once, letting fake time pass a millisecond a turn.
    Result<http::Response> ask(http::HeaderList headers = {})
    {
        Result<http::Response> answer = failure(ErrorCode::Unknown, "nothing came");
        bool done = false;
        http::ClientRequest request;
        request.host = "reviews";
        request.headers = std::move(headers);
        client.send(server->address(), std::move(request), [&](Result<http::Response> result) {
            answer = std::move(result);
            done = true;
        });
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (!done && std::chrono::steady_clock::now() < end) {
            loop.runOnce(0ms);
            clock.advance(1ms);
        }
        return answer;
    }
    QJsonObject askJson()
    {
        const auto answer = ask();
        return answer ? QJsonDocument::fromJson(QByteArray::fromStdString(answer->body)).object()
                      : QJsonObject();
    }
    QJsonObject counted() const
    {
        return QJsonDocument::fromJson(QByteArray::fromStdString(counters.json())).object();
    }

    test::FakeClock clock;
    net::EventLoop loop;
    RequestCounters counters;
    RequestCounters stockCounters;
    RequestCounters storeCounters;
    http::HttpClient client;
    Dependent dependency;
    std::unique_ptr<http::HttpServer> dependencyServer;
    StockService stock;
    std::unique_ptr<GrpcServer> stockServer;
    StoreService store;
    std::unique_ptr<LineServer> storeServer;
    DemoService service;
    std::unique_ptr<http::HttpServer> server;
};

} // namespace

class DemoServiceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersWithItsDependencies();
    void handsOnTheIdentityOfARequest();
    void aFailingDependencyIsOneUnavailablePart();
    void asksOverGrpcAndTcpToo();
    void failuresOfGrpcAndTcpAreParts();
    void grpcGoesThroughTheProxyWhereOneIsSet();
    void latencyKnobDelaysAndIsCounted();
    void failureKnobFailsTheShareAsked();
    void resetKnobBreaksConnections();
};

void DemoServiceTest::answersWithItsDependencies()
{
    Bench bench;
    const QJsonObject json = bench.askJson();
    QCOMPARE(json[QLatin1String("service")].toString(), QStringLiteral("reviews"));
    QCOMPARE(json[QLatin1String("version")].toString(), QStringLiteral("v3"));
    QCOMPARE(json[QLatin1String("instance")].toString(), QStringLiteral("reviews-v3-a"));
    const QJsonValue part = json[QLatin1String("ratings")];
    QCOMPARE(part[QLatin1String("status")].toInt(), 200);
    QCOMPARE(part[QLatin1String("answer")][QLatin1String("stars")].toInt(), 5);
    QCOMPARE(bench.counted()[QLatin1String("calls.ratings")][QLatin1String("200")].toInt(), 1);
    QCOMPARE(bench.service.inFlight(), std::size_t{0});
}

void DemoServiceTest::handsOnTheIdentityOfARequest()
{
    Bench bench;
    QVERIFY(bench
            .ask({{"End-User", "jason"}, {"traceparent", "00-1-2-01"}, {"x-request-id", "r"},
                {"cookie", "secret"}})
            .has_value());
    const auto& fields = bench.dependency.fields;
    QCOMPARE(*http::findHeader(fields, "end-user"), std::string_view("jason"));
    QCOMPARE(*http::findHeader(fields, "traceparent"), std::string_view("00-1-2-01"));
    QCOMPARE(*http::findHeader(fields, "x-request-id"), std::string_view("r"));
    QVERIFY(!http::findHeader(fields, "cookie").has_value());
}

void DemoServiceTest::aFailingDependencyIsOneUnavailablePart()
{
    Bench bench;
    bench.dependency.status = 503;
    QJsonValue part = bench.askJson()[QLatin1String("ratings")];
    QCOMPARE(part[QLatin1String("status")].toInt(), 503);
    QCOMPARE(part[QLatin1String("error")].toString(), QStringLiteral("ratings unavailable"));
    bench.dependencyServer.reset(); // nobody listens any more
    part = bench.askJson()[QLatin1String("ratings")];
    QCOMPARE(part[QLatin1String("status")].toInt(), 0);
    QCOMPARE(bench.counted()[QLatin1String("byStatus")][QLatin1String("200")].toInt(), 2);
    QCOMPARE(bench.counted()[QLatin1String("calls.ratings")][QLatin1String("error")].toInt(), 1);
}

void DemoServiceTest::asksOverGrpcAndTcpToo()
{
    Bench bench;
    const QJsonObject json = bench.askJson();
    const QJsonValue stock = json[QLatin1String("stock")];
    QCOMPARE(stock[QLatin1String("grpcStatus")].toString(), QStringLiteral("OK"));
    QVERIFY(stock[QLatin1String("answer")][QLatin1String("copies")].toInt() > 0);
    QCOMPARE(stock[QLatin1String("answer")][QLatin1String("instance")].toString(),
        QStringLiteral("stock-v1-a"));
    const QJsonValue store = json[QLatin1String("mongodb")][QLatin1String("answer")];
    QCOMPARE(store[QLatin1String("instance")].toString(), QStringLiteral("mongodb-v1-a"));
    QCOMPARE(store[QLatin1String("key")].toString(), QStringLiteral("reviews"));
    QCOMPARE(bench.counted()[QLatin1String("calls.stock")][QLatin1String("OK")].toInt(), 1);
    QCOMPARE(bench.counted()[QLatin1String("calls.mongodb")][QLatin1String("answered")].toInt(), 1);
    QCOMPARE(bench.stockCounters.requests(), std::uint64_t{1});
    QCOMPARE(bench.storeCounters.requests(), std::uint64_t{1});
}

void DemoServiceTest::failuresOfGrpcAndTcpAreParts()
{
    Bench bench;
    QVERIFY(bench.stock.knobs().apply("failure_percent=100").has_value());
    QVERIFY(bench.store.knobs().apply("failure_percent=100").has_value());
    QJsonObject json = bench.askJson();
    QCOMPARE(json[QLatin1String("stock")][QLatin1String("grpcStatus")].toString(),
        QStringLiteral("UNAVAILABLE"));
    QCOMPARE(json[QLatin1String("stock")][QLatin1String("error")].toString(),
        QStringLiteral("stock unavailable"));
    QCOMPARE(json[QLatin1String("mongodb")][QLatin1String("error")].toString(),
        QStringLiteral("mongodb unavailable"));
    bench.stockServer.reset(); // nobody listens any more
    bench.storeServer.reset();
    json = bench.askJson();
    QVERIFY(json[QLatin1String("stock")].toObject().contains(QLatin1String("error")));
    QVERIFY(json[QLatin1String("mongodb")].toObject().contains(QLatin1String("error")));
    QCOMPARE(json[QLatin1String("ratings")][QLatin1String("status")].toInt(), 200);
    QCOMPARE(bench.counted()[QLatin1String("byStatus")][QLatin1String("200")].toInt(), 2);
}

void DemoServiceTest::grpcGoesThroughTheProxyWhereOneIsSet()
{
    Bench bench;
    const net::HostPort proxy{"127.0.0.1", bench.stockServer->address().port()};
    DependencyCaller caller(bench.loop, "details", "v1", WebProxy{proxy, "localhost"});
    const auto dependency
        = *Dependency::parse("stock=grpc://no-such-host.invalid:9090/meshyard.demo.Stock/Count");
    std::string outcome;
    caller.call(dependency, {}, 3s,
        [&outcome](const DependencyAnswer& answer) { outcome = answer.outcome; });
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (outcome.empty() && std::chrono::steady_clock::now() < end) {
        bench.loop.runOnce(0ms);
        bench.clock.advance(1ms);
    }
    QCOMPARE(outcome, std::string("OK"));
}

void DemoServiceTest::latencyKnobDelaysAndIsCounted()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("latency_ms=200").has_value());
    const TimePoint start = bench.clock.now();
    for (int i = 0; i < 5; ++i)
        QVERIFY(bench.ask().has_value());
    QVERIFY(bench.clock.now() - start >= 5 * 200ms);
    const QJsonValue latency = bench.counted()[QLatin1String("latencyMs")];
    QVERIFY(latency[QLatin1String("p50")].toDouble() >= 200);
    QVERIFY(latency[QLatin1String("p99")].toDouble() < 320);
}

void DemoServiceTest::failureKnobFailsTheShareAsked()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("failure_percent=30&failure_status=502").has_value());
    int failed = 0;
    for (int i = 0; i < 100; ++i)
        failed += bench.ask()->status == 502 ? 1 : 0;
    QVERIFY(failed > 15 && failed < 45); // seeded: the same figure every run
    QCOMPARE(bench.counted()[QLatin1String("byStatus")][QLatin1String("502")].toInt(), failed);
    QCOMPARE(bench.dependency.requests, 100 - failed);
}

void DemoServiceTest::resetKnobBreaksConnections()
{
    Bench bench;
    QVERIFY(bench.service.knobs().apply("reset_percent=100").has_value());
    const auto answer = bench.ask();
    QVERIFY(!answer.has_value());
    QCOMPARE(answer.error().code, ErrorCode::Unavailable);
    QCOMPARE(bench.counted()[QLatin1String("outcomes")][QLatin1String("reset")].toInt(), 1);
    QCOMPARE(bench.counted()[QLatin1String("requests")].toInt(), 0);
}

QTEST_APPLESS_MAIN(DemoServiceTest)
#include "tst_demo_service.moc"
