// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/live_source.h"
#include "client/wire/frame_codec.h"
#include "tests/support/fake_mesh.h"
#include "tests/support/mesh_samples.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

namespace meshyard {

using State = MeshSource::State;

class LiveSourceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void deliversFullThenDeltas();
    void saysLostAtOnceWhenTheStreamBreaks();
    void saysLostWithinTwoSecondsOfSilence();
    void comesBackByItself();
    void wrongAddressFailsOnce();
    void nobodyThereIsLostNotFailed();
    void destroyedWhileConnected();

private:
    std::string socket(const char* name) const
    {
        return m_folder->filePath(QString::fromLatin1(name)).toStdString();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void LiveSourceTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void LiveSourceTest::deliversFullThenDeltas()
{
    test::FakeMesh mesh(socket("a.sock"));
    const MeshFrame full = test::randomFrame(1, 5);
    mesh.setFirst({wire::toWire(full)});
    LiveSource source(mesh.address());
    std::vector<MeshFramePtr> frames;
    connect(&source, &MeshSource::frameReceived, this,
        [&frames](const MeshFramePtr& frame) { frames.push_back(frame); });
    source.start();
    QCOMPARE(source.state(), State::Connecting);
    QTRY_COMPARE(frames.size(), std::size_t{1});
    QCOMPARE(source.state(), State::Live);
    QVERIFY(source.lastHeardMs() > 0);
    QVERIFY(test::equal(*frames[0], full));
    MeshFrame delta = test::randomFrame(2, 3);
    delta.full = false;
    mesh.push(wire::toWire(delta));
    QTRY_COMPARE(frames.size(), std::size_t{2});
    QVERIFY(test::equal(*frames[1], delta));
}

void LiveSourceTest::saysLostAtOnceWhenTheStreamBreaks()
{
    test::FakeMesh mesh(socket("b.sock"));
    mesh.setFirst({wire::toWire(test::randomFrame(1, 1))});
    LiveSource source(mesh.address());
    source.start();
    QTRY_COMPARE(source.state(), State::Live);
    mesh.stop();
    QTRY_COMPARE_WITH_TIMEOUT(source.state(), State::Lost, 1000);
    QVERIFY(!source.errorText().isEmpty());
}

void LiveSourceTest::saysLostWithinTwoSecondsOfSilence()
{
    test::FakeMesh mesh(socket("c.sock"));
    mesh.setFirst({wire::toWire(test::randomFrame(1, 1))});
    LiveSource source(mesh.address());
    source.start();
    QTRY_COMPARE(source.state(), State::Live);
    QElapsedTimer clock;
    clock.start();
    QTRY_COMPARE_WITH_TIMEOUT(source.state(), State::Lost, 3000);
    QVERIFY2(clock.elapsed() < 2000, qPrintable(QString::number(clock.elapsed())));
    mesh.push(wire::toWire(test::randomFrame(2, 1))); // thawed: the same stream goes on
    QTRY_COMPARE_WITH_TIMEOUT(source.state(), State::Live, 1000);
    QCOMPARE(mesh.watchers(), 1);
}

void LiveSourceTest::comesBackByItself()
{
    test::FakeMesh mesh(socket("d.sock"));
    mesh.setFirst({wire::toWire(test::randomFrame(1, 2))});
    LiveSource source(mesh.address());
    int fullFrames = 0;
    connect(&source, &MeshSource::frameReceived, this,
        [&fullFrames](const MeshFramePtr& frame) { fullFrames += frame->full ? 1 : 0; });
    source.start();
    QTRY_COMPARE(fullFrames, 1);
    mesh.stop();
    QTRY_COMPARE(source.state(), State::Lost);
    mesh.start();
    QTRY_COMPARE_WITH_TIMEOUT(source.state(), State::Live, 4000);
    QCOMPARE(fullFrames, 2);
    QVERIFY(source.errorText().isEmpty());
}

void LiveSourceTest::wrongAddressFailsOnce()
{
    LiveSource source("nowhere");
    source.start();
    QCOMPARE(source.state(), State::Failed);
    QVERIFY(source.errorText().contains(QLatin1String("unix:PATH or HOST:PORT")));
}

void LiveSourceTest::nobodyThereIsLostNotFailed()
{
    LiveSource source("unix:" + socket("none.sock"));
    QSignalSpy changes(&source, &MeshSource::stateChanged);
    source.start();
    QTRY_COMPARE(source.state(), State::Lost);
    QVERIFY(source.errorText().contains(QLatin1String("none.sock")));
    QCOMPARE(changes.count(), 2);
}

void LiveSourceTest::destroyedWhileConnected()
{
    test::FakeMesh mesh(socket("e.sock"));
    mesh.setFirst({wire::toWire(test::randomFrame(1, 2))});
    for (int i = 0; i < 10; ++i) {
        LiveSource source(mesh.address());
        source.start();
        if (i % 2 == 0)
            QTRY_COMPARE(source.state(), State::Live);
    }
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::LiveSourceTest)
#include "tst_live_source.moc"
