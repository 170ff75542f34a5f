// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy configured over ADS by a control plane in the test.
#include "ads_server.h"
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/endpoint/v3/endpoint_components.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "meshyard/v1/override.pb.h"

#include <QElapsedTimer>
#include <QTest>

namespace {

using Any = google::protobuf::Any;

const std::string kCluster = "production/ratings/*/9080";
const std::string kListener = "outbound|any";

template <typename Message> std::string typeOf()
{
    return "type.googleapis.com/" + Message::descriptor()->full_name();
}

using ClusterProto = envoy::config::cluster::v3::Cluster;
using EndpointProto = envoy::config::endpoint::v3::ClusterLoadAssignment;
using ListenerProto = envoy::config::listener::v3::Listener;
using RouteProto = envoy::config::route::v3::RouteConfiguration;
using OverrideProto = meshyard::v1::EdgeOverride;

Any pack(const google::protobuf::Message& message)
{
    Any any;
    any.PackFrom(message);
    return any;
}

ClusterProto clusterProto(const std::string& name)
{
    ClusterProto cluster;
    cluster.set_name(name);
    cluster.set_type(ClusterProto::EDS);
    cluster.mutable_eds_cluster_config()->mutable_eds_config()->mutable_ads();
    return cluster;
}

EndpointProto endpointProto(
    const std::string& name, std::uint16_t port, const std::string& instance)
{
    EndpointProto assignment;
    assignment.set_cluster_name(name);
    auto& endpoint = *assignment.add_endpoints()->add_lb_endpoints();
    auto& socket = *endpoint.mutable_endpoint()->mutable_address()->mutable_socket_address();
    socket.set_address("127.0.0.1");
    socket.set_port_value(port);
    (*(*endpoint.mutable_metadata()->mutable_filter_metadata())["meshyard"]
            .mutable_fields())["instance"]
        .set_string_value(instance);
    return assignment;
}

ListenerProto listenerProto(const std::string& name, std::uint32_t port = 0)
{
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager hcm;
    hcm.mutable_rds()->mutable_config_source()->mutable_ads();
    hcm.mutable_rds()->set_route_config_name(name);
    auto& router = *hcm.add_http_filters();
    router.set_name("envoy.filters.http.router");
    router.mutable_typed_config()->PackFrom(envoy::extensions::filters::http::router::v3::Router());
    ListenerProto listener;
    listener.set_name(name);
    auto& socket = *listener.mutable_address()->mutable_socket_address();
    socket.set_address("127.0.0.1");
    socket.set_port_value(port);
    listener.add_filter_chains()->add_filters()->mutable_typed_config()->PackFrom(hcm);
    return listener;
}

RouteProto routeProto(const std::string& name, const std::string& cluster)
{
    RouteProto routes;
    routes.set_name(name);
    auto& host = *routes.add_virtual_hosts();
    host.set_name("all");
    host.add_domains("*");
    auto& route = *host.add_routes();
    route.mutable_match()->set_prefix("/");
    route.mutable_route()->set_cluster(cluster);
    return routes;
}

OverrideProto reset(const std::string& id)
{
    OverrideProto closing;
    closing.set_id(id);
    closing.add_clusters(kCluster);
    closing.set_reset(true);
    return closing;
}

OverrideProto forcedOpen(int remainingMs)
{
    OverrideProto forced;
    forced.set_id("o1");
    forced.add_clusters(kCluster);
    forced.set_kind(meshyard::v1::FORCED_OPEN);
    forced.set_remaining_ms(remainingMs);
    forced.set_deadline_unix_ms(1);
    forced.set_operator_name("ann");
    return forced;
}

std::string bootstrapFor(int port)
{
    return "node: {id: reviews-v2-a, cluster: reviews}\n"
           "dynamic_resources:\n"
           "  ads_config: {api_type: GRPC, grpc_services: [{envoy_grpc: {cluster_name: "
           "meshyard_control_plane}}]}\n"
           "  cds_config: {ads: {}}\n  lds_config: {ads: {}}\n"
           "static_resources:\n  clusters:\n  - "
        + clusterText("meshyard_control_plane", {static_cast<std::uint16_t>(port)},
            R"(typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {"@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, explicit_http_config: {http2_protocol_options: {}}}}, )")
        + "\n";
}

/// Everything one edge needs.
void configure(AdsServer& server, const TestUpstream& upstream, std::uint32_t listenerPort = 0)
{
    server.set(typeOf<ClusterProto>(), {pack(clusterProto(kCluster))});
    server.set(
        typeOf<EndpointProto>(), {pack(endpointProto(kCluster, upstream.port(), "ratings-v1-a"))});
    server.set(typeOf<ListenerProto>(), {pack(listenerProto(kListener, listenerPort))});
    server.set(typeOf<RouteProto>(), {pack(routeProto(kListener, kCluster))});
    server.set(typeOf<OverrideProto>(), {});
}

} // namespace

class ProxyAdsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void startsAndAcknowledges();
    void refusesAndKeepsTheLastGood();
    void warmsNewClusters();
    void tripHoldsWithoutTheControlPlane();
    void resetClosesOnce();
    void resetOfATripCloses();
    void swapsUnderLoadWithoutFailures();
    void reportsWhatItCounted();
    void reportsWhereTheTimeWent();
    void reportsOnceForAllWorkers();
    void acknowledgesWhenAllWorkersHaveSwapped();
    void startsFromStoredState();
    void keepsConnectionsOfUnchangedListeners();
};

void ProxyAdsTest::startsAndAcknowledges()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(server.nodeId(), std::string("reviews-v2-a"));
    QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 200);
    QCOMPARE(server.asked(typeOf<EndpointProto>()), std::vector<std::string>{kCluster});
    QCOMPARE(server.asked(typeOf<RouteProto>()), std::vector<std::string>{kListener});
    const std::string version
        = server.set(typeOf<RouteProto>(), {pack(routeProto(kListener, "gone"))});
    const auto answer = server.waitAnswer(typeOf<RouteProto>(), version);
    QCOMPARE(answer.version, version);
    QVERIFY(answer.error.empty());
    QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 503); // already in force at the ACK
    QVERIFY(proxy.admin("/config_dump").find("\"gone\"") != std::string::npos);
}

void ProxyAdsTest::refusesAndKeepsTheLastGood()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    RouteProto bad = routeProto(kListener, kCluster);
    bad.mutable_virtual_hosts(0)
        ->mutable_routes(0)
        ->mutable_match()
        ->mutable_safe_regex()
        ->set_regex("([");
    const std::string refused = server.set(typeOf<RouteProto>(), {pack(bad)});
    const auto nack = server.waitAnswer(typeOf<RouteProto>(), refused);
    QVERIFY2(nack.error.find("safe_regex") != std::string::npos, nack.error.c_str());
    QVERIFY(nack.error.find(kListener) != std::string::npos);
    QVERIFY(nack.version != refused);
    QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 200);
    ListenerProto busy = listenerProto("second", proxy.port("outbound|any"));
    const std::string taken
        = server.set(typeOf<ListenerProto>(), {pack(listenerProto(kListener)), pack(busy)});
    server.set(typeOf<RouteProto>(),
        {pack(routeProto(kListener, kCluster)), pack(routeProto("second", kCluster))});
    QVERIFY(server.waitAnswer(typeOf<ListenerProto>(), taken).error.empty()); // still warming
    QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 200);
}

void ProxyAdsTest::warmsNewClusters()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::string fresh = "production/ratings/v2/9080";
    const std::string version = server.set(
        typeOf<ClusterProto>(), {pack(clusterProto(kCluster)), pack(clusterProto(fresh))});
    QVERIFY(server.waitAnswer(typeOf<ClusterProto>(), version).error.empty());
    QTRY_COMPARE(server.asked(typeOf<EndpointProto>()).size(), std::size_t(2));
    QVERIFY(proxy.admin("/stats").find(fresh) == std::string::npos);
    server.set(typeOf<EndpointProto>(), {pack(endpointProto(fresh, upstream.port(), "r2"))});
    QTRY_VERIFY(proxy.admin("/stats").find(fresh) != std::string::npos);
    QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 200);
}

void ProxyAdsTest::tripHoldsWithoutTheControlPlane()
{
    TestUpstream upstream("up");
    auto server = std::make_unique<AdsServer>();
    configure(*server, upstream);
    ProxyProcess proxy(bootstrapFor(server->port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::uint16_t port = proxy.port("outbound|any");
    const std::string version = server->set(typeOf<OverrideProto>(), {pack(forcedOpen(1500))});
    server->waitAnswer(typeOf<OverrideProto>(), version);
    QElapsedTimer timer;
    timer.start();
    const WireReply refused = fetch(port, "/");
    QCOMPARE(refused.status, 503);
    QCOMPARE(refused.header("x-meshyard-breaker").value_or(""), std::string("forced-open"));
    QCOMPARE(refused.header("retry-after").value_or(""), std::string("2"));
    server.reset(); // killed in between
    QCOMPARE(fetch(port, "/").status, 503);
    QTRY_COMPARE(fetch(port, "/").status, 200);
    QVERIFY2(
        timer.elapsed() > 1200 && timer.elapsed() < 2500, std::to_string(timer.elapsed()).c_str());
}

void ProxyAdsTest::resetClosesOnce()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    upstream.status = 500;
    for (int i = 0; i < 5; ++i)
        fetch(proxy.port("outbound|any"), "/");
    QVERIFY(proxy.admin("/breakers").find("\"OPEN\"") != std::string::npos);
    OverrideProto reset;
    reset.set_id("reset-1");
    reset.add_clusters(kCluster);
    reset.set_reset(true);
    const std::string version = server.set(typeOf<OverrideProto>(), {pack(reset)});
    server.waitAnswer(typeOf<OverrideProto>(), version);
    QVERIFY(proxy.admin("/breakers").find("\"CLOSED\"") != std::string::npos);
    for (int i = 0; i < 5; ++i)
        fetch(proxy.port("outbound|any"), "/");
    const std::string again = server.set(typeOf<OverrideProto>(), {pack(reset)});
    server.waitAnswer(typeOf<OverrideProto>(), again);
    QVERIFY(proxy.admin("/breakers").find("\"OPEN\"") != std::string::npos);
}

void ProxyAdsTest::resetOfATripCloses()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::string trip = server.set(typeOf<OverrideProto>(), {pack(forcedOpen(60'000))});
    server.waitAnswer(typeOf<OverrideProto>(), trip);
    QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 503);
    const std::string version = server.set(typeOf<OverrideProto>(), {pack(reset("reset-1"))});
    server.waitAnswer(typeOf<OverrideProto>(), version);
    const std::string breakers = proxy.admin("/breakers"); // not half-open, as a trip's own end is
    QVERIFY2(breakers.find("\"CLOSED\"") != std::string::npos, breakers.c_str());
}

void ProxyAdsTest::swapsUnderLoadWithoutFailures()
{
    TestUpstream one("one");
    TestUpstream two("two");
    AdsServer server;
    configure(server, one);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::atomic<bool> stop{false};
    std::atomic<int> good{0};
    std::atomic<int> bad{0};
    std::vector<std::thread> load;
    for (int i = 0; i < 4; ++i) {
        load.emplace_back([&, port = proxy.port("outbound|any")] {
            WireClient client(port);
            while (!stop) {
                client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
                client.receive().status == 200 ? ++good : ++bad;
            }
        });
    }
    for (int i = 0; i < 300; ++i) {
        RouteProto routes = routeProto(kListener, kCluster);
        routes.mutable_virtual_hosts(0)->mutable_routes(0)->set_name(std::to_string(i));
        const std::string version = server.set(typeOf<RouteProto>(), {pack(routes)});
        server.set(typeOf<EndpointProto>(),
            {pack(endpointProto(kCluster, i % 2 == 0 ? two.port() : one.port(), "r"))});
        QVERIFY(server.waitAnswer(typeOf<RouteProto>(), version).error.empty());
    }
    stop = true;
    for (std::thread& thread : load)
        thread.join();
    QCOMPARE(bad.load(), 0);
    QVERIFY(good > 100 && one.calls() > 0 && two.calls() > 0);
}

void ProxyAdsTest::reportsWhereTheTimeWent()
{
    TestUpstream upstream("up");
    upstream.delayMs = 60;
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 5; ++i)
        QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 200);
    std::uint64_t total = 0;
    std::uint64_t waited = 0;
    std::uint32_t calls = 0;
    const auto sum = [&] {
        total = waited = calls = 0;
        for (const auto& report : server.reports()) {
            for (const auto& row : report.outbound()) {
                calls += row.outcomes().ok();
                total += row.latency().sum_us();
                waited += row.upstream_us();
            }
        }
        return calls;
    };
    QTRY_COMPARE(sum(), 5U);
    QVERIFY2(waited >= 5 * 60000 && waited <= total, std::to_string(waited).c_str());
}

void ProxyAdsTest::reportsOnceForAllWorkers()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()),
        {QStringLiteral("--concurrency"), QStringLiteral("3")});
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 40; ++i)
        QCOMPARE(fetch(proxy.port("outbound|any"), "/").status, 200);
    std::uint32_t ok = 0;
    std::uint32_t sampled = 0;
    const auto sum = [&] {
        ok = sampled = 0;
        for (const auto& report : server.reports()) {
            for (const auto& row : report.outbound()) {
                ok += row.outcomes().ok();
                for (const std::uint32_t count : row.latency().counts())
                    sampled += count;
            }
        }
        return ok;
    };
    QTRY_COMPARE(sum(), 40U);
    QCOMPARE(sampled, 40U);
    for (const auto& report : server.reports()) {
        std::set<std::string> rows;
        for (const auto& row : report.outbound())
            QVERIFY(rows.insert(row.cluster() + row.endpoint()).second);
        for (const auto& row : report.breakers()) {
            QVERIFY(rows.insert(row.cluster()).second);
            QVERIFY(row.state() != meshyard::v1::BREAKER_UNSPECIFIED);
        }
    }
}

void ProxyAdsTest::acknowledgesWhenAllWorkersHaveSwapped()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()),
        {QStringLiteral("--concurrency"), QStringLiteral("4")});
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    std::vector<std::unique_ptr<WireClient>> clients;
    for (int i = 0; i < 40; ++i)
        clients.push_back(std::make_unique<WireClient>(proxy.port("outbound|any")));
    const auto statuses = [&] {
        std::set<int> seen;
        for (const auto& client : clients) {
            client->send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
            seen.insert(client->receive().status);
        }
        return seen;
    };
    QCOMPARE(statuses(), std::set<int>{200});
    for (int round = 0; round < 5; ++round) { // at once, in every worker
        std::string version = server.set(typeOf<OverrideProto>(), {pack(forcedOpen(60000))});
        server.waitAnswer(typeOf<OverrideProto>(), version);
        QCOMPARE(statuses(), std::set<int>{503});
        server.set(typeOf<OverrideProto>(), {}); // to half-open
        version = server.set(typeOf<OverrideProto>(), {pack(reset("r" + std::to_string(round)))});
        server.waitAnswer(typeOf<OverrideProto>(), version);
        QCOMPARE(statuses(), std::set<int>{200});
    }
}

void ProxyAdsTest::reportsWhatItCounted()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 30; ++i)
        fetch(proxy.port("outbound|any"), "/");
    upstream.status = 404;
    for (int i = 0; i < 7; ++i)
        fetch(proxy.port("outbound|any"), "/");
    const std::string version = server.set(typeOf<OverrideProto>(), {pack(forcedOpen(60000))});
    server.waitAnswer(typeOf<OverrideProto>(), version);
    for (int i = 0; i < 5; ++i)
        fetch(proxy.port("outbound|any"), "/");

    std::uint32_t ok = 0;
    std::uint32_t clientErrors = 0;
    std::uint32_t rejected = 0;
    std::uint32_t sampled = 0;
    std::uint64_t lastSequence = 0;
    bool transition = false;
    const auto sum = [&] {
        ok = clientErrors = rejected = sampled = 0;
        for (const auto& report : server.reports()) {
            for (const auto& row : report.outbound()) {
                ok += row.outcomes().ok();
                clientErrors += row.outcomes().client_errors();
                rejected += row.outcomes().rejected();
                for (const std::uint32_t count : row.latency().counts())
                    sampled += count;
                if (row.outcomes().ok() > 0 && row.endpoint() != "ratings-v1-a")
                    ok = 1000000;
            }
            for (const auto& row : report.transitions())
                transition = transition
                    || (row.override_kind() == meshyard::v1::FORCED_OPEN
                        && row.operator_name() == "ann" && report.span_ms() == 0);
            lastSequence = report.sequence();
        }
        return ok + clientErrors + rejected;
    };
    QTRY_COMPARE(sum(), 42U);
    QCOMPARE(ok, 30U);
    QCOMPARE(clientErrors, 7U);
    QCOMPARE(rejected, 5U);
    QCOMPARE(sampled, 37U); // without the rejected ones
    QVERIFY(transition);
    QTRY_VERIFY(server.reports().size() >= 3);
    const auto reports = server.reports();
    QCOMPARE(reports.back().node_id(), std::string("reviews-v2-a"));
    QVERIFY(!reports.back().boot_id().empty());
    QCOMPARE(reports.back().breakers_size(), 1);
    QCOMPARE(reports.back().breakers(0).override_kind(), meshyard::v1::FORCED_OPEN);
    QVERIFY(reports.back().vitals().rss_bytes() > 0);
    QVERIFY(reports.back().vitals().applied_versions().contains(typeOf<RouteProto>()));
}

void ProxyAdsTest::startsFromStoredState()
{
    TestUpstream upstream("up");
    QTemporaryDir state;
    auto server = std::make_unique<AdsServer>();
    configure(*server, upstream);
    const int port = server->port();
    const QStringList options{QStringLiteral("--state-dir"), state.path()};
    {
        ProxyProcess first(bootstrapFor(port), options);
        QVERIFY2(first.waitReady(), first.errors().c_str());
        QTRY_VERIFY(QFile::exists(state.filePath(QStringLiteral("proxy-config.pb"))));
    }
    server.reset();
    ProxyProcess second(bootstrapFor(port), options);
    QVERIFY2(second.waitReady(), second.errors().c_str());
    QCOMPARE(fetch(second.port("outbound|any"), "/").status, 200);
    QVERIFY(second.admin("/config_dump").find("\"stale\":true") != std::string::npos);
    server = std::make_unique<AdsServer>(port);
    configure(*server, upstream);
    QTRY_VERIFY(second.admin("/config_dump").find("\"stale\":false") != std::string::npos);
    QCOMPARE(fetch(second.port("outbound|any"), "/").status, 200);
}

void ProxyAdsTest::keepsConnectionsOfUnchangedListeners()
{
    TestUpstream upstream("up");
    AdsServer server;
    configure(server, upstream);
    ProxyProcess proxy(bootstrapFor(server.port()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient kept(proxy.port("outbound|any"));
    const char* const request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    kept.send(request);
    QCOMPARE(kept.receive().status, 200);
    server.set(typeOf<RouteProto>(),
        {pack(routeProto(kListener, kCluster)), pack(routeProto("second", kCluster))});
    const std::string version = server.set(
        typeOf<ListenerProto>(), {pack(listenerProto(kListener)), pack(listenerProto("second"))});
    server.waitAnswer(typeOf<ListenerProto>(), version);
    kept.send(request);
    QCOMPARE(kept.receive().status, 200);
    const std::string without
        = server.set(typeOf<ListenerProto>(), {pack(listenerProto("second"))});
    server.waitAnswer(typeOf<ListenerProto>(), without);
    QVERIFY(kept.receiveAll().empty()); // idle: closed
    QVERIFY(!WireClient(proxy.port("outbound|any")).isConnected());
}

QTEST_GUILESS_MAIN(ProxyAdsTest)
#include "tst_proxy_ads.moc"
