// SPDX-License-Identifier: GPL-3.0-or-later
// Which protocol is spoken over TLS: ALPN on both sides of a real proxy.
#include "../support/test_authority.h"
#include "h2_peers.h"
#include "proxy_process.h"
#include "tls_texts.h"
#include "tls_upstream.h"
#include "wire_client.h"

#include <QTest>

using namespace meshyard;

class ProxyAlpnTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void upstreamsChoose_data();
    void upstreamsChoose();
    void upstreamsThatChangeTheirMindAreFollowed();
    void callersChooseHttp2();

private:
    std::shared_ptr<const net::TlsContext> context(
        net::TlsContext::Side side, std::vector<std::string> alpn) const;

    TestAuthority m_ca{"ca"};
    std::unique_ptr<H2Upstream> m_two;
    std::unique_ptr<TlsUpstream> m_one;
    std::unique_ptr<ProxyProcess> m_proxy;
};

std::shared_ptr<const net::TlsContext> ProxyAlpnTest::context(
    net::TlsContext::Side side, std::vector<std::string> alpn) const
{
    net::TlsOptions options;
    if (side == net::TlsContext::Side::Server)
        options.certificates = {m_ca.issueFor("ns/a/sa/server")};
    else
        options.trustedCa = m_ca.pem();
    options.alpn = std::move(alpn);
    return *net::TlsContext::make(side, options);
}

void ProxyAlpnTest::initTestCase()
{
    const auto server = context(net::TlsContext::Side::Server, {"h2", "http/1.1"});
    m_two = std::make_unique<H2Upstream>(http::H2Options{}, server);
    net::TlsOptions plain;
    plain.certificates = {m_ca.issueFor("ns/a/sa/server")};
    plain.alpn = {"http/1.1"};
    m_one = std::make_unique<TlsUpstream>("one", plain);
    const std::string tls = upstreamTlsText(validationText(m_ca.pem()));
    const std::string negotiated
        = "typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3."
          "HttpProtocolOptions: {\"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3."
          "HttpProtocolOptions, auto_config: {}}}, "
        + tls;
    const std::string route = "{match: {prefix: /}, route: {cluster: ";
    const std::string certificates = certificatesText(m_ca.issueFor("ns/a/sa/server"));
    const std::string secure = chainsListenerText("secure",
        "{" + downstreamTlsText(certificates + "alpn_protocols: [h2, http/1.1]")
            + httpFiltersText("two") + "}");
    m_proxy = std::make_unique<ProxyProcess>(staticBootstrap(
        {httpListenerText("to two", route + "two}}"), httpListenerText("to one", route + "one}}"),
            httpListenerText("to explicit", route + "explicit}}"), secure},
        {clusterText("two", {m_two->port()}, negotiated),
            clusterText("one", {m_one->port()}, negotiated),
            http2ClusterText("explicit", {m_two->port()}, tls)}));
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
}

void ProxyAlpnTest::upstreamsChoose_data()
{
    QTest::addColumn<QByteArray>("listener");
    QTest::addColumn<bool>("http2");
    QTest::newRow("h2 where both are offered") << QByteArray("to two") << true;
    QTest::newRow("http/1.1 where both are offered") << QByteArray("to one") << false;
    QTest::newRow("h2 where only that is offered") << QByteArray("to explicit") << true;
}

void ProxyAlpnTest::upstreamsChoose()
{
    QFETCH(QByteArray, listener);
    QFETCH(bool, http2);
    for (int i = 0; i < 3; ++i) {
        const WireReply reply = fetch(m_proxy->port(listener.constData()), "/x");
        QCOMPARE(reply.status, 200);
        QCOMPARE(reply.header("x-upstream").value_or("") == "h2", http2);
    }
}

void ProxyAlpnTest::upstreamsThatChangeTheirMindAreFollowed()
{
    // One failed guess, then the choice is known: handshakes stay few.
    const int before = m_one->handshakes();
    for (int i = 0; i < 5; ++i)
        QCOMPARE(fetch(m_proxy->port("to one"), "/x").status, 200);
    QVERIFY(m_one->handshakes() <= before + 1);
}

void ProxyAlpnTest::callersChooseHttp2()
{
    http::H2Options options;
    options.secure = true;
    const auto tls = context(net::TlsContext::Side::Client, {"h2"});
    H2Client client(m_proxy->port("secure"), options, tls.get());
    QCOMPARE(client.get("/x").status, 200);
    QCOMPARE(client.negotiatedProtocol(), std::string_view("h2"));
}

QTEST_GUILESS_MAIN(ProxyAlpnTest)
#include "tst_proxy_alpn.moc"
