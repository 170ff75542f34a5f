// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy from a bootstrap file: what its HTTP filters, rewrites and header operations do.
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QElapsedTimer>
#include <QTest>

#include <zlib.h>

class ProxyFiltersTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void rbacGuardsRoutes_data();
    void rbacGuardsRoutes();
    void rbacShadowsAreOnlyCounted();
    void rbacSeesNormalPaths();
    void networkRbacClosesConnections();
    void corsAnswersPreflights();
    void corsMarksAnswers();
    void corsTakesTheStarForAll();
    void corsMarksRefusalsToo();
    void rateLimits();
    void rateLimitsARoute();
    void faultsByHeader();
    void faultsDelayDirectAnswers();
    void faultsHaveALimit();
    void drills();
    void drillsSlowAnswersDown();
    void faultsLimitTheRate();
    void compresses();
    void leavesUncompressed_data();
    void leavesUncompressed();
    void compressesChunks();
    void mirrors();
    void mirrorsBodies();
    void mirrorsAShare();
    void redirects_data();
    void redirects();
    void rewrites_data();
    void rewrites();
    void takesTheUpstreamsHost();
    void directAnswersCarryHeaders();
    void ownRefusalsCarryHeaders();
    void formatsHeaders();
    void levelsOfHeaders();
    void disabledFilters();
    void refusesBootstraps_data();
    void refusesBootstraps();

private:
    std::string upstream() const { return clusterText("up", {m_up->port()}); }
    std::unique_ptr<TestUpstream> m_up;
};

namespace {

constexpr const char* kToUp = "{match: {prefix: /}, route: {cluster: up}}";

std::string replaced(std::string text, std::string_view what, std::string_view with)
{
    const std::size_t at = text.find(what);
    return at == std::string::npos ? std::string() : text.replace(at, what.size(), with);
}

/// A listener with these filters before the others.
std::string filtered(std::string_view name, std::string_view filters, std::string_view routes,
    std::string_view extra = {})
{
    return replaced(httpListenerText(name, routes, extra), "http_filters: [",
        "http_filters: [" + std::string(filters) + ", ");
}

std::string filter(std::string_view name, std::string_view type, std::string_view fields)
{
    return "{name: " + std::string(name) + ", typed_config: {\"@type\": type.googleapis.com/"
        + std::string(type) + (fields.empty() ? "" : ", ") + std::string(fields) + "}}";
}

std::string rbac(std::string_view fields)
{
    return filter("envoy.filters.http.rbac", "envoy.extensions.filters.http.rbac.v3.RBAC", fields);
}

std::string perRoute(std::string_view name, std::string_view type, std::string_view fields)
{
    return ", typed_per_filter_config: {" + std::string(name) + ": {\"@type\": type.googleapis.com/"
        + std::string(type) + ", " + std::string(fields) + "}}";
}

const std::string kCors
    = filter("envoy.filters.http.cors", "envoy.extensions.filters.http.cors.v3.Cors", "");
const std::string kDenyAdmin
    = R"(rules: {action: DENY, policies: {admin: {permissions: [{url_path: {path: {prefix: /admin}}}], principals: [{not_id: {header: {name: x-role, string_match: {exact: boss}}}}]}}})";

std::string corsRoute(const char* fields = "")
{
    return R"({match: {prefix: /}, route: {cluster: up})"
        + perRoute("envoy.filters.http.cors", "envoy.extensions.filters.http.cors.v3.CorsPolicy",
            R"(allow_origin_string_match: [{suffix: ".good"}], allow_methods: "GET,PUT", allow_headers: x-a, expose_headers: x-b, max_age: "60", allow_credentials: true)"
                + std::string(fields))
        + "}";
}

std::string limit(const char* fields)
{
    return R"(stat_prefix: lim, filter_enabled: {default_value: {numerator: 100}}, filter_enforced: {default_value: {numerator: 100}}, )"
        + std::string(fields);
}

constexpr const char* kRateLimit = "envoy.filters.http.local_ratelimit";
constexpr const char* kRateLimitType
    = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
constexpr const char* kDrill = "meshyard.filters.http.drill_fault";
constexpr const char* kDrillType = "meshyard.v1.DrillFault";

const std::string kGzip = filter("gz", "envoy.extensions.filters.http.compressor.v3.Compressor",
    R"(compressor_library: {name: g, typed_config: {"@type": type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip}})");

std::string unpacked(const std::string& gzip)
{
    z_stream stream{};
    inflateInit2(&stream, 15 + 16);
    std::string text(1 << 20, '\0');
    std::string input = gzip;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const int end = inflate(&stream, Z_FINISH);
    text.resize(stream.total_out);
    inflateEnd(&stream);
    return end == Z_STREAM_END ? text : "not whole: " + text;
}

bool has(const WireReply& reply, std::string_view line)
{
    return reply.body.find(std::string(line) + '\n') != std::string::npos;
}

} // namespace

void ProxyFiltersTest::initTestCase()
{
    m_up = std::make_unique<TestUpstream>("up");
}

void ProxyFiltersTest::rbacGuardsRoutes_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("headers");
    QTest::addColumn<int>("status");
    QTest::newRow("allowed") << QByteArray("/shop") << QByteArray() << 200;
    QTest::newRow("denied") << QByteArray("/admin/x") << QByteArray() << 403;
    QTest::newRow("a condition lifts it")
        << QByteArray("/admin/x") << QByteArray("x-role: boss\r\n") << 200;
    QTest::newRow("a second line is no way round")
        << QByteArray("/admin/x") << QByteArray("x-role: boss\r\nx-role: none\r\n") << 403;
    QTest::newRow("where there is no route") << QByteArray("/admin-nowhere") << QByteArray() << 403;
    QTest::newRow("a route of its own rules") << QByteArray("/own") << QByteArray() << 403;
    QTest::newRow("a route without rules") << QByteArray("/admin-free") << QByteArray() << 200;
}

void ProxyFiltersTest::rbacGuardsRoutes()
{
    const std::string own = perRoute("envoy.filters.http.rbac",
        "envoy.extensions.filters.http.rbac.v3.RBACPerRoute", "rbac: {rules: {action: ALLOW}}");
    const std::string free = perRoute("envoy.filters.http.rbac",
        "envoy.extensions.filters.http.rbac.v3.RBACPerRoute", "rbac: {}");
    ProxyProcess proxy(staticBootstrap(
        {filtered("test", rbac(kDenyAdmin),
            "{match: {prefix: /own}, route: {cluster: up}" + own
                + "}, {match: {prefix: /admin-free}, route: {cluster: up}" + free
                + "}, {match: {prefix: /shop}, route: {cluster: up}}, {match: {prefix: /admin/}, "
                  "route: {cluster: up}}")},
        {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, headers);
    QFETCH(int, status);
    const int before = m_up->calls();
    const WireReply reply = fetch(proxy.port(), target.toStdString(), headers.toStdString());
    QCOMPARE(reply.status, status);
    QCOMPARE(m_up->calls() - before, status == 200 ? 1 : 0);
    if (status == 403)
        QCOMPARE(reply.body, std::string("RBAC: access denied"));
}

void ProxyFiltersTest::rbacShadowsAreOnlyCounted()
{
    ProxyProcess proxy(staticBootstrap(
        {filtered(
            "test", rbac("shadow_rules: {action: ALLOW}, shadow_rules_stat_prefix: dry_"), kToUp)},
        {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QCOMPARE(proxy.stat("http.x.rbac.dry_shadow_denied"), 1L);
    QCOMPARE(proxy.stat("http.x.rbac.denied"), 0L);
}

void ProxyFiltersTest::rbacSeesNormalPaths()
{
    ProxyProcess proxy(staticBootstrap(
        {filtered("test", rbac(kDenyAdmin), kToUp,
            "normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: "
            "REJECT_REQUEST, ")},
        {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (const char* target : {"/shop/../admin", "/%61dmin", "//admin", "/./admin"})
        QCOMPARE(fetch(proxy.port(), target).status, 403);
    QCOMPARE(fetch(proxy.port(), "/shop%2F..%2Fadmin").status, 400);
    QVERIFY(has(fetch(proxy.port(), "/a/../shop?x=/.."), "GET /shop?x=/.."));
}

void ProxyFiltersTest::networkRbacClosesConnections()
{
    const std::string rules
        = R"({name: rbac, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC, stat_prefix: net, rules: {action: DENY, policies: {me: {permissions: [{any: true}], principals: [{direct_remote_ip: {address_prefix: 127.0.0.0, prefix_len: 8}}]}}}}}, )";
    RawUpstream echo("");
    const std::string tcp
        = R"({name: tcp, address: {socket_address: {address: 127.0.0.1, port_value: 0}}, filter_chains: [{filters: [)"
        + rules
        + R"({name: tcp, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: t, cluster: echo}}]}]})";
    ProxyProcess proxy(staticBootstrap(
        {replaced(httpListenerText("test", kToUp), "filters: [", "filters: [" + rules), tcp},
        {upstream(), clusterText("echo", {echo.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const int before = m_up->calls();
    QCOMPARE(fetch(proxy.port(), "/").status, 0);
    QCOMPARE(m_up->calls(), before);
    WireClient client(proxy.port("tcp"));
    client.send("hello");
    QVERIFY(client.receiveAll().empty());
    QCOMPARE(proxy.stat("net.rbac.denied"), 2L); // one stat_prefix: one figure, as in Envoy
}

void ProxyFiltersTest::corsAnswersPreflights()
{
    ProxyProcess proxy(staticBootstrap({filtered("test", kCors, corsRoute())}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const int before = m_up->calls();
    WireClient client(proxy.port());
    client.send("OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: http://very.good\r\n"
                "Access-Control-Request-Method: PUT\r\n\r\n");
    const WireReply allowed = client.receive();
    QCOMPARE(allowed.status, 200);
    QCOMPARE(allowed.header("access-control-allow-origin").value_or(""),
        std::string("http://very.good"));
    QCOMPARE(allowed.header("access-control-allow-methods").value_or(""), std::string("GET,PUT"));
    QCOMPARE(allowed.header("access-control-allow-headers").value_or(""), std::string("x-a"));
    QCOMPARE(allowed.header("access-control-max-age").value_or(""), std::string("60"));
    QCOMPARE(allowed.header("access-control-allow-credentials").value_or(""), std::string("true"));
    QCOMPARE(m_up->calls(), before);
    client.send("OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: http://very.bad\r\n"
                "Access-Control-Request-Method: PUT\r\n\r\n");
    const WireReply other = client.receive();
    QVERIFY(other.isFrom("up") && !other.header("access-control-allow-origin"));
    QCOMPARE(proxy.stat("http.x.cors.origin_valid"), 1L);
    QCOMPARE(proxy.stat("http.x.cors.origin_invalid"), 1L);
}

void ProxyFiltersTest::corsMarksAnswers()
{
    ProxyProcess proxy(staticBootstrap({filtered("test", kCors, corsRoute())}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/", "Origin: http://a.good\r\n");
    QVERIFY(reply.isFrom("up"));
    QCOMPARE(
        reply.header("access-control-allow-origin").value_or(""), std::string("http://a.good"));
    QCOMPARE(reply.header("access-control-expose-headers").value_or(""), std::string("x-b"));
    QVERIFY(!reply.header("access-control-allow-methods"));
    QVERIFY(!fetch(proxy.port(), "/").header("access-control-allow-origin"));
}

void ProxyFiltersTest::corsTakesTheStarForAll()
{
    const std::string route = replaced(corsRoute(), "{suffix: \".good\"}", "{exact: \"*\"}");
    ProxyProcess proxy(staticBootstrap({filtered("test", kCors, route)}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/", "Origin: http://any\r\n");
    QCOMPARE(reply.header("access-control-allow-origin").value_or(""), std::string("http://any"));
}

void ProxyFiltersTest::corsMarksRefusalsToo()
{
    ProxyProcess proxy(staticBootstrap(
        {filtered("test", kCors + ", " + rbac("rules: {action: ALLOW}"), corsRoute())},
        {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/", "Origin: http://a.good\r\n");
    QCOMPARE(reply.status, 403);
    QCOMPARE(
        reply.header("access-control-allow-origin").value_or(""), std::string("http://a.good"));
}

void ProxyFiltersTest::rateLimits()
{
    const std::string fields = limit(
        R"(token_bucket: {max_tokens: 2, tokens_per_fill: 1, fill_interval: 3600s}, response_headers_to_add: [{header: {key: x-limited, value: "yes"}}], enable_x_ratelimit_headers: DRAFT_VERSION_03)");
    ProxyProcess proxy(staticBootstrap(
        {filtered("test", filter(kRateLimit, kRateLimitType, fields), kToUp)}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply first = fetch(proxy.port(), "/");
    QCOMPARE(first.status, 200);
    QCOMPARE(first.header("x-ratelimit-limit").value_or(""), std::string("2"));
    QCOMPARE(first.header("x-ratelimit-remaining").value_or(""), std::string("1"));
    QVERIFY(!first.header("x-limited"));
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    const WireReply third = fetch(proxy.port(), "/");
    QCOMPARE(third.status, 429);
    QCOMPARE(third.body, std::string("local_rate_limited"));
    QCOMPARE(third.header("x-limited").value_or(""), std::string("yes"));
    QCOMPARE(third.header("x-ratelimit-remaining").value_or(""), std::string("0"));
    QCOMPARE(proxy.stat("lim.http_local_rate_limit.rate_limited"), 1L);
    QCOMPARE(proxy.stat("lim.http_local_rate_limit.ok"), 2L);
}

void ProxyFiltersTest::rateLimitsARoute()
{
    const std::string once = "token_bucket: {max_tokens: 1, fill_interval: 3600s}, status: {code: "
                             "ServiceUnavailable}";
    const std::string dry = replaced(limit("token_bucket: {max_tokens: 1, fill_interval: 3600s}, "
                                           "request_headers_to_add_when_not_enforced: [{header: "
                                           "{key: x-would, value: limit}}]"),
        "filter_enforced: {default_value: {numerator: 100}}, ", "");
    ProxyProcess proxy(
        staticBootstrap({filtered("test", filter(kRateLimit, kRateLimitType, "stat_prefix: none"),
                            "{match: {prefix: /once}, route: {cluster: up}"
                                + perRoute(kRateLimit, kRateLimitType, limit(once.c_str()))
                                + "}, {match: {prefix: /dry}, route: {cluster: up}"
                                + perRoute(kRateLimit, kRateLimitType, dry) + "}, " + kToUp)},
            {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/once").status, 200);
    QCOMPARE(fetch(proxy.port(), "/once").status, 503);
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QVERIFY(!has(fetch(proxy.port(), "/dry"), "x-would: limit"));
    QVERIFY(has(fetch(proxy.port(), "/dry"), "x-would: limit"));
}

void ProxyFiltersTest::faultsByHeader()
{
    const std::string fault = filter("byheader", "envoy.extensions.filters.http.fault.v3.HTTPFault",
        "delay: {header_delay: {}, percentage: {numerator: 100}}, abort: {header_abort: {}, "
        "percentage: {numerator: 100}}, headers: [{name: x-test, present_match: true}]");
    ProxyProcess proxy(staticBootstrap({filtered("test", fault, kToUp)}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/", "x-test: 1\r\n").status, 200);
    QCOMPARE(fetch(proxy.port(), "/", "x-envoy-fault-abort-request: 418\r\n").status, 200);
    const WireReply aborted
        = fetch(proxy.port(), "/", "x-test: 1\r\nx-envoy-fault-abort-request: 418\r\n");
    QCOMPARE(aborted.status, 418);
    QCOMPARE(aborted.body, std::string("fault filter abort"));
    QCOMPARE(fetch(proxy.port(), "/",
                 "x-test: 1\r\nx-envoy-fault-abort-request: 418\r\n"
                 "x-envoy-fault-abort-request-percentage: 0\r\n")
                 .status,
        200);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(
        fetch(proxy.port(), "/", "x-test: 1\r\nx-envoy-fault-delay-request: 300\r\n").status, 200);
    QVERIFY(timer.elapsed() >= 300);
    QCOMPARE(proxy.stat("http.x.fault.aborts_injected"), 1L);
}

void ProxyFiltersTest::faultsDelayDirectAnswers()
{
    const std::string fault = filter("slow", "envoy.extensions.filters.http.fault.v3.HTTPFault",
        "delay: {fixed_delay: 0.3s, percentage: {numerator: 100}}");
    ProxyProcess proxy(staticBootstrap(
        {filtered("test", fault, "{match: {prefix: /}, direct_response: {status: 204}}")}, {}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/").status, 204);
    QVERIFY(timer.elapsed() >= 300);
}

void ProxyFiltersTest::faultsHaveALimit()
{
    const std::string fault = filter("slow", "envoy.extensions.filters.http.fault.v3.HTTPFault",
        "delay: {fixed_delay: 5s, percentage: {numerator: 100}}, max_active_faults: 1");
    ProxyProcess proxy(staticBootstrap({filtered("test", fault, kToUp)}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient slow(proxy.port());
    slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    QTRY_COMPARE(proxy.stat("http.x.fault.active_faults"), 1L);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/").status, 200);
    QVERIFY(timer.elapsed() < 4000);
    QCOMPARE(proxy.stat("http.x.fault.faults_overflow"), 1L);
}

void ProxyFiltersTest::drills()
{
    const auto route = [](const char* path, const std::string& kind) {
        return "{match: {prefix: " + std::string(path) + "}, route: {cluster: up}"
            + perRoute(kDrill, kDrillType, kind + ", percent: 100") + "}, ";
    };
    ProxyProcess proxy(
        staticBootstrap({filtered("test", filter(kDrill, kDrillType, ""),
                            route("/reset", "connection_reset: {}, ttl: 60s")
                                + route("/over", "connection_reset: {}, ttl: 0.001s")
                                + route("/hole", "black_hole: {}, ttl: 1s") + kToUp)},
            {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(fetch(proxy.port(), "/reset").status, 0);
    WireClient hole(proxy.port());
    hole.send("GET /hole HTTP/1.1\r\nHost: a\r\n\r\n");
    QCOMPARE(hole.receive().status, 0); // until the drill is over
    QTRY_COMPARE(fetch(proxy.port(), "/hole").status, 200);
    QTRY_COMPARE(fetch(proxy.port(), "/over").status, 200);
    QCOMPARE(fetch(proxy.port(), "/reset").status, 0);
    QVERIFY(proxy.stat("cluster.up.faults") >= 3);
}

void ProxyFiltersTest::drillsSlowAnswersDown()
{
    const auto route = [](const char* path, const std::string& kind) {
        return "{match: {prefix: " + std::string(path) + "}, route: {cluster: up}"
            + perRoute(kDrill, kDrillType, kind + ", percent: 100, ttl: 60s") + "}, ";
    };
    ProxyProcess proxy(
        staticBootstrap({filtered("test", filter(kDrill, kDrillType, ""),
                            route("/cap", "bandwidth_cap: {bytes_per_second: 200000}")
                                + route("/slow", "slow_close: {hold: 0.4s}") + kToUp)},
            {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::string body(100'000, 'b');
    QElapsedTimer timer;
    timer.start();
    const WireReply capped = post(proxy.port(), "/cap", body);
    QVERIFY(capped.body == body);
    QVERIFY(timer.elapsed() >= 400);
    timer.restart();
    const WireReply held = post(proxy.port(), "/slow", body);
    QVERIFY(held.body == body);
    QVERIFY(timer.elapsed() >= 400);
    timer.restart();
    WireClient client(proxy.port());
    for (int i = 0; i < 2; ++i) { // the connection goes on
        client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        QCOMPARE(client.receive().status, 200);
    }
    QVERIFY(timer.elapsed() >= 800);
    QTRY_COMPARE(proxy.stat("cluster.up.ok"), 4L);
}

void ProxyFiltersTest::faultsLimitTheRate()
{
    const std::string fault = filter("slow", "envoy.extensions.filters.http.fault.v3.HTTPFault",
        "response_rate_limit: {fixed_limit: {limit_kbps: 200}, percentage: {numerator: 100}}");
    ProxyProcess proxy(staticBootstrap({filtered("test", fault, kToUp)}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::string body(100 * 1024, 'b');
    QElapsedTimer timer;
    timer.start();
    QVERIFY(post(proxy.port(), "/", body).body == body);
    QVERIFY(timer.elapsed() >= 400);
    QCOMPARE(proxy.stat("http.x.fault.response_rl_injected"), 1L);
}

void ProxyFiltersTest::compresses()
{
    ProxyProcess proxy(staticBootstrap({filtered("test", kGzip, kToUp)}, {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply plain = fetch(proxy.port(), "/", "x-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    QVERIFY(!plain.header("content-encoding"));
    QCOMPARE(plain.header("vary").value_or(""), std::string("Accept-Encoding"));
    const WireReply packed = fetch(proxy.port(), "/",
        "x-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nAccept-Encoding: br;q=1, gzip;q=0.8\r\n");
    QCOMPARE(packed.header("content-encoding").value_or(""), std::string("gzip"));
    QVERIFY(!packed.header("content-length"));
    QCOMPARE(packed.header("vary").value_or(""), std::string("Accept-Encoding"));
    const std::string text = unpacked(packed.body);
    QVERIFY2(text.find("x-long: aaaa") != std::string::npos, text.c_str());
    QCOMPARE(proxy.stat("http.x.compressor.gz.gzip.compressed"), 1L);
    QCOMPARE(proxy.stat("http.x.compressor.gz.gzip.not_compressed"), 1L);
}

void ProxyFiltersTest::leavesUncompressed_data()
{
    QTest::addColumn<QByteArray>("accept");
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<bool>("packs");
    const auto row = [](const char* name, const char* accept, const char* head, bool packs) {
        QTest::newRow(name) << QByteArray(accept) << QByteArray(head) << packs;
    };
    row("gzip", "gzip", "content-type: text/html; charset=utf-8\r\n", true);
    row("any coding", "*", "", true);
    row("gzip refused", "gzip;q=0", "", false);
    row("identity preferred", "identity, gzip;q=0.5", "", false);
    row("another coding", "br", "", false);
    row("type is not for it", "gzip", "content-type: image/png\r\n", false);
    row("encoded already", "gzip", "content-encoding: br\r\n", false);
    row("not to be transformed", "gzip", "cache-control: public, no-transform\r\n", false);
    row("weak tag", "gzip", "etag: W/\"1\"\r\n", true);
    row("strong tag", "gzip", "etag: \"1\"\r\n", true);
}

void ProxyFiltersTest::leavesUncompressed()
{
    QFETCH(QByteArray, accept);
    QFETCH(QByteArray, head);
    QFETCH(bool, packs);
    RawUpstream raw("HTTP/1.1 200 OK\r\ncontent-length: 64\r\n" + head.toStdString() + "\r\n"
        + std::string(64, 'z'));
    ProxyProcess proxy(
        staticBootstrap({filtered("test", kGzip, kToUp)}, {clusterText("up", {raw.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply
        = fetch(proxy.port(), "/", "Accept-Encoding: " + accept.toStdString() + "\r\n");
    QCOMPARE(reply.header("content-encoding") == "gzip", packs);
    QCOMPARE(packs ? unpacked(reply.body) : reply.body, std::string(64, 'z'));
    if (packs && head.startsWith("etag: W"))
        QVERIFY(reply.header("etag"));
    else if (packs)
        QVERIFY(!reply.header("etag"));
}

void ProxyFiltersTest::compressesChunks()
{
    RawUpstream raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
                    "world\r\n0\r\n\r\n");
    ProxyProcess proxy(
        staticBootstrap({filtered("test", kGzip, kToUp)}, {clusterText("up", {raw.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/", "Accept-Encoding: gzip\r\n");
    QCOMPARE(unpacked(reply.body), std::string("hello world"));
    QVERIFY(!fetch(proxy.port(), "/").header("content-encoding"));
    QCOMPARE(fetch(proxy.port(), "/").body, std::string("hello world"));
}

void ProxyFiltersTest::mirrors()
{
    RecordingUpstream shadow;
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test",
                            "{match: {prefix: /}, route: {cluster: up, prefix_rewrite: /new/, "
                            "request_mirror_policies: [{cluster: shadow}, {cluster: nowhere}]}}")},
            {upstream(), clusterText("shadow", {shadow.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QVERIFY(fetch(proxy.port(), "/a", "x-own: 1\r\n").isFrom("up"));
    QTRY_VERIFY(shadow.bytes().find("\r\n\r\n") != std::string::npos);
    const std::string copy = shadow.bytes();
    QVERIFY2(copy.starts_with("GET /new/a HTTP/1.1\r\nhost: test-shadow\r\n"), copy.c_str());
    QVERIFY(copy.find("x-own: 1\r\n") != std::string::npos);
    QTRY_COMPARE(proxy.stat("mirror.shadow.answered"), 1L);
    QCOMPARE(proxy.stat("mirror.nowhere.dropped"), 1L);
    QCOMPARE(proxy.stat("cluster.shadow.ok"), 0L);
    QCOMPARE(proxy.stat("cluster.up.ok"), 1L);
}

void ProxyFiltersTest::mirrorsBodies()
{
    RecordingUpstream shadow;
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test",
            "{match: {prefix: /}, route: {cluster: up, request_mirror_policies: [{cluster: "
            "shadow}]}}")},
        {upstream(), clusterText("shadow", {shadow.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    client.send(
        "POST / HTTP/1.1\r\nHost: a:80\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.send("6\r\n world\r\n0\r\n\r\n");
    QCOMPARE(client.receive().body, std::string("hello world"));
    QTRY_VERIFY(shadow.bytes().find("world\r\n0\r\n\r\n") != std::string::npos);
    QVERIFY(shadow.bytes().find("host: a-shadow:80\r\n") != std::string::npos);
    QVERIFY(shadow.bytes().find("hello") != std::string::npos);
}

void ProxyFiltersTest::mirrorsAShare()
{
    TestUpstream shadow("shadow");
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test",
            "{match: {prefix: /none}, route: {cluster: up, request_mirror_policies: [{cluster: "
            "shadow, runtime_fraction: {default_value: {numerator: 0}}}]}}, {match: {prefix: /}, "
            "route: {cluster: up, request_mirror_policies: [{cluster: shadow, runtime_fraction: "
            "{default_value: {numerator: 50}}}]}}")},
        {upstream(), clusterText("shadow", {shadow.port()})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    for (int i = 0; i < 200; ++i) {
        client.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n");
        QCOMPARE(client.receive().status, 200);
        QCOMPARE(client.receive().status, 200);
    }
    QTRY_COMPARE(long(shadow.calls()), proxy.stat("mirror.shadow.sent"));
    QVERIFY(shadow.calls() > 60 && shadow.calls() < 140);
}

void ProxyFiltersTest::redirects_data()
{
    QTest::addColumn<QByteArray>("match");
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QByteArray>("location");
    const auto row
        = [](const char* name, const char* match, const char* rule, const char* location) {
              QTest::newRow(name) << QByteArray(match) << QByteArray(rule) << QByteArray(location);
          };
    row("scheme drops its default port", "prefix: /", "https_redirect: true",
        "https://shop/old/a?q=1");
    row("scheme", "prefix: /", "scheme_redirect: ftp, host_redirect: files",
        "ftp://files/old/a?q=1");
    row("port", "prefix: /", "port_redirect: 8443", "http://shop:8443/old/a?q=1");
    row("path keeps the query", "prefix: /", "path_redirect: /new", "http://shop:80/new?q=1");
    row("path with its own query", "prefix: /", "path_redirect: \"/new?z\"",
        "http://shop:80/new?z");
    row("stripped query", "prefix: /", "path_redirect: /new, strip_query: true",
        "http://shop:80/new");
    row("prefix", "prefix: /old", "prefix_rewrite: /new", "http://shop:80/new/a?q=1");
    row("prefix of a regex match", "safe_regex: {regex: \"/old/.*\"}", "prefix_rewrite: /new",
        "http://shop:80/new?q=1");
    row("regex", "prefix: /",
        R"x(regex_rewrite: {pattern: {regex: "/old/(.*)"}, substitution: "/\\1/new"})x",
        "http://shop:80/a/new?q=1");
}

void ProxyFiltersTest::redirects()
{
    QFETCH(QByteArray, match);
    QFETCH(QByteArray, rule);
    QFETCH(QByteArray, location);
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test",
            "{match: {" + match.toStdString() + "}, redirect: {" + rule.toStdString() + "}}")},
        {}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    WireClient client(proxy.port());
    client.send("GET /old/a?q=1 HTTP/1.1\r\nHost: shop:80\r\n\r\n");
    const WireReply reply = client.receive();
    QCOMPARE(reply.status, 301);
    QCOMPARE(QByteArray::fromStdString(reply.header("location").value_or("")), location);
}

void ProxyFiltersTest::rewrites_data()
{
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QByteArray>("line");
    const auto row = [](const char* name, const char* rule, const char* line) {
        QTest::newRow(name) << QByteArray(rule) << QByteArray(line);
    };
    row("prefix", "prefix_rewrite: /new", "GET /new/a?q=1");
    row("the path before", "prefix_rewrite: /new", "x-envoy-original-path: /old/a?q=1");
    row("regex", R"x(regex_rewrite: {pattern: {regex: "^/old/(.)"}, substitution: "/\\1"})x",
        "GET /a?q=1");
    row("format", "path_rewrite: \"/x/%REQ(x-who)%\"", "GET /x/me?q=1");
    row("host", "host_rewrite_literal: other", "host: other");
    row("host from a header", "host_rewrite_header: x-who", "host: me");
    row("host from the path",
        R"(host_rewrite_path_regex: {pattern: {regex: "^/(.*?)/.*$"}, substitution: "\\1.internal"})",
        "host: old.internal");
    row("host from a format", "host_rewrite: \"%REQ(x-who)%.svc\"", "host: me.svc");
    row("the host before", "host_rewrite_literal: other, append_x_forwarded_host: true",
        "x-forwarded-host: first, test");
}

void ProxyFiltersTest::rewrites()
{
    QFETCH(QByteArray, rule);
    QFETCH(QByteArray, line);
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText(
            "test", "{match: {prefix: /old}, route: {cluster: up, " + rule.toStdString() + "}}")},
        {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply
        = fetch(proxy.port(), "/old/a?q=1", "x-who: me\r\nx-forwarded-host: first\r\n");
    QVERIFY2(has(reply, line.toStdString()), reply.body.c_str());
}

void ProxyFiltersTest::takesTheUpstreamsHost()
{
    const std::string cluster
        = replaced(upstream(), "{endpoint: {", "{endpoint: {hostname: real.host, ");
    ProxyProcess proxy(
        staticBootstrap({httpListenerText("test",
                            "{match: {prefix: /}, route: {cluster: up, auto_host_rewrite: true, "
                            "append_x_forwarded_host: true}}")},
            {cluster}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/");
    QVERIFY2(
        has(reply, "host: real.host") && has(reply, "x-forwarded-host: test"), reply.body.c_str());
}

void ProxyFiltersTest::directAnswersCarryHeaders()
{
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test",
            R"({match: {prefix: /}, direct_response: {status: 200, body: {inline_string: "{}"}}, response_headers_to_add: [{header: {key: content-type, value: application/json}}, {header: {key: x-from, value: "%REQ(x-who)%"}}]})")},
        {}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/", "x-who: me\r\n");
    QCOMPARE(reply.body, std::string("{}"));
    QCOMPARE(reply.header("content-type").value_or(""), std::string("application/json"));
    QCOMPARE(reply.header("x-from").value_or(""), std::string("me"));
}

void ProxyFiltersTest::ownRefusalsCarryHeaders()
{
    const std::string add = "response_headers_to_add: [{header: {key: x-add, value: \"yes\"}}]";
    ProxyProcess proxy(
        staticBootstrap({filtered("test", rbac(kDenyAdmin),
                            "{match: {prefix: /}, route: {cluster: dead}, " + add + "}")},
            {clusterText("dead", {1})}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply failed = fetch(proxy.port(), "/");
    QCOMPARE(failed.status, 503);
    QCOMPARE(failed.header("x-add").value_or(""), std::string("yes"));
    const WireReply denied = fetch(proxy.port(), "/admin");
    QCOMPARE(denied.status, 403);
    QVERIFY(!denied.header("x-add"));
}

void ProxyFiltersTest::formatsHeaders()
{
    ProxyProcess proxy(staticBootstrap(
        {httpListenerText("test",
            R"({name: main, match: {prefix: /}, route: {cluster: up}, request_headers_to_add: [{header: {key: x-peer, value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}}, {header: {key: x-route, value: "%ROUTE_NAME%/%UPSTREAM_CLUSTER%"}}, {header: {key: x-nothing, value: "%REQ(x-none)%"}}], response_headers_to_add: [{header: {key: x-asked, value: "%REQ(x-who)%"}}, {header: {key: x-was, value: "%RESPONSE_CODE% %RESP(x-upstream)%"}}]})")},
        {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/", "x-who: me\r\n");
    QVERIFY2(has(reply, "x-peer: 127.0.0.1") && has(reply, "x-route: main/up"), reply.body.c_str());
    QVERIFY(reply.body.find("x-nothing") == std::string::npos);
    QCOMPARE(reply.header("x-asked").value_or(""), std::string("me"));
    QCOMPARE(reply.header("x-was").value_or(""), std::string("200 up"));
}

void ProxyFiltersTest::levelsOfHeaders()
{
    const std::string set = "append_action: OVERWRITE_IF_EXISTS_OR_ADD";
    const auto add = [&](const char* value) {
        return "request_headers_to_add: [{header: {key: x-level, value: " + std::string(value)
            + "}, " + set + "}]";
    };
    const std::string listener = replaced(
        httpListenerText("test",
            "{match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: up, weight: 1, "
                + add("target") + "}]}}, " + add("route") + "}"),
        "routes: [", add("host") + ", routes: [");
    ProxyProcess proxy(
        staticBootstrap({listener,
                            replaced(replaced(listener, "name: \"test\"", "name: specific"),
                                "name: r,", "name: r, most_specific_header_mutations_wins: true,")},
            {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QVERIFY(has(fetch(proxy.port(), "/"), "x-level: host"));
    QVERIFY(has(fetch(proxy.port("specific"), "/"), "x-level: target"));
}

void ProxyFiltersTest::disabledFilters()
{
    const std::string off = ", typed_per_filter_config: {envoy.filters.http.rbac: {\"@type\": "
                            "type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: "
                            "true}}";
    ProxyProcess proxy(staticBootstrap(
        {filtered("test", rbac("rules: {action: ALLOW}"),
            "{match: {prefix: /open}, route: {cluster: up}" + off
                + "}, {match: {prefix: /split}, route: {weighted_clusters: {clusters: [{name: up, "
                  "weight: 1"
                + off + "}]}}}, " + kToUp)},
        {upstream()}));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/").status, 403);
    QCOMPARE(fetch(proxy.port(), "/open").status, 200);
    QCOMPARE(fetch(proxy.port(), "/split").status, 200);
}

void ProxyFiltersTest::refusesBootstraps_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const std::string& listener, const char* named) {
        QTest::newRow(name) << QByteArray::fromStdString(staticBootstrap({listener}, {}))
                            << QByteArray(named);
    };
    const auto routed = [](const char* rest) {
        return httpListenerText(
            "l", "{match: {prefix: /}, route: {cluster: up}, " + std::string(rest) + "}");
    };
    row("unknown command",
        routed(R"(request_headers_to_add: [{header: {key: a, value: "%NOPE%"}}])"), "%NOPE%");
    row("host header", routed("request_headers_to_add: [{header: {key: host, value: a}}]"), "host");
    row("empty ALLOW permission",
        filtered("l",
            rbac("rules: {policies: {p: {permissions: [{}], principals: [{any: true}]}}}"), kToUp),
        "permission");
    row("short fill",
        filtered("l",
            filter(kRateLimit, kRateLimitType,
                "stat_prefix: a, token_bucket: {max_tokens: 1, fill_interval: 0.01s}"),
            kToUp),
        "fill_interval");
    row("drill without an end",
        filtered("l", filter(kDrill, kDrillType, "black_hole: {}, percent: 1"), kToUp), "ttl");
    row("large direct body",
        httpListenerText("l",
            "{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: "
                + std::string(5000, 'x') + "}}}"),
        "max_direct_response_body_size_bytes");
}

void ProxyFiltersTest::refusesBootstraps()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, named);
    ProxyProcess proxy(text.toStdString());
    QCOMPARE(proxy.waitEnd(), 1);
    const std::string errors = proxy.errors();
    QVERIFY2(errors.find(named.toStdString()) != std::string::npos, errors.c_str());
}

QTEST_GUILESS_MAIN(ProxyFiltersTest)
#include "tst_proxy_filters.moc"
