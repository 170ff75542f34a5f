// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/telemetry/hub.h"
#include "tests/support/fake_clock.h"

#include <QtTest>

using namespace meshyard;
using namespace meshyard::control_plane;
using namespace std::chrono_literals;

namespace {

constexpr const char* kCluster = "production/reviews/*/9080";

} // namespace

class HubTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void closesASecondHalfASecondLater();
    void countsAReportOnce();
    void sharesOutRefusedCallsByTraffic();
    void silenceMakesEdgesStaleNotZero();
    void aTransitionIsSentAtOnce();
    void whoFallsBehindGetsTheFullState();
    void unknownNodesShallSendAgain();
    void cutsLargeFrames();

private:
    std::int64_t nowMs() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            m_clock.system().time_since_epoch())
            .count();
    }
    v1::ProxyReport report(std::uint64_t sequence)
    {
        v1::ProxyReport report;
        report.set_node_id("productpage-v1-a");
        report.set_boot_id("boot");
        report.set_sequence(sequence);
        report.set_span_ms(1000);
        report.set_end_unix_ms(nowMs());
        return report;
    }
    static void addCalls(v1::ProxyReport& report, const char* endpoint, std::uint32_t ok)
    {
        v1::OutboundSecond& row = *report.add_outbound();
        row.set_cluster(kCluster);
        row.set_endpoint(endpoint);
        row.set_protocol(v1::HTTP1);
        row.mutable_outcomes()->set_ok(ok);
        row.mutable_latency()->add_bucket_deltas(100);
        row.mutable_latency()->add_counts(ok);
    }
    v1::EdgeFigures edgeTo(const std::string& version) const
    {
        const v1::ListEdgesResponse response = m_hub->listEdges({});
        for (const v1::EdgeFigures& figures : response.edges()) {
            if (figures.edge().key().destination().version() == version)
                return figures;
        }
        return {};
    }

    test::FakeClock m_clock;
    std::unique_ptr<TelemetryHub> m_hub;
};

void HubTest::init()
{
    m_hub = std::make_unique<TelemetryHub>(m_clock);
    Topology topology;
    topology.nodesById["productpage-v1-a"] = {"production", "productpage", "v1"};
    topology.nodesById["reviews-v1-a"] = {"production", "reviews", "v1"};
    topology.nodesById["reviews-v2-a"] = {"production", "reviews", "v2"};
    for (const auto& [id, node] : topology.nodesById)
        topology.live.insert(id);
    m_hub->setTopology(topology);
    m_clock.advance(1s);
}

void HubTest::closesASecondHalfASecondLater()
{
    v1::ProxyReport first = report(1);
    addCalls(first, "reviews-v1-a", 7);
    m_hub->ingest(first);
    m_clock.advance(499ms);
    QVERIFY(m_hub->isDue() || edgeTo("v1").outcomes().ok() == 0);
    m_hub->tick({});
    m_clock.advance(1001ms);
    m_hub->tick({});
    const v1::EdgeFigures edge = edgeTo("v1");
    QCOMPARE(edge.outcomes().ok(), 7U);
    QCOMPARE(edge.latency().counts(0), 7U);
    QCOMPARE(edge.edge().key().source().service(), std::string("productpage"));
    QCOMPARE(edge.edge().key().subset(), std::string("*"));
}

void HubTest::countsAReportOnce()
{
    v1::ProxyReport first = report(1);
    addCalls(first, "reviews-v1-a", 7);
    QCOMPARE(m_hub->ingest(first), TelemetryHub::Ingest::Counted);
    QCOMPARE(m_hub->ingest(first), TelemetryHub::Ingest::Duplicate);
    v1::ProxyReport afterRestart = first;
    afterRestart.set_boot_id("another");
    QCOMPARE(m_hub->ingest(afterRestart), TelemetryHub::Ingest::Counted);
    m_clock.advance(2s);
    m_hub->tick({});
    QCOMPARE(edgeTo("v1").outcomes().ok(), 14U);
}

void HubTest::sharesOutRefusedCallsByTraffic()
{
    for (std::uint64_t i = 1; i <= 10; ++i) {
        v1::ProxyReport second = report(i);
        addCalls(second, "reviews-v1-a", 30);
        addCalls(second, "reviews-v2-a", 10);
        m_hub->ingest(second);
        m_clock.advance(1s);
        m_hub->tick({});
    }
    v1::ProxyReport refused = report(11);
    v1::OutboundSecond& row = *refused.add_outbound();
    row.set_cluster(kCluster);
    row.set_protocol(v1::HTTP1);
    row.mutable_outcomes()->set_rejected(40);
    m_hub->ingest(refused);
    m_clock.advance(2s);
    m_hub->tick({});
    QCOMPARE(edgeTo("v1").outcomes().rejected(), 30U);
    QCOMPARE(edgeTo("v2").outcomes().rejected(), 10U);
}

void HubTest::silenceMakesEdgesStaleNotZero()
{
    v1::ProxyReport first = report(1);
    addCalls(first, "reviews-v1-a", 7);
    m_hub->ingest(first);
    auto batch = m_hub->next(0, 0ms);
    m_clock.advance(5s);
    m_hub->tick({});
    batch = m_hub->next(batch.cursor, 0ms);
    bool stale = false;
    for (const FramePtr& frame : batch.frames) {
        for (const v1::EdgeSample& sample : frame->samples())
            stale = stale || (sample.age_ms() >= 3000 && sample.breaker().known() == v1::STALE);
    }
    QVERIFY(stale);
    QCOMPARE(edgeTo("v1").breaker().known(), v1::STALE);
}

void HubTest::aTransitionIsSentAtOnce()
{
    v1::ProxyReport first = report(1);
    addCalls(first, "reviews-v1-a", 7);
    m_hub->ingest(first);
    const auto before = m_hub->next(0, 0ms);
    v1::ProxyReport opened = report(2);
    opened.set_span_ms(0);
    v1::BreakerTransition& transition = *opened.add_transitions();
    transition.set_cluster(kCluster);
    transition.set_from(v1::CLOSED);
    transition.set_to(v1::OPEN);
    transition.set_cause(v1::CONSECUTIVE);
    m_hub->ingest(opened);
    const auto batch = m_hub->next(before.cursor, 0ms);
    QCOMPARE(batch.frames.size(), std::size_t{1});
    const v1::MeshFrame& frame = *batch.frames.front();
    QVERIFY(frame.begin() && frame.end() && !frame.closes_second() && !frame.full());
    QCOMPARE(frame.events(0).kind(), v1::EVENT_BREAKER);
    QCOMPARE(frame.events(0).edge().destination().service(), std::string("reviews"));
    QCOMPARE(frame.samples(0).breaker().state(), v1::OPEN);
    QCOMPARE(m_hub->recentEvents().size(), std::size_t{1});
}

void HubTest::whoFallsBehindGetsTheFullState()
{
    v1::ProxyReport first = report(1);
    addCalls(first, "reviews-v1-a", 7);
    m_hub->ingest(first);
    const auto start = m_hub->next(0, 0ms);
    QVERIFY(start.frames.front()->full());
    m_clock.advance(2s);
    m_hub->tick({});
    QVERIFY(!m_hub->next(start.cursor, 0ms).frames.front()->full());
    for (int i = 0; i < 100; ++i)
        m_hub->addEvent({});
    const auto late = m_hub->next(start.cursor, 0ms);
    QVERIFY(late.frames.front()->full());
    QCOMPARE(late.frames.front()->edges_size(), 1);
}

void HubTest::unknownNodesShallSendAgain()
{
    v1::ProxyReport stranger = report(1);
    stranger.set_node_id("nobody");
    QCOMPARE(m_hub->ingest(stranger), TelemetryHub::Ingest::UnknownNode);
}

void HubTest::cutsLargeFrames()
{
    v1::MeshFrame frame;
    frame.set_closes_second(true);
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        v1::EdgeSample& sample = *frame.add_samples();
        sample.set_edge(i);
        for (std::uint32_t k = 0; k < 60; ++k)
            sample.mutable_latency()->add_counts(1000 + k);
    }
    const std::vector<FramePtr> chunks = cutFrame(std::move(frame));
    QVERIFY(chunks.size() > 1);
    int samples = 0;
    for (const FramePtr& chunk : chunks) {
        QVERIFY(chunk->ByteSizeLong() <= 1U << 20U);
        samples += chunk->samples_size();
        QCOMPARE(chunk->begin(), chunk == chunks.front());
        QCOMPARE(chunk->end(), chunk == chunks.back());
        QCOMPARE(chunk->closes_second(), chunk == chunks.back());
    }
    QCOMPARE(samples, 20'000);
}

QTEST_GUILESS_MAIN(HubTest)
#include "tst_hub.moc"
