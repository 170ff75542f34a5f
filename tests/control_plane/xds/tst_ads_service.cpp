// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/ads_service.h"

#include "envoy/config/cluster/v3/cluster.pb.h"

#include <grpcpp/grpcpp.h>

#include <QtTest>

using namespace meshyard;
using namespace meshyard::control_plane;
using envoy::service::discovery::v3::AggregatedDiscoveryService;
using envoy::service::discovery::v3::DiscoveryRequest;
using envoy::service::discovery::v3::DiscoveryResponse;

namespace {

NodeSnapshot snapshotWith(const std::string& cluster)
{
    auto set = std::make_shared<ResourceSet>();
    envoy::config::cluster::v3::Cluster message;
    message.set_name(cluster);
    set->add(makeResource(cluster, message));
    set->seal();
    NodeSnapshot snapshot;
    snapshot.set(XdsType::Cluster) = set;
    return snapshot;
}

std::string clusterOf(const DiscoveryResponse& response)
{
    envoy::config::cluster::v3::Cluster message;
    if (response.resources_size() != 1 || !response.resources(0).UnpackTo(&message))
        return {};
    return message.name();
}

} // namespace

class AdsServiceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void sendsAndTracksAcknowledgements();
    void pushesAChangeWithoutARequest();
    void pushesOverridesAtOnce();
    void keepsTheRefusalInTheClientsWords();
    void endsAStreamWithoutANodeId();
    void asksAdmission();
    void forgetsAClosedStream();

private:
    using Stream = grpc::ClientReaderWriter<DiscoveryRequest, DiscoveryResponse>;
    void startServer();
    std::unique_ptr<Stream> join(
        grpc::ClientContext& context, const std::string& node, XdsType type = XdsType::Cluster);
    static DiscoveryRequest ack(const DiscoveryResponse& response);

    SteadyClock m_clock;
    XdsCache m_cache;
    SyncTracker m_tracker;
    std::unique_ptr<AdsService> m_service;
    std::unique_ptr<grpc::Server> m_server;
    std::unique_ptr<AggregatedDiscoveryService::Stub> m_stub;
};

void AdsServiceTest::init()
{
    m_service = std::make_unique<AdsService>(m_cache, m_tracker, m_clock);
}

void AdsServiceTest::startServer()
{
    grpc::ServerBuilder builder;
    builder.RegisterService(m_service.get());
    m_server = builder.BuildAndStart();
    m_stub = AggregatedDiscoveryService::NewStub(m_server->InProcessChannel({}));
}

void AdsServiceTest::cleanup()
{
    m_stub.reset();
    if (m_server)
        m_server->Shutdown(std::chrono::system_clock::now());
    m_server.reset();
    m_service.reset();
    for (const NodeStatus& node : m_tracker.nodes()) {
        m_tracker.forget(node.node.id);
        m_cache.removeNode(node.node.id);
    }
}

std::unique_ptr<AdsServiceTest::Stream> AdsServiceTest::join(
    grpc::ClientContext& context, const std::string& node, XdsType type)
{
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    auto stream = m_stub->StreamAggregatedResources(&context);
    DiscoveryRequest request;
    request.set_type_url(std::string(typeUrl(type)));
    request.mutable_node()->set_id(node);
    request.mutable_node()->set_cluster("reviews");
    request.mutable_node()->set_user_agent_name("test");
    request.mutable_node()->set_user_agent_version("1.0");
    stream->Write(request);
    return stream;
}

DiscoveryRequest AdsServiceTest::ack(const DiscoveryResponse& response)
{
    DiscoveryRequest request;
    request.set_type_url(response.type_url());
    request.set_version_info(response.version_info());
    request.set_response_nonce(response.nonce());
    return request;
}

void AdsServiceTest::sendsAndTracksAcknowledgements()
{
    startServer();
    m_cache.setNodeSnapshot("n1", snapshotWith("a"), 3);
    grpc::ClientContext context;
    const auto stream = join(context, "n1");
    DiscoveryResponse response;
    QVERIFY(stream->Read(&response));
    QCOMPARE(clusterOf(response), std::string("a"));
    QVERIFY(m_tracker.node("n1")->connected);
    QCOMPARE(m_tracker.node("n1")->node.kind, std::string("test 1.0"));
    QVERIFY(!m_tracker.node("n1")->inSync);
    stream->Write(ack(response));
    QTRY_VERIFY(m_tracker.node("n1")->inSync);
    QCOMPARE(m_tracker.node("n1")->appliedRevision, std::uint64_t{3});
    m_cache.setNodeSnapshot("n1", snapshotWith("b"), 4);
    QVERIFY(stream->Read(&response));
    QCOMPARE(m_tracker.appliedRevision(4), std::uint64_t{3});
    stream->Write(ack(response));
    QTRY_COMPARE(m_tracker.appliedRevision(4), std::uint64_t{4});
    QCOMPARE(m_tracker.node("n1")->types[0].ackedVersion, response.version_info());
    context.TryCancel();
}

void AdsServiceTest::pushesAChangeWithoutARequest()
{
    startServer();
    m_cache.setNodeSnapshot("n1", snapshotWith("a"), 1);
    grpc::ClientContext context;
    const auto stream = join(context, "n1");
    DiscoveryResponse response;
    QVERIFY(stream->Read(&response));
    stream->Write(ack(response));
    QTRY_VERIFY(m_tracker.node("n1")->inSync);
    std::map<std::string, NodeSnapshot> snapshots;
    snapshots.emplace("n1", snapshotWith("b"));
    m_cache.setSnapshots(std::move(snapshots), 2);
    QVERIFY(stream->Read(&response));
    QCOMPARE(clusterOf(response), std::string("b"));
    context.TryCancel();
}

void AdsServiceTest::pushesOverridesAtOnce()
{
    startServer();
    m_cache.setNodeSnapshot("n1", snapshotWith("a"), 1);
    grpc::ClientContext context;
    const auto stream = join(context, "n1", XdsType::Override);
    DiscoveryResponse response;
    QVERIFY(stream->Read(&response));
    QCOMPARE(response.resources_size(), 0);
    stream->Write(ack(response));
    v1::EdgeOverride trip;
    trip.set_id("trip-1");
    trip.set_kind(v1::FORCED_OPEN);
    m_cache.setOverrides({{"n1", {trip}}});
    QVERIFY(stream->Read(&response));
    v1::EdgeOverride received;
    QVERIFY(response.resources(0).UnpackTo(&received));
    QCOMPARE(received.id(), std::string("trip-1"));
    context.TryCancel();
}

void AdsServiceTest::keepsTheRefusalInTheClientsWords()
{
    startServer();
    m_cache.setNodeSnapshot("n1", snapshotWith("a"), 1);
    grpc::ClientContext context;
    const auto stream = join(context, "n1");
    DiscoveryResponse response;
    QVERIFY(stream->Read(&response));
    DiscoveryRequest refusal = ack(response);
    refusal.mutable_error_detail()->set_message("a: unknown type");
    stream->Write(refusal);
    QTRY_COMPARE(m_tracker.node("n1")->nackText(), std::string("CDS: a: unknown type"));
    QVERIFY(!m_tracker.node("n1")->inSync);
    QCOMPARE(m_tracker.appliedRevision(1), std::uint64_t{0});
    context.TryCancel();
}

void AdsServiceTest::endsAStreamWithoutANodeId()
{
    startServer();
    grpc::ClientContext context;
    const auto stream = join(context, "");
    DiscoveryResponse response;
    QVERIFY(!stream->Read(&response));
    QCOMPARE(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

void AdsServiceTest::asksAdmission()
{
    m_service->setAdmission([](const NodeInfo& node) -> Result<void> {
        return failure(ErrorCode::PermissionDenied, node.id + " has no token");
    });
    startServer();
    grpc::ClientContext context;
    const auto stream = join(context, "stranger");
    DiscoveryResponse response;
    QVERIFY(!stream->Read(&response));
    const grpc::Status status = stream->Finish();
    QCOMPARE(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    QCOMPARE(status.error_message(), std::string("stranger has no token"));
}

void AdsServiceTest::forgetsAClosedStream()
{
    startServer();
    m_cache.setNodeSnapshot("n1", snapshotWith("a"), 1);
    grpc::ClientContext context;
    const auto stream = join(context, "n1");
    DiscoveryResponse response;
    QVERIFY(stream->Read(&response));
    stream->WritesDone();
    QVERIFY(!stream->Read(&response));
    QVERIFY(stream->Finish().ok());
    QTRY_VERIFY(!m_tracker.node("n1")->connected);
}

QTEST_GUILESS_MAIN(AdsServiceTest)
#include "tst_ads_service.moc"
