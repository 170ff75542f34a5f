// SPDX-License-Identifier: GPL-3.0-or-later
// The demo mesh under its own load: what the edges say is what the services counted.
#include "tests/support/mesh_fixture.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QtTest>

#include <cmath>
#include <functional>
#include <set>

using namespace meshyard;
using namespace meshyard::test;

namespace {

constexpr int kBurstMs = 10'000;
constexpr int kSettleMs = 2'600; // a second is closed half a second after its end
const std::vector<std::string> kRatings{"ratings-v1-a", "ratings-v2-a"};

} // namespace

class DemoMeshTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void everyEdgeAppears();
    void ratesAreWhatTheServicesCounted();
    void percentileFollowsTheKnob();
    void edgesSayTheirProtocol();
    void breakerOpensAndClosesAgain();
    void grpcStatusOpensTheBreaker();
    void trippedTcpEdgeStaysOne();
    void anyCommandJoinsTheMesh();
    void tripRejectsFromTheNextRequest();
    void cleanupTestCase();

private:
    std::uint64_t callsTo(const std::string& node, std::uint32_t windowS);
    /// Protocols of the edges to a service, as meshyardctl lists them.
    QStringList protocolsTo(const char* service) const;
    /// Fails every call to the instances until the breaker opens, then none until it closes.
    void openAndClose(const char* source, const char* destination,
        const std::vector<std::string>& instances, const std::function<void()>& whileOpen);
    v1::BreakerState worstState(const std::string& source, const std::string& destination);

    MeshFixture m_mesh;
};

void DemoMeshTest::initTestCase()
{
    const auto started = m_mesh.start({QStringLiteral("--demo")});
    QVERIFY2(started.has_value(), started ? "" : started.error().message.c_str());
    QVERIFY(!m_mesh.gateway().empty());
}

void DemoMeshTest::everyEdgeAppears()
{
    for (const char* name : {"istio-ingressgateway -> productpage@v1",
             "productpage@v1 -> details@v1", "productpage@v1 -> reviews@v1",
             "productpage@v1 -> reviews@v2", "productpage@v1 -> reviews@v3",
             "details@v1 -> stock@v1", "ratings@v2 -> mongodb@v1", "reviews@v2 -> ratings@v1",
             "reviews@v2 -> ratings@v2", "reviews@v3 -> ratings@v1", "reviews@v3 -> ratings@v2"})
        QTRY_VERIFY2_WITH_TIMEOUT(m_mesh.edges(10, "production").contains(name), name, 15'000);
    QTRY_VERIFY_WITH_TIMEOUT(!m_mesh.edges(10, "staging").empty(), 10'000);
}

std::uint64_t DemoMeshTest::callsTo(const std::string& node, std::uint32_t windowS)
{
    std::uint64_t calls = 0;
    for (const auto& [name, figures] : m_mesh.edges(windowS, "production")) {
        if (name.find("-> " + node) != std::string::npos)
            calls += finishedCalls(figures.outcomes());
    }
    return calls;
}

void DemoMeshTest::ratesAreWhatTheServicesCounted()
{
    QVERIFY(m_mesh.turn("visitors-a", "rate=0"));
    const auto restoreLoad = qScopeGuard([this] { m_mesh.turn("visitors-a", "rate=50"); });
    QTest::qWait(kSettleMs);
    QTRY_COMPARE_WITH_TIMEOUT(callsTo("", 3), 0U, 20'000); // a busy host is late
    const std::vector<std::pair<std::string, std::vector<std::string>>> nodes{
        {"details@v1", {"details-v1-a"}}, {"reviews@v1", {"reviews-v1-a"}},
        {"reviews@v2", {"reviews-v2-a"}}, {"ratings@v1", {"ratings-v1-a"}},
        {"productpage@v1", {"productpage-v1-a", "productpage-v1-b"}}, {"stock@v1", {"stock-v1-a"}},
        {"mongodb@v1", {"mongodb-v1-a"}}};
    for (const auto& [node, instances] : nodes) {
        for (const std::string& instance : instances)
            m_mesh.resetCounters(instance);
    }
    QElapsedTimer timer;
    timer.start();
    QVERIFY(m_mesh.turn("visitors-a", "rate=50"));
    QTest::qWait(kBurstMs);
    QVERIFY(m_mesh.turn("visitors-a", "rate=0"));
    QTest::qWait(kSettleMs);
    const auto window
        = static_cast<std::uint32_t>(std::ceil(static_cast<double>(timer.elapsed()) / 1000.0));
    for (const auto& [node, instances] : nodes) {
        double counted = 0;
        for (const std::string& instance : instances)
            counted += m_mesh.counters(instance).value(QLatin1String("requests")).toDouble();
        const auto seen = static_cast<double>(callsTo(node, window));
        qInfo("%s: edges %.0f, service %.0f", node.c_str(), seen, counted);
        QVERIFY(counted > 30);
        QVERIFY2(std::abs(seen - counted) <= std::max(1.0, counted * 0.02), node.c_str());
    }
}

void DemoMeshTest::percentileFollowsTheKnob()
{
    QVERIFY(m_mesh.turn("details-v1-a", "latency_ms=200"));
    QTest::qWait(1'500); // what began before has ended
    m_mesh.resetCounters("details-v1-a");
    QTest::qWait(6'000);
    const double served = m_mesh.counters("details-v1-a")
                              .value(QLatin1String("latencyMs"))
                              .toObject()
                              .value(QLatin1String("p99"))
                              .toDouble();
    QTest::qWait(500);
    const auto edges = m_mesh.edges(5, "production");
    const double p99 = quantileMs(edges.at("productpage@v1 -> details@v1").latency(), 0.99);
    qInfo("p99 with a knob of 200 ms: %.1f ms, the service itself: %.1f ms", p99, served);
    QVERIFY(m_mesh.turn("details-v1-a", "latency_ms=0"));
    QVERIFY(p99 >= 200);
    QVERIFY2(p99 <= 1.1 * std::max(200.0, served), "the edge adds more than a tenth");
}

v1::BreakerState DemoMeshTest::worstState(const std::string& source, const std::string& destination)
{
    const auto badness = [](v1::BreakerState state) {
        return state == v1::OPEN ? 3 : state == v1::HALF_OPEN ? 2 : state == v1::CLOSED ? 1 : 0;
    };
    v1::BreakerState worst = v1::BREAKER_UNSPECIFIED;
    for (const auto& [name, figures] : m_mesh.edges(10, "production")) {
        const v1::EdgeKey& key = figures.edge().key();
        if (key.source().service() != source || key.destination().service() != destination)
            continue;
        if (badness(figures.breaker().state()) > badness(worst))
            worst = figures.breaker().state();
    }
    return worst;
}

QStringList DemoMeshTest::protocolsTo(const char* service) const
{
    const auto listed = m_mesh.ctl({QStringLiteral("edges"), QStringLiteral("-n"),
        QStringLiteral("production"), QStringLiteral("-o"), QStringLiteral("json")});
    QStringList protocols;
    for (const QJsonValue& edge : QJsonDocument::fromJson(listed.out).array()) {
        if (edge[QLatin1String("destination")][QLatin1String("service")] == QLatin1String(service))
            protocols << edge[QLatin1String("protocol")].toString();
    }
    return protocols;
}

void DemoMeshTest::edgesSayTheirProtocol()
{
    QCOMPARE(protocolsTo("stock"), QStringList{QStringLiteral("grpc")});
    QCOMPARE(protocolsTo("mongodb"), QStringList{QStringLiteral("tcp")});
    QCOMPARE(protocolsTo("details"), QStringList{QStringLiteral("http")});
    for (const char* name : {"details@v1 -> stock@v1", "ratings@v2 -> mongodb@v1"}) {
        const auto figures = m_mesh.edges(10, "production").at(name);
        QCOMPARE(figures.outcomes().ok(), finishedCalls(figures.outcomes()));
        QVERIFY(quantileMs(figures.latency(), 0.5) > 0);
        QCOMPARE(figures.breaker().state(), v1::CLOSED);
    }
}

void DemoMeshTest::openAndClose(const char* source, const char* destination,
    const std::vector<std::string>& instances, const std::function<void()>& whileOpen)
{
    QTRY_COMPARE_WITH_TIMEOUT(worstState(source, destination), v1::CLOSED, 20'000);
    for (const std::string& instance : instances)
        QVERIFY(m_mesh.turn(instance, "failure_percent=100"));
    QTRY_COMPARE_WITH_TIMEOUT(worstState(source, destination), v1::OPEN, 15'000);
    whileOpen();
    for (const std::string& instance : instances)
        QVERIFY(m_mesh.turn(instance, "failure_percent=0"));
    QTRY_COMPARE_WITH_TIMEOUT(worstState(source, destination), v1::CLOSED, 40'000);
}

void DemoMeshTest::grpcStatusOpensTheBreaker()
{
    const auto details = [this] {
        return httpGet(
            m_mesh.outbound("productpage-v1-a"), "/details/0", {{"Host", "details:9080"}});
    };
    openAndClose("details", "stock", {"stock-v1-a"}, [&] {
        const HttpAnswer answer = details(); // a failed dependency fails no answer
        QCOMPARE(answer.status, 200);
        QVERIFY2(answer.body.find(R"("stock":{"grpcStatus":"UNAVAILABLE")") != std::string::npos,
            answer.body.c_str());
        QTRY_VERIFY_WITH_TIMEOUT(
            m_mesh.edges(5, "production").at("details@v1 -> stock@v1").outcomes().rejected() > 0,
            5'000);
        QCOMPARE(worstState("productpage", "details"), v1::CLOSED);
    });
    QVERIFY(details().body.find(R"("stock":{"grpcStatus":"OK")") != std::string::npos);
    QCOMPARE(protocolsTo("stock"), QStringList{QStringLiteral("grpc")});
}

void DemoMeshTest::trippedTcpEdgeStaysOne()
{
    const auto trip = m_mesh.ctl({QStringLiteral("trip"), QStringLiteral("ratings"),
        QStringLiteral("mongodb"), QStringLiteral("--ttl"), QStringLiteral("60s")});
    QVERIFY2(trip.exitCode == 0, trip.err.constData());
    const auto outcomes = [this] {
        return m_mesh.edges(3, "production").at("ratings@v2 -> mongodb@v1").outcomes();
    };
    QTRY_VERIFY_WITH_TIMEOUT(outcomes().rejected() > 0, 6'000);
    QCOMPARE(protocolsTo("mongodb"), QStringList{QStringLiteral("tcp")});
    const auto reset = m_mesh.ctl(
        {QStringLiteral("reset"), QStringLiteral("ratings"), QStringLiteral("mongodb")});
    QVERIFY2(reset.exitCode == 0, reset.err.constData());
    QTRY_VERIFY_WITH_TIMEOUT(outcomes().ok() > 0 && outcomes().rejected() == 0, 10'000);
}

void DemoMeshTest::breakerOpensAndClosesAgain()
{
    openAndClose("reviews", "ratings", kRatings, [] { });

    grpc::ClientContext context;
    v1::StatusResponse status;
    QVERIFY(m_mesh.admin().Status(&context, v1::StatusRequest(), &status).ok());
    std::set<std::pair<v1::BreakerState, v1::BreakerState>> transitions;
    for (const v1::Event& event : status.recent_events()) {
        if (event.kind() == v1::EVENT_BREAKER)
            transitions.insert({event.transition().from(), event.transition().to()});
    }
    QVERIFY(transitions.contains({v1::CLOSED, v1::OPEN}));
    QVERIFY(transitions.contains({v1::OPEN, v1::HALF_OPEN}));
    QVERIFY(transitions.contains({v1::HALF_OPEN, v1::CLOSED}));
}

void DemoMeshTest::anyCommandJoinsTheMesh()
{
    const auto curl = m_mesh.ctl({QStringLiteral("run"), QStringLiteral("shopper"),
        QStringLiteral("--"), QStringLiteral("curl"), QStringLiteral("-s"), QStringLiteral("-o"),
        QStringLiteral("/dev/null"), QStringLiteral("-w"), QStringLiteral("%{http_code}"),
        QStringLiteral("http://reviews:9080/reviews/0")});
    QVERIFY2(curl.exitCode == 0, curl.err.constData());
    QCOMPARE(curl.out, QByteArray("200"));
    const auto hasEdge = [this] {
        for (const auto& [name, figures] : m_mesh.edges(60, "production")) {
            if (name.starts_with("shopper -> reviews"))
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(hasEdge(), 6'000);

    const auto trip = m_mesh.ctl({QStringLiteral("trip"), QStringLiteral("shopper"),
        QStringLiteral("reviews"), QStringLiteral("--ttl"), QStringLiteral("60s")});
    QVERIFY2(trip.exitCode == 0, trip.err.constData());
    const auto refused = m_mesh.ctl({QStringLiteral("run"), QStringLiteral("shopper"),
        QStringLiteral("--"), QStringLiteral("curl"), QStringLiteral("-s"), QStringLiteral("-D"),
        QStringLiteral("-"), QStringLiteral("-o"), QStringLiteral("/dev/null"),
        QStringLiteral("http://reviews:9080/reviews/0")});
    QVERIFY2(refused.out.startsWith("HTTP/1.1 503"), refused.out.constData());
    QVERIFY2(refused.out.contains("x-meshyard-breaker: forced-open"), refused.out.constData());
    const auto failed
        = m_mesh.ctl({QStringLiteral("run"), QStringLiteral("shopper"), QStringLiteral("--"),
            QStringLiteral("sh"), QStringLiteral("-c"), QStringLiteral("exit 7")});
    QCOMPARE(failed.exitCode, 7);
}

void DemoMeshTest::tripRejectsFromTheNextRequest()
{
    const std::string outbound = m_mesh.outbound("productpage-v1-a");
    QCOMPARE(httpGet(outbound, "/details/0", {{"Host", "details:9080"}}).status, 200);
    const auto trip = m_mesh.ctl({QStringLiteral("trip"), QStringLiteral("productpage"),
        QStringLiteral("details"), QStringLiteral("--ttl"), QStringLiteral("60s")});
    QVERIFY2(trip.exitCode == 0, trip.err.constData());
    const HttpAnswer refused = httpGet(outbound, "/details/0", {{"Host", "details:9080"}});
    QCOMPARE(refused.status, 503);
    QCOMPARE(refused.headers.at("x-meshyard-breaker"), std::string("forced-open"));
    const auto reset = m_mesh.ctl(
        {QStringLiteral("reset"), QStringLiteral("productpage"), QStringLiteral("details")});
    QVERIFY2(reset.exitCode == 0, reset.err.constData());
    for (int i = 0; i < 20; ++i) { // closed, not half-open: no call has to wait for a trial
        const HttpAnswer answer = httpGet(outbound, "/details/0", {{"Host", "details:9080"}});
        QVERIFY2(answer.status == 200, answer.body.c_str());
    }
}

void DemoMeshTest::cleanupTestCase()
{
    QCOMPARE(m_mesh.stop(), 0);
    QCOMPARE(m_mesh.processes(), QStringList());
}

QTEST_GUILESS_MAIN(DemoMeshTest)
#include "tst_demo_mesh.moc"
