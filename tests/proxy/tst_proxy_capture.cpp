// SPDX-License-Identifier: GPL-3.0-or-later
// Connections that the kernel redirects to the proxy, in a network namespace of our own.
#include "proxy_process.h"
#include "test_upstream.h"
#include "tls_texts.h"
#include "wire_client.h"

#include "embedded-mesh/net/connection.h"

#include <QFile>
#include <QProcess>
#include <QTest>

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace meshyard;

namespace {

constexpr auto kCaptured = "127.0.0.77"; // who calls from here is redirected

void writeLine(const char* path, const std::string& text)
{
    QFile file(QString::fromLatin1(path));
    if (file.open(QIODevice::WriteOnly))
        file.write(text.c_str());
}

/// @return what is missing; empty = we are root of a network with a loopback of its own.
std::string enterNamespace()
{
    const uid_t uid = ::getuid();
    const gid_t gid = ::getgid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return "no user and network namespaces here";
    writeLine("/proc/self/setgroups", "deny");
    writeLine("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
    writeLine("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::string("lo").copy(request.ifr_name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    const bool up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    ::close(fd);
    return up ? "" : "cannot raise the loopback";
}

/// A connection from kCaptured to the address; what it gets for those bytes.
std::string ask(const char* ip, std::uint16_t port, std::string_view bytes)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    ::inet_pton(AF_INET, kCaptured, &own.sin_addr);
    ::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    sockaddr_in to = own;
    to.sin_port = htons(port);
    ::inet_pton(AF_INET, ip, &to.sin_addr);
    const timeval limit{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string got;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
        ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        ::shutdown(fd, SHUT_WR);
        char buffer[4096];
        for (ssize_t size = 0; (size = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
            got.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(fd);
    return got;
}

bool redirect(std::uint16_t port, std::uint16_t to)
{
    QProcess nft;
    nft.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    nft.start(QStringLiteral("/usr/sbin/nft"), {QStringLiteral("-f"), QStringLiteral("-")});
    nft.write(QStringLiteral("table ip captured { chain out { type nat hook output priority -100; "
                             "ip saddr %1 tcp dport %2 redirect to :%3; }; }\n")
            .arg(QLatin1String(kCaptured))
            .arg(port)
            .arg(to)
            .toLatin1());
    nft.closeWriteChannel();
    return nft.waitForFinished(5000) && nft.exitCode() == 0;
}

const char* const kOriginalDst
    = "listener_filters: [{name: o, typed_config: {\"@type\": type.googleapis.com/"
      "envoy.extensions.filters.listener.original_dst.v3.OriginalDst}}], ";
const char* const kOriginalCluster
    = "{name: meant, type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED, connect_timeout: 1s}";

std::string missing; // why these tests can't run

} // namespace

class ProxyCaptureTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanup();
    void tcpGoesWhereTheCallerMeant();
    void httpGoesWhereTheCallerMeant();
    void doesNotCallItself();
    void choosesChainsByMeantPort();
};

void ProxyCaptureTest::initTestCase()
{
    if (!missing.empty())
        QSKIP(missing.c_str());
    if (!QFile::exists(QStringLiteral("/usr/sbin/nft")))
        QSKIP("the package nftables is not installed");
}

void ProxyCaptureTest::cleanup()
{
    QProcess::execute(
        QStringLiteral("/usr/sbin/nft"), {QStringLiteral("flush"), QStringLiteral("ruleset")});
}

void ProxyCaptureTest::tcpGoesWhereTheCallerMeant()
{
    RawUpstream first("first");
    RawUpstream second("second");
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + tcpFiltersText("meant") + "}", kOriginalDst)},
        {kOriginalCluster}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (RawUpstream* upstream : {&first, &second})
        QVERIFY(redirect(upstream->port(), proxy.port()));
    QCOMPARE(ask("127.0.0.1", first.port(), "x"), std::string("first"));
    QCOMPARE(ask("127.0.0.1", second.port(), "x"), std::string("second"));
}

void ProxyCaptureTest::httpGoesWhereTheCallerMeant()
{
    TestUpstream upstream("up");
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + httpFiltersText("meant") + "}", kOriginalDst)},
        {kOriginalCluster}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QVERIFY(redirect(upstream.port(), proxy.port()));
    WireClient direct(proxy.port());
    const std::string request = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    // A half-closed caller is gone to HTTP, so this one stays: see WireClient.
    direct.send(request);
    QCOMPARE(direct.receive().status, 503); // meant the proxy itself
    WireClient captured(upstream.port(), "127.0.0.1", kCaptured);
    captured.send(request);
    const WireReply reply = captured.receive();
    QCOMPARE(reply.status, 200);
    QVERIFY(reply.body.find("x-meshyard-peer: caller-a") != std::string::npos);
    QCOMPARE(upstream.calls(), 1);
}

void ProxyCaptureTest::doesNotCallItself()
{
    ProxyProcess proxy(staticBootstrap(
        {chainsListenerText("test", "{" + tcpFiltersText("meant") + "}", kOriginalDst)},
        {kOriginalCluster}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(ask("127.0.0.1", proxy.port(), "x"), std::string());
}

void ProxyCaptureTest::choosesChainsByMeantPort()
{
    RawUpstream named("by port");
    RawUpstream other("other");
    const std::string chains = "{filter_chain_match: {destination_port: 4321}, "
        + tcpFiltersText("named") + "}, {" + tcpFiltersText("other") + "}";
    ProxyProcess proxy(staticBootstrap({chainsListenerText("test", chains, kOriginalDst)},
        {clusterText("named", {named.port()}), clusterText("other", {other.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QVERIFY(redirect(4321, proxy.port()) && redirect(4322, proxy.port()));
    QCOMPARE(ask("127.0.0.1", 4321, "x"), std::string("by port"));
    QCOMPARE(ask("127.0.0.1", 4322, "x"), std::string("other"));
}

int main(int argc, char* argv[])
{
    missing = enterNamespace(); // before the first thread
    const QCoreApplication application(argc, argv);
    ProxyCaptureTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_proxy_capture.moc"
