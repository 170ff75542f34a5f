// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/ids.h"

#include <QTest>

using namespace meshyard;

class IdsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void clusterNamesRoundTrip_data();
    void clusterNamesRoundTrip();
    void refusesMalformedClusterNames_data();
    void refusesMalformedClusterNames();
    void edgeKeysPrintStably();
};

void IdsTest::clusterNamesRoundTrip_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("no subset") << QByteArray("production/reviews/*/9080");
    QTest::newRow("subset") << QByteArray("production/reviews/v2/9080");
    QTest::newRow("host with dots") << QByteArray("staging/geo.example.org/*/443");
}

void IdsTest::clusterNamesRoundTrip()
{
    QFETCH(QByteArray, name);
    const auto parsed = ClusterName::parse(name.toStdString());
    QVERIFY(parsed.has_value());
    QCOMPARE(parsed->toString(), name.toStdString());
}

void IdsTest::refusesMalformedClusterNames_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("three parts") << QByteArray("production/reviews/9080");
    QTest::newRow("empty part") << QByteArray("production//v1/9080");
    QTest::newRow("port 0") << QByteArray("a/b/c/0");
    QTest::newRow("port too big") << QByteArray("a/b/c/65536");
    QTest::newRow("port with tail") << QByteArray("a/b/c/80x");
    QTest::newRow("no port") << QByteArray("a/b/c/");
    QTest::newRow("five parts") << QByteArray("a/b/c/1/2");
}

void IdsTest::refusesMalformedClusterNames()
{
    QFETCH(QByteArray, name);
    const auto parsed = ClusterName::parse(name.toStdString());
    QVERIFY(!parsed.has_value());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
    QVERIFY(parsed.error().message.find("namespace/service/subset/port") != std::string::npos);
}

void IdsTest::edgeKeysPrintStably()
{
    const EdgeKey key{{"production", "reviews", "v2"}, {"production", "ratings", "v1"}, "*",
        Protocol::Http1};
    QCOMPARE(toString(key), std::string("production/reviews@v2->production/ratings@v1/*/http"));
}

QTEST_GUILESS_MAIN(IdsTest)
#include "tst_ids.moc"
