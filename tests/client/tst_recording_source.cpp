// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/recorder.h"
#include "client/history/recording_export.h"
#include "client/model/mesh_model.h"
#include "client/recording_source.h"
#include "tests/support/mesh_samples.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

namespace meshyard {

namespace {

constexpr std::int64_t kStart = 1'767'225'600;

} // namespace

using State = MeshSource::State;

class RecordingSourceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void beginsAtItsLastSecond();
    void seekEqualsTheLiveModelOfThatSecond();
    void newestSeekWins();
    void playsOnAndStopsAtTheEnd();
    void missingFileFails();
    void exportedRangeOpensAlone();
    void exportOfNothingIsRefused();

private:
    QString file(const char* name = "h.sqlite") const
    {
        return m_folder->filePath(QString::fromLatin1(name));
    }
    /// 150 s, and the live model as it was after 100 of them.
    void record(MeshModel* at100);

    std::unique_ptr<QTemporaryDir> m_folder;
};

void RecordingSourceTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void RecordingSourceTest::record(MeshModel* at100)
{
    auto recorder = history::Recorder::open(file().toStdString(), {}).value();
    MeshFrame start = test::randomFrame(1, 4);
    start.unixMs = (kStart - 1) * 1000;
    start.closesSecond = false;
    std::mt19937 random(1);
    const auto append = [&](const MeshFrame& frame, int i) {
        recorder->append(frame);
        QVERIFY(recorder->commit());
        if (at100 && i <= 100)
            at100->apply(frame);
    };
    append(start, 0);
    for (int i = 1; i <= 150; ++i) {
        MeshFrame frame;
        frame.unixMs = (kStart + i) * 1000;
        frame.closesSecond = true;
        for (EdgeId edge = 1; edge <= 4; ++edge)
            frame.samples.push_back(test::randomSample(random, edge));
        append(frame, i);
    }
}

void RecordingSourceTest::beginsAtItsLastSecond()
{
    record(nullptr);
    RecordingSource source(file());
    QSignalSpy frames(&source, &MeshSource::frameReceived);
    source.start();
    QTRY_COMPARE(frames.count(), 1);
    QCOMPARE(source.positionMs(), (kStart + 150) * 1000);
    QCOMPARE(source.span().fromMs, (kStart + 1) * 1000);
    QCOMPARE(source.state(), State::Ended);
    QVERIFY(!source.isWritable());
}

void RecordingSourceTest::seekEqualsTheLiveModelOfThatSecond()
{
    MeshModel live;
    record(&live);
    RecordingSource source(file());
    MeshModel past;
    connect(&source, &MeshSource::frameReceived, &past,
        [&past](const MeshFramePtr& frame) { past.apply(*frame); });
    source.start();
    QTRY_VERIFY(past.unixMs() != 0);
    source.seek((kStart + 100) * 1000);
    QTRY_COMPARE(past.unixMs(), live.unixMs());
    QVERIFY(past.nodes() == live.nodes());
    QVERIFY(past.overrides() == live.overrides());
    for (const auto& [key, state] : live.edges()) {
        const EdgeWindow then = live.window(key, 60);
        const EdgeWindow now = past.window(key, 60);
        QCOMPARE(now.seconds, then.seconds);
        QVERIFY(now.outcomes == then.outcomes);
        QCOMPARE(now.latency.count(), then.latency.count());
        QVERIFY(past.edge(key)->breaker.state == state.breaker.state);
        QCOMPARE(past.edge(key)->health, state.health);
    }
}

void RecordingSourceTest::newestSeekWins()
{
    record(nullptr);
    RecordingSource source(file());
    source.start();
    QTRY_COMPARE(source.state(), State::Ended);
    for (int i = 1; i < 100; ++i)
        source.seek((kStart + i) * 1000);
    QTRY_COMPARE(source.positionMs(), (kStart + 99) * 1000);
    QCOMPARE(source.state(), State::Ended);
}

void RecordingSourceTest::playsOnAndStopsAtTheEnd()
{
    record(nullptr);
    RecordingSource source(file());
    source.start();
    QTRY_COMPARE(source.state(), State::Ended);
    source.seek((kStart + 140) * 1000);
    QTRY_COMPARE(source.positionMs(), (kStart + 140) * 1000);
    QSignalSpy frames(&source, &MeshSource::frameReceived);
    source.play(100);
    QCOMPARE(source.state(), State::Live);
    QTRY_COMPARE(source.state(), State::Ended);
    QCOMPARE(frames.count(), 10);
    QCOMPARE(source.positionMs(), (kStart + 150) * 1000);
}

void RecordingSourceTest::missingFileFails()
{
    RecordingSource source(file("none.sqlite"));
    source.start();
    QTRY_COMPARE(source.state(), State::Failed);
    QVERIFY(source.errorText().contains(QLatin1String("none.sqlite")));
}

void RecordingSourceTest::exportedRangeOpensAlone()
{
    record(nullptr);
    const QString cut = file("cut.meshyard");
    QVERIFY(history::exportRecording(
        file().toStdString(), (kStart + 70) * 1000, (kStart + 110) * 1000, cut.toStdString()));
    QVERIFY(QFile::remove(file()));
    QFile::setPermissions(cut, QFileDevice::ReadOwner);
    RecordingSource source(cut);
    MeshModel model;
    connect(&source, &MeshSource::frameReceived, &model,
        [&model](const MeshFramePtr& frame) { model.apply(*frame); });
    source.start();
    QTRY_COMPARE(source.state(), State::Ended);
    QCOMPARE(source.span().fromMs, (kStart + 60) * 1000);
    QCOMPARE(model.edges().size(), std::size_t{4});
    QVERIFY(!QFile::exists(cut + QLatin1String("-wal")));
}

void RecordingSourceTest::exportOfNothingIsRefused()
{
    record(nullptr);
    const auto result = history::exportRecording(
        file().toStdString(), 0, 1000, file("cut.meshyard").toStdString());
    QCOMPARE(result.error().code, ErrorCode::NotFound);
    QVERIFY(!QFile::exists(file("cut.meshyard")));
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::RecordingSourceTest)
#include "tst_recording_source.moc"
