// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/history_reader.h"
#include "client/history/history_writer.h"
#include "tests/support/mesh_samples.h"

#include <QDir>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTextStream>

namespace meshyard::history {

namespace {

constexpr std::int64_t kStart = 1'767'225'600;

MeshFramePtr fullFrame()
{
    auto frame = std::make_shared<MeshFrame>(test::randomFrame(1, 3));
    frame->unixMs = kStart * 1000;
    frame->closesSecond = false;
    return frame;
}

MeshFramePtr second(std::int64_t t)
{
    std::mt19937 random(static_cast<unsigned>(t));
    auto frame = std::make_shared<MeshFrame>();
    frame->unixMs = t * 1000;
    frame->closesSecond = true;
    for (EdgeId edge = 1; edge <= 3; ++edge)
        frame->samples.push_back(test::randomSample(random, edge));
    return frame;
}

} // namespace

/// As a process of its own, to be killed: records and prints each second once it is on disk.
int recordUntilKilled(const QString& file, QCoreApplication& application)
{
    HistoryWriter writer(file);
    std::int64_t t = kStart + 1;
    writer.append(fullFrame());
    QObject::connect(&writer, &HistoryWriter::recorded, &writer, [&](qint64 unixMs) {
        QTextStream(stdout) << unixMs << Qt::endl;
        writer.append(second(++t));
    });
    writer.append(second(t));
    return application.exec();
}

class HistoryWriterTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void recordsOnItsThread();
    void writesWhatIsQueuedAtTheEnd();
    void killLosesNothingThatWasRecorded();
    void damagedFileIsSetAsideAndRecordingGoesOn();
    void unwritableFolderPauses();

private:
    QString file() const { return m_folder->filePath(QStringLiteral("history.sqlite")); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void HistoryWriterTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void HistoryWriterTest::recordsOnItsThread()
{
    HistoryWriter writer(file());
    QSignalSpy recorded(&writer, &HistoryWriter::recorded);
    writer.append(fullFrame());
    writer.append(second(kStart + 1));
    QTRY_VERIFY(!recorded.isEmpty());
    QCOMPARE(recorded.last().at(0).toLongLong(), (kStart + 1) * 1000);
    const auto reader = HistoryReader::open(file().toStdString()).value();
    const MeshFrame frame = reader->frameAt((kStart + 1) * 1000).value();
    QCOMPARE(frame.samples.size(), std::size_t{3});
    QCOMPARE(frame.edges.size(), std::size_t{3});
}

void HistoryWriterTest::writesWhatIsQueuedAtTheEnd()
{
    {
        HistoryWriter writer(file());
        writer.append(fullFrame());
        for (std::int64_t t = kStart + 1; t <= kStart + 90; ++t)
            writer.append(second(t));
    }
    const auto span = HistoryReader::open(file().toStdString()).value()->span().value();
    QCOMPARE(span->toMs - span->fromMs, std::int64_t{89'000});
}

void HistoryWriterTest::killLosesNothingThatWasRecorded()
{
    for (int round = 0; round < 5; ++round) {
        init();
        QProcess process;
        process.start(QCoreApplication::applicationFilePath(),
            {QStringLiteral("--record-until-killed"), file()});
        QByteArray output;
        while (output.count('\n') < 40 * (round + 1)) {
            QVERIFY(process.waitForReadyRead(10'000));
            output += process.readAll();
        }
        process.kill();
        process.waitForFinished();
        output += process.readAll();
        const std::int64_t last
            = output.left(output.lastIndexOf('\n')).split('\n').last().toLongLong();
        const auto reader = HistoryReader::open(file().toStdString()).value();
        const auto span = reader->span().value();
        QVERIFY(span->toMs >= last);
        QCOMPARE(span->fromMs, (kStart + 1) * 1000);
        auto next = Recorder::open(file().toStdString(), {});
        QVERIFY(next.has_value());
        QVERIFY(
            reader->frameAt(last)->samples[0].outcomes == second(last / 1000)->samples[0].outcomes);
    }
}

void HistoryWriterTest::damagedFileIsSetAsideAndRecordingGoesOn()
{
    QFile damaged(file());
    QVERIFY(damaged.open(QIODevice::WriteOnly));
    damaged.write(QByteArray(50'000, 'x'));
    damaged.close();
    HistoryWriter writer(file());
    QSignalSpy aside(&writer, &HistoryWriter::setAside);
    QSignalSpy recorded(&writer, &HistoryWriter::recorded);
    writer.append(fullFrame());
    writer.append(second(kStart + 1));
    QTRY_VERIFY(!recorded.isEmpty());
    QCOMPARE(aside.count(), 1);
    const QFileInfo kept(aside.at(0).at(0).toString());
    QVERIFY(kept.fileName().startsWith(QLatin1String("history-corrupt-")));
    QCOMPARE(kept.size(), qint64{50'000});
}

void HistoryWriterTest::unwritableFolderPauses()
{
    HistoryWriter writer(QStringLiteral("/proc/meshyard/history.sqlite"));
    QSignalSpy paused(&writer, &HistoryWriter::paused);
    writer.append(fullFrame());
    writer.append(second(kStart + 1));
    QTRY_COMPARE(paused.count(), 1);
    QVERIFY(writer.pausedText().contains(QLatin1String("/proc/meshyard/history.sqlite")));
}

} // namespace meshyard::history

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = application.arguments();
    if (arguments.size() == 3 && arguments.at(1) == QLatin1String("--record-until-killed"))
        return meshyard::history::recordUntilKilled(arguments.at(2), application);
    meshyard::history::HistoryWriterTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_history_writer.moc"
