// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy with TLS on either side.
#include "../support/test_authority.h"
#include "proxy_process.h"
#include "tls_texts.h"
#include "tls_upstream.h"
#include "tls_wire_client.h"

#include <QElapsedTimer>
#include <QTest>

using namespace meshyard;
using namespace std::chrono_literals;
using net::TlsOptions;
using Version = TlsOptions::Version;

namespace {

const std::string kServerId = "spiffe://mesh.test/ns/a/sa/server";
const std::string kClientId = "spiffe://mesh.test/ns/a/sa/client";
const std::string kRequest = "GET /x HTTP/1.1\r\nHost: test\r\n\r\n";

} // namespace

class ProxyTlsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void terminates_data();
    void terminates();
    void carriesBigBodiesBothWays();
    void originates();
    void carriesHttp2OverMutualTls();
    void refusesWrongUpstreams_data();
    void refusesWrongUpstreams();
    void resumesSessionsWithUpstreams();
    void acceptsOnlyTheRightClients_data();
    void acceptsOnlyTheRightClients();
    void servesPlainAndTlsOnOnePort();
    void tellsTheUpstreamWhoCalls_data();
    void tellsTheUpstreamWhoCalls();
    void passesThroughByServerName();
    void choosesChainsByProtocol();
    void tellsHttpFromOthers();
    void protectsOnlyWhatWantsIt();
    void carriesTcpWithHalfClose();
    void triesAnotherEndpoint();
    void cutsTruncatedAnswers();
    void noticesTruncatedRequests();
    void limitsSlowHandshakes();
    void limitsSlowInspections();
    void handsOnToTheMeantListener();
    void readsSecretsAndFiles();
    void followsChangedFiles_data();
    void followsChangedFiles();
    void refusesBadFiles_data();
    void refusesBadFiles();

private:
    TlsOptions serverOptions(const TestAuthority::Subject& subject) const;
    TlsOptions serverOptions() const;
    TlsOptions clientOptions() const;
    std::string serverTls(std::string_view extra = {}) const;

    TestAuthority m_ca{"ca"};
    TestAuthority m_foreign{"foreign"};
    net::TlsCertificate m_server;
    net::TlsCertificate m_client;
    TestUpstream m_plain{"plain"};
};

void ProxyTlsTest::initTestCase()
{
    m_server = m_ca.issueFor("ns/a/sa/server");
    m_client = m_ca.issueFor("ns/a/sa/client");
}

TlsOptions ProxyTlsTest::serverOptions(const TestAuthority::Subject& subject) const
{
    TlsOptions options;
    options.certificates = {m_ca.issue(subject)};
    options.trustedCa = m_ca.pem();
    options.alpn = {"http/1.1"};
    return options;
}

TlsOptions ProxyTlsTest::serverOptions() const
{
    TestAuthority::Subject subject;
    subject.uris = {kServerId};
    return serverOptions(subject);
}

TlsOptions ProxyTlsTest::clientOptions() const
{
    TlsOptions options;
    options.certificates = {m_client};
    options.trustedCa = m_ca.pem();
    options.serverName = "server.test";
    return options;
}

std::string ProxyTlsTest::serverTls(std::string_view extra) const
{
    return downstreamTlsText(certificatesText(m_server) + "alpn_protocols: [http/1.1]", extra);
}

void ProxyTlsTest::terminates_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("TLS 1.2") << static_cast<int>(Version::Tls12);
    QTest::newRow("TLS 1.3") << static_cast<int>(Version::Tls13);
}

void ProxyTlsTest::terminates()
{
    QFETCH(int, version);
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + serverTls() + httpFiltersText("plain") + "}")},
        {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    TlsOptions options = clientOptions();
    options.alpn = {"h3", "http/1.1"};
    options.minimum = options.maximum = static_cast<Version>(version);
    TlsWireClient client(proxy.port(), options);
    QVERIFY(client.isSecure());
    QCOMPARE(client.protocol(), std::string("http/1.1"));
    for (int i = 0; i < 20; ++i) {
        client.send(kRequest);
        const WireReply reply = client.receive();
        QCOMPARE(reply.status, 200);
        QVERIFY(reply.isFrom("plain"));
    }
    client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    QCOMPARE(client.receive().status, 200);
    QVERIFY(client.receiveAll().empty());
    QVERIFY(client.endedCleanly());
    const std::string dump = proxy.admin("/config_dump");
    QVERIFY(dump.find("BEGIN CERTIFICATE") != std::string::npos);
    QVERIFY(dump.find("PRIVATE KEY") == std::string::npos);
}

void ProxyTlsTest::carriesBigBodiesBothWays()
{
    TlsUpstream upstream("tls", serverOptions());
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + serverTls() + httpFiltersText("tls") + "}")},
        {clusterText("tls", {upstream.port()},
            upstreamTlsText(certificatesText(m_client) + validationText(m_ca.pem(), kServerId)))}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::string body(9 * 1024 * 1024 + 3, '\0');
    for (std::size_t i = 0; i < body.size(); ++i)
        body[i] = static_cast<char>('a' + (i * 7 + i / 4099) % 26);
    TlsWireClient client(proxy.port(), clientOptions());
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size())
        + "\r\n\r\n");
    QVERIFY(client.send(body));
    const WireReply reply = client.receive();
    QCOMPARE(reply.status, 200);
    QVERIFY(reply.body.substr(reply.body.find('\n') + 1) == body);
}

void ProxyTlsTest::originates()
{
    TlsUpstream upstream("tls", serverOptions());
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test", "{" + httpFiltersText("tls") + "}")},
            {clusterText("tls", {upstream.port()},
                upstreamTlsText(certificatesText(m_client) + validationText(m_ca.pem(), kServerId)
                        + "alpn_protocols: [\"http/1.1\"]",
                    "sni: there.test, "))}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    for (int i = 0; i < 10; ++i) {
        client.send(kRequest);
        QCOMPARE(client.receive().body,
            "name=tls sni=there.test alpn=http/1.1 peer=" + kClientId + "\n");
    }
    QCOMPARE(upstream.handshakes(), 1); // pooled
}

/// The proxy calls itself: HTTP/1.1 in the clear, HTTP/2 over mutual TLS, HTTP/1.1 in the clear.
void ProxyTlsTest::carriesHttp2OverMutualTls()
{
    std::uint16_t port = 0;
    {
        const RawUpstream free("");
        port = free.port();
    }
    std::string in = chainsListenerText("in",
        "{"
            + downstreamTlsText(certificatesText(m_server) + "alpn_protocols: [h2, http/1.1], "
                    + validationText(m_ca.pem(), kClientId),
                "require_client_certificate: true, ")
            + httpFiltersText("plain",
                "forward_client_cert_details: SANITIZE_SET, set_current_client_cert_details: {uri: "
                "true}, ")
            + "}");
    in.replace(in.find("port_value: 0"), 13, "port_value: " + std::to_string(port));
    const std::string cluster = clusterText("mtls", {port},
        "typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3."
        "HttpProtocolOptions: {\"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3."
        "HttpProtocolOptions, explicit_http_config: {http2_protocol_options: {}}}}, "
            + upstreamTlsText(certificatesText(m_client) + "alpn_protocols: [h2], "
                + validationText(m_ca.pem(), kServerId)));
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test", "{" + httpFiltersText("mtls") + "}"), in},
            {cluster, clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::vector<std::unique_ptr<WireClient>> clients;
    for (int i = 0; i < 8; ++i)
        clients.push_back(std::make_unique<WireClient>(proxy.port()));
    for (int round = 0; round < 3; ++round) {
        for (auto& client : clients)
            QVERIFY(client->send(kRequest));
        for (auto& client : clients) {
            const WireReply reply = client->receive();
            QCOMPARE(reply.status, 200);
            QVERIFY(reply.body.find(";URI=" + kClientId) != std::string::npos);
        }
    }
    QCOMPARE(proxy.stat("cluster.mtls.upstream_cx_active"), 1L); // many streams, one connection
    const std::string body(3 * 1024 * 1024, 'b');
    QVERIFY(post(proxy.port(), "/", body).body == body);
}

void ProxyTlsTest::refusesWrongUpstreams_data()
{
    QTest::addColumn<QString>("fault");
    for (const char* fault : {"foreign authority", "other name", "name in the subject only",
             "expired", "no TLS", "old version"})
        QTest::newRow(fault) << QString::fromLatin1(fault);
}

void ProxyTlsTest::refusesWrongUpstreams()
{
    QFETCH(QString, fault);
    TestAuthority::Subject subject;
    subject.uris = {kServerId};
    if (fault == QLatin1String("other name"))
        subject.uris = {kServerId + "2"};
    if (fault == QLatin1String("expired"))
        subject.until = -60s;
    if (fault == QLatin1String("name in the subject only")) {
        subject.uris.clear();
        subject.commonName = kServerId;
    }
    TlsOptions options = serverOptions(subject);
    if (fault == QLatin1String("foreign authority"))
        options.certificates = {m_foreign.issue(subject)};
    if (fault == QLatin1String("old version"))
        options.maximum = Version::Tls12;
    TlsUpstream upstream("tls", options);
    const std::uint16_t port = fault == QLatin1String("no TLS") ? m_plain.port() : upstream.port();
    const int before = m_plain.calls();
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test", "{" + httpFiltersText("tls") + "}")},
            {clusterText("tls", {port},
                upstreamTlsText("tls_params: {tls_minimum_protocol_version: TLSv1_3}, "
                    + validationText(m_ca.pem(), kServerId)))}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/").status, 503);
    QCOMPARE(m_plain.calls(), before);
}

void ProxyTlsTest::resumesSessionsWithUpstreams()
{
    TlsUpstream upstream("tls", serverOptions());
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test", "{" + httpFiltersText("tls") + "}")},
            {clusterText("tls", {upstream.port()},
                "max_requests_per_connection: 1, "
                    + upstreamTlsText(validationText(m_ca.pem(), kServerId)))}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 5; ++i)
        QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QCOMPARE(upstream.handshakes(), 5);
    QCOMPARE(upstream.resumed(), 4);
}

void ProxyTlsTest::acceptsOnlyTheRightClients_data()
{
    QTest::addColumn<QString>("client");
    QTest::addColumn<bool>("served");
    QTest::newRow("right") << QStringLiteral("right") << true;
    for (const char* client : {"other name", "foreign authority", "expired", "no certificate"})
        QTest::newRow(client) << QString::fromLatin1(client) << false;
}

void ProxyTlsTest::acceptsOnlyTheRightClients()
{
    QFETCH(QString, client);
    QFETCH(bool, served);
    TestAuthority::Subject subject;
    subject.uris = {client == QLatin1String("other name") ? kClientId + "s" : kClientId};
    if (client == QLatin1String("expired"))
        subject.until = -60s;
    TlsOptions options = clientOptions();
    options.certificates
        = {(client == QLatin1String("foreign authority") ? m_foreign : m_ca).issue(subject)};
    if (client == QLatin1String("no certificate"))
        options.certificates.clear();
    ProxyProcess proxy(staticBootstrap({chainsListenerText("test",
                                           "{"
                                               + downstreamTlsText(certificatesText(m_server)
                                                       + validationText(m_ca.pem(), kClientId),
                                                   "require_client_certificate: true, ")
                                               + httpFiltersText("plain") + "}")},
        {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const int before = m_plain.calls();
    for (const Version version : {Version::Tls12, Version::Tls13}) {
        options.minimum = options.maximum = version;
        QCOMPARE(TlsWireClient(proxy.port(), options).isServed(), served);
    }
    QCOMPARE(m_plain.calls(), before + (served ? 2 : 0));
    WireClient inTheClear(proxy.port());
    inTheClear.send(kRequest);
    QCOMPARE(inTheClear.receive().status, 0);
}

void ProxyTlsTest::servesPlainAndTlsOnOnePort()
{
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test",
            "{filter_chain_match: {transport_protocol: tls}, "
                + downstreamTlsText(certificatesText(m_server) + validationText(m_ca.pem()),
                    "require_client_certificate: true, ")
                + httpFiltersText("plain")
                + "}, {filter_chain_match: {transport_protocol: raw_buffer}, "
                + httpFiltersText("plain") + "}",
            "listener_filters: [{name: i, typed_config: {\"@type\": type.googleapis.com/"
            "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}}], ")},
        {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QVERIFY(TlsWireClient(proxy.port(), clientOptions()).isServed());
    TlsOptions nobody = clientOptions();
    nobody.certificates.clear();
    QVERIFY(!TlsWireClient(proxy.port(), nobody).isServed());
    // In pieces, with the first one too short to tell.
    WireClient slow(proxy.port());
    slow.send("\x16");
    slow.send("\x03\x01\x02");
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    slow.finishWriting();
    QVERIFY(slow.receiveAll().size() <= 7); // an alert at most
}

void ProxyTlsTest::tellsTheUpstreamWhoCalls_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QString>("sent");
    QTest::addColumn<QString>("arrives");
    const auto row = [](const char* mode, const char* sent, const char* arrives) {
        QTest::newRow(mode) << QString::fromLatin1(mode) << QString::fromLatin1(sent)
                            << QString::fromLatin1(arrives);
    };
    row("SANITIZE", "Hash=forged", "");
    row("FORWARD_ONLY", "Hash=a", "Hash=a");
    row("SANITIZE_SET", "Hash=forged", "By=SERVER;Hash=HASH;Subject=\"CN=test\";URI=CLIENT");
    row("APPEND_FORWARD", "Hash=a", "Hash=a,By=SERVER;Hash=HASH;Subject=\"CN=test\";URI=CLIENT");
}

void ProxyTlsTest::tellsTheUpstreamWhoCalls()
{
    QFETCH(QString, mode);
    QFETCH(QString, sent);
    QFETCH(QString, arrives);
    const std::string rules = "forward_client_cert_details: " + mode.toStdString()
        + ", set_current_client_cert_details: {subject: true, uri: true}, ";
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test",
            "{filter_chain_match: {transport_protocol: tls}, "
                + downstreamTlsText(certificatesText(m_server) + validationText(m_ca.pem()))
                + httpFiltersText("plain", rules) + "}, {" + httpFiltersText("plain", rules)
                + "}")},
        {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::string field = "x-forwarded-client-cert: ";
    TlsWireClient client(proxy.port(), clientOptions());
    client.send("GET / HTTP/1.1\r\nHost: test\r\n" + field + sent.toStdString() + "\r\n\r\n");
    std::string body = client.receive().body;
    const std::size_t at = body.find(field);
    std::string value;
    if (at != std::string::npos)
        value = body.substr(at + field.size(), body.find('\n', at) - at - field.size());
    const std::size_t hash = value.find(";Hash=");
    if (hash != std::string::npos)
        value.replace(hash + 6, 64, "HASH");
    arrives.replace(QLatin1String("SERVER"), QString::fromStdString(kServerId));
    arrives.replace(QLatin1String("CLIENT"), QString::fromStdString(kClientId));
    QCOMPARE(value, arrives.toStdString());
    // Without a certificate nothing is believed.
    const WireReply plain = fetch(proxy.port(), "/", field + sent.toStdString() + "\r\n");
    QCOMPARE(plain.status, 200);
    QVERIFY(plain.body.find(field) == std::string::npos);
}

void ProxyTlsTest::passesThroughByServerName()
{
    TlsUpstream first("first", serverOptions());
    TlsUpstream second("second", serverOptions());
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test",
            "{filter_chain_match: {server_names: [first.test]}, " + tcpFiltersText("first")
                + "}, {filter_chain_match: {server_names: [\"*.second.test\", second.test]}, "
                + tcpFiltersText("second") + "}")},
        {clusterText("first", {first.port()}), clusterText("second", {second.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto ask = [&](const char* name) {
        TlsOptions options = clientOptions();
        options.serverName = name;
        TlsWireClient client(proxy.port(), options);
        client.send(kRequest);
        return client.receive().body;
    };
    QVERIFY(ask("first.test").starts_with("name=first sni=first.test "));
    QVERIFY(ask("FIRST.test").starts_with("name=first "));
    QVERIFY(ask("second.test").starts_with("name=second "));
    QVERIFY(ask("deep.down.second.test").starts_with("name=second "));
    QVERIFY(ask("").empty());
    QVERIFY(ask("xsecond.test").empty());
    QVERIFY(ask("a.first.test").empty());
    WireClient plain(proxy.port());
    plain.send(kRequest);
    QVERIFY(plain.receiveAll().empty());
    // The certificate that the client saw is the upstream's: nobody looked inside.
    QCOMPARE(proxy.stat("cluster.first.upstream_cx_active"), 0L);
}

void ProxyTlsTest::choosesChainsByProtocol()
{
    TestUpstream other("other");
    const std::string named
        = "{filter_chain_match: {transport_protocol: tls, application_protocols: [special]}, "
        + downstreamTlsText(certificatesText(m_server) + "alpn_protocols: [special]")
        + httpFiltersText("other") + "}, ";
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test",
                            named + "{filter_chain_match: {transport_protocol: tls}, " + serverTls()
                                + httpFiltersText("plain") + "}",
                            "default_filter_chain: {" + tcpFiltersText("other") + "}, ")},
            {clusterText("plain", {m_plain.port()}), clusterText("other", {other.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto ask = [&](const char* protocol) {
        TlsOptions options = clientOptions();
        options.alpn = {protocol};
        TlsWireClient client(proxy.port(), options);
        client.send(kRequest);
        return client.receive().header("x-upstream").value_or("");
    };
    QCOMPARE(ask("special"), std::string("other"));
    QCOMPARE(ask("http/1.1"), std::string("plain"));
    QVERIFY(fetch(proxy.port(), "/").isFrom("other"));
}

void ProxyTlsTest::tellsHttpFromOthers()
{
    RawUpstream raw("raw");
    RawUpstream second("second");
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test",
            "{filter_chain_match: {application_protocols: [\"http/1.1\"]}, "
                + httpFiltersText("plain")
                + "}, {filter_chain_match: {application_protocols: [h2c]}, "
                + tcpFiltersText("second") + "}, {" + tcpFiltersText("raw") + "}",
            "listener_filters: [{name: h, typed_config: {\"@type\": type.googleapis.com/"
            "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector}}], ")},
        {clusterText("plain", {m_plain.port()}), clusterText("second", {second.port()}),
            clusterText("raw", {raw.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto ask = [&](std::string_view bytes) {
        WireClient client(proxy.port());
        client.send(bytes);
        return client.receiveAll();
    };
    QVERIFY(fetch(proxy.port(), "/").isFrom("plain"));
    QCOMPARE(ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("second"));
    QCOMPARE(ask("hello there"), std::string("raw"));
    QCOMPARE(ask(std::string(30, 'A')), std::string("raw")); // no method is that long
}

void ProxyTlsTest::protectsOnlyWhatWantsIt()
{
    TlsUpstream sidecar("sidecar", serverOptions());
    const auto endpoint = [](std::uint16_t port, const char* metadata) {
        return "{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: "
            + std::to_string(port) + "}}}" + metadata + "}, ";
    };
    const std::string cluster
        = "{name: mixed, type: STATIC, lb_policy: ROUND_ROBIN, transport_socket_matches: [{name: "
          "tlsMode-istio, match: {tlsMode: istio}, "
        + upstreamTlsText(certificatesText(m_client) + validationText(m_ca.pem(), kServerId))
        + "}, {name: tlsMode-disabled, match: {}, transport_socket: {name: "
          "envoy.transport_sockets.raw_buffer, typed_config: {\"@type\": type.googleapis.com/"
          "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}}], load_assignment: "
          "{cluster_name: mixed, endpoints: [{lb_endpoints: ["
        + endpoint(sidecar.port(),
            ", metadata: {filter_metadata: {envoy.transport_socket_match: {tlsMode: istio}}}")
        + endpoint(m_plain.port(), "") + "]}]}}";
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + httpFiltersText("mixed") + "}")}, {cluster}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    int secured = 0;
    for (int i = 0; i < 20; ++i) {
        const WireReply reply = fetch(proxy.port(), "/");
        QCOMPARE(reply.status, 200);
        secured += reply.isFrom("sidecar") ? 1 : 0;
    }
    QCOMPARE(secured, 10);
}

void ProxyTlsTest::carriesTcpWithHalfClose()
{
    TlsUpstream upstream("tls", serverOptions());
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + serverTls() + tcpFiltersText("tls") + "}")},
        {clusterText(
            "tls", {upstream.port()}, upstreamTlsText(validationText(m_ca.pem(), kServerId)))}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    TlsWireClient client(proxy.port(), clientOptions());
    const std::string text(200000, '\x01'); // no HTTP: echoed
    client.send(text);
    QVERIFY(client.receiveBytes(text.size()) == text);
    client.send("\x01last");
    client.finishWriting();
    QCOMPARE(client.receiveAll(), std::string("\x01last"));
    QVERIFY(client.endedCleanly());
}

void ProxyTlsTest::triesAnotherEndpoint()
{
    RawUpstream echo("");
    std::uint16_t dead = 0;
    {
        RawUpstream gone("");
        dead = gone.port();
    }
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + tcpFiltersText("c", "max_connect_attempts: 2") + "}")},
        {clusterText("c", {dead, echo.port()}, "lb_policy: ROUND_ROBIN, ")}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 6; ++i) {
        WireClient client(proxy.port());
        client.send("early"); // must not be lost with the first attempt
        QCOMPARE(client.receiveBytes(5), std::string("early"));
    }
}

void ProxyTlsTest::cutsTruncatedAnswers()
{
    TlsUpstream upstream("tls", serverOptions());
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + serverTls() + httpFiltersText("tls") + "}")},
        {clusterText(
            "tls", {upstream.port()}, upstreamTlsText(validationText(m_ca.pem(), kServerId)))}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    TlsWireClient client(proxy.port(), clientOptions());
    client.send("GET /cut HTTP/1.1\r\nHost: test\r\n\r\n");
    const std::string all = client.receiveAll();
    QVERIFY(all.find("0\r\n\r\n") == std::string::npos); // never a whole body
    QVERIFY(!client.endedCleanly());
}

void ProxyTlsTest::noticesTruncatedRequests()
{
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + serverTls() + httpFiltersText("plain") + "}")},
        {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const int before = m_plain.calls();
    TlsWireClient client(proxy.port(), clientOptions());
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nhalf");
    client.truncate();
    QVERIFY(client.receiveAll().empty());
    QCOMPARE(m_plain.calls(), before);
    QVERIFY(TlsWireClient(proxy.port(), clientOptions()).isServed());
}

void ProxyTlsTest::limitsSlowHandshakes()
{
    ProxyProcess proxy(staticBootstrap({chainsListenerText("test",
                                           "{transport_socket_connect_timeout: 0.2s, " + serverTls()
                                               + httpFiltersText("plain") + "}")},
        {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    WireClient silent(proxy.port());
    silent.send("\x16\x03\x01");
    QVERIFY(silent.receiveAll().empty());
    QVERIFY(timer.elapsed() >= 190 && timer.elapsed() < 3000);
}

void ProxyTlsTest::limitsSlowInspections()
{
    const std::string chains = "{filter_chain_match: {transport_protocol: tls}, " + serverTls()
        + httpFiltersText("plain") + "}, {" + httpFiltersText("plain") + "}";
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test", chains, "listener_filters_timeout: 0.2s, "),
                            chainsListenerText("patient", chains,
                                "listener_filters_timeout: 0.2s, "
                                "continue_on_listener_filters_timeout: true, ")},
            {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient silent(proxy.port());
    QVERIFY(silent.receiveAll().empty());
    WireClient late(proxy.port("patient"));
    QTest::qWait(300); // the timeout is what is tested
    late.send(kRequest);
    QCOMPARE(late.receive().status, 200);
}

void ProxyTlsTest::handsOnToTheMeantListener()
{
    TestUpstream other("other");
    std::uint16_t port = 0;
    {
        const RawUpstream free("");
        port = free.port();
    }
    const auto address = [&](const char* ip) {
        return std::string("address: {socket_address: {address: ") + ip
            + ", port_value: " + std::to_string(port) + "}}, ";
    };
    ProxyProcess proxy(staticBootstrap(
        {"{name: test, " + address("0.0.0.0") + "use_original_dst: true, filter_chains: [{"
                + httpFiltersText("plain") + "}]}",
            "{name: virtual, " + address("127.0.0.5") + "bind_to_port: false, filter_chains: [{"
                + httpFiltersText("other") + "}]}"},
        {clusterText("plain", {m_plain.port()}), clusterText("other", {other.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto ask = [port](const char* ip) {
        WireClient client(port, ip);
        client.send(kRequest);
        return client.receive().header("x-upstream").value_or("");
    };
    QCOMPARE(ask("127.0.0.1"), std::string("plain"));
    QCOMPARE(ask("127.0.0.5"), std::string("other"));
}

void ProxyTlsTest::readsSecretsAndFiles()
{
    const QTemporaryDir folder;
    const auto write = [&](const char* name, const std::string& text) {
        const QString path = folder.filePath(QString::fromLatin1(name));
        QFile file(path);
        if (file.open(QIODevice::WriteOnly))
            file.write(text.data(), static_cast<qint64>(text.size()));
        return "{filename: \"" + path.toStdString() + "\"}";
    };
    const std::string secrets = "  secrets:\n  - {name: own, tls_certificate: {certificate_chain: "
        + write("c.pem", m_server.chain) + ", private_key: " + write("k.pem", m_server.key)
        + "}}\n  - {name: trust, validation_context: {trusted_ca: " + write("ca.pem", m_ca.pem())
        + "}}\n";
    const std::string tls = downstreamTlsText(
        "tls_certificate_sds_secret_configs: [{name: own}], validation_context_sds_secret_config: "
        "{name: trust}",
        "require_client_certificate: true, ");
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test", "{" + tls + httpFiltersText("plain") + "}")},
            {clusterText("plain", {m_plain.port()})})
        + secrets);
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QVERIFY(TlsWireClient(proxy.port(), clientOptions()).isServed());
    TlsOptions stranger = clientOptions();
    stranger.certificates = {m_foreign.issueFor("ns/a/sa/client")};
    QVERIFY(!TlsWireClient(proxy.port(), stranger).isServed());
}

void ProxyTlsTest::followsChangedFiles_data()
{
    QTest::addColumn<bool>("sds");
    QTest::newRow("watched_directory") << false;
    QTest::newRow("path_config_source") << true;
}

void ProxyTlsTest::followsChangedFiles()
{
    QFETCH(bool, sds);
    const QTemporaryDir folder;
    const auto path = [&](const char* name) {
        return folder.filePath(QString::fromLatin1(name)).toStdString();
    };
    const auto put = [&](const char* name, const std::string& text) { // as a whole, by rename
        QFile file(folder.filePath(QStringLiteral("new")));
        if (file.open(QIODevice::WriteOnly))
            file.write(text.data(), static_cast<qint64>(text.size()));
        file.close();
        return std::rename(path("new").c_str(), path(name).c_str()) == 0;
    };
    const auto putPair = [&](const char* commonName) {
        TestAuthority::Subject subject;
        subject.commonName = commonName;
        const net::TlsCertificate pair = m_ca.issue(subject);
        if (!sds)
            return put("c.pem", pair.chain) && put("k.pem", pair.key);
        std::string tls = certificatesText(pair); // tls_certificates: [{…}],
        tls = tls.substr(tls.find('{'), tls.rfind('}') + 1 - tls.find('{'));
        return put("sds.yaml",
            "resources:\n- {\"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls."
            "v3.Secret, name: own, tls_certificate: "
                + tls + "}\n");
    };
    QVERIFY(putPair("first"));
    const std::string watched
        = ", watched_directory: {path: \"" + folder.path().toStdString() + "\"}}";
    const std::string common = sds
        ? "tls_certificate_sds_secret_configs: [{name: own, sds_config: {path_config_source: "
          "{path: "
          "\""
            + path("sds.yaml") + "\"}}}]"
        : "tls_certificates: [{certificate_chain: {filename: \"" + path("c.pem") + "\"" + watched
            + ", private_key: {filename: \"" + path("k.pem") + "\"" + watched + "}]";
    ProxyProcess proxy(
        staticBootstrap({chainsListenerText("test",
                            "{" + downstreamTlsText(common) + httpFiltersText("plain") + "}")},
            {clusterText("plain", {m_plain.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const auto shown
        = [&] { return TlsWireClient(proxy.port(), clientOptions()).serverCommonName(); };
    QCOMPARE(shown(), std::string("first"));
    QVERIFY(putPair("second"));
    QTRY_COMPARE(shown(), std::string("second"));
    QVERIFY(put(sds ? "sds.yaml" : "c.pem", "garbage"));
    std::string errors;
    const auto said = [&] { return errors += proxy.errors(); };
    QTRY_VERIFY(said().find("not taken") != std::string::npos);
    QCOMPARE(shown(), std::string("second"));
    QVERIFY(putPair("third"));
    QTRY_COMPARE(shown(), std::string("third"));
}

void ProxyTlsTest::refusesBadFiles_data()
{
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* fault, const char* says) {
        QTest::newRow(fault) << QString::fromLatin1(fault) << QString::fromLatin1(says);
    };
    row("foreign key", "private_key does not belong");
    row("names without trust", "without trusted_ca");
    row("cipher", "ROT13");
    row("version", "only TLSv1_2 and TLSv1_3");
    row("missing file", "/nowhere/c.pem");
    row("same match twice", "equals an earlier one");
    row("star", "server_names");
    row("listener filter", "listener filter");
}

void ProxyTlsTest::refusesBadFiles()
{
    QFETCH(QString, fault);
    QFETCH(QString, says);
    net::TlsCertificate certificate = m_server;
    std::string common;
    std::string chains;
    std::string extra;
    if (fault == QLatin1String("foreign key"))
        certificate.key = m_client.key;
    if (fault == QLatin1String("names without trust"))
        common = "validation_context: {match_typed_subject_alt_names: [{san_type: DNS, matcher: "
                 "{exact: a}}]}";
    if (fault == QLatin1String("cipher"))
        common = "tls_params: {cipher_suites: [\"[ECDHE-ECDSA-AES128-GCM-SHA256|ROT13]\"]}";
    if (fault == QLatin1String("version"))
        common = "tls_params: {tls_minimum_protocol_version: TLSv1_0}";
    std::string certificates = certificatesText(certificate);
    if (fault == QLatin1String("missing file"))
        certificates = "tls_certificates: [{certificate_chain: {filename: /nowhere/c.pem}, "
                       "private_key: {filename: /nowhere/k.pem}}], ";
    if (fault == QLatin1String("same match twice"))
        chains = "{" + httpFiltersText("plain") + "}, {" + httpFiltersText("plain") + "}, ";
    if (fault == QLatin1String("star"))
        chains = "{filter_chain_match: {server_names: [\"a.*.test\"]}, " + httpFiltersText("plain")
            + "}, ";
    if (fault == QLatin1String("listener filter"))
        extra = "listener_filters: [{name: odd, typed_config: {\"@type\": type.googleapis.com/"
                "envoy.extensions.filters.http.router.v3.Router}}], ";
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test",
            chains + "{filter_chain_match: {destination_port: 7}, "
                + downstreamTlsText(certificates + common) + httpFiltersText("plain") + "}",
            extra)},
        {clusterText("plain", {m_plain.port()})}));
    QVERIFY(!proxy.waitReady());
    const std::string errors = proxy.errors();
    QVERIFY2(errors.find(says.toStdString()) != std::string::npos, errors.c_str());
    QVERIFY(errors.find("PRIVATE KEY") == std::string::npos);
}

QTEST_GUILESS_MAIN(ProxyTlsTest)
#include "tst_proxy_tls.moc"
