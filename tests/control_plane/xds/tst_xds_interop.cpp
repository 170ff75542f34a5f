// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/ads_service.h"
#include "tests/control_plane/translate/bookinfo_mesh.h"

#include <grpcpp/grpcpp.h>

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QtTest>

#include <array>
#include <cstdio>

using namespace meshyard;
using namespace meshyard::control_plane;
using namespace meshyard::test;

namespace {

// Everything that translation can write, so that Envoy's own validation sees each field once.
const std::string kDocuments = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings}
spec:
  host: ratings
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 50, connectTimeout: 1s, tcpKeepalive: {probes: 3, time: 60s}}
      http: {http1MaxPendingRequests: 9, http2MaxRequests: 99, maxRequestsPerConnection: 5, maxRetries: 4, idleTimeout: 30s}
    outlierDetection: {consecutive5xxErrors: 3, consecutiveGatewayErrors: 2, interval: 1s, baseEjectionTime: 5s, maxEjectionPercent: 50}
  subsets:
  - {name: v1, labels: {version: v1}}
  - name: v2
    labels: {version: v2}
    trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: end-user}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec:
  hosts: [ratings]
  http:
  - match: [{uri: {exact: /teapot}}]
    directResponse: {status: 418, body: {string: tea}}
  - match: [{uri: {prefix: /moved}}]
    redirect: {uri: /new, authority: x.org, redirectCode: 307}
  - match: [{uri: {exact: /missing}}]
    route: [{destination: {host: ratings, subset: v9}}]
  - match: [{headers: {end-user: {exact: jason}}, withoutHeaders: {x-a: {prefix: "1"}}, queryParams: {q: {regex: "a.*"}}, method: {exact: GET}}]
    fault: {delay: {percentage: {value: 1}, fixedDelay: 2s}, abort: {percentage: {value: 100}, httpStatus: 555}}
    route: [{destination: {host: ratings, subset: v1}}]
  - timeout: 2s
    retries: {attempts: 3, perTryTimeout: 500ms, retryOn: "gateway-error,503", backoff: 10ms}
    mirror: {host: ratings, subset: v2}
    mirrorPercentage: {value: 0.5}
    corsPolicy: {allowOrigins: [{prefix: http}], allowMethods: [GET], maxAge: 24h}
    headers: {request: {set: {x-m: "1"}, remove: [x-n]}, response: {add: {x-from: mesh}}}
    route:
    - {destination: {host: ratings, subset: v1}, weight: 100}
    - {destination: {host: ratings, subset: v2}, weight: 0}
---
apiVersion: meshyard.dev/v1
kind: CircuitBreaker
metadata: {name: mesh}
spec: {destination: {namespace: "*"}, minCalls: 10}
)";

QString envoyBinary()
{
    const QString named = qEnvironmentVariable("MESHYARD_ENVOY");
    return named.isEmpty()
        ? QDir(QStringLiteral(MESHYARD_BIN_DIR)).filePath(QStringLiteral("../../peers/bin/envoy"))
        : named;
}

QByteArray bootstrap(int adsPort)
{
    return QString::fromLatin1(R"({
  "node": {"id": "reviews-v1-a", "cluster": "reviews"},
  "dynamic_resources": {
    "ads_config": {"api_type": "GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
      "grpc_services": [{"envoy_grpc": {"cluster_name": "meshyard_control_plane"}}]},
    "cds_config": {"ads": {}, "resource_api_version": "V3"},
    "lds_config": {"ads": {}, "resource_api_version": "V3"}},
  "static_resources": {"clusters": [{"name": "meshyard_control_plane", "connect_timeout": "1s", "type": "STATIC",
    "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions":
      {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
       "explicit_http_config": {"http2_protocol_options": {}}}},
    "load_assignment": {"cluster_name": "meshyard_control_plane", "endpoints": [{"lb_endpoints": [{"endpoint":
      {"address": {"socket_address": {"address": "127.0.0.1", "port_value": %1}}}}]}]}}]}
})")
        .arg(adsPort)
        .toUtf8();
}

std::uint16_t freePort()
{
    QTcpServer server;
    server.listen(QHostAddress::LocalHost, 0);
    return server.serverPort();
}

/// Answers every request with 200 and its own name.
class Backend : public QTcpServer
{
public:
    Backend()
    {
        listen(QHostAddress::LocalHost, 0);
        connect(this, &QTcpServer::newConnection, this, [this] {
            QTcpSocket* socket = nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [socket] {
                if (socket->readAll().contains("\r\n\r\n"))
                    socket->write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            });
        });
    }
};

} // namespace

/// A real Envoy, or our own sidecar, as the client of our ADS server: what it refuses, we have
/// written wrongly.
class XdsInteropTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void takesEverything();
    void servesTheRoutes();
    void takesAClusterChangeAtOnce();

private:
    void publish(std::uint64_t revision);
    QByteArray get(const QByteArray& path, const QByteArray& extra = {});

    SteadyClock m_clock;
    XdsCache m_cache;
    SyncTracker m_tracker;
    std::unique_ptr<AdsService> m_service;
    std::unique_ptr<grpc::Server> m_server;
    QTemporaryDir m_folder;
    QProcess m_envoy;
    Backend m_backend;
    std::string m_documents = kDocuments;
    MeshView m_mesh = bookinfoMesh();
    quint16 m_outbound = 0;
};

void XdsInteropTest::initTestCase()
{
    if (!QFile::exists(envoyBinary()))
        QSKIP("no envoy: run scripts/peers, or name one in MESHYARD_ENVOY");
    m_outbound = freePort();
    for (InstanceView& instance : m_mesh.instances) {
        instance.captureBase = "127.248.0.0";
        instance.inboundPorts[9080] = freePort();
        instance.targetPorts[9080] = m_backend.serverPort();
        instance.outboundPort = m_outbound;
        if (instance.node.service == "ratings")
            instance.inboundPorts[9080] = m_backend.serverPort();
    }
    m_service = std::make_unique<AdsService>(m_cache, m_tracker, m_clock);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(m_service.get());
    m_server = builder.BuildAndStart();
    publish(1);
    QFile file(m_folder.filePath(QStringLiteral("envoy.json")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bootstrap(port));
    file.close();
    m_envoy.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    QStringList arguments{QStringLiteral("-c"), file.fileName()};
    if (!envoyBinary().endsWith(QLatin1String("meshyard-proxy")))
        arguments << QStringLiteral("--concurrency") << QStringLiteral("1")
                  << QStringLiteral("--disable-hot-restart") << QStringLiteral("-l")
                  << QStringLiteral("warning");
    m_envoy.start(envoyBinary(), arguments);
    QVERIFY(m_envoy.waitForStarted());
}

void XdsInteropTest::cleanupTestCase()
{
    if (!m_server)
        return;
    m_envoy.kill();
    m_envoy.waitForFinished();
    m_server->Shutdown(std::chrono::system_clock::now());
    m_server.reset();
}

void XdsInteropTest::publish(std::uint64_t revision)
{
    const auto resources = documents(m_documents);
    Translation translation = translate(resources, m_mesh);
    m_cache.setSnapshots(std::move(translation.nodes), revision);
}

QByteArray XdsInteropTest::get(const QByteArray& path, const QByteArray& extra)
{
    QTcpSocket socket;
    socket.connectToHost(QHostAddress(QHostAddress::LocalHost), m_outbound);
    socket.write(
        "GET " + path + " HTTP/1.1\r\nhost: ratings\r\nconnection: close\r\n" + extra + "\r\n");
    const bool closed = QTest::qWaitFor(
        [&socket] { return socket.state() == QAbstractSocket::UnconnectedState; });
    return closed ? socket.readAll() : QByteArray();
}

void XdsInteropTest::takesEverything()
{
    const auto inSync = [this] {
        const auto node = m_tracker.node("reviews-v1-a");
        return node && node->inSync;
    };
    QTRY_VERIFY_WITH_TIMEOUT(m_tracker.node("reviews-v1-a").has_value(), 10'000);
    QTRY_VERIFY2_WITH_TIMEOUT(inSync(), m_tracker.node("reviews-v1-a")->nackText().c_str(), 10'000);
    QCOMPARE(m_tracker.node("reviews-v1-a")->nackText(), std::string());
    for (const XdsType type :
        {XdsType::Cluster, XdsType::Endpoints, XdsType::Listener, XdsType::Route})
        QVERIFY(m_tracker.node("reviews-v1-a")->types[static_cast<std::size_t>(type)].upToDate);
}

void XdsInteropTest::servesTheRoutes()
{
    QTRY_VERIFY(get("/").startsWith("HTTP/1.1 200"));
    QVERIFY(get("/").contains("x-from: mesh"));
    QVERIFY(get("/teapot").startsWith("HTTP/1.1 418"));
    const QByteArray missing = get("/missing");
    QVERIFY(missing.startsWith("HTTP/1.1 503"));
    QVERIFY(
        missing.contains("x-meshyard-reason: subset 'v9' of production/ratings is not defined"));
    QVERIFY(get("/?q=abc", "end-user: jason\r\n").startsWith("HTTP/1.1 555"));
    QVERIFY(get("/moved").contains("location: http://x.org/new"));
}

void XdsInteropTest::takesAClusterChangeAtOnce()
{
    m_documents.replace(m_documents.find("maxConnections: 50"), 18, "maxConnections: 60");
    m_documents += "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n"
                   "metadata: {name: details}\nspec:\n  hosts: [details]\n  http:\n"
                   "  - route: [{destination: {host: details}}]\n";
    QElapsedTimer timer;
    timer.start();
    publish(2);
    QTRY_COMPARE(m_tracker.node("reviews-v1-a")->appliedRevision, std::uint64_t{2});
    qInfo("a cluster and route change acknowledged after %lld ms",
        static_cast<long long>(timer.elapsed()));
    QVERIFY(timer.elapsed() < 1000); // a cluster left warming would take 15 s
    QVERIFY(get("/").startsWith("HTTP/1.1 200"));
}

QTEST_GUILESS_MAIN(XdsInteropTest)
#include "tst_xds_interop.moc"
