// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/rbac.h"

#include "envoy/config/rbac/v3/rbac.pb.h"

#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;

class RbacTestCase : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judges_data();
    void judges();
    void namesThePolicy();
    void refuses_data();
    void refuses();
    void knowsWhatNeedsHttp();
};

namespace {

class Peer final : public ConnectionInfo
{
public:
    const net::SocketAddress& remoteAddress() const override { return m_remote; }
    const net::SocketAddress& localAddress() const override { return m_local; }
    std::string_view serverName() const override { return "reviews.default"; }
    bool isTls() const override { return true; }
    std::span<const std::string> principals() const override { return m_principals; }

private:
    net::SocketAddress m_remote = *net::SocketAddress::fromIp("10.1.2.3", 4567);
    net::SocketAddress m_local = *net::SocketAddress::fromIp("10.9.9.9", 8080);
    std::vector<std::string> m_principals{"spiffe://td/ns/default/sa/web"};
};

Result<RbacRules> compile(const std::string& json)
{
    envoy::config::rbac::v3::RBAC proto;
    const auto parsed = google::protobuf::util::JsonStringToMessage(json, &proto);
    if (!parsed.ok())
        return failure(ErrorCode::Internal, "bad test: " + std::string(parsed.message()));
    return RbacRules::compile(proto);
}

std::string policy(const std::string& permission, const std::string& principal)
{
    return R"({"permissions":[)" + permission + R"(],"principals":[)" + principal + "]}";
}

std::string rules(const std::string& action, const std::string& permission,
    const std::string& principal = R"({"any":true})")
{
    return R"({"action":")" + action + R"(","policies":{"p":)" + policy(permission, principal)
        + "}}";
}

/// GET shop/admin/x?y from 10.1.2.3 with a verified token.
struct Scene
{
    Peer peer;
    std::vector<HeaderView> headers{{"x-team", "blue"}, {"x-team", "red"}, {"x-n", "42"},
        {"x-forwarded-for", "203.0.113.9, 192.0.2.1"}};
    RequestView view;
    DynamicMetadata metadata;

    Scene()
    {
        view.method = "GET";
        view.authority = "shop";
        const std::string_view target = "/admin/x?y";
        view.path = target.substr(0, 8);
        view.query = target.substr(9);
        view.headers = headers;
        view.connection = &peer;
        metadata.set("envoy.filters.http.jwt_authn",
            std::make_shared<nlohmann::json>(nlohmann::json::parse(
                R"({"payload":{"iss":"me","groups":["a","ops"],"admin":true,"level":3,"none":null}})")));
    }
};

std::string claim(const std::string& path, const std::string& value)
{
    std::string segments = R"({"key":"payload"})";
    segments += R"(,{"key":")" + path + R"("})";
    return R"({"metadata":{"filter":"envoy.filters.http.jwt_authn","path":[)" + segments
        + R"(],"value":)" + value + "}}";
}

} // namespace

void RbacTestCase::judges_data()
{
    QTest::addColumn<QByteArray>("permission");
    QTest::addColumn<QByteArray>("principal");
    QTest::addColumn<bool>("matches");
    const std::string any = R"({"any":true})";
    const auto row = [&](const char* name, const std::string& permission,
                         const std::string& principal, bool matches) {
        QTest::newRow(name) << QByteArray::fromStdString(permission)
                            << QByteArray::fromStdString(principal) << matches;
    };
    const auto may = [&](const char* name, const std::string& permission, bool matches) {
        row(name, permission, any, matches);
    };
    const auto who = [&](const char* name, const std::string& principal, bool matches) {
        row(name, any, principal, matches);
    };
    may("any", any, true);
    may("path", R"({"urlPath":{"path":{"exact":"/admin/x"}}})", true);
    may("path prefix", R"({"urlPath":{"path":{"prefix":"/adm"}}})", true);
    may("path is without the query", R"({"urlPath":{"path":{"suffix":"?y"}}})", false);
    may(":path has the query", R"({"header":{"name":":path","stringMatch":{"suffix":"?y"}}})",
        true);
    may("method", R"({"header":{"name":":method","stringMatch":{"exact":"GET"}}})", true);
    may("method differs", R"({"header":{"name":":method","stringMatch":{"exact":"PUT"}}})", false);
    may("host is the authority", R"({"header":{"name":"host","stringMatch":{"exact":"shop"}}})",
        true);
    may("all lines of a header count",
        R"({"header":{"name":"x-team","stringMatch":{"exact":"blue,red"}}})", true);
    may("one line is not all", R"({"header":{"name":"x-team","stringMatch":{"exact":"blue"}}})",
        false);
    may("range", R"({"header":{"name":"x-n","rangeMatch":{"start":"40","end":"43"}}})", true);
    may("missing header", R"({"header":{"name":"x-z","presentMatch":true}})", false);
    may("port", R"({"destinationPort":8080})", true);
    may("other port", R"({"destinationPort":8081})", false);
    may("port range", R"({"destinationPortRange":{"start":8000,"end":8081}})", true);
    may("port range's end is outside", R"({"destinationPortRange":{"start":8000,"end":8080}})",
        false);
    may("destination", R"({"destinationIp":{"addressPrefix":"10.9.0.0","prefixLen":16}})", true);
    may("server name", R"({"requestedServerName":{"exact":"reviews.default"}})", true);
    may("not", R"({"notRule":{"destinationPort":8080}})", false);
    may("and", R"({"andRules":{"rules":[{"any":true},{"destinationPort":1}]}})", false);
    may("or", R"({"orRules":{"rules":[{"destinationPort":1},{"any":true}]}})", true);
    who("principal",
        R"({"authenticated":{"principalName":{"exact":"spiffe://td/ns/default/sa/web"}}})", true);
    who("principal suffix", R"({"authenticated":{"principalName":{"suffix":"/sa/web"}}})", true);
    who("other principal",
        R"({"authenticated":{"principalName":{"exact":"spiffe://td/ns/x/sa/web"}}})", false);
    who("anybody with a certificate", R"({"authenticated":{}})", true);
    who("direct remote", R"({"directRemoteIp":{"addressPrefix":"10.1.2.0","prefixLen":24}})", true);
    who("direct remote is not the forwarded one",
        R"({"directRemoteIp":{"addressPrefix":"192.0.2.1","prefixLen":32}})", false);
    who("source is the connection's", R"({"sourceIp":{"addressPrefix":"10.1.2.3","prefixLen":32}})",
        true);
    who("remote is the last forwarded one",
        R"({"remoteIp":{"addressPrefix":"192.0.2.1","prefixLen":32}})", true);
    who("a forged first one is none",
        R"({"remoteIp":{"addressPrefix":"203.0.113.9","prefixLen":32}})", false);
    who("not id", R"({"notId":{"any":true}})", false);
    who("and ids", R"({"andIds":{"ids":[{"any":true},{"any":true}]}})", true);
    who("claim", claim("iss", R"({"stringMatch":{"exact":"me"}})"), true);
    who("other claim", claim("iss", R"({"stringMatch":{"exact":"you"}})"), false);
    who("list claim", claim("groups", R"({"listMatch":{"oneOf":{"stringMatch":{"exact":"ops"}}}})"),
        true);
    who("not in the list",
        claim("groups", R"({"listMatch":{"oneOf":{"stringMatch":{"exact":"dev"}}}})"), false);
    who("bool claim", claim("admin", R"({"boolMatch":true})"), true);
    who("number claim", claim("level", R"({"doubleMatch":{"range":{"start":1,"end":3.5}}})"), true);
    who("null claim", claim("none", R"({"nullMatch":{}})"), true);
    who("claim is there", claim("iss", R"({"presentMatch":true})"), true);
    who("claim is missing", claim("zzz", R"({"presentMatch":true})"), false);
    who("one of several",
        claim("iss",
            R"({"orMatch":{"valueMatchers":[{"boolMatch":true},{"stringMatch":{"prefix":"m"}}]}})"),
        true);
}

void RbacTestCase::judges()
{
    QFETCH(QByteArray, permission);
    QFETCH(QByteArray, principal);
    QFETCH(bool, matches);
    const Scene scene;
    const RbacSubject subject{scene.view, scene.metadata};
    for (const char* action : {"ALLOW", "DENY", "LOG"}) {
        const auto compiled
            = compile(rules(action, permission.toStdString(), principal.toStdString()));
        QVERIFY2(compiled, compiled ? "" : compiled.error().message.c_str());
        const std::string_view name = action;
        const bool allowed = name == "LOG" || (name == "ALLOW") == matches;
        QCOMPARE(compiled->judge(subject).allowed, allowed);
    }
}

void RbacTestCase::namesThePolicy()
{
    const Scene scene;
    const auto compiled = compile(R"({"action":"DENY","policies":{"b":)"
        + policy(R"({"any":true})", R"({"any":true})") + R"(,"a":)"
        + policy(R"({"destinationPort":1})", R"({"any":true})") + "}}");
    QVERIFY(compiled);
    QCOMPARE(compiled->judge({scene.view, scene.metadata}).policy, std::string_view("b"));
    const auto nobody = compile(R"({"action":"ALLOW"})");
    QVERIFY(nobody && !nobody->judge({scene.view, scene.metadata}).allowed);
    const auto everybody = compile(R"({"action":"DENY"})");
    QVERIFY(everybody && everybody->judge({scene.view, scene.metadata}).allowed);
}

void RbacTestCase::refuses_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const std::string& json, const char* named) {
        QTest::newRow(name) << QByteArray::fromStdString(json) << QByteArray(named);
    };
    row("no rule", rules("ALLOW", "{}"), "permission");
    row("no identifier", rules("ALLOW", R"({"any":true})", "{}"), "principal");
    row("filter state", rules("ALLOW", R"({"any":true})", R"({"filterState":{"key":"k"}})"),
        "filter_state");
    row("bad address",
        rules("DENY", R"({"destinationIp":{"addressPrefix":"10.0.0","prefixLen":8}})"), "10.0.0");
    row("long prefix",
        rules("DENY", R"({"destinationIp":{"addressPrefix":"10.0.0.0","prefixLen":33}})"), "33");
    row("empty set", rules("DENY", R"({"andRules":{}})"), "empty");
    row("bad regex", rules("DENY", R"({"urlPath":{"path":{"safeRegex":{"regex":"(["}}}})"),
        "regex");
    row("ports", rules("DENY", R"({"destinationPortRange":{"start":9,"end":9}})"), "port");
}

void RbacTestCase::refuses()
{
    QFETCH(QByteArray, json);
    QFETCH(QByteArray, named);
    const auto compiled = compile(json.toStdString());
    QVERIFY(!compiled);
    QVERIFY2(compiled.error().message.find(named.toStdString()) != std::string::npos,
        compiled.error().message.c_str());
}

void RbacTestCase::knowsWhatNeedsHttp()
{
    QVERIFY(!compile(rules("DENY", R"({"destinationPort":1})"))->needsHttp());
    QVERIFY(compile(rules("DENY", R"({"notRule":{"header":{"name":"a"}}})"))->needsHttp());
}

QTEST_GUILESS_MAIN(RbacTestCase)
#include "tst_rbac.moc"
