// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/workloads/load_generator.h"
#include "tests/support/fake_clock.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <vector>

using namespace meshyard;
using namespace meshyard::workloads;
using namespace std::chrono_literals;

namespace {

/// The server under load; it holds answers back while told to.
class Bench final : public http::RequestHandler
{
public:
    Bench()
        : loop(clock, std::chrono::milliseconds(1))
        , counters(clock)
        , server(*http::HttpServer::listen(loop, net::SocketAddress::loopback(0), *this))
    {
    }

    LoadOptions options() const
    {
        LoadOptions made;
        made.target = *WebTarget::parse("http://" + server->address().toString() + "/productpage");
        made.rate = 100;
        return made;
    }
    void onRequest(const http::Request& request, http::Responder responder) override
    {
        users.emplace_back(request.head.find(http::KnownHeader::EndUser).value_or("-"));
        hosts.emplace_back(request.head.authority());
        forms.push_back(request.head.targetForm());
        if (holding)
            held.push_back(std::move(responder));
        else
            responder.send(http::textResponse(200, "ok"));
    }
    /// Fake time passes a millisecond a turn; then what is under way gets through.
    void pass(std::chrono::milliseconds time)
    {
        for (auto left = time; left > 0ms; left -= 1ms) {
            clock.advance(1ms);
            loop.runOnce(0ms);
        }
        for (int i = 0; i < 20; ++i)
            loop.runOnce(0ms);
    }
    int counted(const char* group, const char* name) const
    {
        return QJsonDocument::fromJson(QByteArray::fromStdString(counters.json()))
            .object()[QLatin1String(group)][QLatin1String(name)]
            .toInt();
    }

    test::FakeClock clock;
    net::EventLoop loop;
    RequestCounters counters;
    bool holding = false;
    std::vector<http::Responder> held;
    std::vector<std::string> users;
    std::vector<std::string> hosts;
    std::vector<http::TargetForm> forms;
    std::unique_ptr<http::HttpServer> server;
};

} // namespace

class LoadGeneratorTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keepsTheRate_data();
    void keepsTheRate();
    void sameSeedSameUsers();
    void slowServersDoNotSlowItDown();
    void latencyCountsFromTheDueTime();
    void dropsBeyondTheBound();
    void rateKnobTakesEffectAtOnce();
    void deadTargetsAreCountedAndRetried();
    void proxiesGetAbsoluteTargets();
};

void LoadGeneratorTest::keepsTheRate_data()
{
    QTest::addColumn<bool>("even");
    QTest::addColumn<int>("lowest");
    QTest::addColumn<int>("highest");
    QTest::newRow("evenly spaced") << true << 990 << 1010;
    QTest::newRow("Poisson") << false << 900 << 1100;
}

void LoadGeneratorTest::keepsTheRate()
{
    QFETCH(bool, even);
    QFETCH(int, lowest);
    QFETCH(int, highest);
    Bench bench;
    LoadOptions options = bench.options();
    options.arrival = even ? Arrival::Even : Arrival::Poisson;
    options.host = "shop.example";
    LoadGenerator load(bench.loop, options, bench.counters, std::nullopt);
    load.start();
    bench.pass(10s);
    load.stop();
    const int sent = bench.counted("outcomes", "sent");
    QVERIFY2(sent >= lowest && sent <= highest, qPrintable(QString::number(sent)));
    QCOMPARE(bench.hosts.front(), std::string("shop.example"));
}

void LoadGeneratorTest::sameSeedSameUsers()
{
    std::vector<std::string> runs[2];
    for (auto& users : runs) {
        Bench bench;
        LoadOptions options = bench.options();
        options.jasonPercent = 30;
        LoadGenerator load(bench.loop, options, bench.counters, std::nullopt);
        load.start();
        bench.pass(2s);
        users = bench.users;
    }
    QVERIFY(runs[0].size() > 150);
    runs[1].resize(runs[0].size());
    const auto jasons = std::count(runs[0].begin(), runs[0].end(), "jason");
    QVERIFY(jasons > 30 && jasons < 90);
    QCOMPARE(std::count(runs[1].begin(), runs[1].end(), "jason"), jasons);
}

void LoadGeneratorTest::slowServersDoNotSlowItDown()
{
    Bench bench;
    bench.holding = true;
    LoadGenerator load(bench.loop, bench.options(), bench.counters, std::nullopt);
    load.start();
    bench.pass(1s);
    QVERIFY(bench.users.size() > 70); // nothing was answered, yet they kept coming
    QCOMPARE(load.inFlight(), bench.users.size());
}

void LoadGeneratorTest::latencyCountsFromTheDueTime()
{
    Bench bench;
    LoadOptions options = bench.options();
    options.arrival = Arrival::Even;
    LoadGenerator load(bench.loop, options, bench.counters, std::nullopt);
    load.start();
    // The program itself stands still for a second: what was due meanwhile goes out late.
    bench.clock.advance(1s);
    bench.pass(50ms);
    const QJsonObject json
        = QJsonDocument::fromJson(QByteArray::fromStdString(bench.counters.json())).object();
    QVERIFY(json[QLatin1String("requests")].toInt() >= 99);
    const double p50 = json[QLatin1String("latencyMs")][QLatin1String("p50")].toDouble();
    QVERIFY2(p50 > 400 && p50 < 600, qPrintable(QString::number(p50)));
}

void LoadGeneratorTest::dropsBeyondTheBound()
{
    Bench bench;
    bench.holding = true;
    LoadOptions options = bench.options();
    options.maxInFlight = 10;
    LoadGenerator load(bench.loop, options, bench.counters, std::nullopt);
    load.start();
    bench.pass(1s);
    QCOMPARE(load.inFlight(), std::size_t{10});
    QVERIFY(bench.counted("outcomes", "dropped") > 60);
    QCOMPARE(bench.counted("outcomes", "sent"), 10);
}

void LoadGeneratorTest::rateKnobTakesEffectAtOnce()
{
    Bench bench;
    LoadOptions options = bench.options();
    options.rate = 0;
    LoadGenerator load(bench.loop, options, bench.counters, std::nullopt);
    load.start();
    bench.pass(1s);
    QCOMPARE(bench.users.size(), std::size_t{0});
    QVERIFY(load.knobs().apply("rate=200").has_value());
    load.restart();
    bench.pass(1s);
    QVERIFY(bench.users.size() > 150 && bench.users.size() < 250);
}

void LoadGeneratorTest::deadTargetsAreCountedAndRetried()
{
    Bench bench;
    const net::SocketAddress address = bench.server->address();
    const LoadOptions options = bench.options();
    bench.server.reset();
    LoadGenerator load(bench.loop, options, bench.counters, std::nullopt);
    load.start();
    bench.pass(500ms);
    QVERIFY(bench.counted("errors", "connection") > 20);
    QVERIFY(bench.counted("byStatus", "0") > 20);
    bench.server = std::move(*http::HttpServer::listen(bench.loop, address, bench));
    bench.pass(500ms);
    QVERIFY(bench.counted("byStatus", "200") > 20);
}

void LoadGeneratorTest::proxiesGetAbsoluteTargets()
{
    Bench bench;
    const net::HostPort proxy{"127.0.0.1", bench.server->address().port()};
    LoadOptions options = bench.options();
    options.target = *WebTarget::parse("http://reviews:9080/x");
    LoadGenerator load(bench.loop, options, bench.counters, WebProxy{proxy, "localhost, other"});
    load.start();
    bench.pass(200ms);
    QVERIFY(!bench.hosts.empty());
    QCOMPARE(bench.hosts.front(), std::string("reviews:9080"));
    QVERIFY(bench.forms.front() == http::TargetForm::Absolute);
    QVERIFY(!WebProxy({proxy, "localhost,reviews"}).serves(options.target));
}

QTEST_APPLESS_MAIN(LoadGeneratorTest)
#include "tst_load_generator.moc"
