// SPDX-License-Identifier: GPL-3.0-or-later
// Upgrade and CONNECT through a real proxy.
#include "h2_peers.h"
#include "proxy_process.h"
#include "wire_client.h"

#include <QTest>

class ProxyTunnelTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void upgradesAndCarriesBytes();
    void refusedUpgradesAreAnswersLikeOthers();
    void refusesUpgradesThatNobodyAllowed();
    void routesMayForbidWhatTheListenerAllows();
    void ignoresOffersOfH2c();
    void connectEndsHere();
    void connectEndsHereOverHttp2();
    void connectGoesThroughHttp2();
    void upgradesOverHttp2_data();
    void upgradesOverHttp2();
    void upgradesNeedAPeerThatCan();
    void unwantedConnectIsForbidden();
    void connectWithoutRouteIsNotFound();
    void halfClosesBothWays();
    void carriesMuchWithBackPressure();
    void holdsBytesUntilTheTunnelStands();

private:
    std::unique_ptr<TestUpstream> m_http;
    std::unique_ptr<RawUpstream> m_echo;
    std::unique_ptr<RawUpstream> m_websocket;
    std::unique_ptr<RawUpstream> m_refusing;
    std::unique_ptr<H2Upstream> m_two;
    std::unique_ptr<H2Upstream> m_incapable;
    std::unique_ptr<ProxyProcess> m_proxy;
};

namespace {

constexpr const char* kUpgrade = "GET /chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n"
                                 "Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";
constexpr const char* kSwitched = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n"
                                  "upgrade: websocket\r\n\r\n";
constexpr const char* kConnect = "CONNECT echo.test:80 HTTP/1.1\r\nHost: echo.test:80\r\n\r\n";

std::string readHead(WireClient& client)
{
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
        const std::string next = client.receiveBytes(1);
        if (next.empty())
            break;
        head += next;
    }
    return head;
}

} // namespace

void ProxyTunnelTest::initTestCase()
{
    m_http = std::make_unique<TestUpstream>("plain");
    m_echo = std::make_unique<RawUpstream>("");
    m_websocket = std::make_unique<RawUpstream>("", kSwitched);
    m_refusing
        = std::make_unique<RawUpstream>("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
    meshyard::http::H2Options options;
    options.extendedConnect = true;
    m_two = std::make_unique<H2Upstream>(options);
    m_incapable = std::make_unique<H2Upstream>();
    const std::string websocket = "http2_protocol_options: {allow_connect: true}, upgrade_configs: "
                                  "[{upgrade_type: websocket}, {upgrade_type: CONNECT}], ";
    const std::string connect = "{match: {connect_matcher: {}}, route: {cluster: ";
    const std::string ends = ", upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}}";
    const std::string routes = connect + "echo" + ends
        + ", {match: {prefix: /refused}, route: {cluster: refusing}}"
          ", {match: {prefix: /never}, route: {cluster: websocket, upgrade_configs: "
          "[{upgrade_type: websocket, enabled: false}]}}"
          ", {match: {prefix: /}, route: {cluster: websocket}}";
    m_proxy = std::make_unique<ProxyProcess>(staticBootstrap(
        {httpListenerText("test", routes, websocket),
            httpListenerText("through", connect + "two}}", websocket),
            httpListenerText("refused",
                connect + "http}}, {match: {prefix: /}, route: {cluster: http}}", websocket),
            httpListenerText("two", "{match: {prefix: /}, route: {cluster: two}}", websocket),
            httpListenerText(
                "incapable", "{match: {prefix: /}, route: {cluster: incapable}}", websocket),
            httpListenerText("plain", "{match: {prefix: /}, route: {cluster: http}}"),
            httpListenerText(
                "no connect route", "{match: {prefix: /}, route: {cluster: http}}", websocket)},
        {clusterText("http", {m_http->port()}), clusterText("echo", {m_echo->port()}),
            clusterText("websocket", {m_websocket->port()}),
            clusterText("refusing", {m_refusing->port()}), http2ClusterText("two", {m_two->port()}),
            http2ClusterText("incapable", {m_incapable->port()})}));
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
}

void ProxyTunnelTest::upgradesAndCarriesBytes()
{
    WireClient client(m_proxy->port());
    client.send(kUpgrade);
    const std::string head = readHead(client);
    QVERIFY2(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), head.c_str());
    QVERIFY(head.find("connection: upgrade\r\nupgrade: websocket\r\n") != std::string::npos);
    client.send("ping");
    QCOMPARE(client.receiveBytes(4), std::string("ping"));
    client.send("pong");
    QCOMPARE(client.receiveBytes(4), std::string("pong"));
    client.finishWriting();
    QVERIFY(client.receiveAll().empty());
    QTRY_COMPARE(m_proxy->stat("cluster.websocket.ok"), 1L);
    QTRY_COMPARE(m_proxy->stat("cluster.websocket.upstream_cx_active"), 0L);
}

void ProxyTunnelTest::refusedUpgradesAreAnswersLikeOthers()
{
    WireClient client(m_proxy->port());
    std::string request = kUpgrade;
    request.replace(request.find("/chat"), 5, "/refused");
    client.send(request);
    const WireReply reply = client.receive();
    QCOMPARE(reply.status, 403);
    QCOMPARE(reply.body, std::string("no"));
}

void ProxyTunnelTest::refusesUpgradesThatNobodyAllowed()
{
    WireClient client(m_proxy->port("plain"));
    client.send(kUpgrade);
    QCOMPARE(client.receive().status, 403);
    QCOMPARE(m_http->calls(), 0);
}

void ProxyTunnelTest::routesMayForbidWhatTheListenerAllows()
{
    WireClient client(m_proxy->port());
    std::string request = kUpgrade;
    request.replace(request.find("/chat"), 5, "/never");
    client.send(request);
    QCOMPARE(client.receive().status, 403);
}

void ProxyTunnelTest::ignoresOffersOfH2c()
{
    const WireReply reply = fetch(m_proxy->port("plain"), "/",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
        "AAMAAABkAAQAAP__\r\n");
    QCOMPARE(reply.status, 200);
    QVERIFY(reply.body.find("pgrade") == std::string::npos);
    QVERIFY(reply.body.find("ettings") == std::string::npos);
}

void ProxyTunnelTest::connectEndsHere()
{
    WireClient client(m_proxy->port());
    client.send(kConnect);
    QVERIFY(readHead(client).starts_with("HTTP/1.1 200 OK\r\n"));
    client.send("bytes");
    QCOMPARE(client.receiveBytes(5), std::string("bytes"));
    client.finishWriting();
    QVERIFY(client.receiveAll().empty());
}

void ProxyTunnelTest::connectEndsHereOverHttp2()
{
    H2Client client(m_proxy->port());
    H2Client::Call& call = client.begin(kConnect, false);
    call.sendBody("early");
    QVERIFY(client.runUntil([&] { return call.reply.body == "early"; }));
    QCOMPARE(call.reply.status, 200);
    call.sendEnd({});
    QVERIFY(client.runUntil([&] { return call.reply.ended; }));
}

void ProxyTunnelTest::connectGoesThroughHttp2()
{
    WireClient client(m_proxy->port("through"));
    client.send(kConnect);
    QVERIFY(readHead(client).starts_with("HTTP/1.1 200 OK\r\n"));
    client.send("over a stream");
    QCOMPARE(client.receiveBytes(13), std::string("over a stream"));
    client.finishWriting();
    QVERIFY(client.receiveAll().empty());
}

void ProxyTunnelTest::upgradesOverHttp2_data()
{
    QTest::addColumn<bool>("fromHttp2");
    QTest::addColumn<QByteArray>("listener");
    QTest::newRow("HTTP/2 to HTTP/1.1") << true << QByteArray("test");
    QTest::newRow("HTTP/1.1 to HTTP/2") << false << QByteArray("two");
    QTest::newRow("HTTP/2 to HTTP/2") << true << QByteArray("two");
}

void ProxyTunnelTest::upgradesOverHttp2()
{
    QFETCH(bool, fromHttp2);
    QFETCH(QByteArray, listener);
    if (!fromHttp2) {
        WireClient client(m_proxy->port(listener.constData()));
        client.send("GET /first HTTP/1.1\r\nHost: test\r\n\r\n"); // by then SETTINGS have come
        QCOMPARE(client.receive().status, 200);
        client.send(kUpgrade);
        const std::string head = readHead(client);
        QVERIFY2(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), head.c_str());
        QVERIFY(head.find("connection: upgrade\r\nupgrade: websocket\r\n") != std::string::npos);
        client.send("frames");
        QCOMPARE(client.receiveBytes(6), std::string("frames"));
        return;
    }
    H2Client client(m_proxy->port(listener.constData()));
    QVERIFY(client.get("/first").status > 0);
    H2Client::Call& call
        = client.begin("GET /chat HTTP/1.1\r\nhost: test\r\nsec-websocket-version: 13\r\n\r\n",
            false, "websocket");
    QVERIFY(client.runUntil([&] { return call.reply.status != 0 || call.reply.isOver(); }));
    QCOMPARE(call.reply.status, 200);
    call.sendBody("frames");
    QVERIFY(client.runUntil([&] { return call.reply.body == "frames"; }));
    call.sendEnd({});
    QVERIFY(client.runUntil([&] { return call.reply.ended; }));
}

void ProxyTunnelTest::upgradesNeedAPeerThatCan()
{
    WireClient client(m_proxy->port("incapable"));
    client.send(kUpgrade);
    QCOMPARE(client.receive().status, 503);
}

void ProxyTunnelTest::unwantedConnectIsForbidden()
{
    WireClient client(m_proxy->port("plain"));
    client.send(kConnect);
    QCOMPARE(client.receive().status, 403);
}

void ProxyTunnelTest::connectWithoutRouteIsNotFound()
{
    WireClient client(m_proxy->port("no connect route"));
    client.send(kConnect);
    QCOMPARE(client.receive().status, 404);
}

void ProxyTunnelTest::halfClosesBothWays()
{
    WireClient client(m_proxy->port());
    client.send(kConnect);
    readHead(client);
    const std::string bytes(200'000, 'h');
    client.send(bytes);
    client.finishWriting(); // the echo of all of it comes nevertheless
    QCOMPARE(client.receiveAll().size(), bytes.size());
}

void ProxyTunnelTest::carriesMuchWithBackPressure()
{
    WireClient client(m_proxy->port());
    client.send(kConnect);
    readHead(client);
    const std::string bytes(8'000'000, 'm');
    std::thread sender([&] { client.send(bytes); });
    const std::string back = client.receiveBytes(bytes.size());
    sender.join();
    QVERIFY(back == bytes);
}

void ProxyTunnelTest::holdsBytesUntilTheTunnelStands()
{
    // What follows a CONNECT that is refused must not become a request of its own upstream.
    m_http->status = 403;
    const int before = m_http->calls();
    H2Client client(m_proxy->port("refused"));
    H2Client::Call& call = client.begin(kConnect, false);
    call.sendBody("GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n");
    QVERIFY(client.runUntil([&] { return call.reply.isOver(); }));
    QCOMPARE(call.reply.status, 403);
    QCOMPARE(client.get("/next").status, 403);
    QCOMPARE(m_http->calls(), before + 2);
    m_http->status = 200;
}

QTEST_GUILESS_MAIN(ProxyTunnelTest)
#include "tst_proxy_tunnel.moc"
