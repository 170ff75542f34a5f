// SPDX-License-Identifier: GPL-3.0-or-later
// Verdicts of active health checks, and the probes and look-ups behind them.
#include "embedded-mesh/proxy/upstream/upstream_watch.h"
#include "test_upstream.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;
using namespace std::chrono_literals;

class HealthTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void verdicts_data();
    void verdicts();
    void intervals_data();
    void intervals();
    void probes_data();
    void probes();
    void asksGrpcServers_data();
    void asksGrpcServers();
    void aRefusedConnectionIsLost();
    void aSlowAnswerIsLost();
    void followsEndpoints();
    void newHostsWaitForTheirFirstCheck();
    void healthyHostsOutliveTheirRemoval();
    void looksNamesUp();
};

namespace {

/// Runs a loop in this thread until something holds, 5 s at most.
template <typename Holds> bool runUntil(net::EventLoop& loop, Holds&& holds)
{
    const auto end = loop.clock().now() + 5s;
    while (!holds() && loop.clock().now() < end)
        loop.runOnce(5ms);
    return holds();
}

HealthCheckSpec httpCheck()
{
    HealthCheckSpec spec;
    spec.path = "/healthz";
    spec.timeout = 500ms;
    spec.interval = spec.unhealthyInterval = spec.unhealthyEdgeInterval = 10ms;
    spec.healthyEdgeInterval = spec.noTrafficInterval = spec.noTrafficHealthyInterval = 10ms;
    return spec;
}

std::shared_ptr<EndpointSet> setOf(const std::vector<std::uint16_t>& ports)
{
    auto set = std::make_shared<EndpointSet>();
    for (const std::uint16_t port : ports) {
        EndpointSpec endpoint;
        endpoint.address = net::SocketAddress::loopback(port);
        endpoint.instance = endpoint.address.toString();
        set->endpoints.push_back(endpoint);
    }
    return set;
}

std::shared_ptr<Cluster> clusterOf(
    const std::shared_ptr<ClusterSpec>& spec, const std::shared_ptr<EndpointSet>& set)
{
    auto cluster
        = std::make_shared<Cluster>(spec, 1, TimePoint{1h}, [](const auto&, const auto&) { });
    cluster->update(spec, set, TimePoint{1h});
    return cluster;
}

std::shared_ptr<ClusterSpec> specWith(const HealthCheckSpec& check)
{
    auto spec = std::make_shared<ClusterSpec>();
    spec->name = "up";
    spec->healthChecks = {check};
    spec->balance.panicThreshold = 0;
    return spec;
}

/// News applied to one cluster.
class OneCluster final : public UpstreamNews
{
public:
    void onHealthCheck(const std::string&, const net::SocketAddress& endpoint, CheckState verdict,
        bool passed) override
    {
        ++checks;
        if (cluster)
            cluster->onHealthCheck(endpoint, verdict, passed, TimePoint{2h});
    }
    void onEndpoints(
        const std::string&, const std::shared_ptr<const EndpointSet>& endpoints) override
    {
        set = endpoints;
    }

    std::shared_ptr<Cluster> cluster;
    std::shared_ptr<const EndpointSet> set;
    int checks = 0;
};

} // namespace

void HealthTest::verdicts_data()
{
    QTest::addColumn<QByteArray>("probes"); // P passed, D degraded, R refused, r retriable, L lost
    QTest::addColumn<QByteArray>("verdicts"); // P passing, D degraded, F failing
    const auto row = [](const char* name, const char* probes, const char* verdicts) {
        QTest::newRow(name) << QByteArray(probes) << QByteArray(verdicts);
    };
    // unhealthy_threshold 3, healthy_threshold 2
    row("the first pass is enough", "P", "P");
    row("later it takes two", "LPP", "FFP");
    row("a failure between starts anew", "LPLPP", "FFFFP");
    row("lost ones count to three", "PLLL", "PPPF");
    row("a pass between starts anew", "PLLPLLL", "PPPPPPF");
    row("an answer is believed at once", "PR", "PF");
    row("but not a retriable one", "Prrr", "PPPF");
    row("degraded and back", "PDP", "PDP");
    row("up again, degraded", "PRDD", "PFFD");
}

void HealthTest::verdicts()
{
    QFETCH(QByteArray, probes);
    QFETCH(QByteArray, verdicts);
    HealthCheckSpec spec;
    spec.unhealthyThreshold = 3;
    spec.healthyThreshold = 2;
    HealthThresholds thresholds;
    QByteArray seen;
    for (const char probe : probes) {
        const auto kind = std::string_view("PDRrL").find(probe);
        thresholds.take(static_cast<ProbeResult>(kind), spec);
        switch (thresholds.verdict()) {
        case CheckState::Passing:
            seen += 'P';
            break;
        case CheckState::Degraded:
            seen += 'D';
            break;
        default:
            seen += 'F';
        }
    }
    QCOMPARE(seen, verdicts);
}

void HealthTest::intervals_data()
{
    QTest::addColumn<QByteArray>("probes");
    QTest::addColumn<bool>("traffic");
    QTest::addColumn<int>("seconds");
    QTest::newRow("healthy") << QByteArray("PP") << true << 1;
    QTest::newRow("on its way down") << QByteArray("PL") << true << 3;
    QTest::newRow("down") << QByteArray("PLL") << true << 2;
    QTest::newRow("on its way up") << QByteArray("PLLP") << true << 4;
    QTest::newRow("no traffic, down") << QByteArray("L") << false << 5;
    QTest::newRow("no traffic, healthy") << QByteArray("P") << false << 6;
}

void HealthTest::intervals()
{
    QFETCH(QByteArray, probes);
    QFETCH(bool, traffic);
    QFETCH(int, seconds);
    HealthCheckSpec spec;
    spec.unhealthyThreshold = spec.healthyThreshold = 2;
    spec.interval = 1s;
    spec.unhealthyInterval = 2s;
    spec.unhealthyEdgeInterval = 3s;
    spec.healthyEdgeInterval = 4s;
    spec.noTrafficInterval = 5s;
    spec.noTrafficHealthyInterval = 6s;
    HealthThresholds thresholds;
    auto transition = HealthThresholds::Transition::Unchanged;
    for (const char probe : probes)
        transition = thresholds.take(probe == 'P' ? ProbeResult::Passed : ProbeResult::Lost, spec);
    QVERIFY(thresholds.interval(transition, traffic, spec) == std::chrono::seconds(seconds));
}

void HealthTest::probes_data()
{
    QTest::addColumn<QByteArray>("answer"); // of a raw server; empty = it echoes
    QTest::addColumn<bool>("http");
    QTest::addColumn<QByteArray>("send");
    QTest::addColumn<QByteArrayList>("receive");
    QTest::addColumn<int>("result");
    const auto http = [](const char* name, const char* answer, ProbeResult result) {
        QTest::newRow(name) << QByteArray(answer) << true << QByteArray() << QByteArrayList()
                            << int(result);
    };
    const auto tcp = [](const char* name, const char* answer, const char* send,
                         const QByteArrayList& receive, ProbeResult result) {
        QTest::newRow(name) << QByteArray(answer) << false << QByteArray(send) << receive
                            << int(result);
    };
    http("200", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ProbeResult::Passed);
    http("another expected one", "HTTP/1.1 204 No\r\n\r\n", ProbeResult::Passed);
    http("degraded", "HTTP/1.1 200 OK\r\nx-envoy-degraded: 1\r\ncontent-length: 0\r\n\r\n",
        ProbeResult::Degraded);
    http("503", "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", ProbeResult::Refused);
    http("retriable 429", "HTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n",
        ProbeResult::RetriableRefused);
    http("nonsense", "what?\r\n\r\n", ProbeResult::Lost);
    tcp("connect only", "x", "", {}, ProbeResult::Passed);
    tcp("echo", "", "ping", {"ing"}, ProbeResult::Passed);
    tcp("in order", "one two three", "x", {"one", "three"}, ProbeResult::Passed);
    tcp("out of order", "one two three", "x", {"three", "one"}, ProbeResult::Lost);
    tcp("other bytes", "pong", "x", {"ping"}, ProbeResult::Lost);
}

void HealthTest::probes()
{
    QFETCH(QByteArray, answer);
    QFETCH(bool, http);
    QFETCH(QByteArray, send);
    QFETCH(QByteArrayList, receive);
    QFETCH(int, result);
    RawUpstream server(answer.toStdString());
    HealthCheckSpec spec = httpCheck();
    spec.expected = {{200, 201}, {204, 205}};
    spec.retriable = {{429, 430}};
    if (!http)
        spec.kind = HealthCheckSpec::Kind::Tcp;
    spec.send = send.toStdString();
    for (const QByteArray& part : receive)
        spec.receive.push_back(part.toStdString());
    SteadyClock clock;
    net::EventLoop loop(clock, 1ms);
    HealthProbe::Clients clients(loop);
    std::optional<ProbeResult> got;
    const auto probe
        = HealthProbe::make(clients, spec, {net::SocketAddress::loopback(server.port()), "up", {}},
            [&](ProbeResult one) { got = one; });
    for (int again = 0; again < 2; ++again) { // a kept connection, or a new one
        got.reset();
        probe->start();
        QVERIFY(runUntil(loop, [&] { return got.has_value(); }));
        QCOMPARE(int(*got), result);
    }
}

void HealthTest::asksGrpcServers_data()
{
    QTest::addColumn<QByteArray>("service");
    QTest::addColumn<int>("result");
    QTest::newRow("the server") << QByteArray() << int(ProbeResult::Passed);
    QTest::newRow("a service that serves") << QByteArray("up") << int(ProbeResult::Passed);
    QTest::newRow("one that does not") << QByteArray("down") << int(ProbeResult::Refused);
    QTest::newRow("one nobody knows") << QByteArray(200, 'x') << int(ProbeResult::Refused);
}

void HealthTest::asksGrpcServers()
{
    QFETCH(QByteArray, service);
    QFETCH(int, result);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    const auto queue = builder.AddCompletionQueue(); // a server without a service wants one
    const auto server = builder.BuildAndStart();
    QVERIFY(server != nullptr);
    server->GetHealthCheckService()->SetServingStatus("up", true);
    server->GetHealthCheckService()->SetServingStatus("down", false);
    HealthCheckSpec spec = httpCheck();
    spec.timeout = 3s;
    spec.kind = HealthCheckSpec::Kind::Grpc;
    spec.service = service.toStdString();
    SteadyClock clock;
    net::EventLoop loop(clock, 1ms);
    HealthProbe::Clients clients(loop);
    std::optional<ProbeResult> got;
    const auto probe = HealthProbe::make(clients, spec,
        {net::SocketAddress::loopback(static_cast<std::uint16_t>(port)), "up", {}},
        [&](ProbeResult one) { got = one; });
    for (int again = 0; again < 3; ++again) { // on one connection
        got.reset();
        probe->start();
        QVERIFY(runUntil(loop, [&] { return got.has_value(); }));
        QCOMPARE(int(*got), result);
    }
    server->Shutdown(std::chrono::system_clock::now());
    queue->Shutdown();
    got.reset();
    probe->start();
    QVERIFY(runUntil(loop, [&] { return got.has_value(); }));
    QCOMPARE(int(*got), int(ProbeResult::Lost));
}

void HealthTest::aRefusedConnectionIsLost()
{
    std::uint16_t port = 0;
    {
        const RawUpstream gone("x");
        port = gone.port();
    }
    SteadyClock clock;
    net::EventLoop loop(clock, 1ms);
    HealthProbe::Clients clients(loop);
    for (const auto kind :
        {HealthCheckSpec::Kind::Http, HealthCheckSpec::Kind::Tcp, HealthCheckSpec::Kind::Grpc}) {
        HealthCheckSpec spec = httpCheck();
        spec.kind = kind;
        std::optional<ProbeResult> got;
        const auto probe = HealthProbe::make(clients, spec,
            {net::SocketAddress::loopback(port), "up", {}}, [&](ProbeResult one) { got = one; });
        probe->start();
        QVERIFY(runUntil(loop, [&] { return got.has_value(); }));
        QCOMPARE(int(*got), int(ProbeResult::Lost));
    }
}

void HealthTest::aSlowAnswerIsLost()
{
    TestUpstream slow("slow");
    slow.delayMs = 3000;
    HealthCheckSpec spec = httpCheck();
    spec.timeout = 50ms;
    SteadyClock clock;
    net::EventLoop loop(clock, 1ms);
    HealthProbe::Clients clients(loop);
    std::optional<ProbeResult> got;
    const auto probe = HealthProbe::make(clients, spec,
        {net::SocketAddress::loopback(slow.port()), "up", {}}, [&](ProbeResult one) { got = one; });
    probe->start();
    QVERIFY(runUntil(loop, [&] { return got.has_value(); }));
    QCOMPARE(int(*got), int(ProbeResult::Lost));
}

void HealthTest::followsEndpoints()
{
    TestUpstream good("good");
    TestUpstream bad("bad");
    bad.status = 503;
    SteadyClock clock;
    net::EventLoop loop(clock, 1ms);
    OneCluster news;
    UpstreamWatch watch(loop, 1, news);
    news.cluster = clusterOf(specWith(httpCheck()), setOf({good.port(), bad.port()}));
    const auto endpoints = news.cluster->endpoints();
    QVERIFY(endpoints[0]->isHealthy() && endpoints[1]->isHealthy()); // nothing known yet
    watch.checker().follow(news.cluster);
    QVERIFY(runUntil(loop, [&] {
        return endpoints[0]->check == CheckState::Passing
            && endpoints[1]->check == CheckState::Failing;
    }));
    for (int i = 0; i < 20; ++i)
        QCOMPARE(news.cluster->pick(PickContext{}), endpoints[0]);
    bad.status = 200;
    QVERIFY(runUntil(loop, [&] { return endpoints[1]->isHealthy(); }));
    const auto* const counters = watch.checker().counters("up");
    QVERIFY(counters->attempts >= 4 && counters->failures > 0 && counters->successes > 1);
    watch.keepOnly([](const std::string&) { return false; });
    QVERIFY(watch.checker().counters("up") == nullptr);
}

void HealthTest::newHostsWaitForTheirFirstCheck()
{
    const auto spec = specWith(httpCheck());
    const auto cluster = clusterOf(spec, setOf({1001}));
    cluster->update(spec, setOf({1001, 1002}), TimePoint{2h});
    const auto fresh = cluster->endpoints()[1];
    QCOMPARE(int(fresh->health()), int(Endpoint::Health::Unhealthy));
    QVERIFY(!fresh->isExcluded());
    cluster->onHealthCheck(fresh->spec().address, CheckState::Passing, true, TimePoint{3h});
    QVERIFY(fresh->isHealthy());
    QVERIFY(fresh->healthySince == TimePoint{3h});
    auto ignoring = specWith(httpCheck());
    ignoring->ignoresNewHostsUntilChecked = true;
    cluster->update(ignoring, setOf({1001, 1002, 1003}), TimePoint{4h});
    QVERIFY(cluster->endpoints()[2]->isExcluded());
}

void HealthTest::healthyHostsOutliveTheirRemoval()
{
    const auto spec = specWith(httpCheck());
    const auto cluster = clusterOf(spec, setOf({1001, 1002, 1003}));
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{1001, 1002})
        cluster->onHealthCheck(
            net::SocketAddress::loopback(port), CheckState::Passing, true, TimePoint{2h});
    cluster->update(spec, setOf({1001}), TimePoint{2h});
    QCOMPARE(cluster->endpoints().size(), std::size_t(2)); // 1003 was never well
    const auto leaving = cluster->endpoints()[1];
    QVERIFY(leaving->removalPending && leaving->isHealthy());
    cluster->onHealthCheck(leaving->spec().address, CheckState::Failing, false, TimePoint{3h});
    QCOMPARE(cluster->endpoints().size(), std::size_t(1));
    QVERIFY(leaving->removed);
    auto ignoring = specWith(httpCheck());
    ignoring->ignoresHealthOnRemoval = true;
    cluster->update(ignoring, setOf({}), TimePoint{4h});
    QCOMPARE(cluster->endpoints().size(), std::size_t(0));
}

void HealthTest::looksNamesUp()
{
    SteadyClock clock;
    net::EventLoop loop(clock, 1ms);
    OneCluster news;
    UpstreamWatch watch(loop, 1, news);
    ClusterSpec spec;
    spec.name = "up";
    spec.dns = DnsSpec{};
    spec.dns->family = DnsSpec::Family::V4Only;
    spec.dns->refresh = 20ms;
    auto configured = std::make_shared<EndpointSet>();
    configured->names.push_back({"localhost", 8080, {}});
    QVERIFY(watch.names().follow(spec, configured)->endpoints.empty());
    QVERIFY(runUntil(loop, [&] { return news.set != nullptr; }));
    QCOMPARE(news.set->endpoints.size(), std::size_t(1));
    QCOMPARE(news.set->endpoints[0].address.toString(), std::string("127.0.0.1:8080"));
    QCOMPARE(watch.names().follow(spec, configured), news.set); // the same cluster again: as known
    const DnsSpec families;
    const std::vector both{*net::SocketAddress::fromIp("10.0.0.1", 0),
        *net::SocketAddress::fromIp("::2", 0), *net::SocketAddress::fromIp("10.0.0.3", 0)};
    QCOMPARE(families.filtered(both).size(), std::size_t(1)); // AUTO: V6 where there is any
    DnsSpec other;
    other.family = DnsSpec::Family::V4Preferred;
    QCOMPARE(other.filtered(both).size(), std::size_t(2));
    other.family = DnsSpec::Family::All;
    QCOMPARE(other.filtered(both).size(), std::size_t(3));
}

QTEST_GUILESS_MAIN(HealthTest)
#include "tst_health.moc"
