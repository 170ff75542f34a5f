// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/hash_policy.h"
#include "embedded-mesh/proxy/upstream/hash.h"
#include "embedded-mesh/proxy/upstream/hash_pickers.h"
#include "endpoint_words.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include <google/protobuf/util/json_util.h>

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;

class HashingTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hashesAsPublished_data();
    void hashesAsPublished();
    void placesKeysEvenly_data();
    void placesKeysEvenly();
    void placesAsEnvoyDoes_data();
    void placesAsEnvoyDoes();
    void movesFewKeys_data();
    void movesFewKeys();
    void retriesGoElsewhere_data();
    void retriesGoElsewhere();
    void ringSizes_data();
    void ringSizes();
    void boundedLoadSpillsOver();
    void readsRequests_data();
    void readsRequests();
    void makesUpACookieOncePerConnection();
};

namespace {

BalanceSpec hashing(BalancePolicy policy)
{
    BalanceSpec spec;
    spec.policy = policy;
    spec.panicThreshold = 0;
    return spec;
}

/// The endpoint of each of `keys` keys.
std::vector<std::string> placement(LoadBalancer& balancer, int keys)
{
    std::vector<std::string> placed;
    for (int i = 0; i < keys; ++i) {
        PickContext context;
        context.hash = xxHash64("key-" + std::to_string(i));
        placed.push_back(balancer.pick(context)->spec().instance);
    }
    return placed;
}

class FixedConnection final : public ConnectionInfo
{
public:
    const net::SocketAddress& remoteAddress() const override { return m_remote; }
    const net::SocketAddress& localAddress() const override { return m_local; }

private:
    net::SocketAddress m_remote = *net::SocketAddress::parse("10.1.2.3:4567");
    net::SocketAddress m_local = *net::SocketAddress::parse("10.0.0.1:80");
};

RequestView requestBy(const ConnectionInfo& connection)
{
    RequestView request;
    request.connection = &connection;
    request.trust = RequestView::Trust::Connection;
    return request;
}

Result<HashPolicies> policies(const QByteArray& json)
{
    envoy::config::route::v3::RouteAction action;
    const auto done = google::protobuf::util::JsonStringToMessage(
        "{\"hash_policy\": " + json.toStdString() + "}", &action);
    if (!done.ok())
        return failure(ErrorCode::InvalidArgument, done.ToString());
    return HashPolicies::compile(action.hash_policy());
}

} // namespace

void HashingTest::hashesAsPublished_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<quint64>("seed");
    QTest::addColumn<quint64>("xx");
    // values of the reference implementation (xxhsum)
    QTest::newRow("empty") << QByteArray("") << quint64(0) << quint64(0xef46db3751d8e999);
    QTest::newRow("a") << QByteArray("a") << quint64(0) << quint64(0xd24ec4f1a98c6e5b);
    QTest::newRow("abc") << QByteArray("abc") << quint64(0) << quint64(0x44bc2cf5ad770999);
    QTest::newRow("39 bytes") << QByteArray("Nobody inspects the spammish repetition") << quint64(0)
                              << quint64(0xfbcea83c8a378bf1);
}

void HashingTest::hashesAsPublished()
{
    QFETCH(QByteArray, text);
    QFETCH(quint64, seed);
    QFETCH(quint64, xx);
    QCOMPARE(quint64(xxHash64(text.toStdString(), seed)), xx);
    // libstdc++ hashes with the same function and seed as Envoy's MURMUR_HASH_2
    QCOMPARE(murmurHash2(text.toStdString()),
        std::uint64_t(std::hash<std::string>()(text.toStdString())));
}

void HashingTest::placesKeysEvenly_data()
{
    QTest::addColumn<int>("policy");
    QTest::addColumn<double>("tolerance"); // percent of the mean
    QTest::newRow("ring") << int(BalancePolicy::RingHash) << 25.0;
    QTest::newRow("maglev") << int(BalancePolicy::Maglev) << 6.0;
}

void HashingTest::placesKeysEvenly()
{
    QFETCH(int, policy);
    QFETCH(double, tolerance);
    const Endpoints members = endpointsOf("a b c d e f g h i j");
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), hashing(BalancePolicy(policy)));
    for (const double share : sharesOf(balancer, members, 40000, true))
        QVERIFY2(std::abs(share - 10) < 10 * tolerance / 100, QByteArray::number(share));
}

void HashingTest::placesAsEnvoyDoes_data()
{
    QTest::addColumn<QByteArray>("endpoints");
    QTest::addColumn<int>("policy");
    QTest::addColumn<int>("minRing");
    QTest::addColumn<bool>("murmur");
    QTest::addColumn<QByteArray>("placed"); // of header values user-0 … user-59, by Envoy 1.40
    const auto row = [](const char* name, const char* endpoints, BalancePolicy policy, int ring,
                         bool murmur, const char* placed) {
        QTest::newRow(name) << QByteArray(endpoints) << int(policy) << ring << murmur
                            << QByteArray(placed);
    };
    const char* const equal = "a b c d e";
    const char* const weighted = "a*1 b*2 c*3 d*4 e*5";
    row("ring", equal, BalancePolicy::RingHash, 1024, false,
        "edebcacbdeeaebaaabcdeadaccedbaadcbcdcacddbaaaedbaeeecabeedab");
    row("weighted ring", weighted, BalancePolicy::RingHash, 1024, false,
        "edeecacbdeededeaacceebddceeddeddebcdcacedeeaaeddaeeeeddeeddd");
    row("murmur", equal, BalancePolicy::RingHash, 64, true,
        "dbbbdbcdccdbddbdbcbcbadbdcaecacaeaeddcbddadddacdecebebaeaeed");
    row("maglev", equal, BalancePolicy::Maglev, 1024, false,
        "badddebbdeccceebdacaedeedbbabedbdcbedcedbabeaccdbdcecebceccd");
    row("weighted maglev", weighted, BalancePolicy::Maglev, 1024, false,
        "bddddebbdeccceeedecaedeedbbdbededceedeeddebedccdbdcecedceccd");
}

void HashingTest::placesAsEnvoyDoes()
{
    QFETCH(QByteArray, endpoints);
    QFETCH(int, policy);
    QFETCH(int, minRing);
    QFETCH(bool, murmur);
    QFETCH(QByteArray, placed);
    const Endpoints members = endpointsOf(endpoints);
    std::uint16_t port = 21001;
    for (const auto& member : members) {
        EndpointSpec spec = member->spec();
        spec.address = net::SocketAddress::loopback(port++);
        member->setSpec(spec);
    }
    BalanceSpec spec = hashing(BalancePolicy(policy));
    spec.minRingSize = std::uint64_t(minRing);
    spec.hashFunction = murmur ? HashFunction::Murmur2 : HashFunction::XxHash;
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), spec);
    QByteArray seen;
    for (int user = 0; user < 60; ++user) {
        PickContext context;
        context.hash = xxHash64("user-" + std::to_string(user));
        seen += QByteArray::fromStdString(balancer.pick(context)->spec().instance);
    }
    QCOMPARE(seen, placed);
}

void HashingTest::movesFewKeys_data()
{
    QTest::addColumn<int>("policy");
    QTest::addColumn<int>("extra"); // percent of keys that may move without need
    QTest::newRow("ring") << int(BalancePolicy::RingHash) << 0;
    QTest::newRow("maglev") << int(BalancePolicy::Maglev) << 4;
}

void HashingTest::movesFewKeys()
{
    QFETCH(int, policy);
    QFETCH(int, extra);
    // The ring keeps the number of places an endpoint has: 1000 = 10 × 100 and 9 × 100 …
    BalanceSpec spec = hashing(BalancePolicy(policy));
    constexpr int kKeys = 20000;
    const Endpoints members = endpointsOf("a b c d e f g h i j");
    LoadBalancer balancer;
    spec.minRingSize = 1000;
    balancer.rebuild(inputOf(members), spec);
    const auto before = placement(balancer, kKeys);
    members[3]->ejection.ejected = true; // d
    spec.minRingSize = 900;
    balancer.rebuild(inputOf(members), spec);
    const auto after = placement(balancer, kKeys);
    int needless = 0;
    for (int i = 0; i < kKeys; ++i) {
        const auto at = std::size_t(i);
        QVERIFY(after[at] != "d");
        needless += before[at] != "d" && before[at] != after[at] ? 1 : 0;
    }
    QVERIFY2(needless <= kKeys * extra / 100, QByteArray::number(needless));
    members[3]->ejection.ejected = false;
    spec.minRingSize = 1000;
    balancer.rebuild(inputOf(members), spec);
    QCOMPARE(placement(balancer, kKeys), before);
}

void HashingTest::retriesGoElsewhere_data()
{
    QTest::addColumn<int>("policy");
    QTest::newRow("ring") << int(BalancePolicy::RingHash);
    QTest::newRow("maglev") << int(BalancePolicy::Maglev);
}

void HashingTest::retriesGoElsewhere()
{
    QFETCH(int, policy);
    const Endpoints members = endpointsOf("a b c d");
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), hashing(BalancePolicy(policy)));
    for (std::uint64_t key = 0; key < 200; ++key) {
        PickContext context;
        context.hash = xxHash64(std::to_string(key));
        const auto first = balancer.pick(context);
        QCOMPARE(balancer.pick(context), first);
        Endpoint* const tried[] = {first.get()};
        context.avoid = tried;
        QVERIFY(balancer.pick(context) != first);
    }
}

void HashingTest::ringSizes_data()
{
    QTest::addColumn<QByteArray>("endpoints");
    QTest::addColumn<int>("least");
    QTest::addColumn<int>("most");
    QTest::addColumn<int>("size");
    QTest::newRow("whole number each") << QByteArray("a b c") << 1024 << 8388608 << 1026;
    QTest::newRow("the lightest gets a whole number")
        << QByteArray("a*1 b*2") << 10 << 8388608 << 12;
    QTest::newRow("capped") << QByteArray("a b c") << 1 << 2 << 2;
}

void HashingTest::ringSizes()
{
    QFETCH(QByteArray, endpoints);
    QFETCH(int, least);
    QFETCH(int, most);
    QFETCH(int, size);
    HostPicker::Hosts hosts;
    for (const auto& endpoint : endpointsOf(endpoints))
        hosts.push_back({endpoint, double(endpoint->spec().weight)});
    BalanceSpec spec = hashing(BalancePolicy::RingHash);
    spec.minRingSize = std::uint64_t(least);
    spec.maxRingSize = std::uint64_t(most);
    QCOMPARE(RingPicker(hosts, spec).size(), std::size_t(size));
}

void HashingTest::boundedLoadSpillsOver()
{
    const Endpoints members = endpointsOf("a b c d");
    BalanceSpec spec = hashing(BalancePolicy::Maglev);
    spec.hashBalanceFactor = 150;
    LoadBalancer balancer;
    balancer.rebuild(inputOf(members), spec);
    PickContext context;
    context.hash = 12345;
    for (int i = 0; i < 80; ++i)
        ++balancer.pick(context)->active; // one hot key
    for (const auto& member : members)
        QVERIFY2(member->active <= 32, QByteArray::number(member->active)); // 1.5 × 20, rounded up
}

void HashingTest::readsRequests_data()
{
    QTest::addColumn<QByteArray>("policy");
    QTest::addColumn<QByteArray>("hashed"); // text whose hash comes out; "-" = none
    const auto row = [](const char* name, const char* policy, const char* hashed) {
        QTest::newRow(name) << QByteArray(policy) << QByteArray(hashed);
    };
    row("header", R"([{"header": {"header_name": "x-user"}}])", "jane");
    row("header of two lines, sorted", R"([{"header": {"header_name": "x-tag"}}])", "onetwo");
    row("no such header", R"([{"header": {"header_name": "x-none"}}])", "-");
    row("path", R"([{"header": {"header_name": ":path"}}])", "/shop?id=7&q=");
    row("rewritten header",
        R"([{"header": {"header_name": "x-user", "regex_rewrite": {"pattern": {"regex": "^j"}, "substitution": "J"}}}])",
        "Jane");
    row("cookie", R"([{"cookie": {"name": "sid"}}])", "abc");
    row("no such cookie, none made up", R"([{"cookie": {"name": "other"}}])", "-");
    row("source address", R"([{"connection_properties": {"source_ip": true}}])", "10.1.2.3");
    row("query parameter", R"([{"query_parameter": {"name": "id"}}])", "7");
    row("empty query parameter", R"([{"query_parameter": {"name": "q"}}])", "");
    row("terminal stops",
        R"([{"cookie": {"name": "sid"}, "terminal": true}, {"header": {"header_name": "x-user"}}])",
        "abc");
    row("terminal without value goes on",
        R"([{"header": {"header_name": "x-none"}, "terminal": true}, {"header": {"header_name": "x-user"}}])",
        "jane");
}

void HashingTest::readsRequests()
{
    QFETCH(QByteArray, policy);
    QFETCH(QByteArray, hashed);
    const HeaderView headers[] = {{"X-User", "jane"}, {"x-tag", "two"}, {"x-tag", "one"},
        {"Cookie", "a=b; sid=\"abc\"; c=d"}};
    const FixedConnection connection;
    RequestView request = requestBy(connection);
    request.headers = headers;
    const std::string_view target = "/shop?id=7&q=";
    request.path = target.substr(0, 5);
    request.query = target.substr(6);
    const auto compiled = policies(policy);
    QVERIFY2(compiled, compiled ? "" : compiled.error().message.c_str());
    std::string cookie;
    const auto hash = compiled->hash(request, cookie);
    QVERIFY(cookie.empty());
    QCOMPARE(hash.has_value(), hashed != "-");
    if (hash)
        QCOMPARE(*hash, xxHash64(hashed.toStdString()));
    const auto twice = policies(
        R"([{"header": {"header_name": "x-user"}}, {"header": {"header_name": "x-user"}}])");
    QVERIFY(twice->hash(request, cookie).value_or(0) != 0); // do not cancel out
}

void HashingTest::makesUpACookieOncePerConnection()
{
    const auto compiled = policies(
        R"([{"cookie": {"name": "sid", "ttl": "60s", "path": "/shop", "attributes": [{"name": "SameSite", "value": "Lax"}]}}])");
    QVERIFY(compiled);
    const FixedConnection connection;
    std::string first;
    std::string second;
    const auto hash = compiled->hash(requestBy(connection), first);
    QCOMPARE(compiled->hash(requestBy(connection), second), hash);
    QCOMPARE(first, second);
    const QByteArray text = QByteArray::fromStdString(first);
    QVERIFY2(text.startsWith("sid=\""), text);
    QVERIFY2(text.endsWith("\"; Max-Age=60; Path=/shop; SameSite=Lax; HttpOnly"), text);
    const std::string value = text.mid(5, 16).toStdString();
    QCOMPARE(*hash, xxHash64(value)); // the next request, with the cookie, lands there again
    RequestView next = requestBy(connection);
    const std::string line = "sid=" + value;
    const HeaderView sent[] = {{"cookie", line}};
    next.headers = sent;
    std::string none;
    QCOMPARE(compiled->hash(next, none), hash);
    QVERIFY(none.empty());
    for (const char* bad : {R"([{"cookie": {"name": ""}}])", R"([{"connection_properties": {}}])",
             R"([{"header": {}}])"})
        QVERIFY(!policies(bad));
}

QTEST_GUILESS_MAIN(HashingTest)
#include "tst_hashing.moc"
