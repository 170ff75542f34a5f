// SPDX-License-Identifier: GPL-3.0-or-later
// The admin endpoint of a real proxy: what it shows, what it does, and whom it refuses; and the
// metrics, read as Prometheus reads them.
#include "proxy_process.h"
#include "test_upstream.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTest>

class ProxyAdminTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void readsOnlyByGet_data();
    void readsOnlyByGet();
    void changesOnlyByPost_data();
    void changesOnlyByPost();
    void refusesForeignHosts_data();
    void refusesForeignHosts();
    void dumpsItsConfiguration();
    void hidesPrivateKeys();
    void saysWhoItIs();
    void filtersStats();
    void countsAsIstioDoes();
    void countsInbound();
    void countsTcp();
    void countsAsEnvoyDoes();
    void everyLineOfTheMetricsIsWellFormed();
    void escapesLabels();
    void failsItsHealthCheckWhenTold();
    void changesItsLogLevel();

private:
    QByteArrayList series(const ProxyProcess& proxy, const char* name) const;

    std::unique_ptr<TestUpstream> m_up;
    std::unique_ptr<ProxyProcess> m_proxy;
};

namespace {

constexpr const char* kNode
    = "node: {id: productpage-v1-a, cluster: productpage, metadata: {NAMESPACE: production, "
      "VERSION: v1}}\n";

std::string bootstrap(const std::vector<std::string>& listeners,
    const std::vector<std::string>& clusters)
{
    const std::string text = staticBootstrap(listeners, clusters);
    return kNode + text.substr(text.find('\n') + 1);
}

std::string reviewsCluster(std::uint16_t port)
{
    return "{name: production/reviews/v2/9080, type: STATIC, load_assignment: {cluster_name: x, "
           "endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, "
           "port_value: "
        + std::to_string(port)
        + "}}}, metadata: {filter_metadata: {meshyard: {instance: reviews-v2-a, version: "
          "v2}}}}]}]}}";
}

bool has(const QByteArray& line, const char* label)
{
    return line.contains(label);
}

} // namespace

void ProxyAdminTest::initTestCase()
{
    m_up = std::make_unique<TestUpstream>("up");
    m_proxy = std::make_unique<ProxyProcess>(bootstrap(
        {httpListenerText("test",
             "{match: {path: /none}, route: {cluster: none}}, "
             "{match: {prefix: /}, route: {cluster: production/reviews/v2/9080}}"),
            httpListenerText("inbound|9080", "{match: {prefix: /}, route: {cluster: app}}", {},
                "INBOUND"),
            "{name: tcp, address: {socket_address: {address: 127.0.0.1, port_value: 0}}, "
            "filter_chains: [{filters: [{name: tcp, typed_config: {\"@type\": "
            "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
            "stat_prefix: t, cluster: app}}]}]}"},
        {reviewsCluster(m_up->port()), clusterText("app", {m_up->port()})}));
    QVERIFY2(m_proxy->waitReady(), m_proxy->errors().c_str());
}

QByteArrayList ProxyAdminTest::series(const ProxyProcess& proxy, const char* name) const
{
    QByteArrayList found;
    for (const QByteArray& line :
        QByteArray::fromStdString(proxy.admin("/stats/prometheus")).split('\n')) {
        if (line.startsWith(QByteArray(name) + "{"))
            found.append(line);
    }
    return found;
}

void ProxyAdminTest::readsOnlyByGet_data()
{
    QTest::addColumn<QByteArray>("path");
    for (const char* path : {"/", "/help", "/ready", "/stats", "/stats/prometheus", "/clusters",
             "/config_dump", "/server_info", "/memory", "/listeners", "/breakers"})
        QTest::newRow(path) << QByteArray(path);
}

void ProxyAdminTest::readsOnlyByGet()
{
    QFETCH(QByteArray, path);
    QCOMPARE(m_proxy->adminReply("GET", path.toStdString()).status, 200);
    QCOMPARE(m_proxy->adminReply("HEAD", path.toStdString()).status, 200);
    QCOMPARE(m_proxy->adminReply("POST", path.toStdString()).status, 405);
    QCOMPARE(m_proxy->adminReply("DELETE", path.toStdString()).status, 405);
}

void ProxyAdminTest::changesOnlyByPost_data()
{
    QTest::addColumn<QByteArray>("path");
    for (const char* path : {"/drain", "/drain_listeners", "/healthcheck/fail", "/healthcheck/ok",
             "/logging", "/quitquitquit", "/reopen_logs"})
        QTest::newRow(path) << QByteArray(path);
}

void ProxyAdminTest::changesOnlyByPost()
{
    QFETCH(QByteArray, path);
    QCOMPARE(m_proxy->adminReply("GET", path.toStdString()).status, 405);
    QCOMPARE(m_proxy->admin("/ready"), std::string("LIVE\n"));
    QCOMPARE(m_proxy->adminReply("GET", path.toStdString() + "/x").status, 404);
}

void ProxyAdminTest::refusesForeignHosts_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<int>("status");
    QTest::newRow("localhost") << QByteArray("localhost") << 200;
    QTest::newRow("localhost with port") << QByteArray("LOCALHOST:9901") << 200;
    QTest::newRow("loopback") << QByteArray("127.0.0.1:9901") << 200;
    QTest::newRow("another loopback") << QByteArray("127.3.2.1") << 200;
    QTest::newRow("IPv6 loopback") << QByteArray("[::1]:9901") << 200;
    QTest::newRow("a name from outside") << QByteArray("attacker.example") << 403;
    QTest::newRow("a name that begins well") << QByteArray("localhost.attacker.example") << 403;
    QTest::newRow("another address") << QByteArray("10.0.0.1:9901") << 403;
}

void ProxyAdminTest::refusesForeignHosts()
{
    QFETCH(QByteArray, host);
    QFETCH(int, status);
    QCOMPARE(m_proxy->adminReply("GET", "/config_dump", host.toStdString()).status, status);
}

void ProxyAdminTest::dumpsItsConfiguration()
{
    QJsonParseError error;
    const QJsonObject dump
        = QJsonDocument::fromJson(QByteArray::fromStdString(m_proxy->admin("/config_dump")), &error)
              .object();
    QCOMPARE(error.error, QJsonParseError::NoError);
    QStringList types;
    QJsonObject clusters;
    QJsonObject listeners;
    for (const QJsonValue part : dump[QLatin1String("configs")].toArray()) {
        const QString type = part[QLatin1String("@type")].toString();
        types.append(type.section(QLatin1Char('.'), -1));
        if (type.endsWith(QLatin1String("ClustersConfigDump")))
            clusters = part.toObject();
        if (type.endsWith(QLatin1String("ListenersConfigDump")))
            listeners = part.toObject();
    }
    QCOMPARE(types.join(QLatin1Char(' ')),
        QStringLiteral("BootstrapConfigDump ClustersConfigDump EndpointsConfigDump "
                       "ListenersConfigDump RoutesConfigDump"));
    const QJsonArray fixed = clusters[QLatin1String("static_clusters")].toArray();
    QCOMPARE(fixed.size(), qsizetype(2));
    QCOMPARE(fixed[1][QLatin1String("cluster")][QLatin1String("name")].toString(),
        QStringLiteral("app"));
    QVERIFY(fixed[1][QLatin1String("last_updated")].toString().endsWith(QLatin1Char('Z')));
    QCOMPARE(listeners[QLatin1String("static_listeners")].toArray().size(), qsizetype(3));
}

void ProxyAdminTest::hidesPrivateKeys()
{
    // Nothing of this configuration has a key; the text must still be JSON with one in metadata.
    QVERIFY(m_proxy->admin("/config_dump").find("BEGIN PRIVATE") == std::string::npos);
}

void ProxyAdminTest::saysWhoItIs()
{
    const QJsonObject info
        = QJsonDocument::fromJson(QByteArray::fromStdString(m_proxy->admin("/server_info")))
              .object();
    QCOMPARE(info[QLatin1String("state")].toString(), QStringLiteral("LIVE"));
    QCOMPARE(info[QLatin1String("node")][QLatin1String("id")].toString(),
        QStringLiteral("productpage-v1-a"));
    QCOMPARE(info[QLatin1String("command_line_options")][QLatin1String("concurrency")].toInt(), 1);
    QVERIFY(m_proxy->admin("/memory").find("\"allocated\":\"") != std::string::npos);
    const QJsonObject listeners
        = QJsonDocument::fromJson(QByteArray::fromStdString(m_proxy->admin("/listeners"))).object();
    QCOMPARE(listeners.keys().size(), qsizetype(3));
}

void ProxyAdminTest::filtersStats()
{
    const std::string page = m_proxy->admin("/stats?filter=cluster%5C.app%5C.upstream_cx");
    QVERIFY(page.find("cluster.app.upstream_cx_active: ") != std::string::npos);
    QVERIFY(page.find("upstream_rq") == std::string::npos);
    QCOMPARE(m_proxy->adminReply("GET", "/stats?filter=(").status, 400);
    const QJsonDocument json = QJsonDocument::fromJson(QByteArray::fromStdString(
        m_proxy->admin("/stats?format=json&filter=server.concurrency")));
    const QJsonArray stats = json[QLatin1String("stats")].toArray();
    QCOMPARE(stats.size(), qsizetype(1));
    QCOMPARE(stats[0][QLatin1String("value")].toInt(), 1);
    QVERIFY(m_proxy->admin("/stats?format=prometheus").find("# TYPE ") != std::string::npos);
}

void ProxyAdminTest::countsAsIstioDoes()
{
    QCOMPARE(fetch(m_proxy->port(), "/").status, 200);
    QCOMPARE(fetch(m_proxy->port(), "/").status, 200);
    m_up->status = 500;
    QCOMPARE(fetch(m_proxy->port(), "/").status, 500);
    m_up->status = 200;
    const QByteArrayList requests = series(*m_proxy, "istio_requests_total");
    QCOMPARE(requests.size(), qsizetype(2));
    const QByteArray& good = requests[0];
    for (const char* label : {"reporter=\"source\"", "source_workload=\"productpage-v1\"",
             "source_workload_namespace=\"production\"", "source_canonical_service=\"productpage\"",
             "source_canonical_revision=\"v1\"", "source_app=\"productpage\"",
             "destination_service=\"reviews.production.svc.cluster.local\"",
             "destination_service_name=\"reviews\"", "destination_service_namespace=\"production\"",
             "destination_workload=\"reviews-v2\"", "destination_canonical_service=\"reviews\"",
             "destination_version=\"v2\"", "request_protocol=\"http\"", "response_code=\"200\"",
             "response_flags=\"-\"", "connection_security_policy=\"unknown\"",
             "source_principal=\"unknown\""})
        QVERIFY2(has(good, label), (QByteArray(label) + " is not in " + good).constData());
    QVERIFY(good.endsWith(" 2"));
    QVERIFY(has(requests[1], "response_code=\"500\"") && requests[1].endsWith(" 1"));
    QVERIFY(series(*m_proxy, "istio_request_duration_milliseconds_count")[0].endsWith(" 2"));
    const QByteArrayList buckets = series(*m_proxy, "istio_request_duration_milliseconds_bucket");
    QCOMPARE(buckets.size(), qsizetype(40)); // two series of twenty
    QVERIFY(has(buckets[19], "le=\"+Inf\"") && buckets[19].endsWith(" 2"));
    QVERIFY(has(series(*m_proxy, "istio_response_bytes_sum")[0], "response_code=\"200\""));
}

void ProxyAdminTest::countsInbound()
{
    const std::uint16_t port = m_proxy->port("inbound|9080");
    QCOMPARE(fetch(port, "/", "x-meshyard-peer: frontend-v3-b\r\n").status, 200);
    QCOMPARE(fetch(port, "/").status, 200);
    QByteArray fromPeer;
    QByteArray fromOutside;
    for (const QByteArray& line : series(*m_proxy, "istio_requests_total")) {
        if (!has(line, "reporter=\"destination\""))
            continue;
        (has(line, "source_workload=\"frontend-v3\"") ? fromPeer : fromOutside) = line;
    }
    QVERIFY(has(fromPeer, "source_canonical_service=\"frontend\""));
    QVERIFY(has(fromPeer, "source_version=\"v3\""));
    QVERIFY(has(fromPeer, "destination_workload=\"productpage-v1\""));
    QVERIFY(has(fromPeer, "connection_security_policy=\"none\""));
    QVERIFY(has(fromOutside, "source_workload=\"unknown\""));
}

void ProxyAdminTest::countsTcp()
{
    {
        WireClient client(m_proxy->port("tcp"));
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        QCOMPARE(client.receive().status, 200);
        QCOMPARE(series(*m_proxy, "istio_tcp_connections_opened_total").size(), qsizetype(1));
    }
    QTRY_VERIFY(!series(*m_proxy, "istio_tcp_connections_closed_total").isEmpty()
        && series(*m_proxy, "istio_tcp_connections_closed_total")[0].endsWith(" 1"));
    const QByteArrayList received = series(*m_proxy, "istio_tcp_received_bytes_total");
    QVERIFY(received[0].endsWith(" 30"));
    QVERIFY(has(received[0], "request_protocol=\"tcp\"") && !has(received[0], "response_code"));
}

void ProxyAdminTest::countsAsEnvoyDoes()
{
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap({httpListenerText("test", "{match: {prefix: /}, route: {cluster: up}}")},
        {clusterText("up", {up.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (int i = 0; i < 3; ++i)
        fetch(proxy.port(), "/");
    up.status = 404;
    fetch(proxy.port(), "/");
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_total"), 4L);
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_2xx"), 3L);
    QCOMPARE(proxy.stat("cluster.up.upstream_rq_4xx"), 1L);
    QCOMPARE(proxy.stat("cluster.up.membership_healthy"), 1L);
    QVERIFY(proxy.admin("/clusters").find("::rq_total::4\n") != std::string::npos);
    QVERIFY(proxy.admin("/clusters").find("up::default_priority::max_requests::1024\n")
        != std::string::npos);
    const std::string metrics = proxy.admin("/stats/prometheus");
    QVERIFY(metrics.find("envoy_cluster_upstream_rq_total{envoy_cluster_name=\"up\"} 4\n")
        != std::string::npos);
    QVERIFY(metrics.find("envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"2\","
                         "envoy_cluster_name=\"up\"} 3\n")
        != std::string::npos);
    QVERIFY(metrics.find("envoy_server_live{} 1\n") != std::string::npos);
}

void ProxyAdminTest::everyLineOfTheMetricsIsWellFormed()
{
    const QRegularExpression type(QStringLiteral(
        "^# TYPE [a-z_]+ (counter|gauge|histogram)$"));
    const QRegularExpression sample(QStringLiteral(
        "^[a-z_]+\\{([a-z_]+=\"([^\"\\\\]|\\\\.)*\"(,[a-z_]+=\"([^\"\\\\]|\\\\.)*\")*)?\\} "
        "[0-9.e+]+$"));
    QSet<QByteArray> seen;
    for (const QByteArray& line :
        QByteArray::fromStdString(m_proxy->admin("/stats/prometheus")).split('\n')) {
        if (line.isEmpty())
            continue;
        const QString text = QString::fromUtf8(line);
        QVERIFY2(type.match(text).hasMatch() || sample.match(text).hasMatch(), line.constData());
        const QByteArray name = line.left(line.lastIndexOf(' '));
        QVERIFY2(line.startsWith('#') || !seen.contains(name), line.constData());
        seen.insert(name);
    }
}

void ProxyAdminTest::escapesLabels()
{
    const std::uint16_t port = m_proxy->port("inbound|9080");
    fetch(port, "/", "x-meshyard-peer: a\"b\\c-v1-a\r\n");
    const QByteArrayList requests = series(*m_proxy, "istio_requests_total");
    QVERIFY(std::ranges::any_of(requests, [](const QByteArray& line) {
        return line.contains("source_workload=\"a\\\"b\\\\c-v1\"");
    }));
}

void ProxyAdminTest::failsItsHealthCheckWhenTold()
{
    QCOMPARE(m_proxy->postAdmin("/healthcheck/fail"), 200);
    QCOMPARE(m_proxy->adminReply("GET", "/ready").status, 503);
    QCOMPARE(fetch(m_proxy->port(), "/").status, 200); // traffic goes on
    QCOMPARE(m_proxy->postAdmin("/healthcheck/ok"), 200);
    QCOMPARE(m_proxy->adminReply("GET", "/ready").status, 200);
}

void ProxyAdminTest::changesItsLogLevel()
{
    QCOMPARE(m_proxy->adminReply("POST", "/logging?level=debug").body,
        std::string("active loggers:\n  proxy: debug\n"));
    QCOMPARE(m_proxy->adminReply("POST", "/logging?level=loud").status, 400);
    QCOMPARE(m_proxy->adminReply("POST", "/logging?level=info").body,
        std::string("active loggers:\n  proxy: info\n"));
}

QTEST_GUILESS_MAIN(ProxyAdminTest)
#include "tst_proxy_admin.moc"
