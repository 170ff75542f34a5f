// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/kinds.h"
#include "embedded-mesh/config/resource.h"

#include <QTest>

using namespace meshyard::config;

class ResourceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsAStream();
    void refusesBadDocuments_data();
    void refusesBadDocuments();
    void unsupportedFieldsWarn();
    void oneBadDocumentLeavesTheOthers();
    void findsKindsByAnyName();
};

void ResourceTest::readsAStream()
{
    const auto parsed = parseResources(R"(# who
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  labels: {team: books}
spec:
  hosts: [reviews]
---
apiVersion: meshyard.dev/v1
kind: CircuitBreaker
metadata: {name: all, namespace: staging, uid: 4711}
spec: {}
status: {observed: 3}
)",
        {"mesh.yaml", "production"});
    for (const auto& d : parsed.diagnostics)
        qWarning("%s", toString(d).c_str());
    QVERIFY(parsed.diagnostics.empty());
    QCOMPARE(parsed.resources.size(), std::size_t(2));
    QCOMPARE(toString(parsed.resources[0].id), std::string("VirtualService/production/reviews"));
    QCOMPARE(parsed.resources[0].labels.at("team"), std::string("books"));
    QVERIFY(parsed.resources[0].text.starts_with("# who\napiVersion"));
    QCOMPARE(toString(parsed.resources[1].id), std::string("CircuitBreaker/staging/all"));
}

void ResourceTest::refusesBadDocuments_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("line");
    const auto row = [](const char* name, const char* text, const char* line) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(line);
    };
    row("kind misspelled", "apiVersion: networking.istio.io/v1\nkind: VirtualServise\n",
        "f.yaml:2:7: error MY0110: kind: Meshyard has no kind \"VirtualServise\"; did you mean "
        "\"VirtualService\"?");
    row("kind in lower case", "kind: gateway\n", "did you mean \"Gateway\"?");
    row("no kind", "a: 1\n", "\"kind\" is missing");
    row("no name", "kind: Gateway\nmetadata: {}\n", "MY0112: metadata.name: the name is missing");
    row("bad name", "kind: Gateway\nmetadata: {name: a/b}\n",
        "f.yaml:2:18: error MY0112: metadata.name: \"a/b\" is not a name");
    row("wrong version", "apiVersion: v1\nkind: Gateway\nmetadata: {name: a}\nspec: {}\n",
        "write networking.istio.io/v1");
    row("no spec", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n",
        "MY0115");
    row("field at the top",
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspecs: {}\n",
        "f.yaml:4:1: error MY0103: specs: there is no field \"specs\" in a document; did you mean "
        "\"spec\"?");
    row("field in the spec",
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  server: "
        "[]\n",
        "f.yaml:5:3: error MY0103: spec.server: there is no field \"server\" in Gateway; did you "
        "mean \"servers\"?");
    row("same name twice",
        "apiVersion: meshyard.dev/v1\nkind: Drill\nmetadata: {name: a}\nspec: {}\n---\n"
        "apiVersion: meshyard.dev/v1\nkind: Drill\nmetadata: {name: a}\nspec: {}\n",
        "f.yaml:8:18: error MY0113: metadata.name: Drill \"a\" is already on line 1");
    row("syntax", "kind: [\n", "f.yaml:2:1: error MY0101: a ']' is missing");
}

void ResourceTest::refusesBadDocuments()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, line);
    const auto parsed = parseResources(text.toStdString(), {"f.yaml", "production"});
    QVERIFY(hasErrors(parsed.diagnostics));
    QStringList lines;
    for (const auto& d : parsed.diagnostics)
        lines << QString::fromStdString(toString(d));
    QVERIFY2(lines.join(u'\n').contains(QString::fromUtf8(line)), qPrintable(lines.join(u'\n')));
}

void ResourceTest::unsupportedFieldsWarn()
{
    const auto parsed = parseResources(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  host: a
  trafficPolicy:
    tunnel: {targetHost: x}
)",
        {});
    QCOMPARE(parsed.diagnostics.size(), std::size_t(1));
    QCOMPARE(parsed.diagnostics[0].severity, Severity::Warning);
    QCOMPARE(parsed.diagnostics[0].code, std::string("MY0104"));
    QCOMPARE(parsed.diagnostics[0].line, 7U);
    QVERIFY(!parsed.resources[0].broken);
}

void ResourceTest::oneBadDocumentLeavesTheOthers()
{
    const auto parsed = parseResources(
        "apiVersion: meshyard.dev/v1\nkind: Drill\nmetadata: {name: a}\nspec: {x: 1}\n---\n[\n---\n"
        "apiVersion: meshyard.dev/v1\nkind: Drill\nmetadata: {name: b}\nspec: {}\n",
        {});
    QCOMPARE(parsed.resources.size(), std::size_t(2));
    QVERIFY(parsed.resources[0].broken);
    QVERIFY(!parsed.resources[1].broken);
    QCOMPARE(parsed.diagnostics.size(), std::size_t(2));
}

void ResourceTest::findsKindsByAnyName()
{
    for (const char* name : {"VirtualService", "virtualservice", "virtualservices", "vs", "VS"})
        QVERIFY(findKind(name) && findKind(name)->name == "VirtualService");
    QVERIFY(!findKind("pods"));
    QCOMPARE(kinds().size(), std::size_t(15));
}

QTEST_APPLESS_MAIN(ResourceTest)
#include "tst_resource.moc"
