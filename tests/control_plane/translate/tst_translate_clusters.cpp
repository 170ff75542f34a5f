// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control_plane/translate/bookinfo_mesh.h"

#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include <QtTest>

using namespace meshyard;
using namespace meshyard::control_plane;
using namespace meshyard::test;
using Cluster = envoy::config::cluster::v3::Cluster;

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

class TranslateClustersTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void buildsAClusterPerSubset();
    void leavesOutWhatIsNotReady();
    void givesIstiosDefaults();
    void overridesPoliciesBlockByBlock();
    void translatesOutlierDetection();
    void hashesConsistently();
    void putsBreakersIntoMetadata();
    void prefersTheNearerBreaker();
};

void TranslateClustersTest::buildsAClusterPerSubset()
{
    const auto resources = documents(kRule);
    const Translation translation = translate(resources, bookinfoMesh());
    const NodeConfig node(translation, "productpage-v1-a");
    QCOMPARE(node.instances("production/reviews/*/9080"),
        std::string("reviews-v1-a reviews-v2-a reviews-v3-a"));
    QCOMPARE(node.instances("production/reviews/v2/9080"), std::string("reviews-v2-a"));
}

void TranslateClustersTest::leavesOutWhatIsNotReady()
{
    MeshView mesh = bookinfoMesh();
    mesh.instances[4].ready = false;
    mesh.instances[5].draining = true;
    const Translation translation = translate({}, mesh);
    QCOMPARE(NodeConfig(translation, "productpage-v1-a").instances("production/reviews/*/9080"),
        std::string("reviews-v3-a"));
}

void TranslateClustersTest::givesIstiosDefaults()
{
    const Translation translation = translate({}, bookinfoMesh());
    const Cluster cluster
        = NodeConfig(translation, "productpage-v1-a").cluster("production/reviews/*/9080");
    QCOMPARE(cluster.type(), Cluster::EDS);
    QVERIFY(cluster.eds_cluster_config().eds_config().has_ads());
    QCOMPARE(cluster.lb_policy(), Cluster::LEAST_REQUEST);
    QCOMPARE(cluster.connect_timeout().seconds(), std::int64_t{10});
    QVERIFY(cluster.common_lb_config().has_healthy_panic_threshold());
    QCOMPARE(cluster.common_lb_config().healthy_panic_threshold().value(), 0.0);
    QVERIFY(cluster.common_lb_config().has_update_merge_window());
    QCOMPARE(cluster.circuit_breakers().thresholds(0).max_requests().value(), 4294967295U);
    QVERIFY(!cluster.has_outlier_detection());
}

void TranslateClustersTest::overridesPoliciesBlockByBlock()
{
    const auto resources = documents(kRule);
    const Translation translation = translate(resources, bookinfoMesh());
    const NodeConfig node(translation, "productpage-v1-a");
    const Cluster all = node.cluster("production/reviews/*/9080");
    const Cluster v1 = node.cluster("production/reviews/v1/9080");
    QCOMPARE(all.lb_policy(), Cluster::ROUND_ROBIN);
    QCOMPARE(v1.lb_policy(), Cluster::RANDOM);
    QCOMPARE(v1.circuit_breakers().thresholds(0).max_requests().value(), 7U);
}

void TranslateClustersTest::translatesOutlierDetection()
{
    const auto resources = documents(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings}
spec:
  host: ratings.production.svc.cluster.local
  trafficPolicy:
    connectionPool: {http: {maxRequestsPerConnection: 3}}
    outlierDetection: {consecutive5xxErrors: 3, consecutiveGatewayErrors: 2, interval: 1s,
      baseEjectionTime: 15s, maxEjectionPercent: 100, minHealthPercent: 20}
)");
    const Translation translation = translate(resources, bookinfoMesh());
    const Cluster cluster
        = NodeConfig(translation, "reviews-v1-a").cluster("production/ratings/*/9080");
    const auto& outlier = cluster.outlier_detection();
    QCOMPARE(outlier.consecutive_5xx().value(), 3U);
    QCOMPARE(outlier.enforcing_consecutive_gateway_failure().value(), 100U);
    QCOMPARE(outlier.base_ejection_time().seconds(), std::int64_t{15});
    QCOMPARE(outlier.max_ejection_percent().value(), 100U);
    QCOMPARE(outlier.enforcing_success_rate().value(), 0U);
    QCOMPARE(cluster.common_lb_config().healthy_panic_threshold().value(), 20.0);
    envoy::extensions::upstreams::http::v3::HttpProtocolOptions options;
    QVERIFY(cluster.typed_extension_protocol_options()
            .at("envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
            .UnpackTo(&options));
    QCOMPARE(options.common_http_protocol_options().max_requests_per_connection().value(), 3U);
}

void TranslateClustersTest::hashesConsistently()
{
    const auto resources = documents(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings}
spec:
  host: ratings
  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: end-user}}}
)");
    const Translation translation = translate(resources, bookinfoMesh());
    const NodeConfig node(translation, "reviews-v1-a");
    QCOMPARE(node.cluster("production/ratings/*/9080").lb_policy(), Cluster::RING_HASH);
    const auto action
        = node.routes("outbound|production/ratings|9080").virtual_hosts(0).routes(0).route();
    QCOMPARE(action.hash_policy(0).header().header_name(), std::string("end-user"));
    QCOMPARE(action.retry_policy().retry_host_predicate_size(), 0);
}

void TranslateClustersTest::putsBreakersIntoMetadata()
{
    auto resources = documents(R"(apiVersion: meshyard.dev/v1
kind: CircuitBreaker
metadata: {name: ratings}
spec:
  destination: {service: ratings}
  minCalls: 10
  failureRatio: 0.25
  slowCall: 500ms
  failureOn: [5xx, timeout]
)");
    resources.front().changed = 12;
    const Translation translation = translate(resources, bookinfoMesh());
    const NodeConfig node(translation, "reviews-v1-a");
    const auto metadata = [&node](const char* cluster) {
        return node.cluster(cluster).metadata().filter_metadata().at("meshyard.breaker").fields();
    };
    const auto breaker = metadata("production/ratings/*/9080");
    QCOMPARE(breaker.at("mode").string_value(), std::string("enforce"));
    QCOMPARE(breaker.at("minCalls").number_value(), 10.0);
    QCOMPARE(breaker.at("slowCallS").number_value(), 0.5);
    QCOMPARE(breaker.at("failureOn").list_value().values_size(), 2);
    QCOMPARE(breaker.at("policy").string_value(), std::string("production/ratings"));
    QCOMPARE(breaker.at("revision").number_value(), 12.0);
    QVERIFY(!breaker.contains("windowS"));
    QCOMPARE(
        metadata("production/details/*/9080").at("mode").string_value(), std::string("observe"));
}

void TranslateClustersTest::prefersTheNearerBreaker()
{
    const auto resources = documents(R"(apiVersion: meshyard.dev/v1
kind: CircuitBreaker
metadata: {name: mesh}
spec: {destination: {namespace: "*"}}
---
apiVersion: meshyard.dev/v1
kind: CircuitBreaker
metadata: {name: from-v2}
spec: {source: {service: reviews, version: v2}, destination: {service: ratings}}
)");
    const Translation translation = translate(resources, bookinfoMesh());
    const auto policy = [&translation](const char* node) {
        return NodeConfig(translation, node)
            .cluster("production/ratings/*/9080")
            .metadata()
            .filter_metadata()
            .at("meshyard.breaker")
            .fields()
            .at("policy")
            .string_value();
    };
    QCOMPARE(policy("reviews-v1-a"), std::string("production/mesh"));
    QCOMPARE(policy("reviews-v2-a"), std::string("production/from-v2"));
}

QTEST_APPLESS_MAIN(TranslateClustersTest)
#include "tst_translate_clusters.moc"
