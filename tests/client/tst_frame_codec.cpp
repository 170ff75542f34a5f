// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/wire/frame_codec.h"
#include "tests/support/mesh_samples.h"

#include <QTest>

namespace meshyard {

class FrameCodecTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void frameSurvivesTheWire();
    void chunksJoinFromBeginToEnd();
    void chunkWithoutBeginningIsDropped();
    void unknownEnumReadsAsUnspecified();
    void hugeBucketDoesNotOverflow();
};

void FrameCodecTest::frameSurvivesTheWire()
{
    for (unsigned seed = 1; seed <= 20; ++seed) {
        const MeshFrame frame = test::randomFrame(seed, 7);
        v1::MeshFrame parsed;
        QVERIFY(parsed.ParseFromString(wire::toWire(frame).SerializeAsString()));
        QVERIFY(test::equal(wire::fromWire(parsed), frame));
    }
}

void FrameCodecTest::chunksJoinFromBeginToEnd()
{
    const MeshFrame frame = test::randomFrame(3, 10);
    v1::MeshFrame first = wire::toWire(frame);
    v1::MeshFrame second;
    second.mutable_samples()->Swap(first.mutable_samples());
    second.set_end(true);
    second.set_closes_second(frame.closesSecond);
    first.set_end(false);
    first.set_closes_second(false);
    wire::FrameJoiner joiner;
    QVERIFY(!joiner.add(first));
    const MeshFramePtr joined = joiner.add(second);
    QVERIFY(joined);
    QVERIFY(test::equal(*joined, frame));
}

void FrameCodecTest::chunkWithoutBeginningIsDropped()
{
    v1::MeshFrame tail;
    tail.set_end(true);
    wire::FrameJoiner joiner;
    QVERIFY(!joiner.add(tail));
    v1::MeshFrame whole;
    whole.set_begin(true);
    whole.set_end(true);
    QVERIFY(joiner.add(whole));
}

void FrameCodecTest::unknownEnumReadsAsUnspecified()
{
    v1::MeshFrame frame;
    frame.add_samples()->mutable_breaker()->set_state(static_cast<v1::BreakerState>(77));
    QCOMPARE(wire::fromWire(frame).samples[0].breaker->state, BreakerState::Unspecified);
}

void FrameCodecTest::hugeBucketDoesNotOverflow()
{
    v1::MeshFrame frame;
    v1::Sketch* sketch = frame.add_samples()->mutable_latency();
    for (int i = 0; i < 4; ++i) {
        sketch->add_bucket_deltas(0xffffffffU);
        sketch->add_counts(1);
    }
    QCOMPARE(wire::fromWire(frame).samples[0].latency.count(), std::uint64_t{4});
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::FrameCodecTest)
#include "tst_frame_codec.moc"
