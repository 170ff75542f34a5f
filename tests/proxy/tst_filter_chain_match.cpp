// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/filter_chain_match.h"

#include "envoy/config/listener/v3/listener_components.pb.h"

#include <google/protobuf/text_format.h>

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;

namespace {

Result<FilterChainMatch> compile(const std::string& text)
{
    envoy::config::listener::v3::FilterChainMatch proto;
    google::protobuf::TextFormat::ParseFromString(text, &proto);
    return FilterChainMatch::compile(proto);
}

/// Which of the texts takes the connection; -1 = none.
int choose(const std::vector<std::string>& texts, const ConnectionFacts& facts)
{
    std::vector<FilterChainMatch> matches;
    for (const std::string& text : texts)
        matches.push_back(*compile(text));
    std::vector<const FilterChainMatch*> pointers;
    for (const FilterChainMatch& match : matches)
        pointers.push_back(&match);
    const auto found = chooseFilterChain(pointers, facts);
    return found ? static_cast<int>(*found) : -1;
}

ConnectionFacts factsOf(const char* local, const char* remote = "10.0.0.9:4000")
{
    ConnectionFacts facts;
    facts.local = *net::SocketAddress::parse(local);
    facts.remote = *net::SocketAddress::parse(remote);
    return facts;
}

} // namespace

class FilterChainMatchTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void portsAndAddresses();
    void serverNamesFromExactToNone();
    void theFirstCriterionIsNotTakenBack();
    void protocols();
    void sources();
    void refusesWhatCannotMatch_data();
    void refusesWhatCannotMatch();
};

void FilterChainMatchTest::portsAndAddresses()
{
    const std::vector<std::string> texts{"destination_port { value: 80 }",
        R"(prefix_ranges { address_prefix: "10.1.0.0" prefix_len { value: 16 } })",
        R"(prefix_ranges { address_prefix: "10.1.2.0" prefix_len { value: 24 } })", "",
        R"(prefix_ranges { address_prefix: "fd00::" prefix_len { value: 9 } })"};
    QCOMPARE(choose(texts, factsOf("10.1.2.3:80")), 0);
    QCOMPARE(choose(texts, factsOf("10.1.2.3:81")), 2);
    QCOMPARE(choose(texts, factsOf("10.1.9.3:81")), 1);
    QCOMPARE(choose(texts, factsOf("10.2.0.1:81")), 3);
    QCOMPARE(choose(texts, factsOf("[fd01::1]:81")), 4);
    QCOMPARE(choose(texts, factsOf("[fd80::1]:81")), 3);
}

void FilterChainMatchTest::serverNamesFromExactToNone()
{
    const std::vector<std::string> texts{R"(server_names: "*.example.org")",
        R"(server_names: "*.deep.example.org")", R"(server_names: "WWW.example.org")", ""};
    const auto at = [&](const char* name) {
        ConnectionFacts facts = factsOf("10.1.2.3:80");
        facts.serverName = name;
        return choose(texts, facts);
    };
    QCOMPARE(at("www.example.org"), 2);
    QCOMPARE(at("a.deep.example.org"), 1);
    QCOMPARE(at("deep.example.org"), 0);
    QCOMPARE(at("a.b.example.org"), 0);
    QCOMPARE(at("example.org"), 3);
    QCOMPARE(at(""), 3);
}

void FilterChainMatchTest::theFirstCriterionIsNotTakenBack()
{
    const std::vector<std::string> texts{
        R"(server_names: "a.test" transport_protocol: "raw_buffer")",
        R"(transport_protocol: "tls")"};
    ConnectionFacts facts = factsOf("10.1.2.3:80");
    facts.transportProtocol = "tls";
    facts.serverName = "a.test";
    QCOMPARE(choose(texts, facts), -1); // as in Envoy: the name decided already
    facts.serverName = "b.test";
    QCOMPARE(choose(texts, facts), 1);
}

void FilterChainMatchTest::protocols()
{
    const std::vector<std::string> texts{R"(application_protocols: "h2")",
        R"(application_protocols: "http/1.1" application_protocols: "http/1.0")",
        R"(transport_protocol: "tls")"};
    ConnectionFacts facts = factsOf("10.1.2.3:80");
    const std::vector<std::string> offered{"http/1.1", "h2"};
    facts.applicationProtocols = offered;
    QCOMPARE(choose(texts, facts), 1); // the caller's order counts
    facts.transportProtocol = "tls";
    QCOMPARE(choose(texts, facts), 2);
}

void FilterChainMatchTest::sources()
{
    const std::vector<std::string> texts{
        R"(source_prefix_ranges { address_prefix: "10.0.0.0" prefix_len { value: 8 } })",
        R"(source_prefix_ranges { address_prefix: "10.0.0.0" prefix_len { value: 8 } }
           source_ports: 4000)"};
    QCOMPARE(choose(texts, factsOf("10.1.2.3:80")), 1);
    QCOMPARE(choose(texts, factsOf("10.1.2.3:80", "10.0.0.9:4001")), 0);
    QCOMPARE(choose(texts, factsOf("10.1.2.3:80", "11.0.0.9:4000")), -1);
}

void FilterChainMatchTest::refusesWhatCannotMatch_data()
{
    QTest::addColumn<QString>("text");
    for (const char* text : {"destination_port { value: 0 }", "destination_port { value: 65536 }",
             R"(server_names: "*")", R"(server_names: "a*.test")", R"(server_names: "")",
             R"(transport_protocol: "quic")",
             R"(prefix_ranges { address_prefix: "x" prefix_len { value: 8 } })",
             R"(prefix_ranges { address_prefix: "10.0.0.0" prefix_len { value: 33 } })",
             "source_ports: 70000"})
        QTest::newRow(text) << QString::fromLatin1(text);
}

void FilterChainMatchTest::refusesWhatCannotMatch()
{
    QFETCH(QString, text);
    const auto compiled = compile(text.toStdString());
    QVERIFY(!compiled.has_value());
    QCOMPARE(compiled.error().code, ErrorCode::InvalidArgument);
}

QTEST_APPLESS_MAIN(FilterChainMatchTest)
#include "tst_filter_chain_match.moc"
