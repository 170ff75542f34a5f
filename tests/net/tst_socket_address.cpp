// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/socket_address.h"

#include <QTest>

using namespace meshyard;
using namespace meshyard::net;

class SocketAddressTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void parses_data();
    void parses();
    void refuses_data();
    void refuses();
    void resolvesLocalhost();
};

void SocketAddressTest::parses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("port");
    QTest::addColumn<bool>("loopback");
    QTest::newRow("IPv4") << QByteArray("10.1.2.3:9080") << 9080 << false;
    QTest::newRow("loopback block") << QByteArray("127.16.4.1:9080") << 9080 << true;
    QTest::newRow("port zero") << QByteArray("127.0.0.1:0") << 0 << true;
    QTest::newRow("IPv6") << QByteArray("[::1]:65535") << 65535 << true;
    QTest::newRow("Unix path") << QByteArray("unix:/tmp/mesh.sock") << 0 << true;
}

void SocketAddressTest::parses()
{
    QFETCH(QByteArray, text);
    QFETCH(int, port);
    QFETCH(bool, loopback);
    const auto address = SocketAddress::parse(text.toStdString());
    QVERIFY(address.has_value());
    QCOMPARE(int(address->port()), port);
    QCOMPARE(address->isLoopback(), loopback);
    QCOMPARE(address->toString(), text.toStdString());
    QVERIFY(*address == *SocketAddress::parse(text.toStdString()));
}

void SocketAddressTest::refuses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no port") << QByteArray("127.0.0.1");
    QTest::newRow("empty port") << QByteArray("127.0.0.1:");
    QTest::newRow("port too big") << QByteArray("127.0.0.1:65536");
    QTest::newRow("signed port") << QByteArray("127.0.0.1:-1");
    QTest::newRow("name") << QByteArray("localhost:80");
    QTest::newRow("bare IPv6") << QByteArray("::1:80");
    QTest::newRow("open bracket") << QByteArray("[::1:80");
    QTest::newRow("empty Unix path") << QByteArray("unix:");
    QTest::newRow("long Unix path") << QByteArray("unix:/" + QByteArray(200, 'x'));
}

void SocketAddressTest::refuses()
{
    QFETCH(QByteArray, text);
    const auto address = SocketAddress::parse(text.toStdString());
    QVERIFY(!address.has_value());
    QCOMPARE(address.error().code, ErrorCode::InvalidArgument);
}

void SocketAddressTest::resolvesLocalhost()
{
    const auto addresses = resolve("127.0.0.1", 81);
    QVERIFY(addresses.has_value());
    QCOMPARE(addresses->front().toString(), std::string("127.0.0.1:81"));
    QVERIFY(!resolve("no such host name", 81).has_value());
}

QTEST_APPLESS_MAIN(SocketAddressTest)
#include "tst_socket_address.moc"
