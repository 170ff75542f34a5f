// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/model/mesh_model.h"
#include "client/snapshot/snapshot.h"
#include "client/snapshot_source.h"
#include "tests/support/mesh_samples.h"

#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

namespace meshyard {

using State = MeshSource::State;

class SnapshotTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void savedLoadedSavedIsTheSame();
    void openedFileShowsTheSameFigures();
    void sourceNeedsNoMesh();
    void wrongFilesAreNamed_data();
    void wrongFilesAreNamed();
    void graphmlIsWellFormed();
    void hostileNamesStayText();
    void csvHasOneLineAnEdge();

private:
    static Snapshot sample(unsigned seed)
    {
        MeshModel model;
        MeshFrame start = test::randomFrame(seed, 6);
        start.samples[0].breaker->overrideKind = OverrideKind::ForcedOpen;
        model.apply(start);
        std::mt19937 random(seed);
        for (int second = 1; second <= 25; ++second) {
            MeshFrame frame;
            frame.unixMs = start.unixMs + second * 1000;
            frame.closesSecond = true;
            for (EdgeId edge = 1; edge <= 5; ++edge)
                frame.samples.push_back(test::randomSample(random, edge));
            model.apply(frame);
        }
        return takeSnapshot(model);
    }
};

void SnapshotTest::savedLoadedSavedIsTheSame()
{
    for (unsigned seed = 1; seed <= 10; ++seed) {
        const std::string text = toJsonText(sample(seed));
        const auto loaded = parseSnapshot(text);
        QVERIFY(loaded.has_value());
        QCOMPARE(toJsonText(*loaded), text);
        MeshModel model; // and through a window as well
        model.apply(snapshotFrame(*loaded));
        QCOMPARE(toJsonText(takeSnapshot(model)), text);
    }
}

void SnapshotTest::openedFileShowsTheSameFigures()
{
    const Snapshot saved = sample(3);
    MeshModel model;
    model.apply(snapshotFrame(parseSnapshot(toJsonText(saved)).value()));
    QVERIFY(edgeFigures(model) == saved.edges);
    QCOMPARE(model.events().size(), saved.frame.events.size());
    QVERIFY(model.overrides() == *saved.frame.overrides);
    QVERIFY(model.mesh() == *saved.frame.mesh);
}

void SnapshotTest::sourceNeedsNoMesh()
{
    const QTemporaryDir folder;
    const QString name = folder.filePath(QStringLiteral("s.json"));
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(toJsonText(sample(1))));
    file.close();
    SnapshotSource source(name);
    MeshModel model;
    connect(&source, &MeshSource::frameReceived, &model,
        [&model](const MeshFramePtr& frame) { model.apply(*frame); });
    source.start();
    QTRY_COMPARE(source.state(), State::Ended);
    QCOMPARE(model.edges().size(), std::size_t{6});
    SnapshotSource missing(folder.filePath(QStringLiteral("none.json")));
    missing.start();
    QTRY_COMPARE(missing.state(), State::Failed);
    QVERIFY(missing.errorText().contains(QLatin1String("none.json")));
}

void SnapshotTest::wrongFilesAreNamed_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("<html>");
    QTest::newRow("other JSON") << QByteArray("[1,2]");
    QTest::newRow("cut off") << QByteArray::fromStdString(toJsonText(sample(1))).left(5000);
    QTest::newRow("newer format") << QByteArray(R"({"format":"meshyard-snapshot","version":99})");
    QTest::newRow("fields missing")
        << QByteArray(R"({"format":"meshyard-snapshot","version":1,"unixMs":"x"})");
}

void SnapshotTest::wrongFilesAreNamed()
{
    QFETCH(QByteArray, text);
    const auto result = parseSnapshot(text.toStdString());
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, ErrorCode::InvalidArgument);
    QVERIFY(result.error().message.starts_with("this "));
}

void SnapshotTest::graphmlIsWellFormed()
{
    QXmlStreamReader reader(QByteArray::fromStdString(toGraphml(sample(2))));
    int nodes = 0;
    int edges = 0;
    while (!reader.atEnd()) {
        if (reader.readNext() != QXmlStreamReader::StartElement)
            continue;
        nodes += reader.name() == u"node" ? 1 : 0;
        edges += reader.name() == u"edge" ? 1 : 0;
    }
    QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
    QCOMPARE(nodes, 12);
    QCOMPARE(edges, 6);
}

void SnapshotTest::hostileNamesStayText()
{
    Snapshot snapshot = sample(1);
    snapshot.edges[0].edge.key.source.service = "=cmd|'/c calc'!A1";
    snapshot.edges[0].edge.key.destination.service = "a\"]; x -> y [<b>&\n";
    QVERIFY(toCsv(snapshot).find("\"'=cmd") != std::string::npos);
    QVERIFY(toDot(snapshot).find("a\\\"]; x -> y [<b>&@v2\"") != std::string::npos);
    QXmlStreamReader reader(QByteArray::fromStdString(toGraphml(snapshot)));
    while (!reader.atEnd())
        reader.readNext();
    QVERIFY(!reader.hasError());
}

void SnapshotTest::csvHasOneLineAnEdge()
{
    const QByteArray csv = QByteArray::fromStdString(toCsv(sample(1)));
    QCOMPARE(csv.count("\r\n"), 7);
    const QList<QByteArray> lines = csv.split('\n');
    QCOMPARE(lines[0].count(','), lines[1].count(','));
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::SnapshotTest)
#include "tst_snapshot.moc"
