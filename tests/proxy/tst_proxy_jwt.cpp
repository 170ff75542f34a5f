// SPDX-License-Identifier: GPL-3.0-or-later
// A real proxy that asks for tokens: JWKS inline and by URI, rules, outputs, RBAC on claims.
#include "jwt_signer.h"
#include "proxy_process.h"
#include "test_upstream.h"
#include "wire_client.h"

#include <QTest>

class ProxyJwtTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void asksForTokens_data();
    void asksForTokens();
    void challenges();
    void passesOnWhatItFound();
    void callersCantForgeOutputs();
    void claimsFeedRbac();
    void fetchesKeys();
    void waitsForKeys();
    void goesOnWithoutKeys();
    void refusesBootstraps_data();
    void refusesBootstraps();

private:
    std::string bootstrap(const std::string& fields, const std::string& more = {},
        const std::string& cluster = {}) const;
    std::string inlineKeys() const
    {
        return "local_jwks: {inline_string: '" + m_signer.keySet() + "'}";
    }
    std::string valid(const std::string& claims = {}) const
    {
        return m_signer.token(R"({"iss":"issuer","aud":["shop"],"exp":4000000000)" + claims + "}");
    }

    const JwtSigner m_signer{"ES256", "k1"};
    const JwtSigner m_stranger{"ES256", "k1"};
    std::unique_ptr<TestUpstream> m_up;
};

namespace {

std::string bearer(const std::string& token)
{
    return "Authorization: Bearer " + token + "\r\n";
}

bool has(const WireReply& reply, std::string_view line)
{
    return reply.body.find(std::string(line) + '\n') != std::string::npos;
}

} // namespace

void ProxyJwtTest::initTestCase()
{
    m_up = std::make_unique<TestUpstream>("up");
}

std::string ProxyJwtTest::bootstrap(
    const std::string& fields, const std::string& more, const std::string& cluster) const
{
    std::string listener = httpListenerText("test",
        R"({match: {prefix: /off}, route: {cluster: up}, typed_per_filter_config: {jwt: {"@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig, disabled: true}}}, {match: {prefix: /named}, route: {cluster: up}, typed_per_filter_config: {jwt: {"@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig, requirement_name: must}}}, {match: {prefix: /}, route: {cluster: up}})");
    const std::string filters
        = R"(http_filters: [{name: jwt, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication, providers: {p: {issuer: issuer, audiences: [shop], )"
        + fields
        + R"(}}, requirement_map: {must: {provider_name: p}}, rules: [{match: {prefix: /free}}, {match: {prefix: /optional}, requires: {requires_any: {requirements: [{provider_name: p}, {allow_missing: {}}]}}}, {match: {prefix: /lenient}, requires: {allow_missing_or_failed: {}}}, {match: {prefix: /any}, requires: {requires_any: {requirements: [{provider_name: p}, {provider_and_audiences: {provider_name: p, audiences: [bar]}}]}}}, {match: {prefix: /}, requires: {provider_name: p}}]}}, )"
        + more;
    const std::string mark = "http_filters: [";
    listener.replace(listener.find(mark), mark.size(), filters);
    std::vector<std::string> clusters{clusterText("up", {m_up->port()})};
    if (!cluster.empty())
        clusters.push_back(cluster);
    return staticBootstrap({listener}, clusters);
}

void ProxyJwtTest::asksForTokens_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    const auto row = [](const char* name, const char* target, const std::string& header, int status,
                         const char* body) {
        QTest::newRow(name) << QByteArray(target) << QByteArray::fromStdString(header) << status
                            << QByteArray(body);
    };
    const std::string token = valid();
    const std::string forged = m_stranger.token(R"({"iss":"issuer","aud":["shop"]})");
    row("good", "/", bearer(token), 200, "");
    row("none", "/", "", 401, "Jwt is missing");
    row("in the query", ("/?access_token=" + token).c_str(), "", 200, "");
    row("forged", "/", bearer(forged), 401, "Jwt verification fails");
    row("two tokens, one forged", ("/?access_token=" + forged).c_str(), bearer(token), 401,
        "Jwt verification fails");
    row("rubbish", "/", bearer("abc"), 401,
        "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections");
    row("expired", "/", bearer(m_signer.token(R"({"iss":"issuer","aud":["shop"],"exp":1000})")),
        401, "Jwt is expired");
    row("not yet", "/",
        bearer(m_signer.token(R"({"iss":"issuer","aud":["shop"],"nbf":4000000000})")), 401,
        "Jwt not yet valid");
    row("other issuer", "/", bearer(m_signer.token(R"({"iss":"other","aud":["shop"]})")), 401,
        "Jwt issuer is not configured");
    row("other audience", "/", bearer(m_signer.token(R"({"iss":"issuer","aud":["bar"]})")), 403,
        "Audiences in Jwt are not allowed");
    row("audience of the requirement", "/any",
        bearer(m_signer.token(R"({"iss":"issuer","aud":["bar"]})")), 200, "");
    row("other key", "/",
        bearer(m_signer.token(
            "{\"iss\":\"issuer\",\"aud\":\"shop\"}", R"({"alg":"ES256","kid":"k9"})")),
        401, "Jwks doesn't have key to match kid or alg from Jwt");
    row("no algorithm", "/",
        bearer(JwtSigner::encode(R"({"alg":"none"})") + "."
            + JwtSigner::encode(R"({"iss":"issuer","aud":["shop"]})") + "."),
        401, "Jwt header [alg] is not supported");
    row("a path without a requirement", "/free", "", 200, "");
    row("optional and missing", "/optional", "", 200, "");
    row("optional and forged", "/optional", bearer(forged), 401, "Jwt verification fails");
    row("optional and good", "/optional", bearer(token), 200, "");
    row("lenient and forged", "/lenient", bearer(forged), 200, "");
    row("disabled by the route", "/off", "", 200, "");
    row("named by the route", "/named", "", 401, "Jwt is missing");
}

void ProxyJwtTest::asksForTokens()
{
    static ProxyProcess proxy(bootstrap(inlineKeys()));
    static const bool ready = proxy.waitReady();
    QVERIFY2(ready, proxy.errors().c_str());
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, header);
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    const int before = m_up->calls();
    const WireReply reply = fetch(proxy.port(), target.toStdString(), header.toStdString());
    QCOMPARE(reply.status, status);
    QCOMPARE(m_up->calls() - before, status == 200 ? 1 : 0);
    if (status != 200)
        QCOMPARE(QByteArray::fromStdString(reply.body), body);
}

void ProxyJwtTest::challenges()
{
    ProxyProcess proxy(bootstrap(inlineKeys()));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/x?y").header("www-authenticate").value_or(""),
        std::string("Bearer realm=\"http://test/x?y\""));
    QCOMPARE(fetch(proxy.port(), "/x", bearer("a")).header("www-authenticate").value_or(""),
        std::string("Bearer realm=\"http://test/x\", error=\"invalid_token\""));
    QCOMPARE(proxy.stat("http.x.jwt_authn.denied"), 2L);
}

void ProxyJwtTest::passesOnWhatItFound()
{
    ProxyProcess proxy(bootstrap(inlineKeys()
        + ", forward_payload_header: x-payload, claim_to_headers: [{header_name: x-sub, "
          "claim_name: sub}, {header_name: x-org, claim_name: org.name}]"));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const std::string token = valid(R"(,"sub":"jason","org":{"name":"acme"})");
    const WireReply reply = fetch(proxy.port(), "/", bearer(token));
    QVERIFY2(has(reply, "x-sub: jason") && has(reply, "x-org: acme"), reply.body.c_str());
    const std::size_t dot = token.find('.');
    QVERIFY(has(reply, "x-payload: " + token.substr(dot + 1, token.rfind('.') - dot - 1)));
    QVERIFY(reply.body.find("uthorization") == std::string::npos);
    const WireReply byQuery = fetch(proxy.port(), "/x?a=1&access_token=" + token + "&b=2");
    QVERIFY2(has(byQuery, "GET /x?a=1&b=2"), byQuery.body.c_str());
    QVERIFY(has(fetch(proxy.port(), "/x?access_token=" + token), "GET /x"));
    ProxyProcess forwarding(bootstrap(inlineKeys() + ", forward: true"));
    QVERIFY2(forwarding.waitReady(), forwarding.errors().c_str());
    QVERIFY(fetch(forwarding.port(), "/", bearer(token)).body.find(token) != std::string::npos);
}

void ProxyJwtTest::callersCantForgeOutputs()
{
    ProxyProcess proxy(bootstrap(inlineKeys()
        + ", forward_payload_header: x-payload, claim_to_headers: [{header_name: x-sub, "
          "claim_name: sub}]"));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    for (const char* target : {"/free", "/off", "/optional"}) {
        const WireReply reply = fetch(proxy.port(), target, "x-payload: e30\r\nX-Sub: admin\r\n");
        QVERIFY(
            target == std::string_view("/off") || reply.body.find("admin") == std::string::npos);
        QCOMPARE(reply.status, 200);
    }
}

void ProxyJwtTest::claimsFeedRbac()
{
    const std::string rbac
        = R"({name: rbac, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC, rules: {action: ALLOW, policies: {p: {permissions: [{any: true}], principals: [{metadata: {filter: envoy.filters.http.jwt_authn, path: [{key: payload}, {key: scope}], value: {list_match: {one_of: {string_match: {exact: write}}}}}}, {header: {name: x-sub, string_match: {exact: root}}}]}}}}}, )";
    ProxyProcess proxy(bootstrap(inlineKeys()
            + ", payload_in_metadata: payload, normalize_payload_in_metadata: "
              "{space_delimited_claims: [scope]}, claim_to_headers: [{header_name: x-sub, "
              "claim_name: sub}]",
        rbac));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/", bearer(valid(R"(,"scope":"read write")"))).status, 200);
    QCOMPARE(fetch(proxy.port(), "/", bearer(valid(R"(,"scope":"read")"))).status, 403);
    QCOMPARE(fetch(proxy.port(), "/", bearer(valid(R"(,"sub":"root")"))).status, 200);
    QCOMPARE(fetch(proxy.port(), "/", bearer(valid()) + "x-sub: root\r\n").status, 403);
}

void ProxyJwtTest::fetchesKeys()
{
    const std::string keys = m_signer.keySet();
    RawUpstream server(
        "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(keys.size()) + "\r\n\r\n" + keys);
    ProxyProcess proxy(bootstrap(
        "remote_jwks: {http_uri: {uri: \"http://issuer/keys\", cluster: keys, timeout: 2s}}", {},
        clusterText("keys", {server.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/", bearer(valid())).status, 200);
    QCOMPARE(fetch(proxy.port(), "/").status, 401);
    QCOMPARE(proxy.stat("http.x.jwt_authn.jwks_fetch_success"), 1L);
}

void ProxyJwtTest::waitsForKeys()
{
    // A server that takes the connection and says nothing: the request waits until the time is up.
    TestUpstream slow("slow");
    slow.delayMs = 60000;
    ProxyProcess proxy(bootstrap(
        "remote_jwks: {http_uri: {uri: \"http://issuer/keys\", cluster: keys, timeout: 1s}}", {},
        clusterText("keys", {slow.port()})));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    const WireReply reply = fetch(proxy.port(), "/", bearer(valid()));
    QCOMPARE(reply.status, 401);
    QCOMPARE(reply.body, std::string("Jwks remote fetch is failed"));
    QVERIFY(proxy.stat("http.x.jwt_authn.jwks_fetch_failed") >= 1);
}

void ProxyJwtTest::goesOnWithoutKeys()
{
    ProxyProcess proxy(bootstrap(
        "remote_jwks: {http_uri: {uri: \"http://issuer/keys\", cluster: nowhere, timeout: 1s}}"));
    QVERIFY2(proxy.waitReady(), proxy.errors().c_str());
    QCOMPARE(fetch(proxy.port(), "/", bearer(valid())).status, 401);
    QCOMPARE(fetch(proxy.port(), "/free").status, 200);
}

void ProxyJwtTest::refusesBootstraps_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const char* fields, const char* named) {
        QTest::newRow(name) << QByteArray(fields) << QByteArray(named);
    };
    row("no keys", "forward: true", "local_jwks");
    row("bad keys", "local_jwks: {inline_string: nothing}", "Jwks");
    row("no timeout", "remote_jwks: {http_uri: {uri: \"http://a/b\", cluster: up}}", "timeout");
    row("bad URI", "remote_jwks: {http_uri: {uri: nowhere, cluster: up, timeout: 1s}}", "uri");
}

void ProxyJwtTest::refusesBootstraps()
{
    QFETCH(QByteArray, fields);
    QFETCH(QByteArray, named);
    ProxyProcess proxy(bootstrap(fields.toStdString()));
    QCOMPARE(proxy.waitEnd(), 1);
    const std::string errors = proxy.errors();
    QVERIFY2(errors.find(named.toStdString()) != std::string::npos, errors.c_str());
}

QTEST_GUILESS_MAIN(ProxyJwtTest)
#include "tst_proxy_jwt.moc"
