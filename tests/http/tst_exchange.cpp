// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/http_client.h"
#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/net/connection.h"
#include "tests/support/fake_clock.h"

#include <QTest>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

using namespace meshyard;
using namespace meshyard::http;
using namespace std::chrono_literals;

namespace {

/// A server and a client in one loop, on a clock that moves only when told.
class Bench final : public RequestHandler
{
public:
    using Handle = std::function<void(const Request&, Responder)>;

    explicit Bench(const ServerOptions& options = {})
        : loop(clock)
        , client(loop)
    {
        auto made = HttpServer::listen(loop, net::SocketAddress::loopback(0), *this, options);
        if (made)
            server = std::move(*made);
        handle = [](const Request& request, Responder responder) {
            responder.send(textResponse(
                200, std::string(request.head.path()) + "|" + std::string(request.body)));
        };
    }

    void onRequest(const Request& request, Responder responder) override
    {
        ++requests;
        handle(request, std::move(responder));
    }

    /// Turns the loop until the condition holds; real time bounds it.
    bool spin(const std::function<bool()>& condition)
    {
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (!condition() && std::chrono::steady_clock::now() < end)
            loop.runOnce(1ms);
        return condition();
    }

    std::optional<Result<Response>> fetch(ClientRequest request)
    {
        std::optional<Result<Response>> answer;
        client.send(server->address(), std::move(request),
            [&](Result<Response> result) { answer = std::move(result); });
        spin([&] { return answer.has_value(); });
        return answer;
    }

    test::FakeClock clock;
    net::EventLoop loop;
    HttpClient client;
    std::unique_ptr<HttpServer> server;
    Handle handle;
    int requests = 0;
};

/// Speaks bytes to the server and keeps what comes back.
class Raw final : public net::ConnectionHandler
{
public:
    explicit Raw(Bench& bench)
        : connection(bench.loop, *this)
        , m_bench(bench)
    {
        ok = connection.connect(bench.server->address()).has_value();
    }
    void onData(std::string_view bytes) override { received += bytes; }
    void onPeerFinished() override { finished = true; }
    void onClosed(const std::optional<Error>& error) override
    {
        finished = true;
        broken = error.has_value();
    }
    bool sees(const std::string& text)
    {
        return m_bench.spin([&] { return received.find(text) != std::string::npos; });
    }
    bool seesEnd()
    {
        return m_bench.spin([&] { return finished; });
    }

    net::Connection connection;
    std::string received;
    bool ok = false;
    bool finished = false;
    bool broken = false;

private:
    Bench& m_bench;
};

ClientRequest getRequest(std::string target)
{
    ClientRequest request;
    request.target = std::move(target);
    request.host = "test";
    return request;
}

} // namespace

class ExchangeTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void requestsReuseOneConnection();
    void largeBodiesGoBothWays();
    void parallelRequestsGetTheirOwnAnswers();
    void pipelinedRequestsAreAnsweredInOrder();
    void chunkedRequestsAreDecoded();
    void continueIsSentBeforeTheBody();
    void headAnswersHaveNoBody();
    void malformedRequestsAreRefusedAndClosed();
    void oversizedBodiesAreRefused();
    void answersMayComeLate();
    void droppedRespondersAnswer500();
    void resetsReachTheClient();
    void clientsTimeOut();
    void slowHeadsTimeOut();
    void idleConnectionsAreClosed();
    void staleConnectionsAreReplaced();
    void drainingClosesBehindTheAnswer();
    void http10ClosesByDefault();
};

void ExchangeTest::requestsReuseOneConnection()
{
    Bench bench;
    for (int i = 0; i < 5; ++i) {
        const auto answer = bench.fetch(getRequest("/" + std::to_string(i)));
        QVERIFY(answer && answer->has_value());
        QCOMPARE((*answer)->status, 200);
        QCOMPARE((*answer)->body, "/" + std::to_string(i) + "|");
        QCOMPARE(*findHeader((*answer)->headers, "content-type"),
            std::string_view("text/plain; charset=utf-8"));
        QVERIFY(findHeader((*answer)->headers, "date").has_value());
    }
    QCOMPARE(bench.server->connectionCount(), std::size_t{1});
    QCOMPARE(bench.client.idleConnections(), std::size_t{1});
}

void ExchangeTest::largeBodiesGoBothWays()
{
    ServerOptions options;
    options.maxBody = 8 * 1024 * 1024;
    Bench bench(options);
    ClientRequest request = getRequest("/");
    request.method = "POST";
    for (std::size_t i = 0; i < 3'000'000; ++i)
        request.body += static_cast<char>('a' + i % 23);
    const std::string expected = "/|" + request.body;
    const auto answer = bench.fetch(request);
    QVERIFY(answer && answer->has_value());
    QVERIFY((*answer)->body == expected);
}

void ExchangeTest::parallelRequestsGetTheirOwnAnswers()
{
    Bench bench;
    int right = 0;
    for (int i = 0; i < 50; ++i) {
        const std::string target = "/" + std::to_string(i);
        bench.client.send(bench.server->address(), getRequest(target),
            [&right, target](const Result<Response>& answer) {
                right += answer && answer->body == target + "|" ? 1 : 0;
            });
    }
    QVERIFY(bench.spin([&] { return right == 50; }));
    QCOMPARE(bench.client.inFlight(), std::size_t{0});
}

void ExchangeTest::pipelinedRequestsAreAnsweredInOrder()
{
    Bench bench;
    std::vector<Responder> waiting;
    bench.handle
        = [&](const Request&, Responder responder) { waiting.push_back(std::move(responder)); };
    Raw raw(bench);
    std::string requests;
    for (int i = 0; i < 3; ++i)
        requests += "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    raw.connection.write(requests);
    for (int i = 0; i < 3; ++i) {
        QVERIFY(bench.spin([&] { return !waiting.empty(); }));
        QCOMPARE(waiting.size(), std::size_t{1}); // the next waits for this answer
        Responder responder = std::move(waiting.back());
        waiting.pop_back();
        responder.send(textResponse(200, "answer " + std::to_string(i)));
    }
    QVERIFY(raw.sees("answer 2"));
    QVERIFY(raw.received.find("answer 0") < raw.received.find("answer 1"));
}

void ExchangeTest::chunkedRequestsAreDecoded()
{
    Bench bench;
    Raw raw(bench);
    raw.connection.write("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "2\r\nab\r\n3\r\ncde\r\n0\r\nX: y\r\n\r\n");
    QVERIFY(raw.sees("/c|abcde"));
}

void ExchangeTest::continueIsSentBeforeTheBody()
{
    Bench bench;
    Raw raw(bench);
    raw.connection.write(
        "POST /c HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    QVERIFY(raw.sees("100 Continue\r\n\r\n"));
    QCOMPARE(bench.requests, 0);
    raw.connection.write("ab");
    QVERIFY(raw.sees("/c|ab"));
}

void ExchangeTest::headAnswersHaveNoBody()
{
    Bench bench;
    ClientRequest request = getRequest("/long");
    request.method = "HEAD";
    const auto answer = bench.fetch(request);
    QVERIFY(answer && answer->has_value());
    QCOMPARE((*answer)->body, std::string());
    QCOMPARE(*findHeader((*answer)->headers, "content-length"), std::string_view("6"));
    QCOMPARE((*bench.fetch(getRequest("/next")))->body, std::string("/next|"));
}

void ExchangeTest::malformedRequestsAreRefusedAndClosed()
{
    Bench bench;
    Raw raw(bench);
    raw.connection.write("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    QVERIFY(raw.sees("HTTP/1.1 400 Bad Request\r\n"));
    QVERIFY(raw.sees("space before colon"));
    QVERIFY(raw.seesEnd());
    QCOMPARE(bench.requests, 0);
}

void ExchangeTest::oversizedBodiesAreRefused()
{
    ServerOptions options;
    options.maxBody = 10;
    Bench bench(options);
    Raw byLength(bench);
    byLength.connection.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
    QVERIFY(byLength.sees("HTTP/1.1 413 "));
    Raw byChunks(bench);
    byChunks.connection.write(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n");
    QVERIFY(byChunks.sees("HTTP/1.1 413 "));
    QCOMPARE(bench.requests, 0);
}

void ExchangeTest::answersMayComeLate()
{
    Bench bench;
    std::optional<Responder> kept;
    bench.handle = [&](const Request&, Responder responder) { kept.emplace(std::move(responder)); };
    std::optional<Result<Response>> answer;
    bench.client.send(bench.server->address(), getRequest("/"),
        [&](Result<Response> result) { answer = std::move(result); });
    QVERIFY(bench.spin([&] { return kept.has_value(); }));
    bench.loop.runOnce(0ms);
    QVERIFY(!answer.has_value());
    kept->send(textResponse(201, "late"));
    QVERIFY(bench.spin([&] { return answer.has_value(); }));
    QCOMPARE((*answer)->status, 201);
}

void ExchangeTest::droppedRespondersAnswer500()
{
    Bench bench;
    bench.handle = [](const Request&, const Responder&) { };
    QCOMPARE((*bench.fetch(getRequest("/")))->status, 500);
}

void ExchangeTest::resetsReachTheClient()
{
    Bench bench;
    bench.handle = [](const Request&, Responder responder) { responder.reset(); };
    const auto answer = bench.fetch(getRequest("/"));
    QVERIFY(answer && !answer->has_value());
    QCOMPARE(answer->error().code, ErrorCode::Unavailable);
    QCOMPARE(bench.requests, 1);
}

void ExchangeTest::clientsTimeOut()
{
    Bench bench;
    std::optional<Responder> kept;
    bench.handle = [&](const Request&, Responder responder) { kept.emplace(std::move(responder)); };
    std::optional<Result<Response>> answer;
    ClientRequest request = getRequest("/");
    request.timeout = 2s;
    bench.client.send(bench.server->address(), request,
        [&](Result<Response> result) { answer = std::move(result); });
    QVERIFY(bench.spin([&] { return kept.has_value(); }));
    bench.clock.advance(2s + 10ms);
    QVERIFY(bench.spin([&] { return answer.has_value(); }));
    QCOMPARE(answer->error().code, ErrorCode::DeadlineExceeded);
}

void ExchangeTest::slowHeadsTimeOut()
{
    Bench bench;
    Raw raw(bench);
    raw.connection.write("GET / HTTP/1.1\r\nHost:");
    QVERIFY(bench.spin([&] { return bench.server->connectionCount() == 1; }));
    for (int i = 0; i < 4; ++i)
        bench.loop.runOnce(1ms);
    bench.clock.advance(10s + 10ms);
    QVERIFY(raw.sees("HTTP/1.1 408 "));
    QVERIFY(raw.seesEnd());
}

void ExchangeTest::idleConnectionsAreClosed()
{
    Bench bench;
    QVERIFY(bench.fetch(getRequest("/"))->has_value());
    QCOMPARE(bench.client.idleConnections(), std::size_t{1});
    bench.clock.advance(61s);
    QVERIFY(bench.spin([&] { return bench.server->connectionCount() == 0; }));
    QVERIFY(bench.spin([&] { return bench.client.idleConnections() == 0; }));
}

void ExchangeTest::staleConnectionsAreReplaced()
{
    Bench bench;
    QVERIFY(bench.fetch(getRequest("/"))->has_value());
    // The second request is on the wire when the server lets the connection go.
    bench.handle = [&](const Request&, Responder responder) {
        if (bench.requests == 2)
            return responder.reset();
        responder.send(textResponse(200, "from a new connection"));
    };
    const auto answer = bench.fetch(getRequest("/"));
    QVERIFY(answer && answer->has_value());
    QCOMPARE((*answer)->body, std::string("from a new connection"));
    QCOMPARE(bench.requests, 3);
}

void ExchangeTest::drainingClosesBehindTheAnswer()
{
    Bench bench;
    std::optional<Responder> kept;
    QVERIFY(bench.fetch(getRequest("/idle"))->has_value());
    bench.handle = [&](const Request&, Responder responder) { kept.emplace(std::move(responder)); };
    Raw idle(bench);
    QVERIFY(bench.spin([&] { return bench.server->connectionCount() == 2; }));
    std::optional<Result<Response>> answer;
    bench.client.send(bench.server->address(), getRequest("/"),
        [&](Result<Response> result) { answer = std::move(result); });
    QVERIFY(bench.spin([&] { return kept.has_value(); }));
    bench.server->drain();
    QVERIFY(idle.seesEnd());
    idle.connection.finishWriting();
    kept->send(textResponse(200, "last"));
    QVERIFY(bench.spin([&] { return answer.has_value(); }));
    QCOMPARE(*findHeader((*answer)->headers, "connection"), std::string_view("close"));
    QVERIFY(bench.spin([&] { return bench.server->connectionCount() == 0; }));
}

void ExchangeTest::http10ClosesByDefault()
{
    Bench bench;
    Raw raw(bench);
    raw.connection.write("GET /old HTTP/1.0\r\n\r\n");
    QVERIFY(raw.sees("/old|"));
    QVERIFY(raw.seesEnd());
}

QTEST_APPLESS_MAIN(ExchangeTest)
#include "tst_exchange.moc"
