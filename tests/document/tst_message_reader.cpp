// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/load_yaml.h"
#include "embedded-mesh/document/message_reader.h"
#include "embedded-mesh/document/yaml_parser.h"

#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/resilience.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"
#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include <QTest>

using namespace meshyard::document;
namespace kinds = meshyard::kinds::v1;

class MessageReaderTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsAVirtualService();
    void coercesToStrings();
    void takesSnakeCase();
    void resolvesAnyByItsType();
    void keepsJsonTypesInStructs();
    void problemsSayPlaceAndCure_data();
    void problemsSayPlaceAndCure();
    void unsupportedFieldsAreWarnings();
    void printsWhatItReads();
};

void MessageReaderTest::readsAVirtualService()
{
    kinds::VirtualService spec;
    const auto done = loadYaml(R"(
hosts: [reviews]
http:
- match:
  - headers:
      end-user: {exact: jason}
    uri: {prefix: /api}
  timeout: 1m500ms
  retries: {attempts: 3, perTryTimeout: 2s, retryRemoteLocalities: true}
  fault:
    delay: {percentage: {value: 100}, fixedDelay: 7s}
  route:
  - destination: {host: reviews, subset: v1, port: {number: 9080}}
    weight: 80
  corsPolicy:
    unmatchedPreflights: IGNORE
)",
        spec);
    QVERIFY2(done.has_value(), done ? "" : done.error().message.c_str());
    const auto& route = spec.http(0);
    QCOMPARE(route.match(0).headers().at("end-user").exact(), std::string("jason"));
    QCOMPARE(route.timeout().seconds(), 60);
    QCOMPARE(route.timeout().nanos(), 500'000'000);
    QCOMPARE(route.retries().per_try_timeout().seconds(), 2);
    QVERIFY(route.retries().retry_remote_localities().value());
    QCOMPARE(route.fault().delay().percentage().value(), 100.0);
    QCOMPARE(route.route(0).weight(), 80);
    QCOMPARE(route.route(0).destination().port().number(), 9080U);
    QCOMPARE(route.cors_policy().unmatched_preflights(), kinds::CorsPolicy::IGNORE);
}

void MessageReaderTest::coercesToStrings()
{
    kinds::Subset subset;
    QVERIFY(loadYaml("name: 1\nlabels: {version: 2, canary: true}\n", subset).has_value());
    QCOMPARE(subset.name(), std::string("1"));
    QCOMPARE(subset.labels().at("version"), std::string("2"));
    QCOMPARE(subset.labels().at("canary"), std::string("true"));
}

void MessageReaderTest::takesSnakeCase()
{
    kinds::OutlierDetection outlier;
    QVERIFY(loadYaml("consecutive_5xx_errors: 7\nbase_ejection_time: 30s\n", outlier).has_value());
    QCOMPARE(outlier.consecutive_5xx_errors().value(), 7U);
    const auto twice
        = loadYaml("interval: 1s\nbaseEjectionTime: 1s\nbase_ejection_time: 2s\n", outlier);
    QVERIFY(!twice.has_value());
    QVERIFY(twice.error().message.find("two spellings") != std::string::npos);
}

void MessageReaderTest::resolvesAnyByItsType()
{
    google::protobuf::Any any;
    const auto done
        = loadYaml("\"@type\": type.googleapis.com/meshyard.kinds.v1.Percent\nvalue: 12.5\n", any);
    QVERIFY2(done.has_value(), done ? "" : done.error().message.c_str());
    kinds::Percent percent;
    QVERIFY(any.UnpackTo(&percent));
    QCOMPARE(percent.value(), 12.5);
    QCOMPARE(toYaml(any),
        std::string("\"@type\": type.googleapis.com/meshyard.kinds.v1.Percent\nvalue: 12.5\n"));

    const auto unknown = loadYaml("{\"@type\": \"type.googleapis.com/a.B\"}", any);
    QVERIFY(unknown.error().message.find("\"a.B\" is not supported") != std::string::npos);
}

void MessageReaderTest::keepsJsonTypesInStructs()
{
    google::protobuf::Struct fields;
    QVERIFY(loadYaml("a: 1.5\nb: \"1.5\"\nc: true\nd: [x, ~]\ne: {f: 1}\n", fields).has_value());
    QCOMPARE(fields.fields().at("a").number_value(), 1.5);
    QCOMPARE(fields.fields().at("b").string_value(), std::string("1.5"));
    QVERIFY(fields.fields().at("c").bool_value());
    QCOMPARE(fields.fields().at("d").list_value().values_size(), 2);
    QCOMPARE(toYaml(fields),
        std::string("a: 1.5\nb: \"1.5\"\nc: true\nd:\n  - x\n  - null\ne:\n  f: 1\n"));
}

void MessageReaderTest::problemsSayPlaceAndCure_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("place");
    QTest::addColumn<QByteArray>("cure");
    const auto row = [](const char* name, const char* text, const char* place, const char* cure) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(place) << QByteArray(cure);
    };
    row("misspelled field", "http:\n- route:\n  - wieght: 80\n",
        "line 3, column 5: http[0].route[0].wieght", "did you mean \"weight\"?");
    row("number wanted", "http:\n- route:\n  - weight: much\n",
        "line 3, column 13: http[0].route[0].weight", "not a whole number");
    row("number too big", "http:\n- route:\n  - weight: 9999999999\n", "http[0].route[0].weight",
        "from -2147483648 to 2147483647");
    row("fraction", "http:\n- route:\n  - weight: 0.5\n", "http[0].route[0].weight",
        "whole number");
    row("duration without unit", "http: [{timeout: 5}]", "line 1, column 18: http[0].timeout",
        "add a unit, as in \"5s\"");
    row("list wanted", "hosts: reviews\n", "hosts", "start each item with '- '");
    row("mapping wanted", "http: [reviews]\n", "http[0]", "a mapping with fields");
    row("text wanted", "hosts:\n- [a]\n", "hosts[0]", "text belongs here, not a list");
    row("two of a oneof", "http: [{match: [{uri: {exact: a, prefix: b}}]}]\n",
        "http[0].match[0].uri.prefix", "exclude each other");
    row("enum", "http: [{corsPolicy: {unmatchedPreflights: forwards}}]\n",
        "http[0].corsPolicy.unmatchedPreflights", "did you mean \"FORWARD\"?");
    row("boolean", "http: [{match: [{ignoreUriCase: yes}]}]\n", "ignoreUriCase",
        "neither true nor false");
    row("empty item", "hosts:\n-\n- a\n", "hosts[0]", "empty");
}

void MessageReaderTest::problemsSayPlaceAndCure()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, place);
    QFETCH(QByteArray, cure);
    kinds::VirtualService spec;
    const auto done = loadYaml(text.toStdString(), spec, "file.yaml");
    QVERIFY(!done.has_value());
    const std::string& message = done.error().message;
    QVERIFY2(message.starts_with("file.yaml: line "), message.c_str());
    QVERIFY2(message.find(place.toStdString()) != std::string::npos, message.c_str());
    QVERIFY2(message.find(cure.toStdString()) != std::string::npos, message.c_str());
}

void MessageReaderTest::unsupportedFieldsAreWarnings()
{
    ReadOptions options;
    options.path = "spec";
    options.isUnsupported = [](const google::protobuf::Descriptor&, std::string_view field) {
        return field == "delegate";
    };
    kinds::VirtualService spec;
    const auto stream = parseStream("http:\n- delegate: {name: x}\n");
    const auto problems = readMessage(stream.documents.front().root, spec, options);
    QCOMPARE(problems.size(), std::size_t(1));
    QCOMPARE(problems.front().severity, Severity::Warning);
    QCOMPARE(problems.front().path, std::string("spec.http[0].delegate"));
    QVERIFY(!hasErrors(problems));
}

void MessageReaderTest::printsWhatItReads()
{
    const std::string text = R"(source:
  service: productpage
destination:
  service: reviews
  subset: v2
enabled: false
mode: OBSERVE
window: 10s
minCalls: 0
failureRatio: 0.25
failureOn:
  - 5xx
  - "1"
trialTimeout: 250ms
)";
    kinds::CircuitBreaker spec;
    QVERIFY(loadYaml(text, spec).has_value());
    QCOMPARE(toYaml(spec), text);
    kinds::CircuitBreaker again;
    QVERIFY(loadYaml(toYaml(spec), again).has_value());
    QVERIFY(google::protobuf::util::MessageDifferencer::Equals(spec, again));
}

QTEST_APPLESS_MAIN(MessageReaderTest)
#include "tst_message_reader.moc"
