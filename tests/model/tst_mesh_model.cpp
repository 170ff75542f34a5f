// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/model/mesh_model.h"

#include <QSignalSpy>
#include <QTest>

namespace meshyard {

namespace {

EdgeKey key(const std::string& from, const std::string& to)
{
    return {{"production", from, "v1"}, {"production", to, "v1"}, "*", Protocol::Http1};
}

EdgeSample calls(EdgeId id, std::uint64_t ok, std::uint64_t failed = 0)
{
    EdgeSample sample;
    sample.edge = id;
    sample.outcomes.ok = ok;
    sample.outcomes.serverErrors = failed;
    for (std::uint64_t i = 0; i < ok + failed; ++i)
        sample.latency.record(1000 + i);
    return sample;
}

MeshFrame fullFrame(std::int64_t unixMs, std::vector<Edge> edges)
{
    MeshFrame frame;
    frame.unixMs = unixMs;
    frame.full = true;
    for (Edge& edge : edges) {
        frame.nodes.emplace_back().key = edge.key.source;
        frame.nodes.emplace_back().key = edge.key.destination;
    }
    frame.edges = std::move(edges);
    frame.overrides.emplace();
    return frame;
}

MeshFrame second(std::int64_t unixMs, std::vector<EdgeSample> samples)
{
    MeshFrame frame;
    frame.unixMs = unixMs;
    frame.closesSecond = true;
    frame.samples = std::move(samples);
    return frame;
}

} // namespace

class MeshModelTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void windowMergesExactly();
    void secondsWithoutCallsCountAsZero();
    void silentReporterIsStaleNotZero();
    void healthFollowsTolerances();
    void reconnectKeepsTheMinuteUnderNewIds();
    void seekReplacesTheMinute();
    void eventsSentAgainAreTakenOnce();
    void changedOncePerFrame();
    void fullFrameOfModelRebuildsIt();
};

void MeshModelTest::windowMergesExactly()
{
    MeshModel model;
    model.apply(fullFrame(1000, {{1, key("a", "b"), {}}}));
    model.apply(second(2000, {calls(1, 10)}));
    model.apply(second(3000, {calls(1, 20, 5)}));
    const EdgeWindow window = model.window(key("a", "b"), 10);
    QCOMPARE(window.seconds, 2U);
    QCOMPARE(window.outcomes.finished(), 35U);
    QCOMPARE(window.rate(), 17.5);
    QCOMPARE(window.latency.count(), 35U);
    QCOMPARE(*window.success(), 30.0 / 35.0);
    QVERIFY(!model.window(key("x", "y")).success().has_value());
}

void MeshModelTest::secondsWithoutCallsCountAsZero()
{
    MeshModel model;
    model.apply(fullFrame(1000, {{1, key("a", "b"), {}}}));
    model.apply(second(2000, {calls(1, 10)}));
    model.apply(second(3000, {}));
    QCOMPARE(model.window(key("a", "b"), 10).rate(), 5.0);
}

void MeshModelTest::silentReporterIsStaleNotZero()
{
    MeshModel model;
    model.apply(fullFrame(1000, {{1, key("a", "b"), {}}}));
    model.apply(second(2000, {calls(1, 10)}));
    EdgeSample stale;
    stale.edge = 1;
    stale.ageMs = 3000;
    model.apply(second(5000, {stale}));
    const EdgeState* state = model.edge(key("a", "b"));
    QCOMPARE(state->health, Health::Stale);
    QCOMPARE(state->seconds.size(), std::size_t{1});
    QCOMPARE(model.window(key("a", "b"), 10).rate(), 10.0);
}

void MeshModelTest::healthFollowsTolerances()
{
    MeshModel model;
    model.apply(fullFrame(1000, {{1, key("a", "b"), {}}}));
    QCOMPARE(model.edge(1)->health, Health::Idle);
    model.apply(second(2000, {calls(1, 100)}));
    QCOMPARE(model.edge(1)->health, Health::Healthy);
    model.apply(second(3000, {calls(1, 99, 1)}));
    QCOMPARE(model.edge(1)->health, Health::Degraded);
    model.apply(second(4000, {calls(1, 0, 50)}));
    QCOMPARE(model.edge(1)->health, Health::Failing);
    QCOMPARE(model.nodeHealth({"production", "b", "v1"}), Health::Failing);
    for (int i = 0; i < 10; ++i)
        model.apply(second(5000 + i * 1000, {}));
    QCOMPARE(model.edge(1)->health, Health::Idle);
}

void MeshModelTest::reconnectKeepsTheMinuteUnderNewIds()
{
    MeshModel model;
    model.apply(fullFrame(1000, {{1, key("a", "b"), {}}, {2, key("b", "c"), {}}}));
    model.apply(second(2000, {calls(1, 10), calls(2, 7)}));
    model.apply(fullFrame(3000, {{1, key("b", "c"), {}}}));
    QVERIFY(!model.edge(key("a", "b")));
    QVERIFY(model.edge(EdgeId{1})->edge.key == key("b", "c"));
    QCOMPARE(model.window(key("b", "c"), 10).outcomes.ok, 7U);
}

void MeshModelTest::seekReplacesTheMinute()
{
    MeshModel model;
    model.apply(fullFrame(100'000, {{1, key("a", "b"), {}}}));
    model.apply(second(101'000, {calls(1, 1000)}));
    MeshFrame past = fullFrame(50'000, {{9, key("a", "b"), {}}});
    past.closesSecond = true;
    past.samples = {calls(9, 4)};
    past.before.emplace({std::vector<EdgeSample>{calls(9, 2)}, std::vector<EdgeSample>{}});
    model.apply(past);
    QCOMPARE(model.unixMs(), std::int64_t{50'000});
    const EdgeWindow window = model.window(key("a", "b"), 10);
    QCOMPARE(window.seconds, 3U);
    QCOMPARE(window.outcomes.ok, 6U);
}

void MeshModelTest::eventsSentAgainAreTakenOnce()
{
    MeshModel model;
    MeshFrame frame;
    Event event;
    event.id = 5;
    frame.events = {event};
    QSignalSpy added(&model, &MeshModel::eventsAdded);
    model.apply(frame);
    model.apply(frame);
    QCOMPARE(added.count(), 1);
    QCOMPARE(model.events().size(), std::size_t{1});
}

void MeshModelTest::changedOncePerFrame()
{
    MeshModel model;
    QSignalSpy changed(&model, &MeshModel::changed);
    QSignalSpy topology(&model, &MeshModel::topologyChanged);
    model.apply(fullFrame(1000, {{1, key("a", "b"), {}}}));
    model.apply(second(2000, {calls(1, 1)}));
    QCOMPARE(changed.count(), 2);
    QCOMPARE(topology.count(), 1);
}

void MeshModelTest::fullFrameOfModelRebuildsIt()
{
    MeshModel model;
    model.apply(fullFrame(1000, {{1, key("a", "b"), {}}}));
    model.apply(second(2000, {calls(1, 10, 2)}));
    MeshModel copy;
    copy.apply(model.toFrame());
    QCOMPARE(copy.unixMs(), model.unixMs());
    QVERIFY(copy.nodes() == model.nodes());
    QVERIFY(copy.edge(1)->seconds.back().outcomes == model.edge(1)->seconds.back().outcomes);
    QVERIFY(copy.edge(1)->seconds.back().latency == model.edge(1)->seconds.back().latency);
}

} // namespace meshyard

QTEST_GUILESS_MAIN(meshyard::MeshModelTest)
#include "tst_mesh_model.moc"
