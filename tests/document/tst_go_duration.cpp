// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/go_duration.h"

#include <QTest>

using namespace meshyard::document;

class GoDurationTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reads_data();
    void reads();
    void refuses_data();
    void refuses();
    void printsShortestExactForm_data();
    void printsShortestExactForm();
};

void GoDurationTest::reads_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("nanos");
    QTest::newRow("milliseconds") << QStringLiteral("100ms") << qint64(100'000'000);
    QTest::newRow("hours and minutes") << QStringLiteral("1h30m") << qint64(5'400'000'000'000);
    QTest::newRow("fraction") << QStringLiteral("1.5s") << qint64(1'500'000'000);
    QTest::newRow("nine digits") << QStringLiteral("1.123456789s") << qint64(1'123'456'789);
    QTest::newRow("fraction of an hour") << QStringLiteral("0.25h") << qint64(900'000'000'000);
    QTest::newRow("bare fraction") << QStringLiteral(".5s") << qint64(500'000'000);
    QTest::newRow("micro sign") << QStringLiteral("5µs") << qint64(5'000);
    QTest::newRow("negative") << QStringLiteral("-2s") << qint64(-2'000'000'000);
    QTest::newRow("zero without unit") << QStringLiteral("0") << qint64(0);
    QTest::newRow("zero seconds") << QStringLiteral("0s") << qint64(0);
}

void GoDurationTest::reads()
{
    QFETCH(QString, text);
    QFETCH(qint64, nanos);
    const auto duration = parseGoDuration(text.toStdString());
    QVERIFY(duration.has_value());
    QCOMPARE(qint64(duration->count()), nanos);
}

void GoDurationTest::refuses_data()
{
    QTest::addColumn<QString>("text");
    for (const char* text : {"", "5", "s", "5 s", "5d", "1h-30m", "--1s", ".s", "1.2.3s",
             "300000h0", "9999999999999999999s", "99999999h"})
        QTest::newRow(text) << QString::fromLatin1(text);
}

void GoDurationTest::refuses()
{
    QFETCH(QString, text);
    QVERIFY(!parseGoDuration(text.toStdString()).has_value());
}

void GoDurationTest::printsShortestExactForm_data()
{
    QTest::addColumn<qint64>("nanos");
    QTest::addColumn<QString>("text");
    QTest::newRow("zero") << qint64(0) << QStringLiteral("0s");
    QTest::newRow("ms") << qint64(100'000'000) << QStringLiteral("100ms");
    QTest::newRow("1h30m") << qint64(5'400'000'000'000) << QStringLiteral("1h30m");
    QTest::newRow("1m0.5s") << qint64(60'500'000'000) << QStringLiteral("1m500ms");
    QTest::newRow("1.5s") << qint64(1'500'000'000) << QStringLiteral("1.5s");
    QTest::newRow("negative") << qint64(-7'000'000'000) << QStringLiteral("-7s");
    QTest::newRow("nanoseconds") << qint64(12'345) << QStringLiteral("12345ns");
    QTest::newRow("microseconds") << qint64(12'000) << QStringLiteral("12us");
}

void GoDurationTest::printsShortestExactForm()
{
    QFETCH(qint64, nanos);
    QFETCH(QString, text);
    QCOMPARE(QString::fromStdString(toGoDuration(std::chrono::nanoseconds(nanos))), text);
    QCOMPARE(qint64(parseGoDuration(text.toStdString())->count()), nanos);
}

QTEST_APPLESS_MAIN(GoDurationTest)
#include "tst_go_duration.moc"
