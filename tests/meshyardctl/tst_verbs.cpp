// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/history_reader.h"
#include "tests/support/fake_mesh.h"

#include <nlohmann/json.hpp>

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

namespace meshyard {

class VerbsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void edgesAsJson();
    void edgesAsTable();
    void edgesWithoutCallsAreNullNotZero();
    void listsShowAllUnlessANamespaceIsGiven();
    void statusAsJson();
    void applySendsFilesAndPrintsChanges();
    void applyPrintsDiagnosticsAsCompilersDo();
    void warningsDoNotFail();
    void validateStoresNothing();
    void missingFileIsOneSentence();
    void getPrintsTheSourceOrJson();
    void getOfNothingIsRefused();
    void tripReadsNames();
    void resetAndRelease();
    void undoRedoRollback();
    void refusalIsExitThree();
    void nobodyThereIsExitOne();
    void usageIsExitTwo_data();
    void usageIsExitTwo();
    void snapshotBySuffix_data();
    void snapshotBySuffix();
    void recordThenExport();

private:
    struct Run
    {
        int code = -1;
        QByteArray out;
        QByteArray err;
    };
    Run ctl(const QStringList& arguments, const QByteArray& input = {})
    {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(
            QStringLiteral("MESHYARD_ADDR"), QString::fromStdString(m_mesh->address()));
        environment.insert(QStringLiteral("USER"), QStringLiteral("tester"));
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(MESHYARD_BIN_DIR "/meshyardctl"), arguments);
        process.write(input);
        process.closeWriteChannel();
        process.waitForFinished(15000);
        return {
            process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
    }
    QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    QString write(const char* name, const QByteArray& text) const
    {
        QFile file(path(name));
        if (file.open(QIODevice::WriteOnly))
            file.write(text);
        return file.fileName();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<test::FakeMesh> m_mesh;
};

namespace {

QStringList words(const char* text)
{
    return QString::fromUtf8(text).split(u' ');
}

v1::EdgeFigures* addEdge(test::FakeMesh& mesh)
{
    v1::EdgeFigures* figures = mesh.edges.add_edges();
    figures->mutable_edge()->set_id(7);
    v1::EdgeKey* key = figures->mutable_edge()->mutable_key();
    key->mutable_source()->set_namespace_("production");
    key->mutable_source()->set_service("productpage");
    key->mutable_source()->set_version("v1");
    key->mutable_destination()->set_namespace_("production");
    key->mutable_destination()->set_service("reviews");
    key->mutable_destination()->set_version("v2");
    key->set_subset("v2");
    key->set_protocol(v1::HTTP1);
    figures->set_window_s(10);
    v1::EdgeBreaker* breaker = figures->mutable_breaker();
    breaker->set_state(v1::CLOSED);
    breaker->set_known(v1::KNOWN);
    breaker->set_instances(1);
    return figures;
}

v1::EdgeFigures* addBusyEdge(test::FakeMesh& mesh)
{
    v1::EdgeFigures* figures = addEdge(mesh);
    figures->mutable_outcomes()->set_ok(498);
    figures->mutable_outcomes()->set_server_errors(2);
    figures->set_bytes_in(100'000);
    figures->mutable_latency()->add_bucket_deltas(160);
    figures->mutable_latency()->add_counts(500);
    figures->mutable_latency()->set_max_us(9000);
    return figures;
}

void watchable(test::FakeMesh& mesh)
{
    v1::MeshFrame frame;
    frame.set_unix_ms(1'767'225'600'000);
    frame.set_full(true);
    frame.set_begin(true);
    frame.set_end(true);
    *frame.add_edges() = mesh.edges.edges(0).edge();
    frame.add_nodes()->mutable_key()->CopyFrom(mesh.edges.edges(0).edge().key().source());
    frame.add_nodes()->mutable_key()->CopyFrom(mesh.edges.edges(0).edge().key().destination());
    mesh.setFirst({frame});
}

} // namespace

void VerbsTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_mesh = std::make_unique<test::FakeMesh>(path("admin.sock").toStdString());
}

void VerbsTest::cleanup()
{
    m_mesh.reset();
}

void VerbsTest::edgesAsJson()
{
    v1::EdgeBreaker* breaker = addBusyEdge(*m_mesh)->mutable_breaker();
    breaker->set_state(v1::OPEN);
    breaker->set_override_kind(v1::FORCED_OPEN);
    breaker->set_seconds_left(42);
    breaker->set_open_instances(1);
    const Run run = ctl(words("edges --window 30 -o json"));
    QCOMPARE(run.code, 0);
    QCOMPARE(m_mesh->lastEdges.window_s(), 30U);
    const auto json = nlohmann::json::parse(run.out.toStdString());
    QCOMPARE(json.size(), std::size_t{1});
    const auto& edge = json[0];
    QCOMPARE(edge["source"].dump(),
        std::string(R"({"namespace":"production","service":"productpage","version":"v1"})"));
    QCOMPARE(edge["destination"]["version"].get<std::string>(), std::string("v2"));
    QCOMPARE(edge["subset"].get<std::string>(), std::string("v2"));
    QCOMPARE(edge["protocol"].get<std::string>(), std::string("http"));
    QCOMPARE(edge["rps"].get<double>(), 50.0);
    QCOMPARE(edge["successRate"].get<double>(), 0.996);
    QCOMPARE(edge["windowS"].get<int>(), 10);
    QCOMPARE(edge["samples"].get<int>(), 500);
    QVERIFY(edge["p50Ms"].get<double>() > 8.0 && edge["p99Ms"].get<double>() <= 9.0);
    QVERIFY(edge["p90Ms"].is_number() && edge["p95Ms"].is_number());
    QCOMPARE(edge["bytesInPerS"].get<double>(), 10'000.0);
    QCOMPARE(edge["bytesOutPerS"].get<double>(), 0.0);
    QCOMPARE(edge["inFlight"].get<int>(), 0);
    QCOMPARE(edge["mtls"].get<bool>(), false);
    QCOMPARE(edge["breaker"].dump(),
        std::string(R"({"instances":1,"known":"KNOWN","openInstances":1,)"
                    R"("override":"FORCED_OPEN","secondsLeft":42,"state":"OPEN"})"));
}

void VerbsTest::edgesAsTable()
{
    addBusyEdge(*m_mesh);
    const Run run = ctl(words("edges"));
    QCOMPARE(run.code, 0);
    const QList<QByteArray> lines = run.out.split('\n');
    QVERIFY(lines[0].startsWith("SOURCE"));
    QVERIFY(lines[1].startsWith("productpage@v1  reviews@v2"));
    QVERIFY(lines[1].contains(" 50.0 "));
    QVERIFY(lines[1].contains("99.6%"));
    QVERIFY(lines[1].endsWith("closed"));
}

void VerbsTest::edgesWithoutCallsAreNullNotZero()
{
    addEdge(*m_mesh);
    const auto json = nlohmann::json::parse(ctl(words("edges -o json")).out.toStdString());
    QVERIFY(json[0]["successRate"].is_null());
    QVERIFY(json[0]["p99Ms"].is_null());
    QCOMPARE(json[0]["rps"].get<double>(), 0.0);
}

void VerbsTest::listsShowAllUnlessANamespaceIsGiven()
{
    ctl(words("edges"));
    QCOMPARE(m_mesh->lastEdges.namespace_(), std::string());
    ctl(words("edges -n staging"));
    QCOMPARE(m_mesh->lastEdges.namespace_(), std::string("staging"));
    ctl(words("-n staging edges"));
    QCOMPARE(m_mesh->lastEdges.namespace_(), std::string("staging"));
}

void VerbsTest::statusAsJson()
{
    m_mesh->status.mutable_mesh()->set_revision(12);
    m_mesh->status.set_pid(99);
    const Run run = ctl(words("status -o json"));
    const auto json = nlohmann::json::parse(run.out.toStdString());
    QCOMPARE(json["revision"].get<int>(), 12);
    QCOMPARE(json["pid"].get<int>(), 99);
    QVERIFY(json["overrides"].is_array());
}

void VerbsTest::applySendsFilesAndPrintsChanges()
{
    v1::ResourceChange* change = m_mesh->applied.add_changes();
    change->mutable_ref()->set_kind("VirtualService");
    change->mutable_ref()->set_namespace_("production");
    change->mutable_ref()->set_name("reviews");
    change->set_after("x");
    m_mesh->applied.set_revision(4);
    m_mesh->applied.set_stored(true);
    const QString file = write("a.yaml", "kind: VirtualService\n");
    const Run run = ctl({QStringLiteral("apply"), QStringLiteral("-f"), file, QStringLiteral("-m"),
        QStringLiteral("all to v1")});
    QCOMPARE(run.out, QByteArray("created VirtualService/production/reviews\nrevision 4\n"));
    QCOMPARE(run.code, 0);
    QCOMPARE(m_mesh->lastApply.documents(0).text(), std::string("kind: VirtualService\n"));
    QCOMPARE(m_mesh->lastApply.message(), std::string("all to v1"));
    QCOMPARE(m_mesh->lastApply.author(), std::string("tester"));
    QCOMPARE(m_mesh->lastApply.default_namespace(), std::string("production"));
    QCOMPARE(ctl(words("apply -f -"), "kind: Gateway\n").code, 0);
    QCOMPARE(m_mesh->lastApply.documents(0).text(), std::string("kind: Gateway\n"));
}

void VerbsTest::applyPrintsDiagnosticsAsCompilersDo()
{
    v1::Diagnostic* diagnostic = m_mesh->applied.add_diagnostics();
    diagnostic->set_severity(v1::ERROR);
    diagnostic->set_code("MY0103");
    diagnostic->set_file("a.yaml");
    diagnostic->set_line(12);
    diagnostic->set_column(7);
    diagnostic->set_field("spec.http[0].timeout");
    diagnostic->set_message("\"fast\" is no duration; write e.g. 500ms");
    const Run run
        = ctl({QStringLiteral("apply"), QStringLiteral("-f"), write("a.yaml", "kind: X\n")});
    QCOMPARE(run.code, 3);
    QVERIFY(run.out.isEmpty());
    QCOMPARE(run.err,
        QByteArray("a.yaml:12:7: error: [MY0103] spec.http[0].timeout: \"fast\" is no duration; "
                   "write e.g. 500ms\n"));
}

void VerbsTest::warningsDoNotFail()
{
    v1::Diagnostic* diagnostic = m_mesh->applied.add_diagnostics();
    diagnostic->set_severity(v1::WARNING);
    diagnostic->set_code("MY0301");
    diagnostic->set_resource("VirtualService/production/reviews");
    diagnostic->set_message("no subset v3");
    const Run run
        = ctl({QStringLiteral("apply"), QStringLiteral("-f"), write("a.yaml", "kind: X\n")});
    QCOMPARE(run.code, 0);
    QCOMPARE(
        run.err, QByteArray("VirtualService/production/reviews: warning: [MY0301] no subset v3\n"));
}

void VerbsTest::validateStoresNothing()
{
    const Run run
        = ctl({QStringLiteral("validate"), QStringLiteral("-f"), write("a.yaml", "kind: X\n")});
    QCOMPARE(run.out, QByteArray("valid\n"));
    QVERIFY(m_mesh->lastApply.validate_only());
    m_mesh->applied.add_changes()->set_unified_diff("--- a\n+++ b\n");
    QCOMPARE(ctl({QStringLiteral("diff"), QStringLiteral("-f"), path("a.yaml")}).out,
        QByteArray("--- a\n+++ b\n"));
    QVERIFY(m_mesh->lastApply.dry_run());
}

void VerbsTest::missingFileIsOneSentence()
{
    const Run run = ctl(words("apply -f none.yaml"));
    QCOMPARE(run.code, 1);
    QCOMPARE(run.err, QByteArray("meshyardctl: cannot read none.yaml\n"));
}

void VerbsTest::getPrintsTheSourceOrJson()
{
    v1::StoredResource* resource = m_mesh->resources.add_resources();
    resource->mutable_ref()->set_kind("VirtualService");
    resource->mutable_ref()->set_name("reviews");
    resource->set_text("kind: VirtualService # kept\nspec: {timeout: 5s}\n");
    QCOMPARE(ctl(words("get virtualservice/reviews -o yaml")).out,
        QByteArray("kind: VirtualService # kept\nspec: {timeout: 5s}\n"));
    QCOMPARE(m_mesh->lastGet.kind(), std::string("virtualservice"));
    QCOMPARE(m_mesh->lastGet.name(), std::string("reviews"));
    QCOMPARE(m_mesh->lastGet.namespace_(), std::string("production"));
    const auto json
        = nlohmann::json::parse(ctl(words("get vs/staging/reviews -o json")).out.toStdString());
    QCOMPARE(json["spec"]["timeout"].get<std::string>(), std::string("5s"));
    QCOMPARE(m_mesh->lastGet.namespace_(), std::string("staging"));
    QVERIFY(ctl(words("get vs")).out.contains("reviews"));
    QCOMPARE(m_mesh->lastGet.namespace_(), std::string());
}

void VerbsTest::getOfNothingIsRefused()
{
    const Run run = ctl(words("get vs/none"));
    QCOMPARE(run.code, 3);
    QVERIFY(run.err.contains("there is no vs/production/none"));
}

void VerbsTest::tripReadsNames()
{
    m_mesh->overridden.mutable_override()->set_id("o-1");
    m_mesh->overridden.mutable_override()->set_kind(v1::FORCED_OPEN);
    m_mesh->overridden.add_proxies("productpage-v1-a");
    const Run run
        = ctl({QStringLiteral("trip"), QStringLiteral("*"), QStringLiteral("staging/reviews"),
            QStringLiteral("--ttl"), QStringLiteral("5s"), QStringLiteral("--reason"),
            QStringLiteral("bad deploy"), QStringLiteral("--subset"), QStringLiteral("v2")});
    QCOMPARE(run.code, 0);
    QVERIFY(run.out.startsWith("tripped * -> staging/reviews subset v2 until "));
    const v1::SetOverrideRequest& request = m_mesh->lastOverride;
    QCOMPARE(request.edge().source_service(), std::string());
    QCOMPARE(request.edge().destination_namespace(), std::string("staging"));
    QCOMPARE(request.edge().destination_service(), std::string("reviews"));
    QCOMPARE(request.edge().subset(), std::string("v2"));
    QCOMPARE(request.kind(), v1::FORCED_OPEN);
    QCOMPARE(request.ttl_ms(), std::int64_t{5000});
    QCOMPARE(request.reason(), std::string("bad deploy"));
    QCOMPARE(request.operator_name(), std::string("tester"));
    ctl(words("trip reviews ratings --from-version v2 -o json"));
    QCOMPARE(m_mesh->lastOverride.edge().source_version(), std::string("v2"));
    QCOMPARE(m_mesh->lastOverride.edge().source_namespace(), std::string("production"));
    QCOMPARE(m_mesh->lastOverride.ttl_ms(), std::int64_t{600'000});
}

void VerbsTest::resetAndRelease()
{
    QCOMPARE(ctl(words("reset reviews@v1 ratings")).code, 0);
    QCOMPARE(m_mesh->lastReset.edge().source_version(), std::string("v1"));
    QCOMPARE(ctl(words("release o-1")).code, 0);
    QCOMPARE(m_mesh->lastRelease.id(), std::string("o-1"));
    QCOMPARE(ctl(words("release reviews ratings")).code, 0);
    QCOMPARE(m_mesh->lastRelease.edge().destination_service(), std::string("ratings"));
    QCOMPARE(ctl(words("release")).code, 2);
}

void VerbsTest::undoRedoRollback()
{
    m_mesh->applied.set_revision(8);
    m_mesh->applied.set_stored(true);
    QCOMPARE(ctl(words("undo")).out, QByteArray("revision 8\n"));
    QVERIFY(!m_mesh->lastUndo.redo());
    ctl(words("redo"));
    QVERIFY(m_mesh->lastUndo.redo());
    ctl(words("rollback 3"));
    QCOMPARE(m_mesh->lastRollback.number(), std::uint64_t{3});
}

void VerbsTest::refusalIsExitThree()
{
    m_mesh->refusal = {grpc::StatusCode::FAILED_PRECONDITION, "there is nothing to undo"};
    const Run run = ctl(words("undo"));
    QCOMPARE(run.code, 3);
    QCOMPARE(run.err, QByteArray("meshyardctl: there is nothing to undo\n"));
}

void VerbsTest::nobodyThereIsExitOne()
{
    m_mesh->stop();
    const Run run = ctl(words("status"));
    QCOMPARE(run.code, 1);
    QVERIFY(run.err.contains("is the mesh running?"));
    QVERIFY(run.out.isEmpty());
}

void VerbsTest::usageIsExitTwo_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("no such verb") << QByteArray("frobnicate");
    QTest::newRow("missing argument") << QByteArray("trip reviews");
    QTest::newRow("no duration") << QByteArray("trip a b --ttl soon");
    QTest::newRow("window too long") << QByteArray("edges --window 121");
    QTest::newRow("no such format") << QByteArray("edges -o xml");
    QTest::newRow("no address") << QByteArray("--connect nowhere status");
    QTest::newRow("no time") << QByteArray("export x --from soon");
    QTest::newRow("run without command") << QByteArray("run shop");
    QTest::newRow("no such suffix") << QByteArray("snapshot mesh.docx");
}

void VerbsTest::usageIsExitTwo()
{
    QFETCH(QByteArray, line);
    const Run run = ctl(words(line.constData()));
    QCOMPARE(run.code, 2);
    QVERIFY(run.out.isEmpty());
    QVERIFY(!run.err.isEmpty());
}

void VerbsTest::snapshotBySuffix_data()
{
    QTest::addColumn<QByteArray>("suffix");
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("json") << QByteArray("json") << QByteArray("\"rps\": 50.0");
    QTest::newRow("dot") << QByteArray("dot") << QByteArray("digraph");
    QTest::newRow("graphml") << QByteArray("graphml") << QByteArray("<graphml");
    QTest::newRow("csv") << QByteArray("csv") << QByteArray("productpage");
}

void VerbsTest::snapshotBySuffix()
{
    QFETCH(QByteArray, suffix);
    QFETCH(QByteArray, part);
    addBusyEdge(*m_mesh);
    watchable(*m_mesh);
    const QString file = path(("mesh." + suffix).constData());
    const Run run = ctl({QStringLiteral("snapshot"), file});
    QCOMPARE(run.err, QByteArray());
    QCOMPARE(run.code, 0);
    QFile written(file);
    QVERIFY(written.open(QIODevice::ReadOnly));
    QVERIFY(written.readAll().contains(part));
}

void VerbsTest::recordThenExport()
{
    addBusyEdge(*m_mesh);
    watchable(*m_mesh);
    const QString history = path("h.sqlite");
    QProcess process;
    process.start(QStringLiteral(MESHYARD_BIN_DIR "/meshyardctl"),
        {QStringLiteral("--connect"), QString::fromStdString(m_mesh->address()),
            QStringLiteral("record"), history});
    QTRY_COMPARE(m_mesh->watchers(), 1);
    for (int i = 1; i <= 5; ++i) {
        v1::MeshFrame frame;
        frame.set_unix_ms(1'767'225'600'000 + i * 1000);
        frame.set_begin(true);
        frame.set_end(true);
        frame.set_closes_second(true);
        v1::EdgeSample* sample = frame.add_samples();
        sample->set_edge(7);
        sample->mutable_outcomes()->set_ok(10);
        m_mesh->push(frame);
    }
    const auto secondsIn = [](const QString& file) {
        auto reader = history::HistoryReader::open(file.toStdString());
        const auto span = reader ? (*reader)->span().value() : std::nullopt;
        return span ? (span->toMs - span->fromMs) / 1000 + 1 : 0;
    };
    QTRY_COMPARE(secondsIn(history), std::int64_t{5});
    process.terminate();
    m_mesh->push(v1::MeshFrame()); // wakes its read
    v1::MeshFrame last;
    last.set_begin(true);
    last.set_end(true);
    m_mesh->push(last);
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.exitCode(), 0);
    const QString cut = path("cut.meshyard");
    const Run run = ctl({QStringLiteral("export"), cut, QStringLiteral("--history"), history,
        QStringLiteral("--from"), QStringLiteral("2026-01-01T00:00:00Z"), QStringLiteral("--to"),
        QStringLiteral("2026-01-01T00:01:00Z")});
    QCOMPARE(run.err, QByteArray());
    QCOMPARE(run.code, 0);
    QCOMPARE(secondsIn(cut), std::int64_t{5});
    QCOMPARE(ctl({QStringLiteral("export"), cut, QStringLiteral("--history"), history}).code, 1);
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::VerbsTest)
#include "tst_verbs.moc"
