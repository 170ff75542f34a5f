// SPDX-License-Identifier: GPL-3.0-or-later
#include "../support/test_authority.h"

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/net/listener.h"

#include <QTest>

#include <unistd.h>

#include <ctime>

using namespace meshyard;
using namespace meshyard::net;
using namespace std::chrono_literals;
using Side = TlsContext::Side;
using Version = TlsOptions::Version;

namespace {

class End final : public ConnectionHandler
{
public:
    explicit End(EventLoop& loop)
        : io(loop, *this)
    {
    }
    void onConnected() override
    {
        connected = true;
        if (const PeerIdentity* const shown = io.peerIdentity())
            peer = *shown;
    }
    void onData(std::string_view bytes) override
    {
        largest = std::max(largest, bytes.size());
        received += bytes;
        if (onReceived)
            onReceived();
    }
    void onPeerFinished() override { peerFinished = true; }
    void onWritable() override { ++writable; }
    void onClosed(const std::optional<Error>& reason) override
    {
        closed = true;
        error = reason;
    }
    std::string text() const { return error ? error->message : std::string(); }

    Connection io;
    std::string received;
    std::size_t largest = 0;
    std::optional<PeerIdentity> peer;
    std::function<void()> onReceived;
    bool connected = false;
    bool peerFinished = false;
    bool closed = false;
    int writable = 0;
    std::optional<Error> error;
};

/// A TLS server behind a listener and a client of it, in one loop.
class Pair final : public Acceptor
{
public:
    Pair(const TlsOptions& ofServer, const TlsOptions& ofClient)
        : Pair(*TlsContext::make(Side::Server, ofServer), *TlsContext::make(Side::Client, ofClient))
    {
    }
    Pair(std::shared_ptr<const TlsContext> ofServer, std::shared_ptr<const TlsContext> ofClient)
        : loop(clock, 1ms)
        , m_serverTls(std::move(ofServer))
        , m_clientTls(std::move(ofClient))
        , m_listener(*Listener::listen(loop, *this, SocketAddress::loopback(0)))
    {
        reset();
    }
    void reset()
    {
        client = std::make_unique<End>(loop);
        server = std::make_unique<End>(loop);
    }
    void onAccepted(Fd fd) override
    {
        QVERIFY(server->io.adopt(std::move(fd), *m_serverTls, handshakeTimeout).has_value());
        accepted = true;
    }
    bool connect(std::string_view serverName = {})
    {
        return client->io.connect(m_listener->address(), *m_clientTls, serverName).has_value();
    }
    bool join(std::string_view serverName = {})
    {
        return connect(serverName) && spin([this] {
            return (client->connected && server->connected) || client->closed || server->closed;
        }) && client->connected
            && server->connected;
    }
    /// The handshake fails on both sides. TLS 1.3 clients hear of it after they were done.
    bool refuses()
    {
        return connect() && spin([this] { return client->closed && server->closed; });
    }
    bool connectPlain() { return client->io.connect(m_listener->address()).has_value(); }
    bool spin(const std::function<bool()>& condition)
    {
        const TimePoint end = clock.now() + 5s;
        while (!condition() && clock.now() < end)
            loop.runOnce(5ms);
        return condition();
    }

    SteadyClock clock;
    EventLoop loop;
    Duration handshakeTimeout = 10s;
    bool accepted = false;
    std::unique_ptr<End> client;
    std::unique_ptr<End> server;

private:
    std::shared_ptr<const TlsContext> m_serverTls;
    std::shared_ptr<const TlsContext> m_clientTls;
    std::unique_ptr<Listener> m_listener;
};

SanTest uriIs(const std::string& text)
{
    return {SanTest::Kind::Uri, [text](std::string_view name) { return name == text; }, {}};
}

SanTest dnsIs(const std::string& text)
{
    return {SanTest::Kind::Dns, {}, text};
}

} // namespace

class TlsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void exchangesBytes_data();
    void exchangesBytes();
    void tellsWhatWasAgreed();
    void verifiesBothSides();
    void refusals_data();
    void refusals();
    void clientRefusesServer_data();
    void clientRefusesServer();
    void wildcardsCoverOneLabel();
    void refusesBadOptions_data();
    void refusesBadOptions();
    void bigTransfersBothWays();
    void pausedReadersGetNothing();
    void writesBeforeTheHandshakeIsOver();
    void halfCloseLetsTheOtherSideAnswer();
    void detectsTruncation();
    void closingTellsThePeer();
    void refusesPlaintext();
    void limitsTheHandshakesTime();
    void resumesSessions_data();
    void resumesSessions();
    void resumesNothingWhenToldSo();
    void refusesCallersWithoutServerName();
    void forgetsExpiredCertificatesOfSessions();
    void survivesDestructionInCallbacks();

private:
    TlsOptions serverOptions() const;
    TlsOptions clientOptions() const;

    TestAuthority m_ca{"ca"};
    TestAuthority m_foreign{"foreign"};
    TlsCertificate m_server;
    TlsCertificate m_client;
};

void TlsTest::initTestCase()
{
    TestAuthority::Subject subject;
    subject.uris = {"spiffe://mesh.test/ns/a/sa/server"};
    subject.dnsNames = {"server.test", "*.wild.test"};
    m_server = m_ca.issue(subject);
    m_client = m_ca.issueFor("ns/a/sa/client");
}

TlsOptions TlsTest::serverOptions() const
{
    TlsOptions options;
    options.certificates = {m_server};
    options.trustedCa = m_ca.pem();
    options.requireClientCertificate = true;
    return options;
}

TlsOptions TlsTest::clientOptions() const
{
    TlsOptions options;
    options.certificates = {m_client};
    options.trustedCa = m_ca.pem();
    return options;
}

void TlsTest::exchangesBytes_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("TLS 1.2") << static_cast<int>(Version::Tls12);
    QTest::newRow("TLS 1.3") << static_cast<int>(Version::Tls13);
}

void TlsTest::exchangesBytes()
{
    QFETCH(int, version);
    TlsOptions client = clientOptions();
    client.minimum = client.maximum = static_cast<Version>(version);
    Pair pair(serverOptions(), client);
    QVERIFY2(pair.join(), (pair.client->text() + pair.server->text()).c_str());
    pair.client->io.write({"hello ", "", "there"});
    QVERIFY(pair.spin([&] { return pair.server->received == "hello there"; }));
    pair.server->io.write("hi");
    QVERIFY(pair.spin([&] { return pair.client->received == "hi"; }));
    QCOMPARE(pair.client->io.bytesWritten(), std::uint64_t{11});
    QCOMPARE(pair.server->io.bytesRead(), std::uint64_t{11});
    QVERIFY(pair.client->io.isTls() && pair.server->io.isTls());
}

void TlsTest::tellsWhatWasAgreed()
{
    TlsOptions server = serverOptions();
    server.alpn = {"h2", "http/1.1"};
    TlsOptions client = clientOptions();
    client.alpn = {"http/1.1", "h2"};
    client.serverName = "first.test";
    Pair pair(server, client);
    QVERIFY(pair.join());
    QCOMPARE(std::string(pair.server->io.negotiatedProtocol()), std::string("h2"));
    QCOMPARE(std::string(pair.client->io.negotiatedProtocol()), std::string("h2"));
    QCOMPARE(std::string(pair.server->io.serverName()), std::string("first.test"));
    pair.reset();
    QVERIFY(pair.join("second.test"));
    QCOMPARE(std::string(pair.server->io.serverName()), std::string("second.test"));

    client.alpn = {"other"};
    Pair none(server, client);
    QVERIFY(none.join());
    QVERIFY(none.server->io.negotiatedProtocol().empty());
}

void TlsTest::verifiesBothSides()
{
    TlsOptions server = serverOptions();
    server.subjectAltNames = {uriIs("spiffe://mesh.test/ns/a/sa/client")};
    TlsOptions client = clientOptions();
    client.subjectAltNames = {dnsIs("other"), uriIs("spiffe://mesh.test/ns/a/sa/server")};
    Pair pair(server, client);
    QVERIFY(pair.join());
    QVERIFY(pair.server->peer && pair.server->peer->verified);
    QCOMPARE(
        pair.server->peer->uriSans, std::vector<std::string>{"spiffe://mesh.test/ns/a/sa/client"});
    QCOMPARE(pair.server->peer->subject, std::string("CN=test"));
    QCOMPARE(pair.server->peer->fingerprint.size(), std::size_t{64});
    QVERIFY(pair.client->peer && pair.client->peer->verified);
    QCOMPARE(pair.client->peer->dnsSans, (std::vector<std::string>{"server.test", "*.wild.test"}));

    TlsOptions anybody = clientOptions();
    anybody.trustedCa.clear(); // as Envoy without a validation context
    Pair trusting(server, anybody);
    QVERIFY(trusting.join());
    QVERIFY(trusting.client->peer && !trusting.client->peer->verified);
}

void TlsTest::refusals_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("says");
    for (const Version version : {Version::Tls12, Version::Tls13}) {
        const auto row = [&](const char* fault, const char* says) {
            const QString name = QStringLiteral("%1, 1.%2")
                                     .arg(QLatin1String(fault))
                                     .arg(version == Version::Tls12 ? 2 : 3);
            QTest::newRow(qPrintable(name))
                << static_cast<int>(version) << QString::fromLatin1(fault)
                << QString::fromLatin1(says);
        };
        row("no certificate", "showed no certificate");
        row("foreign authority", "unable to get local issuer certificate");
        row("expired", "certificate has expired");
        row("not yet valid", "not yet valid");
        row("wrong name", "no subject alternative name");
        row("name as common name only", "no subject alternative name");
    }
}

void TlsTest::refusals()
{
    QFETCH(int, version);
    QFETCH(QString, fault);
    QFETCH(QString, says);
    TlsOptions server = serverOptions();
    server.subjectAltNames = {uriIs("spiffe://mesh.test/ns/a/sa/client"), dnsIs("client.test")};
    TlsOptions client = clientOptions();
    client.minimum = client.maximum = static_cast<Version>(version);
    TestAuthority::Subject subject;
    subject.uris = {"spiffe://mesh.test/ns/a/sa/client"};
    if (fault == QLatin1String("expired"))
        subject.until = -60s;
    else if (fault == QLatin1String("not yet valid"))
        subject.from = 600s;
    else if (fault == QLatin1String("wrong name"))
        subject.uris = {"spiffe://mesh.test/ns/a/sa/client2"};
    if (fault == QLatin1String("name as common name only")) {
        subject.uris.clear();
        subject.commonName = "client.test";
    }
    client.certificates
        = {(fault == QLatin1String("foreign authority") ? m_foreign : m_ca).issue(subject)};
    if (fault == QLatin1String("no certificate"))
        client.certificates.clear();
    Pair pair(server, client);
    QVERIFY(pair.refuses());
    QVERIFY(!pair.server->connected);
    QVERIFY2(pair.server->text().find(says.toStdString()) != std::string::npos,
        pair.server->text().c_str());
    QCOMPARE(pair.server->error->code, ErrorCode::Unauthenticated);
    QVERIFY2(pair.client->text().find("alert") != std::string::npos, pair.client->text().c_str());
}

void TlsTest::clientRefusesServer_data()
{
    QTest::addColumn<QString>("fault");
    for (const char* fault : {"foreign authority", "wrong name", "expired"})
        QTest::newRow(fault) << QString::fromLatin1(fault);
}

void TlsTest::clientRefusesServer()
{
    QFETCH(QString, fault);
    TlsOptions server = serverOptions();
    TlsOptions client = clientOptions();
    TestAuthority::Subject subject;
    subject.dnsNames = {"server.test"};
    client.subjectAltNames = {dnsIs("server.test")};
    if (fault == QLatin1String("wrong name"))
        subject.dnsNames = {"server.test.evil"};
    if (fault == QLatin1String("expired"))
        subject.until = -60s;
    server.certificates
        = {(fault == QLatin1String("foreign authority") ? m_foreign : m_ca).issue(subject)};
    Pair pair(server, client);
    QVERIFY(pair.refuses());
    QVERIFY(!pair.client->connected && !pair.server->connected);
    QCOMPARE(pair.client->error->code, ErrorCode::Unauthenticated);
}

void TlsTest::wildcardsCoverOneLabel()
{
    const auto accepts = [this](const std::string& name) {
        TlsOptions client = clientOptions();
        client.subjectAltNames = {dnsIs(name)};
        return Pair(serverOptions(), client).join();
    };
    QVERIFY(accepts("a.wild.test"));
    QVERIFY(accepts("SERVER.test"));
    QVERIFY(!accepts("a.b.wild.test"));
    QVERIFY(!accepts("wild.test"));
    QVERIFY(!accepts(".wild.test"));
}

void TlsTest::refusesBadOptions_data()
{
    QTest::addColumn<QString>("fault");
    for (const char* fault :
        {"garbage", "damaged", "other key", "unknown cipher", "name without trust",
            "no certificate", "two of a type", "versions", "empty protocol", "unknown curve"})
        QTest::newRow(fault) << QString::fromLatin1(fault);
}

void TlsTest::refusesBadOptions()
{
    QFETCH(QString, fault);
    TlsOptions options = serverOptions();
    TlsCertificate& certificate = options.certificates.front();
    if (fault == QLatin1String("garbage"))
        certificate.chain = "nothing";
    else if (fault == QLatin1String("damaged"))
        certificate.chain.replace(200, 4, "\n!!\n");
    else if (fault == QLatin1String("other key"))
        certificate.key = m_client.key;
    else if (fault == QLatin1String("unknown cipher"))
        options.cipherSuites = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ROT13"};
    else if (fault == QLatin1String("name without trust")) {
        options.trustedCa.clear();
        options.subjectAltNames = {dnsIs("x")};
    } else if (fault == QLatin1String("no certificate"))
        options.certificates.clear();
    else if (fault == QLatin1String("two of a type"))
        options.certificates.push_back(m_client);
    else if (fault == QLatin1String("versions")) {
        options.minimum = Version::Tls13;
        options.maximum = Version::Tls12;
    } else if (fault == QLatin1String("empty protocol"))
        options.alpn = {""};
    else
        options.curves = {"P-0"};
    const auto made = TlsContext::make(Side::Server, options);
    QVERIFY(!made.has_value());
    QCOMPARE(made.error().code, ErrorCode::InvalidArgument);
    QVERIFY(!made.error().message.empty());
}

void TlsTest::bigTransfersBothWays()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.join());
    std::string block(16 * 1024 * 1024 + 17, '\0');
    for (std::size_t i = 0; i < block.size(); ++i)
        block[i] = static_cast<char>(i * 31 + i / 251);
    pair.client->io.write(
        {std::string_view(block).substr(0, 5), std::string_view(block).substr(5)});
    QVERIFY(pair.client->io.isBackedUp());
    pair.server->io.write(block);
    QVERIFY(pair.spin([&] {
        return pair.server->received.size() == block.size()
            && pair.client->received.size() == block.size();
    }));
    QVERIFY(pair.server->received == block && pair.client->received == block);
    QVERIFY(pair.server->largest > 40000); // several records at once
    QCOMPARE(pair.client->writable, 1);
    QVERIFY(!pair.client->io.isBackedUp());
}

void TlsTest::pausedReadersGetNothing()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.join());
    pair.server->onReceived = [&] { pair.server->io.pauseReading(); };
    const std::string block(300000, 'x');
    pair.client->io.write(block);
    pair.client->io.finishWriting();
    QVERIFY(pair.spin([&] { return !pair.server->received.empty(); }));
    const std::size_t first = pair.server->received.size();
    for (int i = 0; i < 5; ++i)
        pair.loop.runOnce(1ms);
    QCOMPARE(pair.server->received.size(), first);
    QVERIFY(first < block.size());
    while (pair.server->received.size() < block.size()) {
        const std::size_t before = pair.server->received.size();
        pair.server->io.resumeReading();
        QVERIFY(pair.spin([&] { return pair.server->received.size() > before; }));
        QVERIFY(!pair.server->peerFinished);
    }
    pair.server->io.resumeReading();
    QVERIFY(pair.spin([&] { return pair.server->peerFinished; }));
    QVERIFY(!pair.server->closed);
}

void TlsTest::writesBeforeTheHandshakeIsOver()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.connect());
    pair.client->io.write("early");
    QCOMPARE(pair.client->io.unsentBytes(), std::size_t{5});
    pair.client->io.finishWriting();
    QVERIFY(pair.spin([&] { return pair.server->peerFinished; }));
    QCOMPARE(pair.server->received, std::string("early"));
    QCOMPARE(pair.client->io.unsentBytes(), std::size_t{0});
}

void TlsTest::halfCloseLetsTheOtherSideAnswer()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.join());
    pair.client->io.write("question");
    pair.client->io.finishWriting();
    QVERIFY(pair.spin([&] { return pair.server->peerFinished; }));
    const std::string answer(200000, 'a');
    pair.server->io.write(answer);
    pair.server->io.finishWriting();
    QVERIFY(pair.spin([&] { return pair.client->closed && pair.server->closed; }));
    QVERIFY(pair.client->received == answer);
    QVERIFY2(!pair.client->error.has_value(), pair.client->text().c_str());
    QVERIFY2(!pair.server->error.has_value(), pair.server->text().c_str());
}

void TlsTest::detectsTruncation()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.join());
    pair.client->io.write("half of it");
    ::shutdown(pair.client->io.fd(), SHUT_WR); // FIN without close_notify, as an attacker would
    QVERIFY(pair.spin([&] { return pair.server->closed; }));
    QCOMPARE(pair.server->received, std::string("half of it"));
    QVERIFY(!pair.server->peerFinished);
    QVERIFY(pair.server->error && pair.server->error->code == ErrorCode::DataLoss);
}

void TlsTest::closingTellsThePeer()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.join());
    pair.client->io.close();
    QVERIFY(pair.spin([&] { return pair.server->peerFinished; }));
    QVERIFY(!pair.server->closed);

    Pair aborted(serverOptions(), clientOptions());
    QVERIFY(aborted.join());
    aborted.client->io.abort();
    QVERIFY(aborted.spin([&] { return aborted.server->closed; }));
    QVERIFY(aborted.server->error && !aborted.server->peerFinished);
}

void TlsTest::refusesPlaintext()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.connectPlain());
    pair.client->io.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    QVERIFY(pair.spin([&] { return pair.server->closed; }));
    QVERIFY2(pair.server->text().find("does not speak TLS") != std::string::npos,
        pair.server->text().c_str());
}

void TlsTest::limitsTheHandshakesTime()
{
    Pair pair(serverOptions(), clientOptions());
    pair.handshakeTimeout = 30ms;
    QVERIFY(pair.connectPlain());
    QVERIFY(pair.spin([&] { return pair.server->closed; }));
    QCOMPARE(pair.server->error->code, ErrorCode::DeadlineExceeded);
    QVERIFY(!pair.server->connected);
}

void TlsTest::resumesSessions_data()
{
    exchangesBytes_data();
}

void TlsTest::resumesSessions()
{
    QFETCH(int, version);
    TlsOptions client = clientOptions();
    client.minimum = client.maximum = static_cast<Version>(version);
    Pair pair(serverOptions(), client);
    QVERIFY(pair.join());
    QVERIFY(!pair.client->io.isTlsResumed());
    pair.server->io.write("x"); // TLS 1.3: the ticket comes with it
    QVERIFY(pair.spin([&] { return pair.client->received == "x"; }));
    pair.reset();
    QVERIFY(pair.join());
    QVERIFY(pair.client->io.isTlsResumed() && pair.server->io.isTlsResumed());
    QVERIFY(pair.server->peer && pair.server->peer->verified);
    QCOMPARE(pair.server->peer->uriSans.size(), std::size_t{1});
    pair.server->io.write("x");
    QVERIFY(pair.spin([&] { return pair.client->received == "x"; }));
    pair.reset();
    QVERIFY(pair.join());
    QVERIFY(pair.client->io.isTlsResumed());
}

void TlsTest::resumesNothingWhenToldSo()
{
    for (const bool onServer : {true, false}) {
        for (const Version version : {Version::Tls12, Version::Tls13}) {
            TlsOptions server = serverOptions();
            TlsOptions client = clientOptions();
            server.maximum = version;
            (onServer ? server : client).resumes = false;
            Pair pair(server, client);
            for (int i = 0; i < 2; ++i) {
                pair.reset();
                QVERIFY(pair.join());
                QVERIFY(!pair.client->io.isTlsResumed() && !pair.server->io.isTlsResumed());
                pair.server->io.write("x");
                QVERIFY(pair.spin([&] { return pair.client->received == "x"; }));
            }
        }
    }
}

void TlsTest::refusesCallersWithoutServerName()
{
    TlsOptions server = serverOptions();
    server.requireServerName = true;
    Pair named(server, clientOptions());
    QVERIFY(named.join("any.test"));
    Pair nameless(server, clientOptions());
    QVERIFY(nameless.refuses());
    QVERIFY(!nameless.server->connected);
}

void TlsTest::forgetsExpiredCertificatesOfSessions()
{
    TlsOptions client = clientOptions();
    TestAuthority::Subject subject;
    subject.until = 1s;
    client.certificates = {m_ca.issue(subject)};
    Pair pair(serverOptions(), client);
    QVERIFY(pair.join());
    pair.server->io.write("x");
    QVERIFY(pair.spin([&] { return pair.client->received == "x"; }));
    const std::time_t ends = std::time(nullptr) + 1;
    QVERIFY(pair.spin([ends] { return std::time(nullptr) > ends; }));
    pair.reset();
    QVERIFY(pair.refuses());
    QVERIFY2(pair.server->text().find("expired") != std::string::npos, pair.server->text().c_str());
}

void TlsTest::survivesDestructionInCallbacks()
{
    Pair pair(serverOptions(), clientOptions());
    QVERIFY(pair.join());
    pair.server->onReceived = [&] { pair.server.reset(); };
    pair.client->io.write(std::string(100000, 'x'));
    QVERIFY(pair.spin([&] { return pair.server == nullptr; }));
    QVERIFY(pair.spin([&] { return pair.client->peerFinished || pair.client->closed; }));
}

QTEST_APPLESS_MAIN(TlsTest)
#include "tst_tls.moc"
