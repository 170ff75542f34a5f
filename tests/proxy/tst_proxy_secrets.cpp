// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates that come and change over ADS.
#include "../support/test_authority.h"
#include "ads_server.h"
#include "proxy_process.h"
#include "test_upstream.h"
#include "tls_texts.h"
#include "tls_wire_client.h"

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

#include <QElapsedTimer>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace meshyard;
using net::TlsOptions;
using SecretProto = envoy::extensions::transport_sockets::tls::v3::Secret;

namespace {

const std::string kPrefix = "type.googleapis.com/";
const std::string kSecret = kPrefix + "envoy.extensions.transport_sockets.tls.v3.Secret";
const std::string kId = "spiffe://mesh.test/ns/a/sa/reviews";
const std::string kFromSecrets
    = "tls_certificate_sds_secret_configs: [{name: own, sds_config: {ads: {}}}], "
      "combined_validation_context: {default_validation_context: {match_typed_subject_alt_names: "
      "[{san_type: URI, matcher: {exact: \"spiffe://mesh.test/ns/a/sa/reviews\"}}]}, "
      "validation_context_sds_secret_config: {name: trust, sds_config: {ads: {}}}}";

AdsServer::Any certificateSecret(const net::TlsCertificate& certificate)
{
    SecretProto secret;
    secret.set_name("own");
    auto& proto = *secret.mutable_tls_certificate();
    proto.mutable_certificate_chain()->set_inline_string(certificate.chain);
    proto.mutable_private_key()->set_inline_bytes(certificate.key);
    AdsServer::Any any;
    any.PackFrom(secret);
    return any;
}

AdsServer::Any trustSecret(const std::string& bundle)
{
    SecretProto secret;
    secret.set_name("trust");
    secret.mutable_validation_context()->mutable_trusted_ca()->set_inline_string(bundle);
    AdsServer::Any any;
    any.PackFrom(secret);
    return any;
}

std::uint16_t freePort()
{
    const RawUpstream briefly("");
    return briefly.port();
}

} // namespace

class ProxySecretsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void waitsForSecrets();
    void refusesBadSecrets_data();
    void refusesBadSecrets();
    void newConnectionsTakeTheNewCertificate();
    void trustChangesWithItsSecret();
    void losesNothingOverTwoHundredRotations();
    void reportsProtectedConnections();
    void keepsKeysOutOfDumpsAndDisk();

private:
    net::TlsCertificate issue(const std::string& commonName) const;
    std::string rotate(const net::TlsCertificate& certificate);
    TlsOptions clientOptions() const;
    std::string serverName() const;

    TestAuthority m_ca{"ca"};
    TestUpstream m_upstream{"plain"};
    std::uint16_t m_inbound = 0;
    std::unique_ptr<AdsServer> m_server;
    std::unique_ptr<ProxyProcess> m_proxy;
    QTemporaryDir m_state;
};

/// A proxy that calls itself: plain in at "out", mutual TLS to "in", plain to the upstream.
void ProxySecretsTest::init()
{
    m_server = std::make_unique<AdsServer>();
    for (const char* type : {"envoy.config.cluster.v3.Cluster", "envoy.config.listener.v3.Listener",
             "meshyard.v1.EdgeOverride"})
        m_server->set(kPrefix + type, {});
    m_inbound = freePort();
    std::string in = chainsListenerText("in",
        "{" + downstreamTlsText(kFromSecrets, "require_client_certificate: true, ")
            + httpFiltersText("app") + "}");
    in.replace(in.find("port_value: 0"), 13, "port_value: " + std::to_string(m_inbound));
    const std::string out = chainsListenerText("out", "{" + httpFiltersText("mtls") + "}");
    std::string bootstrap = staticBootstrap({in, out},
        {clusterText("app", {m_upstream.port()}),
            clusterText("mtls", {m_inbound},
                "max_requests_per_connection: 7, " + upstreamTlsText(kFromSecrets)),
            clusterText("meshyard_control_plane", {static_cast<std::uint16_t>(m_server->port())})});
    bootstrap += "dynamic_resources:\n  ads_config: {api_type: GRPC, grpc_services: [{envoy_grpc: "
                 "{cluster_name: meshyard_control_plane}}]}\n"
                 "  cds_config: {ads: {}}\n  lds_config: {ads: {}}\n";
    m_proxy = std::make_unique<ProxyProcess>(
        bootstrap, QStringList{QStringLiteral("--state-dir"), m_state.path()});
}

void ProxySecretsTest::cleanup()
{
    m_proxy.reset();
    m_server.reset();
}

net::TlsCertificate ProxySecretsTest::issue(const std::string& commonName) const
{
    TestAuthority::Subject subject;
    subject.commonName = commonName;
    subject.uris = {kId};
    return m_ca.issue(subject);
}

/// @return what the proxy had against it.
std::string ProxySecretsTest::rotate(const net::TlsCertificate& certificate)
{
    const std::string version
        = m_server->set(kSecret, {certificateSecret(certificate), trustSecret(m_ca.pem())});
    const auto answer = m_server->waitAnswer(kSecret, version);
    return answer.version.empty() && answer.error.empty() ? "no answer" : answer.error;
}

TlsOptions ProxySecretsTest::clientOptions() const
{
    TlsOptions options;
    options.certificates = {issue("client")};
    options.trustedCa = m_ca.pem();
    return options;
}

/// Common name that a new connection sees; empty = refused.
std::string ProxySecretsTest::serverName() const
{
    TlsWireClient client(m_inbound, clientOptions());
    return client.isServed() ? client.serverCommonName() : std::string();
}

void ProxySecretsTest::waitsForSecrets()
{
    const auto asked = [this] {
        auto names = m_server->asked(kSecret);
        std::ranges::sort(names);
        return names;
    };
    QTRY_COMPARE(asked(), (std::vector<std::string>{"own", "trust"}));
    QVERIFY(!WireClient(m_inbound).isConnected()); // not open yet, and never in the clear
    // One of two is not enough.
    const std::string version = m_server->set(kSecret, {certificateSecret(issue("one"))});
    QCOMPARE(m_server->waitAnswer(kSecret, version).error, std::string());
    QVERIFY(!WireClient(m_inbound).isConnected());
    QCOMPARE(rotate(issue("one")), std::string());
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
    QCOMPARE(serverName(), std::string("one"));
    QCOMPARE(fetch(m_proxy->port("out"), "/").status, 200);
}

void ProxySecretsTest::refusesBadSecrets_data()
{
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* fault, const char* says) {
        QTest::newRow(fault) << QString::fromLatin1(fault) << QString::fromLatin1(says);
    };
    row("garbage", "certificate_chain");
    row("foreign key", "private_key does not belong");
    row("empty trust", "verify nothing");
}

void ProxySecretsTest::refusesBadSecrets()
{
    QFETCH(QString, fault);
    QFETCH(QString, says);
    QCOMPARE(rotate(issue("good")), std::string());
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
    net::TlsCertificate bad = issue("bad");
    if (fault == QLatin1String("garbage"))
        bad.chain = "garbage";
    if (fault == QLatin1String("foreign key"))
        bad.key = issue("other").key;
    std::string error;
    if (fault == QLatin1String("empty trust")) {
        const std::string version
            = m_server->set(kSecret, {certificateSecret(bad), trustSecret("")});
        error = m_server->waitAnswer(kSecret, version).error;
    } else {
        error = rotate(bad);
    }
    QVERIFY2(error.find(says.toStdString()) != std::string::npos
            || (fault == QLatin1String("empty trust") && !error.empty()),
        error.c_str());
    QVERIFY(error.find("PRIVATE") == std::string::npos);
    QCOMPARE(serverName(), std::string("good")); // all or nothing
}

void ProxySecretsTest::newConnectionsTakeTheNewCertificate()
{
    QCOMPARE(rotate(issue("first")), std::string());
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
    TlsWireClient old(m_inbound, clientOptions());
    QVERIFY(old.isServed());
    QCOMPARE(rotate(issue("second")), std::string());
    QCOMPARE(serverName(), std::string("second")); // in force at the ACK
    for (int i = 0; i < 3; ++i)
        QVERIFY(old.isServed()); // and nothing happened to those that were there
    QCOMPARE(old.serverCommonName(), std::string("first"));
}

void ProxySecretsTest::trustChangesWithItsSecret()
{
    QCOMPARE(rotate(issue("one")), std::string());
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
    QCOMPARE(serverName(), std::string("one"));
    const TestAuthority next("next");
    const std::string both = m_server->set(
        kSecret, {certificateSecret(issue("one")), trustSecret(m_ca.pem() + next.pem())});
    QCOMPARE(m_server->waitAnswer(kSecret, both).error, std::string());
    QCOMPARE(serverName(), std::string("one"));
    const std::string only
        = m_server->set(kSecret, {certificateSecret(issue("one")), trustSecret(next.pem())});
    QCOMPARE(m_server->waitAnswer(kSecret, only).error, std::string());
    QCOMPARE(serverName(), std::string()); // the old authority's clients are out
}

void ProxySecretsTest::losesNothingOverTwoHundredRotations()
{
    QCOMPARE(rotate(issue("0")), std::string());
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
    const std::uint16_t port = m_proxy->port("out");
    std::atomic<bool> stopping{false};
    std::atomic<int> served{0};
    std::atomic<int> failed{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) {
        callers.emplace_back([&] {
            WireClient client(port);
            while (!stopping) {
                client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
                ++(client.receive().status == 200 ? served : failed);
            }
        });
    }
    TlsWireClient longLived(m_inbound, clientOptions());
    QVERIFY(longLived.isServed());
    std::string refused;
    for (int i = 1; i <= 200 && refused.empty(); ++i)
        refused = rotate(issue(std::to_string(i)));
    stopping = true;
    for (std::thread& caller : callers)
        caller.join();
    QCOMPARE(refused, std::string());
    QCOMPARE(failed.load(), 0);
    QVERIFY2(served > 400, std::to_string(served).c_str());
    QVERIFY(longLived.isServed());
    QCOMPARE(serverName(), std::string("200"));
    qInfo("%d requests over 200 rotations, none failed", served.load());
}

void ProxySecretsTest::reportsProtectedConnections()
{
    QCOMPARE(rotate(issue("one")), std::string());
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
    QCOMPARE(fetch(m_proxy->port("out"), "/").status, 200);
    const auto protectedOf = [this](std::string_view cluster) {
        std::int64_t most = -1;
        for (const auto& report : m_server->reports()) {
            for (const auto& row : report.outbound()) {
                if (row.cluster() == cluster && row.connections() > 0)
                    most = std::max<std::int64_t>(most, row.tls_connections());
            }
        }
        return most;
    };
    QTRY_COMPARE(protectedOf("mtls"), std::int64_t{1});
    QTRY_COMPARE(protectedOf("app"), std::int64_t{0});
}

void ProxySecretsTest::keepsKeysOutOfDumpsAndDisk()
{
    const net::TlsCertificate certificate = issue("one");
    QCOMPARE(rotate(certificate), std::string());
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
    const std::string secretPart = certificate.key.substr(40, 40);
    QVERIFY(m_proxy->admin("/config_dump").find(secretPart) == std::string::npos);
    QFile stored(m_state.filePath(QStringLiteral("proxy-config.pb")));
    QTRY_VERIFY(stored.exists());
    QVERIFY(stored.open(QIODevice::ReadOnly));
    QVERIFY(stored.readAll().toStdString().find(secretPart) == std::string::npos);
}

QTEST_GUILESS_MAIN(ProxySecretsTest)
#include "tst_proxy_secrets.moc"
