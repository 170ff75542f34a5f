// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/duration.h"
#include "app/meshyardctl/output.h"
#include "app/meshyardctl/time_text.h"
#include "app/meshyardctl/yaml_json.h"

#include <nlohmann/json.hpp>

#include <QTest>

namespace meshyard::ctl {

class OutputTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void figuresHaveThreeDigits_data();
    void figuresHaveThreeDigits();
    void percentNeverLies_data();
    void percentNeverLies();
    void durations_data();
    void durations();
    void times_data();
    void times();
    void breakersInWords();
    void yamlKeepsTypesAndOrder();
    void controlBytesAreEscaped();
};

void OutputTest::figuresHaveThreeDigits_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("zero") << 0.0 << QByteArray("0");
    QTest::newRow("thousandths") << 0.012345 << QByteArray("0.0123");
    QTest::newRow("ones") << 1.2345 << QByteArray("1.23");
    QTest::newRow("tens") << 12.345 << QByteArray("12.3");
    QTest::newRow("hundreds") << 123.45 << QByteArray("123");
    QTest::newRow("thousands") << 12345.0 << QByteArray("12300");
}

void OutputTest::figuresHaveThreeDigits()
{
    QFETCH(double, value);
    QFETCH(QByteArray, text);
    QCOMPARE(QByteArray::fromStdString(figure(value)), text);
}

void OutputTest::percentNeverLies_data()
{
    QTest::addColumn<double>("share");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("all") << 1.0 << QByteArray("100%");
    QTest::newRow("almost all") << 0.99999 << QByteArray("99.9%");
    QTest::newRow("half") << 0.5 << QByteArray("50.0%");
    QTest::newRow("almost none") << 0.00001 << QByteArray("0.1%");
    QTest::newRow("none") << 0.0 << QByteArray("0%");
}

void OutputTest::percentNeverLies()
{
    QFETCH(double, share);
    QFETCH(QByteArray, text);
    QCOMPARE(QByteArray::fromStdString(percent(share)), text);
}

void OutputTest::durations_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("ms"); // -1 = refused
    QTest::newRow("seconds") << QByteArray("90s") << qint64{90'000};
    QTest::newRow("bare") << QByteArray("90") << qint64{90'000};
    QTest::newRow("mixed") << QByteArray("1h30m") << qint64{5'400'000};
    QTest::newRow("fraction") << QByteArray("2.5m") << qint64{150'000};
    QTest::newRow("milliseconds") << QByteArray("500ms") << qint64{500};
    QTest::newRow("empty") << QByteArray("") << qint64{-1};
    QTest::newRow("word") << QByteArray("soon") << qint64{-1};
    QTest::newRow("negative") << QByteArray("-5s") << qint64{-1};
    QTest::newRow("unknown unit") << QByteArray("5y") << qint64{-1};
    QTest::newRow("zero") << QByteArray("0s") << qint64{-1};
    QTest::newRow("number after number") << QByteArray("5s 7") << qint64{-1};
    QTest::newRow("not a number") << QByteArray("nans") << qint64{-1};
}

void OutputTest::durations()
{
    QFETCH(QByteArray, text);
    QFETCH(qint64, ms);
    const auto parsed = parseDurationMs(text.toStdString());
    QCOMPARE(parsed ? *parsed : -1, ms);
}

void OutputTest::times_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("ms"); // -1 = refused
    QTest::newRow("now") << QByteArray("now") << qint64{1'767'225'600'000};
    QTest::newRow("ago") << QByteArray("10m") << qint64{1'767'225'000'000};
    QTest::newRow("UTC") << QByteArray("2026-01-01T00:00:05Z") << qint64{1'767'225'605'000};
    QTest::newRow("with a space") << QByteArray("2026-01-01 01:00:05+01:00")
                                  << qint64{1'767'225'605'000};
    QTest::newRow("unix") << QByteArray("@1767225600") << qint64{1'767'225'600'000};
    QTest::newRow("word") << QByteArray("yesterday") << qint64{-1};
    QTest::newRow("a day alone") << QByteArray("2026-01-01") << qint64{-1};
}

void OutputTest::times()
{
    QFETCH(QByteArray, text);
    QFETCH(qint64, ms);
    const auto parsed = parseTimeMs(text.toStdString(), 1'767'225'600'000);
    QCOMPARE(parsed ? *parsed : -1, ms);
}

void OutputTest::breakersInWords()
{
    EdgeBreaker breaker;
    breaker.known = Knowledge::Known;
    breaker.state = BreakerState::Open;
    breaker.openInstances = 2;
    breaker.instances = 5;
    breaker.secondsLeft = 7;
    QCOMPARE(breakerText(breaker), std::string("OPEN 2/5 7 s"));
    breaker.overrideKind = OverrideKind::ForcedOpen;
    QCOMPARE(breakerText(breaker), std::string("FORCED_OPEN 7 s"));
    breaker.observeOnly = true;
    QCOMPARE(breakerText(breaker), std::string("[FORCED_OPEN 7 s]"));
    breaker.known = Knowledge::Stale;
    QCOMPARE(breakerText(breaker), std::string("stale"));
}

void OutputTest::yamlKeepsTypesAndOrder()
{
    const auto json = yamlToJson("b: 1\na: ['80', 80, 1.5, true, ~, 10s, \"true\", 1e3]\nc: {}\n");
    QVERIFY(json.has_value());
    QCOMPARE(json->dump(),
        std::string(R"({"b":1,"a":["80",80,1.5,true,null,"10s","true",1000.0],"c":{}})"));
    QVERIFY(!yamlToJson("a: [").has_value());
}

void OutputTest::controlBytesAreEscaped()
{
    QCOMPARE(printable("a\x1b[31m\n"), std::string("a\\x1b[31m\\x0a"));
}

} // namespace meshyard::ctl

QTEST_GUILESS_MAIN(meshyard::ctl::OutputTest)
#include "tst_output.moc"
