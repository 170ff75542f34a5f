// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/knob_set.h"
#include "embedded-mesh/workloads/request_counters.h"
#include "tests/support/fake_clock.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace meshyard;
using namespace meshyard::workloads;
using namespace std::chrono_literals;

namespace {

QJsonObject object(const std::string& json)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(json)).object();
}

} // namespace

class KnobSetTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void turnsSeveralKnobsAtOnce();
    void refusesAndChangesNothing_data();
    void refusesAndChangesNothing();
    void countersAreJson();
    void namesInAGroupAreBounded();
};

void KnobSetTest::turnsSeveralKnobsAtOnce()
{
    double latency = 0;
    double percent = 5;
    KnobSet knobs;
    knobs.add("latency_ms", latency, 0, 1000);
    knobs.add("percent", percent, 0, 100);
    QVERIFY(knobs.apply("latency_ms=12.5&percent=100").has_value());
    QCOMPARE(latency, 12.5);
    QCOMPARE(percent, 100.0);
    QCOMPARE(object(knobs.json())[QLatin1String("latency_ms")].toDouble(), 12.5);
}

void KnobSetTest::refusesAndChangesNothing_data()
{
    QTest::addColumn<QByteArray>("query");
    QTest::newRow("unknown knob") << QByteArray("latency_ms=7&other=1");
    QTest::newRow("too big") << QByteArray("latency_ms=7&percent=101");
    QTest::newRow("negative") << QByteArray("latency_ms=-1");
    QTest::newRow("no number") << QByteArray("latency_ms=fast");
    QTest::newRow("not a number") << QByteArray("latency_ms=nan");
    QTest::newRow("trailing text") << QByteArray("latency_ms=7ms");
    QTest::newRow("no value") << QByteArray("latency_ms");
}

void KnobSetTest::refusesAndChangesNothing()
{
    QFETCH(QByteArray, query);
    double latency = 3;
    double percent = 5;
    KnobSet knobs;
    knobs.add("latency_ms", latency, 0, 1000);
    knobs.add("percent", percent, 0, 100);
    const auto applied = knobs.apply(query.toStdString());
    QVERIFY(!applied.has_value());
    QCOMPARE(applied.error().code, ErrorCode::InvalidArgument);
    QCOMPARE(latency, 3.0);
    QCOMPARE(percent, 5.0);
}

void KnobSetTest::countersAreJson()
{
    test::FakeClock clock;
    RequestCounters counters(clock);
    clock.advance(2s);
    QVERIFY(object(counters.json())[QLatin1String("latencyMs")][QLatin1String("p50")].isNull());
    for (int i = 1; i <= 100; ++i)
        counters.record(i <= 90 ? 200 : 503, std::chrono::milliseconds(i));
    counters.count("byPath", "/a \"quoted\" path");
    const QJsonObject json = object(counters.json());
    QCOMPARE(json[QLatin1String("sinceS")].toDouble(), 2.0);
    QCOMPARE(json[QLatin1String("requests")].toInt(), 100);
    QCOMPARE(json[QLatin1String("byStatus")][QLatin1String("503")].toInt(), 10);
    QCOMPARE(json[QLatin1String("byPath")][QLatin1String("/a \"quoted\" path")].toInt(), 1);
    const double p50 = json[QLatin1String("latencyMs")][QLatin1String("p50")].toDouble();
    QVERIFY(p50 > 48 && p50 < 53);
    counters.reset();
    QCOMPARE(object(counters.json())[QLatin1String("requests")].toInt(), 0);
}

void KnobSetTest::namesInAGroupAreBounded()
{
    const test::FakeClock clock;
    RequestCounters counters(clock);
    for (int i = 0; i < 1000; ++i)
        counters.count("byPath", "/" + std::to_string(i));
    const QJsonObject paths = object(counters.json())[QLatin1String("byPath")].toObject();
    QVERIFY(paths.size() <= 65);
    int total = 0;
    for (const auto& count : paths)
        total += count.toInt();
    QCOMPARE(total, 1000);
}

QTEST_APPLESS_MAIN(KnobSetTest)
#include "tst_knob_set.moc"
