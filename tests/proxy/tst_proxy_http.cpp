// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy from a bootstrap file in front of small upstreams: routing and HTTP.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QElapsedTimer>
#include <QTest>

class ProxyHttpTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void routes_data();
    void routes();
    void redirects();
    void editsHeaders();
    void splitsByWeight();
    void keepsConnections();
    void answersPipelinedRequestsInOrder();
    void sendsContinueOnce();
    void answersHead();
    void streamsTenMegabytesBothWays();
    void refusesMalformedRequests_data();
    void refusesMalformedRequests();
    void stripsThePeerHeaderForTheApp();
    void gatewayTrustsNobody();
    void forwardsTcp();
    void badBootstrapsNameTheField_data();
    void badBootstrapsNameTheField();
    void usageErrorsExitWithTwo();
    void endsWithZero();

private:
    std::unique_ptr<TestUpstream> m_v1;
    std::unique_ptr<TestUpstream> m_v2;
    std::unique_ptr<RawUpstream> m_echo;
    std::unique_ptr<ProxyProcess> m_proxy;
};

namespace {

std::string routeTable()
{
    return R"(
      {match: {path: /exact}, route: {cluster: v2}},
      {match: {prefix: /regex, safe_regex: {regex: "/regex/[0-9]+"}}, route: {cluster: v2}},
      {match: {prefix: /jason, headers: [{name: end-user, exact_match: jason}]}, route: {cluster: v2}},
      {match: {prefix: /notjason, headers: [{name: end-user, string_match: {exact: jason}, invert_match: true}]}, route: {cluster: v2}},
      {match: {prefix: /present, headers: [{name: x-a, present_match: true}]}, route: {cluster: v2}},
      {match: {prefix: /post, headers: [{name: ":method", exact_match: POST}]}, route: {cluster: v2}},
      {match: {prefix: /q, query_parameters: [{name: v, string_match: {exact: "2"}}]}, route: {cluster: v2}},
      {match: {path_separated_prefix: /sep}, route: {cluster: v2}},
      {match: {prefix: /rewrite/}, route: {cluster: v1, prefix_rewrite: /new/, host_rewrite_literal: other.host}},
      {match: {prefix: /moved}, redirect: {host_redirect: example.org, path_redirect: /there, response_code: FOUND}},
      {match: {prefix: /direct}, direct_response: {status: 503, body: {inline_string: "no subset v9"}}},
      {match: {prefix: /missing}, route: {cluster: nowhere}},
      {match: {prefix: /split}, route: {weighted_clusters: {clusters: [{name: v1, weight: 80}, {name: v2, weight: 20}]}}},
      {match: {prefix: /edit}, route: {cluster: v1}, request_headers_to_add: [{header: {key: x-added, value: "1"}}, {header: {key: x-over, value: new}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}], request_headers_to_remove: [x-secret], response_headers_to_add: [{header: {key: x-back, value: yes}}], response_headers_to_remove: [x-upstream]},
      {match: {prefix: /}, route: {cluster: v1}})";
}

} // namespace

void ProxyHttpTest::initTestCase()
{
    m_v1 = std::make_unique<TestUpstream>("v1");
    m_v2 = std::make_unique<TestUpstream>("v2");
    m_echo = std::make_unique<RawUpstream>("");
    std::string routes = routeTable();
    const std::string twice = "prefix: /regex, ";
    routes.erase(routes.find(twice), twice.size()); // one path specifier only
    const std::string tcp
        = R"({name: tcp, address: {socket_address: {address: 127.0.0.1, port_value: 0}}, filter_chains: [{filters: [{name: tcp, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: t, cluster: echo}}]}]})";
    const std::string toV1 = "{match: {prefix: /}, route: {cluster: v1}}";
    m_proxy = std::make_unique<ProxyProcess>(staticBootstrap(
        {httpListenerText("test", routes), httpListenerText("inbound|9080", toV1, {}, "INBOUND"),
            httpListenerText("gateway|80", toV1), tcp},
        {clusterText("v1", {m_v1->port()}), clusterText("v2", {m_v2->port()}),
            clusterText("echo", {m_echo->port()})}));
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
}

void ProxyHttpTest::routes_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("headers");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("upstream");
    const auto row = [](const char* name, const char* target, const char* headers, int status,
                         const char* upstream) {
        QTest::newRow(name) << QByteArray(target) << QByteArray(headers) << status
                            << QByteArray(upstream);
    };
    row("exact path", "/exact", "", 200, "v2");
    row("exact path is no prefix", "/exactly", "", 200, "v1");
    row("exact path with query", "/exact?a=b", "", 200, "v2");
    row("regex", "/regex/42", "", 200, "v2");
    row("regex matches whole paths", "/regex/42/x", "", 200, "v1");
    row("header", "/jason", "end-user: jason\r\n", 200, "v2");
    row("header name ignores case", "/jason", "End-User: jason\r\n", 200, "v2");
    row("header value differs", "/jason", "end-user: Jason\r\n", 200, "v1");
    row("header is missing", "/jason", "", 200, "v1");
    row("inverted, missing", "/notjason", "", 200, "v1");

    row("inverted, present", "/notjason", "end-user: jason\r\n", 200, "v1");
    row("present", "/present", "x-a: 1\r\n", 200, "v2");
    row("method differs", "/post", "", 200, "v1");
    row("query", "/q?a=1&v=2", "", 200, "v2");
    row("query differs", "/q?v=22", "", 200, "v1");
    row("separated prefix", "/sep/a", "", 200, "v2");
    row("separated prefix needs the slash", "/separate", "", 200, "v1");
    row("direct response", "/direct", "", 503, "");
    row("cluster does not exist", "/missing", "", 503, "");
    row("absolute form", "http://test/exact", "", 200, "v2");
}

void ProxyHttpTest::routes()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, headers);
    QFETCH(int, status);
    QFETCH(QByteArray, upstream);
    const WireReply reply = fetch(m_proxy->port(), target.toStdString(), headers.toStdString());
    QCOMPARE(reply.status, status);
    QCOMPARE(reply.header("x-upstream").value_or(""), upstream.toStdString());
}

void ProxyHttpTest::redirects()
{
    const WireReply reply = fetch(m_proxy->port(), "/moved");
    QCOMPARE(reply.status, 302);
    QCOMPARE(reply.header("location").value_or(""), std::string("http://example.org/there"));
    const WireReply rewritten = fetch(m_proxy->port(), "/rewrite/a?b=c");
    QVERIFY(rewritten.body.starts_with("GET /new/a?b=c\n"));
    QVERIFY(rewritten.body.find("host: other.host\n") != std::string::npos);
}

void ProxyHttpTest::editsHeaders()
{
    const WireReply reply = fetch(m_proxy->port(), "/edit",
        "x-secret: s\r\nx-over: old\r\nx-keep: k\r\nConnection: x-hop\r\nx-hop: h\r\n"
        "traceparent: 00-1-2-01\r\nx-request-id: id-7\r\nx-meshyard-peer: forged\r\n");
    QCOMPARE(reply.status, 200);
    const auto has = [&](const char* line) { return reply.body.find(line) != std::string::npos; };
    QVERIFY(has("x-added: 1\n"));
    QVERIFY(has("x-over: new\n") && !has("x-over: old"));
    QVERIFY(has("x-keep: k\n") && has("traceparent: 00-1-2-01\n") && has("x-request-id: id-7\n"));
    QVERIFY(!has("x-secret") && !has("x-hop") && !has("forged"));
    QVERIFY(has("x-meshyard-peer: caller-a\n"));
    QCOMPARE(reply.header("x-back").value_or(""), std::string("yes"));
    QVERIFY(!reply.header("x-upstream"));
}

void ProxyHttpTest::splitsByWeight()
{
    WireClient client(m_proxy->port());
    int v2 = 0;
    for (int i = 0; i < 2000; ++i) {
        client.send("GET /split HTTP/1.1\r\nHost: test\r\n\r\n");
        v2 += client.receive().isFrom("v2") ? 1 : 0;
    }
    QVERIFY2(v2 > 320 && v2 < 480, std::to_string(v2).c_str()); // 400 ± 4.5 sigma
}

void ProxyHttpTest::keepsConnections()
{
    WireClient client(m_proxy->port());
    for (int i = 0; i < 100; ++i) {
        client.send("GET /exact HTTP/1.1\r\nHost: test\r\n\r\n");
        QCOMPARE(client.receive().status, 200);
    }
    QCOMPARE(m_proxy->stat("cluster.v2.upstream_cx_active"), 1L);
    client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    QCOMPARE(client.receive().header("connection").value_or(""), std::string("close"));
    QVERIFY(client.receiveAll().empty());
}

void ProxyHttpTest::answersPipelinedRequestsInOrder()
{
    WireClient client(m_proxy->port());
    std::string all;
    for (int i = 0; i < 20; ++i)
        all += "GET /" + std::string(i % 3 == 0 ? "direct" : "n") + std::to_string(i)
            + " HTTP/1.1\r\nHost: test\r\n\r\n";
    client.send(all);
    for (int i = 0; i < 20; ++i) {
        const WireReply reply = client.receive();
        QCOMPARE(reply.status, i % 3 == 0 ? 503 : 200);
        if (i % 3 != 0)
            QVERIFY(reply.body.starts_with("GET /n" + std::to_string(i) + "\n"));
    }
}

void ProxyHttpTest::sendsContinueOnce()
{
    WireClient client(m_proxy->port());
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n"
                "Expect: 100-continue\r\n\r\n");
    QCOMPARE(client.receiveBytes(25), std::string("HTTP/1.1 100 Continue\r\n\r\n"));
    client.send("hello");
    QCOMPARE(client.receive().body, std::string("hello"));
}

void ProxyHttpTest::answersHead()
{
    WireClient client(m_proxy->port());
    client.send("HEAD /exact HTTP/1.1\r\nHost: test\r\n\r\n");
    const WireReply head = client.receive("HEAD");
    QCOMPARE(head.status, 200);
    QVERIFY(head.header("content-length"));
    client.send("HEAD /direct HTTP/1.1\r\nHost: test\r\n\r\n");
    QCOMPARE(client.receive("HEAD").status, 503);
    client.send("GET /exact HTTP/1.1\r\nHost: test\r\n\r\n");
    QCOMPARE(client.receive().status, 200);
}

void ProxyHttpTest::streamsTenMegabytesBothWays()
{
    std::string body(10'000'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i)
        body[i] = static_cast<char>('a' + (i * 7 + i / 4096) % 26);
    const WireReply plain = post(m_proxy->port(), "/", body);
    QCOMPARE(plain.status, 200);
    QVERIFY(plain.body == body);
    WireClient client(m_proxy->port());
    std::thread sender([&] {
        client.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t at = 0; at < body.size(); at += 100'000)
            client.send("186a0\r\n" + body.substr(at, 100'000) + "\r\n");
        client.send("0\r\n\r\n");
    });
    const WireReply chunked = client.receive("POST");
    sender.join();
    QCOMPARE(chunked.status, 200);
    QVERIFY(chunked.body == body);
}

void ProxyHttpTest::refusesMalformedRequests_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<int>("status");
    const auto row = [](const char* name, const char* request, int status) {
        QTest::newRow(name) << QByteArray(request) << status;
    };
    row("length and chunked",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        400);
    row("two lengths",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400);
    row("no host", "GET / HTTP/1.1\r\n\r\n", 400);
    row("space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400);
    row("bare line feed", "GET / HTTP/1.1\nHost: a\n\n", 400);
    row("almost the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nMS\r\n\r\n", 505);
    row("bad chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400);
}

void ProxyHttpTest::refusesMalformedRequests()
{
    QFETCH(QByteArray, request);
    QFETCH(int, status);
    const int before = m_v1->calls();
    WireClient client(m_proxy->port());
    client.send(request.toStdString());
    QCOMPARE(client.receive().status, status);
    QVERIFY(client.receiveAll().empty()); // closed
    QCOMPARE(m_v1->calls(), before);
}

void ProxyHttpTest::stripsThePeerHeaderForTheApp()
{
    const WireReply reply
        = fetch(m_proxy->port("inbound|9080"), "/in", "x-meshyard-peer: reviews-v1-a\r\n");
    QCOMPARE(reply.status, 200);
    QVERIFY(reply.body.find("x-meshyard-peer") == std::string::npos);
}

void ProxyHttpTest::gatewayTrustsNobody()
{
    const WireReply reply = fetch(m_proxy->port("gateway|80"), "/",
        "x-meshyard-peer: forged\r\nx-forwarded-proto: https\r\nx-forwarded-for: 10.0.0.9\r\n");
    const auto has = [&](const char* line) { return reply.body.find(line) != std::string::npos; };
    QVERIFY(has("x-meshyard-peer: caller-a\n") && !has("forged"));
    QVERIFY(has("x-forwarded-for: 10.0.0.9, 127.0.0.1\n"));
    QVERIFY(has("x-forwarded-proto: http\n"));
    QVERIFY(has("x-request-id: "));
}

void ProxyHttpTest::forwardsTcp()
{
    WireClient client(m_proxy->port("tcp"));
    const std::string bytes(300'000, 't');
    std::thread sender([&] { client.send(bytes); });
    const std::string back = client.receiveBytes(bytes.size());
    sender.join();
    QVERIFY(back == bytes);
    client.finishWriting();
    QVERIFY(client.receiveAll().empty());
    QTRY_COMPARE(m_proxy->stat("cluster.echo.ok"), 1L);
}

void ProxyHttpTest::badBootstrapsNameTheField_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const std::string& text, const char* named) {
        QTest::newRow(name) << QByteArray::fromStdString(text) << QByteArray(named);
    };
    const std::string good = "{match: {prefix: /}, route: {cluster: v1}}";
    row("unknown field", "node: {id: a}\nstatic_resources: {listenerz: []}\n", "listenerz");
    row("not YAML", "node: {id: a\n", "bootstrap.yaml");
    row("bad regex",
        staticBootstrap({httpListenerText(
                            "l", R"({match: {safe_regex: {regex: "(["}}, route: {cluster: v1}})")},
            {}),
        "safe_regex");
    row("TLS",
        staticBootstrap({httpListenerText("l", good)},
            {clusterText("c", {1}, "transport_socket: {name: tls}, ")}),
        "transport_socket");
    row("known but unsupported",
        staticBootstrap({httpListenerText("l", good, "add_user_agent: true, ")}, {}),
        "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.add_user_agent");
    row("maglev table that is no prime",
        staticBootstrap({},
            {clusterText("c", {1}, "lb_policy: MAGLEV, maglev_lb_config: {table_size: 100}, ")}),
        "table_size");
    row("hash_policy without a name",
        staticBootstrap(
            {httpListenerText(
                "l", "{match: {prefix: /}, route: {cluster: c, hash_policy: [{header: {}}]}}")},
            {}),
        "hash_policy");
    row("hedging",
        staticBootstrap({httpListenerText("l",
                            "{match: {prefix: /}, route: {cluster: c, hedge_policy: "
                            "{hedge_on_per_try_timeout: true}}}")},
            {}),
        "hedge_policy");
    row("payload of a health check",
        staticBootstrap({},
            {clusterText("c", {1},
                "health_checks: [{timeout: 1s, interval: 1s, healthy_threshold: 1, "
                "unhealthy_threshold: 1, tcp_health_check: {send: {text: 5X}}}], ")}),
        "hexadecimal");
    row("breaker field",
        staticBootstrap({},
            {clusterText(
                "c", {1}, R"(metadata: {filter_metadata: {meshyard.breaker: {minCallz: 3}}}, )")}),
        "minCallz");
}

void ProxyHttpTest::badBootstrapsNameTheField()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, named);
    ProxyProcess proxy(text.toStdString());
    QCOMPARE(proxy.waitEnd(), 1);
    const std::string errors = proxy.errors();
    QVERIFY2(errors.find(named.toStdString()) != std::string::npos, errors.c_str());
}

void ProxyHttpTest::usageErrorsExitWithTwo()
{
    QProcess process;
    process.start(
        QStringLiteral(MESHYARD_BIN_DIR "/meshyard-proxy"), {QStringLiteral("--nonsense")});
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.exitCode(), 2);
    process.start(
        QStringLiteral(MESHYARD_BIN_DIR "/meshyard-proxy"), {QStringLiteral("--version")});
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.exitCode(), 0);
}

void ProxyHttpTest::endsWithZero()
{
    m_proxy->process().terminate();
    QCOMPARE(m_proxy->waitEnd(), 0);
}

QTEST_GUILESS_MAIN(ProxyHttpTest)
#include "tst_proxy_http.moc"
