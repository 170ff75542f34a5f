// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/history_reader.h"
#include "client/history/recorder.h"
#include "tests/support/mesh_samples.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

namespace meshyard::history {

namespace {

constexpr std::int64_t kStart = 1'767'225'600; // a whole minute

MeshFrame fullFrame(std::int64_t t, unsigned edges)
{
    MeshFrame frame = test::randomFrame(1, edges);
    frame.unixMs = t * 1000;
    frame.closesSecond = false;
    for (EdgeSample& sample : frame.samples) {
        sample = EdgeSample{};
        sample.breaker.emplace();
    }
    for (std::size_t i = 0; i < frame.samples.size(); ++i)
        frame.samples[i].edge = frame.edges[i].id;
    frame.events.clear();
    return frame;
}

MeshFrame second(std::mt19937& random, std::int64_t t, unsigned edges)
{
    MeshFrame frame;
    frame.unixMs = t * 1000;
    frame.closesSecond = true;
    for (EdgeId edge = 1; edge <= edges; ++edge)
        frame.samples.push_back(test::randomSample(random, edge));
    return frame;
}

std::map<EdgeKey, Outcomes> outcomesOf(const MeshFrame& frame)
{
    std::map<EdgeId, EdgeKey> keys;
    for (const Edge& edge : frame.edges)
        keys[edge.id] = edge.key;
    std::map<EdgeKey, Outcomes> out;
    for (const EdgeSample& sample : frame.samples)
        out[keys.at(sample.edge)] = sample.outcomes;
    return out;
}

} // namespace

class RecorderTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void everySecondComesBackBeforeAndAfterTheFlush();
    void seriesAndTotalsAddUp();
    void frameCarriesItsMinute();
    void topologyOfThatSecond();
    void playingEqualsSeeking();
    void recorderThatVanishedLosesNothingCommitted();
    void reconnectWithOtherIdsGoesOn();
    void clockThatStepsBackIsIgnored();
    void eventsAreExactAndOnce();
    void revisionsWhole();
    void capDropsTheOldestMinutes();
    void oneRecorderAtATime();
    void damagedFileIsSaid();
    void foreignAndNewerFilesAreRefused();
    void emptyHistorySaysSo();

private:
    std::string file() const
    {
        return m_folder->filePath(QStringLiteral("h.sqlite")).toStdString();
    }
    std::unique_ptr<Recorder> record(std::int64_t from, std::int64_t until, unsigned edges,
        std::vector<MeshFrame>* kept = nullptr, Recorder::Options options = {})
    {
        auto recorder = Recorder::open(file(), options).value();
        std::mt19937 random(static_cast<unsigned>(from));
        const MeshFrame start = fullFrame(from - 1, edges);
        recorder->append(start);
        for (std::int64_t t = from; t < until; ++t) {
            MeshFrame frame = second(random, t, edges);
            recorder->append(frame);
            if (!recorder->commit())
                return nullptr;
            frame.edges = start.edges;
            if (kept)
                kept->push_back(std::move(frame));
        }
        return recorder;
    }
    std::unique_ptr<HistoryReader> reader() const { return HistoryReader::open(file()).value(); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void RecorderTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void RecorderTest::everySecondComesBackBeforeAndAfterTheFlush()
{
    std::vector<MeshFrame> frames;
    const auto recorder = record(kStart + 30, kStart + 230, 130, &frames);
    const auto reader = this->reader();
    for (const MeshFrame& frame : frames) {
        const auto read = reader->frameAt(frame.unixMs, 0);
        QVERIFY(read.has_value());
        QCOMPARE(read->unixMs, frame.unixMs);
        QVERIFY(outcomesOf(*read) == outcomesOf(frame));
    }
    const auto span = reader->span().value();
    QCOMPARE(span->fromMs, frames.front().unixMs);
    QCOMPARE(span->toMs, frames.back().unixMs);
}

void RecorderTest::seriesAndTotalsAddUp()
{
    std::vector<MeshFrame> frames;
    const auto recorder = record(kStart, kStart + 200, 5, &frames);
    const auto reader = this->reader();
    std::uint64_t requests = 0;
    std::uint64_t ofEdge = 0;
    LatencySketch latency;
    for (const MeshFrame& frame : frames) {
        for (const EdgeSample& sample : frame.samples)
            requests += sample.outcomes.finished();
        ofEdge += frame.samples[2].outcomes.finished();
        latency.merge(frame.samples[2].latency);
    }
    const std::int64_t from = (kStart - 1) * 1000;
    const std::int64_t to = (kStart + 199) * 1000;
    for (const std::uint32_t step : {1U, 7U, 60U, 600U}) {
        std::uint64_t sum = 0;
        const auto points = reader->series(test::edgeKey(3), from, to, step).value();
        for (const SeriesPoint& point : points)
            sum += point.outcomes.finished();
        QCOMPARE(sum, ofEdge);
        std::uint64_t total = 0;
        std::uint32_t seconds = 0;
        const auto all = reader->totals(from, to, step).value();
        for (const TotalsPoint& point : all) {
            total += point.requests;
            seconds += point.seconds;
        }
        QCOMPARE(total, requests);
        QCOMPARE(seconds, 200U);
    }
    const auto whole = reader->series(test::edgeKey(3), from, to, 3600).value();
    const double p99 = *latency.quantileMicros(0.99);
    double read = 0;
    for (const SeriesPoint& point : whole)
        read = point.p99Us.value_or(read);
    QVERIFY(std::abs(read - p99) <= p99 * 0.07);
    QCOMPARE(reader->series(test::edgeKey(999), from, to, 60)->at(0).seconds, 0U);
}

void RecorderTest::frameCarriesItsMinute()
{
    std::vector<MeshFrame> frames;
    const auto recorder = record(kStart, kStart + 150, 3, &frames);
    const MeshFrame read = reader()->frameAt((kStart + 130) * 1000).value();
    QCOMPARE(read.before->size(), std::size_t{59});
    QVERIFY(read.before->back()[1].outcomes == frames[129].samples[1].outcomes);
    QVERIFY(read.before->front()[1].outcomes == frames[71].samples[1].outcomes);
}

void RecorderTest::topologyOfThatSecond()
{
    auto recorder = Recorder::open(file(), {}).value();
    recorder->append(fullFrame(kStart, 2));
    std::mt19937 random(1);
    for (std::int64_t t = kStart + 1; t < kStart + 20; ++t) {
        MeshFrame frame = second(random, t, 2);
        if (t == kStart + 10) { // an edge comes, a node goes, a breaker opens for 30 s
            frame.edges.push_back({9, test::edgeKey(9), {}});
            frame.removedNodes.push_back(test::edgeKey(1).source);
            frame.samples[0].breaker.emplace();
            frame.samples[0].breaker->state = BreakerState::Open;
            frame.samples[0].breaker->secondsLeft = 30;
        }
        recorder->append(frame);
        QVERIFY(recorder->commit());
    }
    const auto reader = this->reader();
    const MeshFrame before = reader->frameAt((kStart + 9) * 1000).value();
    const MeshFrame after = reader->frameAt((kStart + 15) * 1000).value();
    QCOMPARE(before.edges.size(), std::size_t{2});
    QCOMPARE(after.edges.size(), std::size_t{3});
    QCOMPARE(after.nodes.size(), before.nodes.size() - 1);
    QVERIFY(before.mesh == after.mesh && before.overrides == after.overrides);
    QCOMPARE(before.samples[0].breaker->state, BreakerState::Unspecified);
    QCOMPARE(after.samples[0].breaker->state, BreakerState::Open);
    QCOMPARE(after.samples[0].breaker->secondsLeft, std::int64_t{25});
}

void RecorderTest::playingEqualsSeeking()
{
    const auto recorder = record(kStart, kStart + 100, 4);
    const auto reader = this->reader();
    for (std::int64_t t = kStart + 50; t < kStart + 70; ++t) {
        const MeshFrame delta = reader->secondAt(t * 1000).value();
        QVERIFY(delta.closesSecond && !delta.full);
        MeshFrame sought = reader->frameAt(t * 1000).value();
        QCOMPARE(delta.samples.size(), sought.samples.size());
        for (std::size_t i = 0; i < delta.samples.size(); ++i)
            QVERIFY(delta.samples[i].outcomes == sought.samples[i].outcomes);
    }
    QVERIFY(!reader->secondAt((kStart + 500) * 1000)->closesSecond);
}

void RecorderTest::recorderThatVanishedLosesNothingCommitted()
{
    std::vector<MeshFrame> first;
    std::vector<MeshFrame> second;
    record(kStart + 40, kStart + 85, 70, &first).reset(); // no finish()
    record(kStart + 90, kStart + 160, 70, &second).reset();
    const auto reader = this->reader();
    for (const auto* frames : {&first, &second}) {
        for (const MeshFrame& frame : *frames)
            QVERIFY(outcomesOf(reader->frameAt(frame.unixMs, 0).value()) == outcomesOf(frame));
    }
    QCOMPARE(reader->frameAt((kStart + 87) * 1000)->unixMs, (kStart + 84) * 1000); // the gap
}

void RecorderTest::reconnectWithOtherIdsGoesOn()
{
    auto recorder = Recorder::open(file(), {}).value();
    std::mt19937 random(1);
    recorder->append(fullFrame(kStart, 2));
    recorder->append(second(random, kStart + 1, 2));
    MeshFrame again = fullFrame(kStart + 2, 2);
    std::swap(again.edges[0].id, again.edges[1].id);
    recorder->append(again);
    MeshFrame frame = second(random, kStart + 3, 2);
    recorder->append(frame);
    QVERIFY(recorder->commit());
    const auto points
        = reader()->series(test::edgeKey(1), (kStart + 2) * 1000, (kStart + 3) * 1000, 1).value();
    QVERIFY(points.at(0).outcomes == frame.samples[1].outcomes);
}

void RecorderTest::clockThatStepsBackIsIgnored()
{
    std::vector<MeshFrame> frames;
    const auto recorder = record(kStart, kStart + 100, 2, &frames);
    std::mt19937 random(99);
    recorder->append(second(random, kStart + 20, 2));
    QVERIFY(recorder->commit());
    QVERIFY(
        outcomesOf(reader()->frameAt((kStart + 20) * 1000, 0).value()) == outcomesOf(frames[20]));
}

void RecorderTest::eventsAreExactAndOnce()
{
    auto recorder = Recorder::open(file(), {}).value();
    MeshFrame frame = fullFrame(kStart, 1);
    Event event = test::randomFrame(7, 1).events[0];
    event.unixMs = kStart * 1000 + 137;
    frame.events = {event};
    recorder->append(frame);
    recorder->append(frame); // a reconnect sends it again
    QVERIFY(recorder->commit());
    const auto events = reader()->events(0, (kStart + 10) * 1000).value();
    QCOMPARE(events.size(), std::size_t{1});
    event.id = events[0].id;
    QVERIFY(events[0] == event);
}

void RecorderTest::revisionsWhole()
{
    auto recorder = Recorder::open(file(), {}).value();
    recorder->append(fullFrame(kStart, 1));
    recorder->appendRevision(3, kStart * 1000, "me", "split", "kind: VirtualService # kept\n");
    QVERIFY(recorder->commit());
    const auto revisions = reader()->revisions(kStart * 1000 + 1).value();
    QCOMPARE(revisions.size(), std::size_t{1});
    QCOMPARE(revisions[0].documents, std::string("kind: VirtualService # kept\n"));
    QVERIFY(reader()->revisions(kStart * 1000 - 1)->empty());
}

void RecorderTest::capDropsTheOldestMinutes()
{
    const auto recorder = record(kStart, kStart + 60 * 40, 10, nullptr, {.capBytes = 500'000});
    QVERIFY(recorder);
    const auto span = reader()->span().value();
    QVERIFY(span->fromMs >= (kStart + 600) * 1000);
    QCOMPARE(span->toMs, (kStart + 60 * 40 - 1) * 1000);
    QCOMPARE(reader()->frameAt(span->fromMs)->edges.size(), std::size_t{10});
    QVERIFY(QFile(QString::fromStdString(file())).size() < 3'000'000);
}

void RecorderTest::oneRecorderAtATime()
{
    auto first = record(kStart, kStart + 2, 1);
    const auto second = Recorder::open(file(), {});
    QCOMPARE(second.error().code, ErrorCode::FailedPrecondition);
    first.reset();
    QVERIFY(Recorder::open(file(), {}).has_value());
}

void RecorderTest::damagedFileIsSaid()
{
    QFile damaged(QString::fromStdString(file()));
    QVERIFY(damaged.open(QIODevice::WriteOnly));
    damaged.write(QByteArray(100'000, 'x'));
    damaged.close();
    const auto opened = Recorder::open(file(), {});
    QVERIFY(!opened.has_value());
    QCOMPARE(opened.error().code, ErrorCode::DataLoss);
    QVERIFY(!HistoryReader::open(file()).has_value());
    const auto name = setAside(file(), 1234).value();
    QVERIFY(name.ends_with("/history-corrupt-1234.sqlite"));
    QCOMPARE(QFile(QString::fromStdString(name)).size(), qint64{100'000});
    QVERIFY(!QFile::exists(QString::fromStdString(file())));
}

void RecorderTest::foreignAndNewerFilesAreRefused()
{
    record(kStart, kStart + 2, 1).reset();
    {
        auto database = Database::open(file(), Database::Mode::Create).value();
        QVERIFY(database->execute("PRAGMA user_version=99"));
    }
    const auto newer = Recorder::open(file(), {});
    QCOMPARE(newer.error().code, ErrorCode::FailedPrecondition);
    QVERIFY(newer.error().message.find("newer") != std::string::npos);
}

void RecorderTest::emptyHistorySaysSo()
{
    Recorder::open(file(), {}).value().reset();
    const auto reader = this->reader();
    QVERIFY(!reader->span()->has_value());
    QCOMPARE(reader->frameAt(kStart * 1000).error().code, ErrorCode::NotFound);
}

} // namespace meshyard::history

QTEST_GUILESS_MAIN(meshyard::history::RecorderTest)
#include "tst_recorder.moc"
