// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/second_blob.h"
#include "client/history/topology_state.h"
#include "tests/support/mesh_samples.h"

#include <QTest>

namespace meshyard::history {

class CodecTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void numbersComeBack();
    void secondComesBackExactly();
    void sketchFoldsExactlyAndStaysFolded();
    void tileEqualsTheSecondsItWasBuiltFrom();
    void tileOfOneSlotEqualsTheWhole();
    void totalsComeBack();
    void topologyComesBack();
    void nonsenseIsRefused();
};

namespace {

/// What the history keeps of a sample: everything but the three kept as means or buckets.
bool sameCounts(const EdgeSample& a, const EdgeSample& b)
{
    const auto within = [](std::uint64_t x, std::uint64_t y, std::uint64_t slack) {
        return x <= y + slack && y <= x + slack;
    };
    const std::uint64_t calls = std::max<std::uint64_t>(a.outcomes.finished(), 1);
    return a.edge == b.edge && a.outcomes == b.outcomes && a.inFlight == b.inFlight
        && a.connections == b.connections && a.tlsConnections == b.tlsConnections
        && within(a.bytesIn, b.bytesIn, calls / 2 + 1)
        && within(a.bytesOut, b.bytesOut, calls / 2 + 1) && a.latency.count() == b.latency.count();
}

std::array<std::uint64_t, LatencySketch::kBuckets / 2> folded(const LatencySketch& sketch)
{
    std::array<std::uint64_t, LatencySketch::kBuckets / 2> out{};
    for (std::size_t i = 0; i < LatencySketch::kBuckets; ++i)
        out[i / 2] += sketch.counts()[i];
    return out;
}

std::vector<NumberedSample> numbered(const std::vector<EdgeSample>& samples)
{
    std::vector<NumberedSample> out;
    for (const EdgeSample& sample : samples)
        out.emplace_back(sample.edge, &sample);
    return out;
}

std::vector<EdgeSample> randomSecond(std::mt19937& random, EdgeId edges)
{
    std::vector<EdgeSample> samples;
    for (EdgeId edge = 1; edge <= edges; ++edge) {
        if (test::below(random, 4) != 0)
            samples.push_back(test::randomSample(random, edge));
    }
    return samples;
}

} // namespace

void CodecTest::numbersComeBack()
{
    ByteWriter writer;
    const std::vector<std::int64_t> values{0, 1, -1, 63, -64, 64, 1 << 20,
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    for (const std::int64_t value : values)
        writer.difference(value);
    writer.real(0.1);
    writer.text("abc");
    ByteReader reader(writer.bytes());
    for (const std::int64_t value : values)
        QCOMPARE(reader.difference(), value);
    QCOMPARE(reader.real(), 0.1);
    QCOMPARE(reader.text(), std::string_view("abc"));
    QVERIFY(reader.atEnd() && !reader.failed());
    reader.number();
    QVERIFY(reader.failed());
}

void CodecTest::secondComesBackExactly()
{
    std::mt19937 random(1);
    for (int round = 0; round < 20; ++round) {
        const std::vector<EdgeSample> samples = randomSecond(random, 300);
        const std::vector<EdgeSample> back = decodeSecond(encodeSecond(numbered(samples)));
        QCOMPARE(back.size(), samples.size());
        for (std::size_t i = 0; i < samples.size(); ++i)
            QVERIFY(sameCounts(samples[i], back[i]));
    }
}

void CodecTest::sketchFoldsExactlyAndStaysFolded()
{
    std::mt19937 random(2);
    for (int round = 0; round < 50; ++round) {
        const EdgeSample sample = test::randomSample(random, 1, 500);
        ByteWriter once;
        writeSketch(sample.latency, once);
        LatencySketch back;
        ByteReader reader(once.bytes());
        readSketch(reader, &back);
        QVERIFY(reader.atEnd() && !reader.failed());
        QVERIFY(folded(back) == folded(sample.latency));
        ByteWriter twice;
        writeSketch(back, twice);
        QVERIFY(twice.bytes() == once.bytes());
        const double p99 = *sample.latency.quantileMicros(0.99);
        QVERIFY(std::abs(*back.quantileMicros(0.99) - p99) <= p99 * 0.125);
    }
}

void CodecTest::tileEqualsTheSecondsItWasBuiltFrom()
{
    std::mt19937 random(3);
    std::vector<std::vector<EdgeSample>> minute;
    TileBuilder builder;
    for (std::size_t second = 0; second < 60; ++second) {
        minute.push_back(randomSecond(random, 63));
        builder.setHeard(second);
        eachGroup(encodeSecond(numbered(minute.back())), [&](EdgeId, std::string_view records) {
            eachRecord(records, [&](std::size_t slot, const Columns& c, std::string_view sk) {
                builder.add(second, slot, c, sk);
            });
        });
    }
    const TileBlobs blobs = builder.build();
    TileReader reader(blobs.summary);
    reader.addSketches(blobs.sketches);
    QVERIFY(!reader.failed());
    for (std::size_t second = 0; second < 60; ++second) {
        QVERIFY(reader.heard(second));
        for (const EdgeSample& sample : minute[second])
            QVERIFY(reader.columns(second, sample.edge) == columnsOf(sample));
        std::map<std::size_t, LatencySketch> sketches;
        reader.eachSketch(second, [&sketches](std::size_t slot) { return &sketches[slot]; });
        for (const EdgeSample& sample : minute[second])
            QVERIFY(folded(sample.latency) == folded(sketches[sample.edge]));
        QCOMPARE(sketches.size(), minute[second].size());
    }
}

void CodecTest::tileOfOneSlotEqualsTheWhole()
{
    std::mt19937 random(4);
    TileBuilder builder;
    for (std::size_t second = 0; second < 60; second += 7) {
        builder.setHeard(second);
        for (std::size_t slot = 0; slot < 64; slot += 3) {
            ByteWriter sketch;
            const EdgeSample sample = test::randomSample(random, 1);
            writeSketch(sample.latency, sketch);
            builder.add(second, slot, columnsOf(sample), sketch.bytes());
        }
    }
    const TileBlobs blobs = builder.build();
    const TileReader whole(blobs.summary);
    const TileReader one(blobs.summary, 63);
    for (std::size_t second = 0; second < 60; ++second)
        QVERIFY(whole.columns(second, 63) == one.columns(second, 63));
    QVERIFY(one.columns(0, 0) == Columns{});
    QVERIFY(!whole.heard(1) && whole.heard(7));
}

void CodecTest::totalsComeBack()
{
    std::mt19937 random(5);
    MinuteTotals totals;
    totals.seconds[7].heard = true;
    for (int i = 0; i < 10; ++i)
        totals.add(7, test::randomSample(random, 1));
    const MinuteTotals back = MinuteTotals::decode(totals.encode());
    QVERIFY(back.seconds[7].heard && !back.seconds[8].heard);
    QCOMPARE(back.seconds[7].requests, totals.seconds[7].requests);
    QCOMPARE(back.seconds[7].failed, totals.seconds[7].failed);
    QVERIFY(folded(back.seconds[7].latency) == folded(totals.seconds[7].latency));
}

void CodecTest::topologyComesBack()
{
    for (unsigned seed = 1; seed < 10; ++seed) {
        const MeshFrame frame = test::randomFrame(seed, 6);
        std::unordered_map<EdgeId, EdgeId> ids;
        for (const Edge& edge : frame.edges)
            ids[edge.id] = edge.id + 100;
        TopologyState state;
        const auto change = TopologyState::decode(TopologyState::encode(state.take(frame, ids)));
        QVERIFY(change.has_value());
        TopologyState back;
        back.apply(*change);
        const MeshFrame rebuilt = back.toFrame(frame.unixMs);
        QVERIFY(rebuilt.mesh == frame.mesh && rebuilt.services == frame.services);
        QVERIFY(rebuilt.instances == frame.instances && rebuilt.proxies == frame.proxies);
        QVERIFY(rebuilt.overrides == frame.overrides);
        QCOMPARE(rebuilt.nodes.size(), frame.nodes.size());
        QCOMPARE(rebuilt.samples.size(), frame.samples.size());
        QCOMPARE(rebuilt.edges[0].id, EdgeId{101});
        QVERIFY(rebuilt.samples[0].breaker == frame.samples[0].breaker);
        MeshFrame again = frame;
        again.full = false;
        QVERIFY(state.take(again, ids).isEmpty());
    }
}

void CodecTest::nonsenseIsRefused()
{
    std::mt19937 random(6);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(test::below(random, 200), '\0');
        for (char& c : bytes)
            c = static_cast<char>(random());
        QVERIFY(!TopologyState::decode(bytes));
        QVERIFY(TileReader(bytes).failed());
        decodeSecond(bytes); // must not read past the end
        MinuteTotals::decode(compressed(bytes));
        TileReader reader(compressed(bytes));
        reader.addSketches(compressed(bytes));
        for (std::size_t second = 0; second < 60; ++second)
            reader.eachSketch(second, [](std::size_t) { return nullptr; });
        TopologyState::decode(compressed(bytes));
    }
}

} // namespace meshyard::history

QTEST_GUILESS_MAIN(meshyard::history::CodecTest)
#include "tst_codec.moc"
