// SPDX-License-Identifier: GPL-3.0-or-later
// Spans of a real proxy at a real collector, and the context that goes on to the upstream.
#include "proxy_process.h"
#include "test_upstream.h"

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <QRegularExpression>
#include <QTest>

#include <mutex>

using opentelemetry::proto::trace::v1::Span;

namespace {

/// Keeps what it gets; may be slow.
class Collector final : public opentelemetry::proto::collector::trace::v1::TraceService::Service
{
public:
    Collector()
    {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
        builder.RegisterService(this);
        m_server = builder.BuildAndStart();
    }
    ~Collector() override { m_server->Shutdown(std::chrono::system_clock::now()); }

    std::vector<Span> spans() const
    {
        const std::lock_guard lock(m_mutex);
        return m_spans;
    }
    std::string service() const
    {
        const std::lock_guard lock(m_mutex);
        return m_service;
    }

    int port = 0;

private:
    grpc::Status Export(grpc::ServerContext* /*context*/,
        const opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest* request,
        opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse* /*response*/)
        override
    {
        const std::lock_guard lock(m_mutex);
        for (const auto& resource : request->resource_spans()) {
            m_service = resource.resource().attributes(0).value().string_value();
            for (const auto& scope : resource.scope_spans())
                m_spans.insert(m_spans.end(), scope.spans().begin(), scope.spans().end());
        }
        return grpc::Status::OK;
    }

    mutable std::mutex m_mutex; // guards what follows
    std::vector<Span> m_spans;
    std::string m_service;
    std::unique_ptr<grpc::Server> m_server;
};

constexpr const char* kToUp = "{match: {prefix: /}, route: {cluster: up}}";
constexpr const char* kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string tracing(std::string_view extra = {})
{
    return "tracing: {" + std::string(extra)
        + "provider: {name: envoy.tracers.opentelemetry, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig, service_name: shop, "
          "grpc_service: {envoy_grpc: {cluster_name: otlp}}}}}, ";
}

std::string attribute(const Span& span, std::string_view key)
{
    for (const auto& entry : span.attributes()) {
        if (entry.key() == key)
            return entry.value().string_value();
    }
    return {};
}

std::string hex(const std::string& bytes)
{
    return QByteArray::fromStdString(bytes).toHex().toStdString();
}

/// Value of a header that the upstream got: it sends its request back.
std::string sentHeader(const WireReply& reply, const char* name)
{
    const QRegularExpression line(
        QStringLiteral("^%1: (.*)$").arg(QLatin1String(name)), QRegularExpression::MultilineOption);
    return line.match(QString::fromStdString(reply.body)).captured(1).toStdString();
}

} // namespace

class ProxyTracingTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sendsASpan();
    void continuesTheCallersTrace();
    void propagatesWithoutSampling();
    void dropsTheStateOfABrokenTrace();
    void leavesHeadersAloneWithoutTracing();
    void marksFailures();
    void serverSpansForTheApp();
    void namesTheTraceInTheLog();
    void aDeadCollectorHoldsNothingUp();
    void makesRequestIds();
    void refusesOtherTracers();

private:
    static std::string bootstrap(const Collector& collector, std::uint16_t up,
        std::string_view listener, std::string_view direction = "OUTBOUND")
    {
        return staticBootstrap({httpListenerText("test", kToUp, listener, direction)},
            {clusterText("up", {up}),
                clusterText("otlp", {static_cast<std::uint16_t>(collector.port)})});
    }
};

void ProxyTracingTest::sendsASpan()
{
    Collector collector;
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(collector, up.port(), tracing()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply
        = fetch(proxy.port(), "/a?token=x", "x-request-id: id-1\r\nuser-agent: tester\r\n");
    QCOMPARE(reply.status, 200);
    QTRY_COMPARE(collector.spans().size(), std::size_t(1));
    const Span span = collector.spans()[0];
    QCOMPARE(span.name(), std::string("egress test"));
    QCOMPARE(span.kind(), Span::SPAN_KIND_CLIENT);
    QVERIFY(span.parent_span_id().empty());
    QVERIFY(span.end_time_unix_nano() > span.start_time_unix_nano());
    QCOMPARE(sentHeader(reply, "traceparent"),
        "00-" + hex(span.trace_id()) + "-" + hex(span.span_id()) + "-01");
    QCOMPARE(attribute(span, "http.method"), std::string("GET"));
    QCOMPARE(attribute(span, "http.url"), std::string("http://test/a"));
    QCOMPARE(attribute(span, "http.status_code"), std::string("200"));
    QCOMPARE(attribute(span, "guid:x-request-id"), std::string("id-1"));
    QCOMPARE(attribute(span, "upstream_cluster"), std::string("up"));
    QCOMPARE(attribute(span, "user_agent"), std::string("tester"));
    QCOMPARE(attribute(span, "response_flags"), std::string("-"));
    QCOMPARE(attribute(span, "node_id"), std::string("caller-a"));
    QCOMPARE(collector.service(), std::string("shop"));
    QTRY_COMPARE(proxy.stat("tracing.opentelemetry.spans_sent"), 1L);
}

void ProxyTracingTest::continuesTheCallersTrace()
{
    Collector collector;
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(collector, up.port(), tracing("random_sampling: {value: 0}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/",
        std::string("traceparent: ") + kParent + "\r\ntracestate: congo=t61\r\n");
    QTRY_COMPARE(collector.spans().size(), std::size_t(1));
    const Span span = collector.spans()[0];
    QCOMPARE(hex(span.trace_id()), std::string("0af7651916cd43dd8448eb211c80319c"));
    QCOMPARE(hex(span.parent_span_id()), std::string("b7ad6b7169203331"));
    QCOMPARE(span.trace_state(), std::string("congo=t61"));
    QCOMPARE(sentHeader(reply, "traceparent"),
        "00-0af7651916cd43dd8448eb211c80319c-" + hex(span.span_id()) + "-01");
    QCOMPARE(sentHeader(reply, "tracestate"), std::string("congo=t61"));
}

void ProxyTracingTest::propagatesWithoutSampling()
{
    Collector collector;
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(collector, up.port(), tracing("random_sampling: {value: 0}, ")));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::string sent = sentHeader(fetch(proxy.port(), "/"), "traceparent");
    QVERIFY2(sent.size() == 55 && sent.ends_with("-00"), sent.c_str());
    // A request that is sampled comes later: were the first one's span sent, it would be there.
    fetch(proxy.port(), "/", std::string("traceparent: ") + kParent + "\r\n");
    QTRY_VERIFY(!collector.spans().empty());
    QCOMPARE(collector.spans().size(), std::size_t(1));
}

void ProxyTracingTest::dropsTheStateOfABrokenTrace()
{
    Collector collector;
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(collector, up.port(), tracing()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply
        = fetch(proxy.port(), "/", "traceparent: 00-XYZ-1-01\r\ntracestate: congo=t61\r\n");
    QCOMPARE(sentHeader(reply, "traceparent").size(), std::size_t(55));
    QCOMPARE(sentHeader(reply, "tracestate"), std::string());
}

void ProxyTracingTest::leavesHeadersAloneWithoutTracing()
{
    Collector collector;
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(collector, up.port(), {}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply
        = fetch(proxy.port(), "/", "traceparent: whatever\r\ntracestate: a=b\r\n");
    QCOMPARE(sentHeader(reply, "traceparent"), std::string("whatever"));
    QCOMPARE(sentHeader(reply, "tracestate"), std::string("a=b"));
}

void ProxyTracingTest::marksFailures()
{
    Collector collector;
    TestUpstream up("up");
    up.status = 503;
    ProxyProcess proxy(bootstrap(collector, up.port(), tracing()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    fetch(proxy.port(), "/");
    QTRY_COMPARE(collector.spans().size(), std::size_t(1));
    QCOMPARE(attribute(collector.spans()[0], "error"), std::string("true"));
    QCOMPARE(collector.spans()[0].status().code(),
        opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
}

void ProxyTracingTest::serverSpansForTheApp()
{
    Collector collector;
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(collector, up.port(), tracing(), "INBOUND"));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    fetch(proxy.port(), "/", std::string("traceparent: ") + kParent + "\r\n");
    QTRY_COMPARE(collector.spans().size(), std::size_t(1));
    QCOMPARE(collector.spans()[0].kind(), Span::SPAN_KIND_SERVER);
    QCOMPARE(collector.spans()[0].name(), std::string("ingress"));
}

void ProxyTracingTest::namesTheTraceInTheLog()
{
    Collector collector;
    TestUpstream up("up");
    ProxyProcess proxy(bootstrap(collector, up.port(),
        tracing()
            + "access_log: [{name: envoy.access_loggers.stderr, typed_config: {\"@type\": "
              "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StderrAccessLog, "
              "log_format: {text_format_source: {inline_string: \"trace=%TRACE_ID% "
              "id=%REQ(X-REQUEST-ID)%\\n\"}}}}], "));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply
        = fetch(proxy.port(), "/", std::string("traceparent: ") + kParent + "\r\n");
    proxy.process().terminate();
    QCOMPARE(proxy.waitEnd(), 0);
    const std::string wanted = "trace=0af7651916cd43dd8448eb211c80319c id="
        + sentHeader(reply, "x-request-id") + "\n";
    const std::string said = proxy.errors();
    QVERIFY2(said.find(wanted) != std::string::npos, said.c_str());
}

void ProxyTracingTest::aDeadCollectorHoldsNothingUp()
{
    TestUpstream up("up");
    std::uint16_t dead = 0;
    {
        TestUpstream gone("gone");
        dead = gone.port();
    }
    ProxyProcess proxy(staticBootstrap({httpListenerText("test", kToUp, tracing())},
        {clusterText("up", {up.port()}), clusterText("otlp", {dead})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    for (int i = 0; i < 600; ++i) {
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        QCOMPARE(client.receive().status, 200);
    }
    QTRY_VERIFY(proxy.stat("tracing.opentelemetry.spans_dropped") > 0);
    proxy.process().terminate();
    QCOMPARE(proxy.waitEnd(), 0);
}

void ProxyTracingTest::makesRequestIds()
{
    Collector collector;
    TestUpstream up("up");
    {
        ProxyProcess proxy(bootstrap(collector, up.port(), {}));
        QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
        const QRegularExpression uuid(QStringLiteral(
            "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"));
        const std::string made = sentHeader(fetch(proxy.port(), "/"), "x-request-id");
        QVERIFY2(uuid.match(QString::fromStdString(made)).hasMatch(), made.c_str());
        QCOMPARE(sentHeader(fetch(proxy.port(), "/", "x-request-id: mine\r\n"), "x-request-id"),
            std::string("mine"));
    }
    ProxyProcess proxy(bootstrap(collector, up.port(), "generate_request_id: false, "));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(sentHeader(fetch(proxy.port(), "/"), "x-request-id"), std::string());
}

void ProxyTracingTest::refusesOtherTracers()
{
    Collector collector;
    ProxyProcess proxy(bootstrap(collector, 1,
        "tracing: {provider: {name: envoy.tracers.zipkin, typed_config: {\"@type\": "
        "type.googleapis.com/envoy.config.core.v3.GrpcService}}}, "));
    QVERIFY(!proxy.waitReady());
    QVERIFY(proxy.errors().find("envoy.tracers.zipkin") != std::string::npos);
}

QTEST_GUILESS_MAIN(ProxyTracingTest)
#include "tst_proxy_tracing.moc"
