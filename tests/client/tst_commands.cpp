// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/grpc_commands.h"
#include "client/mesh_address.h"
#include "client/mesh_client.h"
#include "tests/support/fake_mesh.h"

#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <atomic>

namespace meshyard {

class CommandsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void replyComesOnTheCallersThread();
    void noReplyAfterItsContextIsGone();
    void destructorDropsWhatIsUnderWay();
    void refusalCarriesTheSentence();
    void diagnosticsKeepTheirPlace();
    void unreachableNamesTheAddress();
    void blockingClientGetsEdges();
    void addressForms_data();
    void addressForms();

private:
    std::string socket(const char* name) const
    {
        return m_folder->filePath(QString::fromLatin1(name)).toStdString();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void CommandsTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void CommandsTest::replyComesOnTheCallersThread()
{
    test::FakeMesh mesh(socket("a.sock"));
    mesh.overridden.mutable_override()->set_id("o-7");
    GrpcCommands commands(mesh.address(), "me");
    OverrideInput input;
    input.edge.destinationService = "ratings";
    input.ttlMs = 5000;
    std::string id;
    QThread* thread = nullptr;
    commands.setOverride(input, this, [&](const Result<ActiveOverride>& result) {
        id = result ? result->id : "failed";
        thread = QThread::currentThread();
    });
    QVERIFY(id.empty());
    QTRY_COMPARE(id, std::string("o-7"));
    QCOMPARE(thread, QThread::currentThread());
    QCOMPARE(mesh.lastOverride.operator_name(), std::string("me"));
    QCOMPARE(mesh.lastOverride.ttl_ms(), std::int64_t{5000});
    QCOMPARE(mesh.lastOverride.kind(), v1::FORCED_OPEN);
}

void CommandsTest::noReplyAfterItsContextIsGone()
{
    test::FakeMesh mesh(socket("b.sock"));
    std::atomic<bool> answered = false;
    mesh.beforeAnswer = [&answered] { answered = true; };
    GrpcCommands commands(mesh.address(), "me");
    bool replied = false;
    auto context = std::make_unique<QObject>();
    commands.undo(context.get(), [&replied](const Result<ApplyOutput>&) { replied = true; });
    context.reset();
    QTRY_VERIFY(answered);
    bool later = false;
    commands.redo(this, [&later](const Result<ApplyOutput>&) { later = true; });
    QTRY_VERIFY(later);
    QVERIFY(!replied);
}

void CommandsTest::destructorDropsWhatIsUnderWay()
{
    test::FakeMesh mesh(socket("c.sock"));
    std::atomic<bool> release = false;
    mesh.beforeAnswer = [&release] {
        while (!release)
            QThread::msleep(1);
    };
    bool replied = false;
    {
        GrpcCommands commands(mesh.address(), "me");
        commands.undo(this, [&replied](const Result<ApplyOutput>&) { replied = true; });
    }
    release = true;
    QCoreApplication::processEvents();
    QVERIFY(!replied);
}

void CommandsTest::refusalCarriesTheSentence()
{
    test::FakeMesh mesh(socket("d.sock"));
    mesh.refusal = {grpc::StatusCode::ABORTED, "production/reviews changed in revision 4"};
    GrpcCommands commands(mesh.address(), "me");
    std::optional<Error> error;
    commands.apply({}, this,
        [&error](const Result<ApplyOutput>& result) { error = result ? Error{} : result.error(); });
    QTRY_VERIFY(error.has_value());
    QCOMPARE(error->code, ErrorCode::Aborted);
    QCOMPARE(error->message, std::string("production/reviews changed in revision 4"));
}

void CommandsTest::diagnosticsKeepTheirPlace()
{
    test::FakeMesh mesh(socket("e.sock"));
    v1::Diagnostic* diagnostic = mesh.applied.add_diagnostics();
    diagnostic->set_severity(v1::WARNING);
    diagnostic->set_code("MY0301");
    diagnostic->set_file("a.yaml");
    diagnostic->set_line(12);
    diagnostic->set_column(7);
    mesh.applied.set_revision(9);
    MeshClient client(mesh.address());
    ApplyInput input;
    input.documents.push_back({"a.yaml", "kind: VirtualService"});
    const Result<ApplyOutput> output = client.apply(input);
    QVERIFY(output.has_value());
    QCOMPARE(output->revision, std::uint64_t{9});
    QCOMPARE(output->diagnostics.at(0).severity, DiagnosticSeverity::Warning);
    QCOMPARE(output->diagnostics.at(0).line, 12U);
    QCOMPARE(mesh.lastApply.documents(0).name(), std::string("a.yaml"));
}

void CommandsTest::unreachableNamesTheAddress()
{
    MeshClient client("unix:" + socket("none.sock"), std::chrono::milliseconds(500));
    const auto status = client.status();
    QVERIFY(!status.has_value());
    QVERIFY(status.error().message.find("none.sock") != std::string::npos);
    MeshClient wrong("nowhere");
    QCOMPARE(wrong.status().error().code, ErrorCode::InvalidArgument);
}

void CommandsTest::blockingClientGetsEdges()
{
    test::FakeMesh mesh(socket("f.sock"));
    v1::EdgeFigures* figures = mesh.edges.add_edges();
    figures->mutable_edge()->mutable_key()->mutable_source()->set_service("a");
    figures->mutable_outcomes()->set_ok(50);
    figures->set_window_s(10);
    MeshClient client(mesh.address());
    const auto edges = client.edges(30, "production");
    QVERIFY(edges.has_value());
    QCOMPARE(edges->at(0).outcomes.finished(), std::uint64_t{50});
    QCOMPARE(edges->at(0).edge.key.subset, std::string("*"));
    QCOMPARE(mesh.lastEdges.window_s(), 30U);
}

void CommandsTest::addressForms_data()
{
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<bool>("valid");
    QTest::newRow("socket") << QByteArray("unix:/tmp/a.sock") << true;
    QTest::newRow("host and port") << QByteArray("127.0.0.1:9000") << true;
    QTest::newRow("name and port") << QByteArray("mesh.local:9000") << true;
    QTest::newRow("socket without path") << QByteArray("unix:") << false;
    QTest::newRow("socket path too long") << QByteArray("unix:/" + QByteArray(107, 'a')) << false;
    QTest::newRow("no port") << QByteArray("localhost") << false;
    QTest::newRow("port out of range") << QByteArray("localhost:70000") << false;
    QTest::newRow("port is no number") << QByteArray("localhost:http") << false;
    QTest::newRow("no host") << QByteArray(":9000") << false;
    QTest::newRow("empty") << QByteArray("") << false;
}

void CommandsTest::addressForms()
{
    QFETCH(QByteArray, address);
    QFETCH(bool, valid);
    QCOMPARE(grpcTarget(address.toStdString()).has_value(), valid);
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::CommandsTest)
#include "tst_commands.moc"
