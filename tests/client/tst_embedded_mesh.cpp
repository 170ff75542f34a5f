// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/embedded_mesh.h"
#include "tests/support/fake_mesh.h"

#include <QDir>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

namespace meshyard {

using State = EmbeddedMesh::State;

class EmbeddedMeshTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void startsTheSupervisorBesideIt();
    void stopLetsGoOfTheLifeline();
    void destructorStopsIt();
    void detachedMeshGoesOn();
    void takesTheMeshThatAlreadyRuns();
    void socketLeftBehindIsNoMesh();
    void failureIsTheSupervisorsSentence();
    void missingSupervisorIsSaid();
    void unwritableFolderIsSaid();

private:
    EmbeddedMesh::Options options() const
    {
        return {.demo = true,
            .dataDir = m_folder->path(),
            .address = QLatin1String("unix:") + m_folder->filePath(QStringLiteral("admin.sock")),
            .binDir = m_bin->path()};
    }
    QByteArray content(const char* name) const
    {
        QFile file(m_folder->filePath(QString::fromLatin1(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QTemporaryDir> m_bin;
};

void EmbeddedMeshTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_bin = std::make_unique<QTemporaryDir>();
    QVERIFY(QFile::copy(QStringLiteral(MESHYARD_TEST_SOURCE "/fake_supervisor.sh"),
        m_bin->filePath(QStringLiteral("meshyard-supervisor"))));
}

void EmbeddedMeshTest::startsTheSupervisorBesideIt()
{
    EmbeddedMesh mesh(options());
    QSignalSpy ready(&mesh, &EmbeddedMesh::ready);
    mesh.start();
    QTRY_COMPARE(ready.count(), 1);
    QCOMPARE(mesh.state(), State::Running);
    QVERIFY(mesh.isOurs());
    QVERIFY(mesh.readyLine().contains("\"pid\""));
    QVERIFY(content("arguments").contains("--lifeline-fd 0 -- "));
    QVERIFY(content("arguments").contains("--demo"));
}

void EmbeddedMeshTest::stopLetsGoOfTheLifeline()
{
    EmbeddedMesh mesh(options());
    QSignalSpy stopped(&mesh, &EmbeddedMesh::stopped);
    mesh.start();
    QTRY_COMPARE(mesh.state(), State::Running);
    mesh.stop();
    QTRY_COMPARE(stopped.count(), 1);
    QCOMPARE(content("ended"), QByteArray("stopped\n"));
    QCOMPARE(mesh.state(), State::Stopped);
}

void EmbeddedMeshTest::destructorStopsIt()
{
    {
        EmbeddedMesh mesh(options());
        mesh.start();
        QTRY_COMPARE(mesh.state(), State::Running);
    }
    QCOMPARE(content("ended"), QByteArray("stopped\n"));
}

void EmbeddedMeshTest::detachedMeshGoesOn()
{
    {
        EmbeddedMesh mesh(options());
        mesh.start();
        QTRY_COMPARE(mesh.state(), State::Running);
        mesh.detach();
        QVERIFY(!mesh.isOurs());
    }
    QTRY_COMPARE(content("ended"), QByteArray("detached\n"));
}

void EmbeddedMeshTest::takesTheMeshThatAlreadyRuns()
{
    const test::FakeMesh running(m_folder->filePath(QStringLiteral("admin.sock")).toStdString());
    EmbeddedMesh mesh(options());
    mesh.start();
    QTRY_COMPARE(mesh.state(), State::Running);
    QVERIFY(!mesh.isOurs());
    QVERIFY(content("arguments").isEmpty());
}

void EmbeddedMeshTest::socketLeftBehindIsNoMesh()
{
    QFile left(m_folder->filePath(QStringLiteral("admin.sock")));
    QVERIFY(left.open(QIODevice::WriteOnly));
    EmbeddedMesh mesh(options());
    mesh.start();
    QTRY_COMPARE(mesh.state(), State::Running);
    QVERIFY(mesh.isOurs());
}

void EmbeddedMeshTest::failureIsTheSupervisorsSentence()
{
    QFile refuse(m_folder->filePath(QStringLiteral("refuse")));
    QVERIFY(refuse.open(QIODevice::WriteOnly));
    EmbeddedMesh mesh(options());
    mesh.start();
    QTRY_COMPARE(mesh.state(), State::Failed);
    QCOMPARE(mesh.errorText(),
        QStringLiteral("meshyardd: port 9000 is taken; choose another with --admin"));
}

void EmbeddedMeshTest::missingSupervisorIsSaid()
{
    EmbeddedMesh::Options wrong = options();
    wrong.binDir = m_folder->path();
    EmbeddedMesh mesh(wrong);
    mesh.start();
    QTRY_COMPARE(mesh.state(), State::Failed);
    QVERIFY(mesh.errorText().contains(QLatin1String("meshyard-supervisor")));
}

void EmbeddedMeshTest::unwritableFolderIsSaid()
{
    EmbeddedMesh::Options wrong = options();
    wrong.dataDir = QStringLiteral("/proc/meshyard");
    EmbeddedMesh mesh(wrong);
    mesh.start();
    QTRY_COMPARE(mesh.state(), State::Failed);
    QVERIFY(mesh.errorText().contains(QLatin1String("/proc/meshyard")));
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::EmbeddedMeshTest)
#include "tst_embedded_mesh.moc"
