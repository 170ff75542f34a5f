// SPDX-License-Identifier: GPL-3.0-or-later
// W3C traceparent, read as strictly as the recommendation says.
#include "embedded-mesh/proxy/telemetry/span_sink.h"
#include "embedded-mesh/proxy/upstream/load_balancer.h"

#include <QTest>

using namespace meshyard::proxy;

class TraceContextTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reads_data();
    void reads();
    void writesWhatItReads();
    void samples_data();
    void samples();
    void keepsTheCallersDecision();
};

namespace {

constexpr std::string_view kGood = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

SpanState begin(const SpanRules& rules, std::optional<std::string_view> parent, bool asks,
    std::uint64_t& seed)
{
    SpanState state;
    beginSpan(rules, parent, asks, [&seed] { return nextRandom(seed); }, state);
    return state;
}

} // namespace

void TraceContextTest::reads_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("valid");
    const auto row = [](const char* name, const char* text, bool valid) {
        QTest::newRow(name) << QByteArray(text) << valid;
    };
    row("sampled", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true);
    row("not sampled", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true);
    row("unknown flags", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-fe", true);
    row("later version", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true);
    row("later version that says more",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes", true);
    row("later version without a dash",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what", false);
    row("version 00 that says more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", false);
    row("version ff", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false);
    row("upper case", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false);
    row("zero trace id", "00-00000000000000000000000000000000-b7ad6b7169203331-01", false);
    row("zero parent id", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false);
    row("no hex", "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01", false);
    row("too short", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false);
    row("other separators", "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01", false);
    row("empty", "", false);
    row("flags no hex", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x", false);
}

void TraceContextTest::reads()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, valid);
    QCOMPARE(TraceContext::parse(text.toStdString()).has_value(), valid);
}

void TraceContextTest::writesWhatItReads()
{
    const auto context = TraceContext::parse(kGood);
    QVERIFY(context && context->sampled);
    const auto text = context->text();
    QCOMPARE(std::string(text.data(), text.size()), std::string(kGood));
    QCOMPARE(context->traceIdText(), std::string("0af7651916cd43dd8448eb211c80319c"));
}

void TraceContextTest::samples_data()
{
    QTest::addColumn<unsigned>("client");
    QTest::addColumn<unsigned>("random");
    QTest::addColumn<unsigned>("overall");
    QTest::addColumn<bool>("asks");
    QTest::addColumn<int>("least");
    QTest::addColumn<int>("most");
    constexpr unsigned kAll = 1000000;
    QTest::newRow("all") << kAll << kAll << kAll << false << 1000 << 1000;
    QTest::newRow("none") << kAll << 0U << kAll << false << 0 << 0;
    QTest::newRow("a tenth") << kAll << kAll / 10 << kAll << false << 60 << 150;
    QTest::newRow("overall caps") << kAll << kAll << kAll / 10 << false << 60 << 150;
    QTest::newRow("asked for") << kAll << 0U << kAll << true << 1000 << 1000;
    QTest::newRow("asked for in vain") << 0U << 0U << kAll << true << 0 << 0;
}

void TraceContextTest::samples()
{
    QFETCH(unsigned, client);
    QFETCH(unsigned, random);
    QFETCH(unsigned, overall);
    QFETCH(bool, asks);
    QFETCH(int, least);
    QFETCH(int, most);
    SpanRules rules;
    rules.clientPerMillion = client;
    rules.randomPerMillion = random;
    rules.overallPerMillion = overall;
    std::uint64_t seed = 1;
    int sampled = 0;
    for (int i = 0; i < 1000; ++i)
        sampled += begin(rules, std::nullopt, asks, seed).own.sampled ? 1 : 0;
    QVERIFY2(sampled >= least && sampled <= most, std::to_string(sampled).c_str());
}

void TraceContextTest::keepsTheCallersDecision()
{
    SpanRules rules;
    rules.randomPerMillion = 0;
    std::uint64_t seed = 1;
    const SpanState state = begin(rules, kGood, false, seed);
    QVERIFY(state.own.sampled && state.keepsTraceState);
    QCOMPARE(state.own.traceIdText(), std::string("0af7651916cd43dd8448eb211c80319c"));
    QVERIFY(state.own.spanId != state.parent);
    rules.randomPerMillion = 1000000;
    const SpanState fresh = begin(rules, "00-broken", false, seed);
    QVERIFY(!fresh.keepsTraceState && fresh.own.traceIdText() != state.own.traceIdText());
    QVERIFY(fresh.parent == decltype(fresh.parent){});
}

QTEST_APPLESS_MAIN(TraceContextTest)
#include "tst_trace_context.moc"
