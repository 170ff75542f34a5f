// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy between HTTP/1.1 and HTTP/2 on either side; gRPC; floods.
#include "h2_peers.h"
#include "proxy_process.h"
#include "wire_client.h"

#include <QElapsedTimer>
#include <QTest>

using meshyard::http::H2Code;

class ProxyH2Test : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void carriesRequests_data();
    void carriesRequests();
    void carriesBodiesBothWays_data();
    void carriesBodiesBothWays();
    void joinsCookiesAndKeepsTheAuthority();
    void carriesTrailersBothWays();
    void givesTrailersToHttp1();
    void carriesGrpcStatus_data();
    void carriesGrpcStatus();
    void answersGrpcCallersInKind();
    void honoursGrpcTimeout();
    void retriesGrpcConditions();
    void breakerCountsGrpcStatuses();
    void sendsRefusedStreamsAgain();
    void opensANewConnectionAfterGoAway();
    void tellsAboutResets();
    void cancelsReachTheUpstream();
    void manyStreamsShareOneConnection();
    void slowReadersHoldTheUpstreamBack();
    void slowUpstreamsHoldTheCallerBack();
    void floodsEndTheAbuserOnly_data();
    void floodsEndTheAbuserOnly();
    void refusesMalformedHeads_data();
    void refusesMalformedHeads();
    void tooLargeHeadsGet431();
    void drainsWithGoAway();

private:
    H2Reply viaHttp2(const char* listener, std::string_view target, std::string_view headers = {});

    std::unique_ptr<TestUpstream> m_one;
    std::unique_ptr<H2Upstream> m_two;
    std::unique_ptr<H2Upstream> m_refusing;
    std::unique_ptr<ProxyProcess> m_proxy;
};

namespace {

std::string frame(std::uint32_t length, std::uint8_t type, std::uint8_t flags, std::uint32_t stream)
{
    std::string head;
    for (const int shift : {16, 8, 0})
        head.push_back(static_cast<char>(length >> shift));
    head.push_back(static_cast<char>(type));
    head.push_back(static_cast<char>(flags));
    for (const int shift : {24, 16, 8, 0})
        head.push_back(static_cast<char>(stream >> shift));
    return head;
}

std::string hello()
{
    return std::string(meshyard::http::kH2Preface) + frame(0, 4, 0, 0);
}

/// HPACK: GET http /path authority, literal without indexing.
std::string getBlock(std::string_view path, std::string_view authority = "test")
{
    std::string block = "\x82\x86";
    for (const auto& [index, value] : {std::pair{4, path}, std::pair{1, authority}}) {
        block.push_back(static_cast<char>(index));
        block.push_back(static_cast<char>(value.size()));
        block.append(value);
    }
    return block;
}

std::string headersFrame(std::uint32_t stream, const std::string& block, std::uint8_t flags = 5)
{
    return frame(static_cast<std::uint32_t>(block.size()), 1, flags, stream) + block;
}

/// Error code of the GOAWAY among the frames; -1 = none.
int goAwayCode(std::string_view frames)
{
    while (frames.size() >= 9) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(frames[i]); };
        const std::size_t length = static_cast<std::size_t>(byte(0) << 16 | byte(1) << 8 | byte(2));
        if (frames.size() < 9 + length)
            return -1;
        if (byte(3) == 7)
            return byte(9 + 7);
        frames.remove_prefix(9 + length);
    }
    return -1;
}

} // namespace

void ProxyH2Test::initTestCase()
{
    m_one = std::make_unique<TestUpstream>("h1");
    m_two = std::make_unique<H2Upstream>();
    m_refusing = std::make_unique<H2Upstream>();
    const std::string all = "{match: {prefix: /}, route: {cluster: ";
    const std::string retry = "{match: {prefix: /only/}, route: {cluster: two, retry_policy: "
                              "{retry_on: unavailable, num_retries: 2}}}, ";
    const std::string timed
        = "{match: {prefix: /hold, headers: [{name: grpc-timeout, present_match: "
          "true}]}, route: {cluster: two, max_stream_duration: "
          "{grpc_timeout_header_max: 10s}}}, ";
    m_proxy = std::make_unique<ProxyProcess>(
        staticBootstrap({httpListenerText("one", all + "one}}"),
                            httpListenerText("two", retry + timed + all + "two}}"),
                            httpListenerText("refusing", all + "refusing}}"),
                            httpListenerText("gone", all + "gone}}"),
                            httpListenerText("guarded", all + "guarded}}")},
            {clusterText("one", {m_one->port()}), http2ClusterText("two", {m_two->port()}),
                http2ClusterText("refusing", {m_refusing->port()}), http2ClusterText("gone", {1}),
                http2ClusterText("guarded", {m_two->port()},
                    "metadata: {filter_metadata: {meshyard.breaker: {consecutive: 2}}}, ")}));
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
}

void ProxyH2Test::cleanupTestCase()
{
    m_proxy.reset();
}

H2Reply ProxyH2Test::viaHttp2(
    const char* listener, std::string_view target, std::string_view headers)
{
    H2Client client(m_proxy->port(listener));
    return client.get(target, headers);
}

void ProxyH2Test::carriesRequests_data()
{
    QTest::addColumn<bool>("fromHttp2");
    QTest::addColumn<QByteArray>("listener");
    QTest::addColumn<QByteArray>("upstream");
    QTest::newRow("HTTP/1.1 to HTTP/2") << false << QByteArray("two") << QByteArray("h2");
    QTest::newRow("HTTP/2 to HTTP/1.1") << true << QByteArray("one") << QByteArray("h1");
    QTest::newRow("HTTP/2 to HTTP/2") << true << QByteArray("two") << QByteArray("h2");
}

void ProxyH2Test::carriesRequests()
{
    QFETCH(bool, fromHttp2);
    QFETCH(QByteArray, listener);
    QFETCH(QByteArray, upstream);
    const std::string headers = "x-a: 1\r\nte: trailers\r\nuser-agent: u\r\n";
    std::string body;
    std::string from;
    if (fromHttp2) {
        const H2Reply reply = viaHttp2(listener.constData(), "/x?y=z", headers);
        QCOMPARE(reply.status, 200);
        body = reply.body;
        QVERIFY(reply.says("x-upstream: " + upstream.toStdString()));
    } else {
        const WireReply reply = fetch(m_proxy->port(listener.constData()), "/x?y=z", headers);
        QCOMPARE(reply.status, 200);
        body = reply.body;
        QCOMPARE(reply.header("x-upstream").value_or(""), upstream.toStdString());
    }
    QVERIFY2(body.starts_with("GET /x?y=z\n"), body.c_str());
    QVERIFY(body.find("x-a: 1\n") != std::string::npos);
    QVERIFY(body.find("x-meshyard-peer: caller-a\n") != std::string::npos);
    QVERIFY(body.find("connection") == std::string::npos);
    QCOMPARE(body.find("te: trailers") != std::string::npos, upstream == "h2");
}

void ProxyH2Test::carriesBodiesBothWays_data()
{
    carriesRequests_data();
}

void ProxyH2Test::carriesBodiesBothWays()
{
    QFETCH(bool, fromHttp2);
    QFETCH(QByteArray, listener);
    std::string body(3'000'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i)
        body[i] = static_cast<char>('a' + (i * 7 + i / 4096) % 26);
    if (!fromHttp2) {
        const WireReply reply = post(m_proxy->port(listener.constData()), "/echo", body);
        QCOMPARE(reply.status, 200);
        QVERIFY(reply.body == body);
        WireClient client(m_proxy->port(listener.constData()));
        client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
        QCOMPARE(client.receive("POST").body, std::string("hello world"));
        return;
    }
    H2Client client(m_proxy->port(listener.constData()));
    for (const char* length : {"", "content-length: 3000000\r\n"}) {
        const H2Reply reply = client.request(
            "POST /echo HTTP/1.1\r\nhost: test\r\n" + std::string(length) + "\r\n", body);
        QCOMPARE(reply.status, 200);
        QVERIFY(reply.body == body);
    }
}

void ProxyH2Test::joinsCookiesAndKeepsTheAuthority()
{
    const H2Reply reply = viaHttp2("one", "/", "cookie: a=1\r\ncookie: b=2\r\n");
    QVERIFY2(reply.body.find("cookie: a=1; b=2\n") != std::string::npos, reply.body.c_str());
    QVERIFY(reply.body.find("host: test\n") != std::string::npos);
}

void ProxyH2Test::carriesTrailersBothWays()
{
    H2Client client(m_proxy->port("two"));
    const H2Reply reply
        = client.request("POST /echo HTTP/1.1\r\nhost: test\r\n\r\n", "data", "x-check: 7\r\n");
    QCOMPARE(reply.body, std::string("data"));
    QCOMPARE(reply.trailers, std::string("x-check: 7\r\n"));
}

void ProxyH2Test::givesTrailersToHttp1()
{
    WireClient client(m_proxy->port("two"));
    client.send("GET /trailers HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    const std::string all = client.receiveAll();
    QVERIFY(all.find("transfer-encoding: chunked\r\n") != std::string::npos);
    QVERIFY2(all.ends_with("4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n"), all.c_str());
    WireClient sender(m_proxy->port("two"));
    sender.send("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"
                "Connection: close\r\n\r\n1\r\nx\r\n0\r\nx-up: 1\r\n\r\n");
    QVERIFY(sender.receiveAll().ends_with("0\r\nx-up: 1\r\n\r\n"));
}

void ProxyH2Test::carriesGrpcStatus_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("status");
    QTest::addColumn<QByteArray>("counter");
    QTest::newRow("OK") << QByteArray("/grpc/0") << QByteArray("0") << QByteArray("ok");
    QTest::newRow("INTERNAL") << QByteArray("/grpc/13") << QByteArray("13")
                              << QByteArray("server_errors");
    QTest::newRow("NOT_FOUND") << QByteArray("/grpc/5") << QByteArray("5")
                               << QByteArray("client_errors");
    QTest::newRow("trailers-only")
        << QByteArray("/only/7") << QByteArray("7") << QByteArray("client_errors");
}

void ProxyH2Test::carriesGrpcStatus()
{
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, status);
    QFETCH(QByteArray, counter);
    const std::string counted = "cluster.two." + counter.toStdString();
    const long before = m_proxy->stat(counted);
    H2Client client(m_proxy->port("two"));
    const H2Reply reply = client.request("POST " + path.toStdString()
            + " HTTP/1.1\r\nhost: test\r\ncontent-type: application/grpc\r\nte: trailers\r\n\r\n",
        "req");
    QCOMPARE(reply.status, 200);
    const std::string line = "grpc-status: " + status.toStdString();
    QCOMPARE(reply.trailers.find(line) != std::string::npos, path.startsWith("/grpc"));
    QCOMPARE(reply.says(line), path.startsWith("/only"));
    QCOMPARE(reply.headEnded, path.startsWith("/only"));
    QCOMPARE(m_proxy->stat(counted), before + 1);
}

void ProxyH2Test::answersGrpcCallersInKind()
{
    H2Client client(m_proxy->port("gone"));
    const H2Reply reply = client.request(
        "POST /s/m HTTP/1.1\r\nhost: test\r\ncontent-type: application/grpc\r\n\r\n", "req");
    QCOMPARE(reply.status, 200);
    QVERIFY(reply.headEnded);
    QVERIFY(reply.says("grpc-status: 14\n"));
    QVERIFY(reply.says("grpc-message: cannot connect to the upstream\n"));
    QVERIFY(reply.says("content-type: application/grpc\n"));
    QCOMPARE(viaHttp2("gone", "/plain").status, 503);
}

void ProxyH2Test::honoursGrpcTimeout()
{
    H2Client client(m_proxy->port("two"));
    const H2Reply reply
        = client.request("POST /hold HTTP/1.1\r\nhost: test\r\ngrpc-timeout: 50m\r\n"
                         "content-type: application/grpc\r\n\r\n",
            "req");
    QVERIFY2(reply.says("grpc-status: 4\n"), reply.head.c_str());
}

void ProxyH2Test::retriesGrpcConditions()
{
    const int before = m_two->calls();
    H2Client client(m_proxy->port("two"));
    const std::string rest = " HTTP/1.1\r\nhost: test\r\ncontent-type: application/grpc\r\n\r\n";
    QVERIFY(client.request("POST /only/14" + rest, "req").says("grpc-status: 14"));
    QCOMPARE(m_two->calls(), before + 3);
    QVERIFY(client.request("POST /only/13" + rest, "req").says("grpc-status: 13"));
    QCOMPARE(m_two->calls(), before + 4);
}

void ProxyH2Test::breakerCountsGrpcStatuses()
{
    H2Client client(m_proxy->port("guarded"));
    const std::string rest = " HTTP/1.1\r\nhost: test\r\ncontent-type: application/grpc\r\n\r\n";
    for (int i = 0; i < 4; ++i) // NOT_FOUND is an answer
        QVERIFY(
            client.request("POST /grpc/5" + rest, "req").trailers.starts_with("grpc-status: 5"));
    for (int i = 0; i < 2; ++i)
        client.request("POST /grpc/13" + rest, "req");
    const int before = m_two->calls();
    const H2Reply refused = client.request("POST /grpc/0" + rest, "req");
    QVERIFY(refused.says("grpc-status: 14\n"));
    QVERIFY(refused.says("x-meshyard-breaker: open\n"));
    QCOMPARE(m_two->calls(), before);
}

void ProxyH2Test::sendsRefusedStreamsAgain()
{
    H2Client client(m_proxy->port("refusing"));
    const H2Reply reply = client.request("POST /refuse HTTP/1.1\r\nhost: test\r\n\r\n", "once");
    QCOMPARE(reply.status, 200);
    QCOMPARE(m_refusing->calls(), 2);
}

void ProxyH2Test::opensANewConnectionAfterGoAway()
{
    const int before = m_refusing->connections();
    QCOMPARE(viaHttp2("refusing", "/away").status, 200);
    QCOMPARE(viaHttp2("refusing", "/after").status, 200);
    QCOMPARE(m_refusing->connections(), before + 1);
}

void ProxyH2Test::tellsAboutResets()
{
    QCOMPARE(viaHttp2("two", "/reset").status, 503);
    QCOMPARE(fetch(m_proxy->port("two"), "/reset").status, 503);
}

void ProxyH2Test::cancelsReachTheUpstream()
{
    const int before = m_two->calls();
    const int resets = m_two->resets();
    H2Client client(m_proxy->port("two"));
    H2Client::Call& call = client.begin("GET /hold HTTP/1.1\r\nhost: test\r\n\r\n", true);
    QVERIFY(client.runUntil([&] { return m_two->calls() == before + 1; }));
    call.reset(H2Code::Cancel);
    QVERIFY(client.runUntil([&] { return m_two->resets() == resets + 1; }));
}

void ProxyH2Test::manyStreamsShareOneConnection()
{
    const int before = m_two->connections();
    H2Client client(m_proxy->port("two"));
    std::vector<H2Client::Call*> calls;
    for (int i = 0; i < 90; ++i)
        calls.push_back(
            &client.begin("GET /n" + std::to_string(i) + " HTTP/1.1\r\nhost: t\r\n\r\n", true));
    QVERIFY(client.runUntil([&] {
        return std::ranges::all_of(calls, [](const auto* call) { return call->reply.isOver(); });
    }));
    for (int i = 0; i < 90; ++i)
        QVERIFY(calls[static_cast<std::size_t>(i)]->reply.body.starts_with(
            "GET /n" + std::to_string(i) + "\n"));
    QVERIFY(m_two->connections() <= before + 1);
}

void ProxyH2Test::slowReadersHoldTheUpstreamBack()
{
    H2Client client(m_proxy->port("two"));
    H2Client::Call& slow = client.begin("GET /big/8000000 HTTP/1.1\r\nhost: t\r\n\r\n", true);
    slow.holds = true;
    QVERIFY(client.runUntil([&] { return slow.reply.body.size() >= 60'000; }));
    // Its window is full; others go on over the same connections.
    for (int i = 0; i < 20; ++i)
        QCOMPARE(client.get("/other").status, 200);
    QVERIFY(slow.reply.body.size() < 100'000);
    slow.holds = false;
    slow.resumeReading();
    QVERIFY(client.runUntil([&] { return slow.reply.ended; }));
    QCOMPARE(slow.reply.body.size(), std::size_t(8'000'000));
}

void ProxyH2Test::slowUpstreamsHoldTheCallerBack()
{
    H2Client client(m_proxy->port("two"));
    const std::uint64_t before = m_two->received();
    H2Client::Call& call = client.begin("POST /stall HTTP/1.1\r\nhost: t\r\n\r\n", false);
    const std::string body(4'000'000, 'u');
    call.sendBody(body);
    QVERIFY(client.runUntil([&] { return m_two->received() - before >= 60'000; }));
    for (int i = 0; i < 20; ++i)
        QCOMPARE(client.get("/other").status, 200);
    QVERIFY(m_two->received() - before < 100'000);
    // The upstream's window, our buffer and the caller's window are full: no more than that.
    QVERIFY(call.unsentBytes() > 3'600'000);
    QCOMPARE(client.get("/release").status, 200);
    QVERIFY(client.runUntil([&] { return m_two->received() - before == body.size(); }));
    call.reset(H2Code::Cancel);
    QCOMPARE(client.get("/after").status, 200);
}

void ProxyH2Test::floodsEndTheAbuserOnly_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const auto row
        = [](const char* name, const std::string& one, int times, const std::string& first = {}) {
              std::string all = hello() + first;
              for (int i = 0; i < times; ++i)
                  all += one;
              QTest::newRow(name) << QByteArray::fromStdString(all);
          };
    row("PING", frame(8, 6, 0, 0) + std::string(8, 'p'), 3000);
    row("SETTINGS", frame(0, 4, 0, 0), 3000);
    row("PRIORITY", frame(5, 2, 0, 1) + std::string(5, '\0'), 3000);
    row("empty DATA", frame(0, 0, 0, 1), 3000, headersFrame(1, getBlock("/hold"), 4));
    row("WINDOW_UPDATE", frame(4, 8, 0, 0) + std::string("\0\0\0\1", 4), 3000);
    row("unknown frames", frame(0, 77, 0, 0), 3000);
    row("empty CONTINUATION", frame(0, 9, 0, 1), 3000, headersFrame(1, getBlock("/"), 1));
    std::string resets;
    for (std::uint32_t id = 1; id < 1001; id += 2)
        resets += headersFrame(id, getBlock("/hold")) + frame(4, 3, 0, id)
            + std::string("\0\0\0\x8", 4);
    row("rapid reset", resets, 1);
    std::string bomb = getBlock("/");
    bomb += std::string("\x40\x01x\x7f\x81\x1e", 6) + std::string(4096 - 128, 'v');
    bomb += std::string(10'000, '\xbe');
    row("header bomb", headersFrame(1, bomb), 1);
}

void ProxyH2Test::floodsEndTheAbuserOnly()
{
    QFETCH(QByteArray, bytes);
    H2Client other(m_proxy->port("two"));
    QCOMPARE(other.get("/before").status, 200);
    WireClient abuser(m_proxy->port("two"));
    QElapsedTimer clock;
    clock.start();
    abuser.send(bytes.toStdString());
    const std::string answer = abuser.receiveAll();
    QVERIFY2(clock.elapsed() < 1500, std::to_string(clock.elapsed()).c_str());
    QCOMPARE(goAwayCode(answer), static_cast<int>(H2Code::EnhanceYourCalm));
    QCOMPARE(other.get("/after").status, 200);
}

void ProxyH2Test::refusesMalformedHeads_data()
{
    QTest::addColumn<QByteArray>("block");
    const auto literal = [](std::string_view name, std::string_view value) {
        std::string text(1, '\0');
        text.push_back(static_cast<char>(name.size()));
        text.append(name).push_back(static_cast<char>(value.size()));
        return text.append(value);
    };
    const auto row = [](const char* name, const std::string& block) {
        QTest::newRow(name) << QByteArray::fromStdString(block);
    };
    row("two authorities", getBlock("/") + literal("host", "other"));
    row("bad authority", getBlock("/", "a@b"));
    row("bad port", getBlock("/", "a:99999"));
    row("bad character in the path", getBlock("/a\"b"));
    row("bad escape in the path", getBlock("/%zz"));
    row("connection field", getBlock("/") + literal("connection", "close"));
    row("te: gzip", getBlock("/") + literal("te", "gzip"));
    row("upper case", getBlock("/") + literal("X-A", "1"));
    row("two lengths",
        getBlock("/") + literal("content-length", "0") + literal("content-length", "0"));
}

void ProxyH2Test::refusesMalformedHeads()
{
    QFETCH(QByteArray, block);
    const int before = m_two->calls();
    WireClient client(m_proxy->port("two"));
    client.send(hello() + headersFrame(1, block.toStdString()));
    const std::string reset = frame(4, 3, 0, 1) + std::string("\0\0\0\1", 4);
    std::string all;
    while (all.find(reset) == std::string::npos && all.size() < 200)
        all += client.receiveBytes(1);
    QVERIFY(all.find(reset) != std::string::npos);
    QCOMPARE(m_two->calls(), before);
}

void ProxyH2Test::tooLargeHeadsGet431()
{
    H2Client client(m_proxy->port("two"));
    const std::string fields = [] {
        std::string lines;
        for (int i = 0; i < 101; ++i)
            lines += "x-" + std::to_string(i) + ": v\r\n";
        return lines;
    }();
    QCOMPARE(client.get("/", fields).status, 431);
    QCOMPARE(client.get("/" + std::string(17'000, 'p')).status, 414);
    QCOMPARE(client.get("/").status, 200);
}

void ProxyH2Test::drainsWithGoAway()
{
    H2Client client(m_proxy->port("two"));
    QCOMPARE(client.get("/").status, 200);
    H2Client::Call& open = client.begin("POST /echo HTTP/1.1\r\nhost: t\r\n\r\n", false);
    open.sendBody("before ");
    QVERIFY(client.runUntil([&] { return open.reply.body == "before "; }));
    m_proxy->process().terminate();
    QVERIFY(client.runUntil([&] { return client.sawGoAway(); }));
    open.sendBody("after");
    open.sendEnd({});
    QVERIFY(client.runUntil([&] { return open.reply.ended; }));
    QCOMPARE(open.reply.body, std::string("before after"));
    QVERIFY(client.runUntil([&] { return client.isClosed(); }));
}

QTEST_GUILESS_MAIN(ProxyH2Test)
#include "tst_proxy_h2.moc"
