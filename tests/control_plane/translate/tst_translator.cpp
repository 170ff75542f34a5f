// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control_plane/translate/bookinfo_mesh.h"

#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include <QElapsedTimer>
#include <QtTest>

#include <algorithm>

using namespace meshyard;
using namespace meshyard::control_plane;
using namespace meshyard::test;

namespace {

const std::string kRule = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy:
    connectionPool: {http: {http2MaxRequests: 7}}
    loadBalancer: {simple: ROUND_ROBIN}
  subsets:
  - name: v1
    labels: {version: v1}
    trafficPolicy: {loadBalancer: {simple: RANDOM}}
  - name: v2
    labels: {version: v2}
)";

} // namespace

class TranslatorTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void givesEveryNodeItsListeners();
    void bindsCapturedServicesAtTheCallersOwnAddresses();
    void leadsInboundCallsToTheProgram();
    void leadsInboundGrpcToTheProgramOverHttp2();
    void keepsNamespacesApart();
    void showsExportedServices();
    void servesGateways();
    void warnsOfAnUnmappedGatewayPort();
    void routesTcpByConnection();
    void servesForeignNodes();
    void isDeterministic();
    void sharesWhatIsEqual();
    void resolvesOverrides();
    void translatesALargeMeshQuickly();
};

void TranslatorTest::givesEveryNodeItsListeners()
{
    const Translation translation = translate({}, bookinfoMesh());
    QCOMPARE(translation.nodes.size(), std::size_t{9});
    const NodeConfig node(translation, "reviews-v2-a");
    const std::vector<std::string> expected{"inbound|9080", "outbound|any",
        "outbound|production/details|9080", "outbound|production/productpage|9080",
        "outbound|production/ratings|9080", "outbound|production/reviews|9080"};
    QCOMPARE(node.names(XdsType::Listener), expected);
    QCOMPARE(node.names(XdsType::Route), expected);
}

void TranslatorTest::bindsCapturedServicesAtTheCallersOwnAddresses()
{
    const Translation translation = translate({}, bookinfoMesh());
    const auto listener
        = NodeConfig(translation, "reviews-v1-a").listener("outbound|production/ratings|9080");
    QCOMPARE(listener.address().socket_address().address(), std::string("127.16.16.3"));
    QCOMPARE(listener.address().socket_address().port_value(), 9080U);
    QCOMPARE(listener.traffic_direction(), envoy::config::core::v3::OUTBOUND);
}

void TranslatorTest::leadsInboundCallsToTheProgram()
{
    const Translation translation = translate({}, bookinfoMesh());
    const NodeConfig node(translation, "ratings-v1-a");
    const auto listener = node.listener("inbound|9080");
    QCOMPARE(listener.address().socket_address().port_value(), 40'002U);
    const auto cluster = node.cluster("inbound|9080");
    QCOMPARE(cluster.load_assignment()
                 .endpoints(0)
                 .lb_endpoints(0)
                 .endpoint()
                 .address()
                 .socket_address()
                 .port_value(),
        30'002U);
    QCOMPARE(describe(node.routes("inbound|9080")), std::string("/* -> inbound|9080\n"));
}

void TranslatorTest::leadsInboundGrpcToTheProgramOverHttp2()
{
    for (const auto& [protocol, http2] : std::vector<std::pair<Protocol, bool>>{
             {Protocol::Http1, false}, {Protocol::Http2, true}, {Protocol::Grpc, true}}) {
        MeshView mesh = bookinfoMesh();
        mesh.services[2].ports[0].protocol = protocol;
        const Translation translation = translate({}, mesh);
        const NodeConfig node(translation, "ratings-v1-a");
        const auto options = node.cluster("inbound|9080").typed_extension_protocol_options();
        const auto found = options.find("envoy.extensions.upstreams.http.v3.HttpProtocolOptions");
        envoy::extensions::upstreams::http::v3::HttpProtocolOptions asked;
        if (found != options.end())
            QVERIFY(found->second.UnpackTo(&asked));
        QCOMPARE(asked.explicit_http_config().has_http2_protocol_options(), http2);
    }
}

void TranslatorTest::keepsNamespacesApart()
{
    const Translation translation = translate({}, bookinfoMesh());
    const NodeConfig production(translation, "productpage-v1-a");
    QVERIFY(production.hasCluster("production/reviews/*/9080"));
    QVERIFY(!production.hasCluster("staging/reviews/*/9080"));
    const NodeConfig staging(translation, "staging-reviews-v3-a");
    QVERIFY(staging.hasCluster("staging/reviews/*/9080"));
    QVERIFY(!staging.hasCluster("production/ratings/*/9080"));
    QCOMPARE(staging.instances("staging/reviews/*/9080"), std::string("staging-reviews-v3-a"));
}

void TranslatorTest::showsExportedServices()
{
    MeshView mesh = bookinfoMesh();
    mesh.services[2].exportTo = {"staging"};
    const Translation translation = translate({}, mesh);
    const NodeConfig staging(translation, "staging-reviews-v3-a");
    QVERIFY(staging.hasCluster("production/ratings/*/9080"));
    QVERIFY(!staging.hasCluster("production/details/*/9080"));
}

void TranslatorTest::servesGateways()
{
    const auto resources = documents(R"(apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: bookinfo}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 8080, name: http, protocol: HTTP}
    hosts: ["*"]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bookinfo}
spec:
  hosts: ["*"]
  gateways: [bookinfo]
  http:
  - match: [{uri: {exact: /productpage}}, {uri: {prefix: /static}}]
    route: [{destination: {host: productpage, port: {number: 9080}}}]
)");
    const Translation translation = translate(resources, bookinfoMesh());
    const NodeConfig node(translation, "ingressgateway-a");
    const auto listener = node.listener("gateway|8080");
    QCOMPARE(listener.address().socket_address().port_value(), 18'080U);
    QCOMPARE(describe(node.routes("gateway|8080")),
        std::string("/productpage -> production/productpage/*/9080\n"
                    "/static* -> production/productpage/*/9080\n"
                    "/* -> 404 no VirtualService of the gateway takes this request on port "
                    "8080\n"));
    // Bound to the gateway alone, it does not act inside the mesh.
    QCOMPARE(
        describe(
            NodeConfig(translation, "reviews-v1-a").routes("outbound|production/productpage|9080")),
        std::string("/* -> production/productpage/*/9080\n"));
}

void TranslatorTest::warnsOfAnUnmappedGatewayPort()
{
    const auto resources = documents(R"(apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 81, name: http, protocol: HTTP}, hosts: ["*"]}]
)");
    const Translation translation = translate(resources, bookinfoMesh());
    QCOMPARE(translation.warnings.size(), std::size_t{1});
    QCOMPARE(translation.warnings[0].document, std::string("Gateway production/web"));
    QVERIFY(translation.warnings[0].text.starts_with("port 81 is not mapped"));
}

void TranslatorTest::routesTcpByConnection()
{
    MeshView mesh = bookinfoMesh();
    mesh.services[2].ports[0].protocol = Protocol::Tcp;
    const auto resources = documents(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings}
spec:
  host: ratings
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec:
  hosts: [ratings]
  tcp:
  - match: [{port: 9080}]
    route:
    - {destination: {host: ratings, subset: v1}, weight: 30}
    - {destination: {host: ratings, subset: v2}, weight: 70}
)");
    const Translation translation = translate(resources, mesh);
    const NodeConfig node(translation, "reviews-v1-a");
    const auto listener = node.listener("outbound|production/ratings|9080");
    envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy proxy;
    QVERIFY(listener.filter_chains(0).filters(0).typed_config().UnpackTo(&proxy));
    QCOMPARE(
        proxy.weighted_clusters().clusters(1).name(), std::string("production/ratings/v2/9080"));
    QCOMPARE(proxy.weighted_clusters().clusters(1).weight(), 70U);
    QVERIFY(!node.snapshot().of(XdsType::Route).find("outbound|production/ratings|9080"));
}

void TranslatorTest::servesForeignNodes()
{
    const std::vector<ForeignNode> foreign{{"edge-1", "production", 15'001}};
    const Translation translation = translate({}, bookinfoMesh(), foreign);
    const NodeConfig node(translation, "edge-1");
    QCOMPARE(node.names(XdsType::Listener), std::vector<std::string>{"outbound|any"});
    QVERIFY(node.hasCluster("production/reviews/*/9080"));
    const auto routes = node.routes("outbound|any");
    QCOMPARE(routes.virtual_hosts_size(), 5);
    QVERIFY(std::ranges::find(routes.virtual_hosts(3).domains(), "reviews:9080")
        != routes.virtual_hosts(3).domains().end());
}

void TranslatorTest::isDeterministic()
{
    const auto resources = documents(kRule);
    MeshView reversed = bookinfoMesh();
    std::ranges::reverse(reversed.services);
    std::ranges::reverse(reversed.instances);
    const Translation first = translate(resources, bookinfoMesh());
    const Translation second = translate(resources, reversed);
    for (const auto& [id, snapshot] : first.nodes) {
        for (const XdsType type : kAllXdsTypes)
            QCOMPARE(second.nodes.at(id).of(type).version, snapshot.of(type).version);
    }
}

void TranslatorTest::sharesWhatIsEqual()
{
    const Translation translation = translate({}, bookinfoMesh());
    const NodeConfig one(translation, "reviews-v1-a");
    const NodeConfig other(translation, "ratings-v2-a");
    QVERIFY(&one.snapshot().of(XdsType::Endpoints) == &other.snapshot().of(XdsType::Endpoints));
    const std::string name = "production/details/*/9080";
    QVERIFY(one.snapshot().of(XdsType::Cluster).find(name)
        == other.snapshot().of(XdsType::Cluster).find(name));
}

void TranslatorTest::resolvesOverrides()
{
    const auto resources = documents(kRule);
    OverrideView trip;
    trip.active.set_id("trip-1");
    trip.active.set_kind(v1::FORCED_OPEN);
    trip.active.set_deadline_unix_ms(5);
    auto* edge = trip.active.mutable_edge();
    edge->set_source_namespace("production");
    edge->set_source_service("productpage");
    edge->set_destination_namespace("production");
    edge->set_destination_service("reviews");
    const auto clusters = [&](const OverrideView& view) {
        const auto nodes = translateOverrides(resources, bookinfoMesh(), {&view, 1});
        std::string text;
        for (const auto& [node, list] : nodes) {
            text += node + ":";
            for (const std::string& cluster : list.front().clusters())
                text += " " + cluster;
        }
        return text;
    };
    QCOMPARE(clusters(trip),
        std::string("productpage-v1-a: production/reviews/*/9080 production/reviews/v1/9080 "
                    "production/reviews/v2/9080"));
    edge->set_destination_version("v2");
    QCOMPARE(clusters(trip), std::string("productpage-v1-a: production/reviews/v2/9080"));
    edge->set_destination_version("v3");
    QCOMPARE(clusters(trip), std::string("productpage-v1-a: production/reviews/*/9080"));
}

void TranslatorTest::translatesALargeMeshQuickly()
{
    MeshView mesh;
    for (std::uint32_t i = 0; i < 100; ++i) {
        const std::string name = "service" + std::to_string(i);
        mesh.services.push_back({"production", name, i + 1, {{"http", 9080, Protocol::Http1}}, {}});
        InstanceView view;
        view.id = name + "-v1-a";
        view.node = {"production", name, "v1"};
        view.ready = true;
        view.slot = i;
        view.captureBase = "127.16.0.0";
        view.outboundPort = 20'000;
        view.inboundPorts[9080] = 30'000;
        view.targetPorts[9080] = 31'000;
        mesh.instances.push_back(std::move(view));
    }
    QElapsedTimer timer;
    timer.start();
    const Translation translation = translate({}, mesh);
    const qint64 elapsed = timer.elapsed();
    QCOMPARE(translation.nodes.size(), std::size_t{100});
    qInfo("100 services on 100 nodes: %lld ms", static_cast<long long>(elapsed));
    QVERIFY(elapsed < 1000);
}

QTEST_APPLESS_MAIN(TranslatorTest)
#include "tst_translator.moc"
