// SPDX-License-Identifier: GPL-3.0-or-later
// Formats and filters of access logs, without a proxy around them.
#include "embedded-mesh/document/load_yaml.h"
#include "embedded-mesh/proxy/telemetry/access_log.h"
#include "embedded-mesh/proxy/telemetry/time_text.h"

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/extensions/access_loggers/file/v3/file.pb.h"

#include <google/protobuf/struct.pb.h>

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;

namespace {

using Headers = std::vector<HeaderView>;

/// A request as a listener's log would see it.
struct Sample
{
    explicit Sample(const CapturePlan& plan, const Headers& request = {}, const Headers& response = {})
    {
        const auto capture = [](const auto& names, const Headers& headers, CapturedHeaders& into) {
            for (const std::string& name : names) {
                std::optional<std::string_view> value;
                for (const HeaderView& header : headers) {
                    if (equalsIgnoreCase(header.name, name))
                        value = header.value;
                }
                into.add(value);
            }
        };
        capture(plan.request, request, requestHeaders);
        capture(plan.response, response, responseHeaders);
        entry.startedAt = WallTime(std::chrono::milliseconds(1700000000123));
        entry.duration = std::chrono::microseconds(12345);
        entry.responseDuration = std::chrono::microseconds(10999);
        entry.protocol = "HTTP/1.1";
        entry.status = 200;
        entry.details = "via_upstream";
        entry.bytesReceived = 7;
        entry.bytesSent = 99;
        entry.cluster = "default/reviews/v1/9080";
        upstream = *net::SocketAddress::parse("10.1.2.3:8080");
        entry.upstreamHost = &upstream;
        entry.request = &requestHeaders;
        entry.response = &responseHeaders;
    }

    CapturedHeaders requestHeaders;
    CapturedHeaders responseHeaders;
    net::SocketAddress upstream;
    LogEntry entry;
};

std::string line(std::string_view format, const Headers& request = {}, const Headers& response = {})
{
    CapturePlan plan;
    const auto compiled = LogFormat::text(format, false, plan);
    if (!compiled)
        return "error: " + compiled.error().message;
    const Sample sample(plan, request, response);
    std::string out;
    compiled->append(sample.entry, out);
    return out;
}

std::string json(std::string_view yaml, bool omitEmpty, const Headers& request = {})
{
    google::protobuf::Struct format;
    if (auto loaded = document::loadYaml(std::string(yaml), format, "test"); !loaded)
        return loaded.error().message;
    CapturePlan plan;
    const auto compiled = LogFormat::json(format, omitEmpty, plan);
    if (!compiled)
        return "error: " + compiled.error().message;
    const Sample sample(plan, request);
    std::string out;
    compiled->append(sample.entry, out);
    return out;
}

} // namespace

class LogFormatTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fillsCommandsIn_data();
    void fillsCommandsIn();
    void refusesWhatItDoesNotKnow_data();
    void refusesWhatItDoesNotKnow();
    void writesEnvoysDefault();
    void writesJson();
    void escapesWhatCallersSend();
    void keepsSecretsOut();
    void formatsTimes_data();
    void formatsTimes();
    void filters_data();
    void filters();
    void refusesUnknownFlags();
};

void LogFormatTest::fillsCommandsIn_data()
{
    QTest::addColumn<QByteArray>("format");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* name, const char* format, const char* text) {
        QTest::newRow(name) << QByteArray(format) << QByteArray(text);
    };
    row("text alone", "hello", "hello");
    row("percent sign", "100%% %PROTOCOL%", "100% HTTP/1.1");
    row("status", "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS%", "200 via_upstream");
    row("no flags", "%RESPONSE_FLAGS%|%RESPONSE_FLAGS_LONG%", "-|-");
    row("bytes", "%BYTES_RECEIVED%/%BYTES_SENT%", "7/99");
    row("times", "%DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION% %REQUEST_DURATION%",
        "12 10 1 -");
    row("upstream", "%UPSTREAM_HOST% %UPSTREAM_CLUSTER%", "10.1.2.3:8080 default/reviews/v1/9080");
    row("parts of an address",
        "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%|%UPSTREAM_REMOTE_PORT%", "10.1.2.3|8080");
    row("unknown addresses", "%DOWNSTREAM_REMOTE_ADDRESS%", "-");
    row("request header", "%REQ(X-A)%", "alpha");
    row("header of any case", "%REQ(x-a)%", "alpha");
    row("cut short", "%REQ(X-A):3%", "alp");
    row("alternative header", "%REQ(X-NONE?X-A):2%", "al");
    row("first of two", "%REQ(X-A?X-B)%", "alpha");
    row("missing header", "%REQ(X-NONE?X-NEITHER)%", "-");
    row("response header", "%RESP(SERVER)%", "up");
    row("service time of our own", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%", "10");
    row("metadata is never known", "%DYNAMIC_METADATA(a:b)%", "-");
    row("not gRPC", "%GRPC_STATUS%", "-");
}

void LogFormatTest::fillsCommandsIn()
{
    QFETCH(QByteArray, format);
    QFETCH(QByteArray, text);
    const std::string got
        = line(format.toStdString(), {{"x-a", "alpha"}, {"x-b", "beta"}}, {{"server", "up"}});
    QCOMPARE(got, text.toStdString());
}

void LogFormatTest::refusesWhatItDoesNotKnow_data()
{
    QTest::addColumn<QByteArray>("format");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const char* format, const char* named) {
        QTest::newRow(name) << QByteArray(format) << QByteArray(named);
    };
    row("unknown command", "%NO_SUCH_THING%", "NO_SUCH_THING");
    row("no end", "a %PROTOCOL", "PROTOCOL");
    row("no bracket", "%REQ(X-A%", "X-A");
    row("no name", "%REQ()%", "REQ()");
    row("bad length", "%REQ(X-A):many%", "many");
}

void LogFormatTest::refusesWhatItDoesNotKnow()
{
    QFETCH(QByteArray, format);
    QFETCH(QByteArray, named);
    const std::string got = line(format.toStdString());
    QVERIFY2(got.starts_with("error: ") && got.find(named.toStdString()) != std::string::npos,
        got.c_str());
}

void LogFormatTest::writesEnvoysDefault()
{
    CapturePlan plan;
    const LogFormat format = LogFormat::standard(plan);
    const Sample sample(plan,
        {{":method", "GET"}, {":path", "/reviews/0"}, {":authority", "reviews:9080"},
            {"user-agent", "curl"}, {"x-request-id", "id-1"}});
    std::string out;
    format.append(sample.entry, out);
    QCOMPARE(out,
        std::string("[2023-11-14T22:13:20.123Z] \"GET /reviews/0 HTTP/1.1\" 200 - 7 99 12 10 "
                    "\"-\" \"curl\" \"id-1\" \"reviews:9080\" \"10.1.2.3:8080\"\n"));
}

void LogFormatTest::writesJson()
{
    constexpr const char* kFormat
        = "{status: '%RESPONSE_CODE%', b: {agent: '%REQ(USER-AGENT)%', none: '%REQ(X-NONE)%'}, "
          "mixed: 'at %UPSTREAM_HOST%', list: ['%PROTOCOL%', 1, true]}";
    const Headers headers{{"user-agent", "a \"b\"\n"}};
    QCOMPARE(json(kFormat, false, headers),
        std::string(R"({"b":{"agent":"a \"b\"\u000a","none":null},"list":["HTTP/1.1",1,true],)"
                    R"("mixed":"at 10.1.2.3:8080","status":200})"
                    "\n"));
    QCOMPARE(json(kFormat, true, headers),
        std::string(R"({"b":{"agent":"a \"b\"\u000a"},"list":["HTTP/1.1",1,true],)"
                    R"("mixed":"at 10.1.2.3:8080","status":200})"
                    "\n"));
}

void LogFormatTest::escapesWhatCallersSend()
{
    QCOMPARE(line("\"%REQ(X-A)%\"\n", {{"x-a", "x\" 200\r\n\x1b[31mred\\"}}),
        std::string("\"x\\\" 200\\x0d\\x0a\\x1b[31mred\\\\\"\n"));
}

void LogFormatTest::keepsSecretsOut()
{
    QCOMPARE(line("%REQ(AUTHORIZATION)% %REQ(COOKIE)% %RESP(SET-COOKIE)%",
                 {{"authorization", "Bearer abc"}, {"cookie", "s=1"}}, {{"set-cookie", "s=2"}}),
        std::string("[redacted] [redacted] [redacted]"));
    QCOMPARE(line("%REQ(:PATH)%", {{":path", "/a?x=1&access_token=abc&API_KEY=k&y"}}),
        std::string("/a?x=1&access_token=[redacted]&API_KEY=[redacted]&y"));
    QCOMPARE(line("%REQ(:PATH)%", {{":path", "/token/abc?"}}), std::string("/token/abc?"));
}

void LogFormatTest::formatsTimes_data()
{
    QTest::addColumn<QByteArray>("format");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("default") << QByteArray() << QByteArray("2023-11-14T22:13:20.123Z");
    QTest::newRow("strftime") << QByteArray("%Y/%m/%dT%H:%M:%S%z")
                              << QByteArray("2023/11/14T22:13:20+0000");
    QTest::newRow("epoch and fractions")
        << QByteArray("%s.%3f %6f %f") << QByteArray("1700000000.123 123000 123000000");
}

void LogFormatTest::formatsTimes()
{
    QFETCH(QByteArray, format);
    QFETCH(QByteArray, text);
    std::string out;
    appendTime(WallTime(std::chrono::milliseconds(1700000000123)), format.toStdString(), out);
    QCOMPARE(out, text.toStdString());
    QCOMPARE(line("%START_TIME" + (format.isEmpty() ? std::string() : "(" + format.toStdString() + ")") + "%"),
        text.toStdString());
}

namespace {

Result<LogFilter> filterOf(const QByteArray& yaml, std::vector<HeaderTest>& tests)
{
    envoy::config::accesslog::v3::AccessLogFilter proto;
    if (auto loaded = document::loadYaml(yaml.toStdString(), proto, "test"); !loaded)
        return tl::unexpected(loaded.error());
    return LogFilter::compile(proto, tests);
}

} // namespace

void LogFormatTest::filters_data()
{
    QTest::addColumn<QByteArray>("filter");
    QTest::addColumn<int>("status");
    QTest::addColumn<bool>("taken");
    const auto row = [](const char* name, const char* filter, int status, bool taken) {
        QTest::newRow(name) << QByteArray(filter) << status << taken;
    };
    constexpr const char* kErrors
        = "{status_code_filter: {comparison: {op: GE, value: {default_value: 400, runtime_key: k}}}}";
    row("status at least", kErrors, 404, true);
    row("status below", kErrors, 200, false);
    row("status equals", "{status_code_filter: {comparison: {value: {default_value: 200}}}}", 200,
        true);
    row("status differs",
        "{status_code_filter: {comparison: {op: NE, value: {default_value: 200}}}}", 200, false);
    row("slow", "{duration_filter: {comparison: {op: GE, value: {default_value: 12}}}}", 200, true);
    row("fast", "{duration_filter: {comparison: {op: LE, value: {default_value: 11}}}}", 200, false);
    row("no health check", "{not_health_check_filter: {}}", 200, true);
    row("share of none", "{runtime_filter: {runtime_key: k, percent_sampled: {numerator: 0}}}", 200,
        false);
    row("share of all", "{runtime_filter: {runtime_key: k, percent_sampled: {numerator: 100}}}", 200,
        true);
    row("flag is there", "{response_flag_filter: {flags: [UH, UF]}}", 503, true);
    row("flag is not there", "{response_flag_filter: {flags: [NR]}}", 503, false);
    row("any flag", "{response_flag_filter: {}}", 503, true);
    row("header matches", "{header_filter: {header: {name: x-log, exact_match: yes}}}", 200, true);
    row("header differs", "{header_filter: {header: {name: x-log, exact_match: no}}}", 200, false);
    row("or",
        "{or_filter: {filters: [{status_code_filter: {comparison: {op: GE, value: {default_value: "
        "500}}}}, {not_health_check_filter: {}}]}}",
        200, true);
    row("and",
        "{and_filter: {filters: [{status_code_filter: {comparison: {op: GE, value: {default_value: "
        "500}}}}, {not_health_check_filter: {}}]}}",
        200, false);
    row("grpc status", "{grpc_status_filter: {statuses: [UNAVAILABLE]}}", 200, true);
    row("other grpc status", "{grpc_status_filter: {statuses: [OK]}}", 200, false);
    row("grpc status excluded", "{grpc_status_filter: {statuses: [OK], exclude: true}}", 200, true);
}

void LogFormatTest::filters()
{
    QFETCH(QByteArray, filter);
    QFETCH(int, status);
    QFETCH(bool, taken);
    std::vector<HeaderTest> tests;
    const auto compiled = filterOf(filter, tests);
    QVERIFY2(compiled, compiled ? "" : compiled.error().message.c_str());
    Sample sample({});
    sample.entry.status = status;
    sample.entry.grpcStatus = 14;
    sample.entry.flags.set(ResponseFlag::UpstreamConnectionFailure);
    sample.entry.random = 5;
    const Headers headers{{"x-log", "yes"}};
    RequestView view;
    view.headers = headers;
    for (std::size_t i = 0; i < tests.size(); ++i)
        sample.entry.headerTests |= std::uint64_t{tests[i].matches(view)} << i;
    QCOMPARE(compiled->takes(sample.entry), taken);
}

void LogFormatTest::refusesUnknownFlags()
{
    std::vector<HeaderTest> tests;
    const auto compiled = filterOf("{response_flag_filter: {flags: [ZZ]}}", tests);
    QVERIFY(!compiled);
    QVERIFY(compiled.error().message.find("ZZ") != std::string::npos);
}

QTEST_APPLESS_MAIN(LogFormatTest)
#include "tst_log_format.moc"
