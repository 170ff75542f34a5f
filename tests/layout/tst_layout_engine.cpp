// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/synthetic_mesh.h"
#include "widgets/layout/layout_engine.h"

#include <QTest>

#include <cmath>

using namespace meshyard::layout;

namespace {

LayoutInput mesh(int nodes, const std::vector<std::pair<int, int>>& edges)
{
    LayoutInput input;
    for (int i = 0; i < nodes; ++i) {
        LayoutNode node;
        node.id = std::to_string(i);
        input.nodes.push_back(node);
    }
    for (const auto& [source, target] : edges) {
        LayoutEdge edge;
        edge.source = static_cast<std::uint32_t>(source);
        edge.target = static_cast<std::uint32_t>(target);
        input.edges.push_back(edge);
    }
    return input;
}

bool overlaps(const LayoutResult& result)
{
    for (std::size_t i = 0; i < result.nodes.size(); ++i) {
        for (std::size_t j = i + 1; j < result.nodes.size(); ++j) {
            if (result.nodes[i].intersects(result.nodes[j]))
                return true;
        }
    }
    return false;
}

bool sound(const Curve& curve)
{
    if (curve.size() < 4 || curve.size() % 3 != 1)
        return false;
    return std::ranges::all_of(
        curve, [](const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); });
}

void keepPlaces(LayoutInput& input, const LayoutResult& result)
{
    for (std::size_t i = 0; i < result.nodes.size(); ++i)
        input.nodes[i].previous = Point{result.nodes[i].x, result.nodes[i].y};
    for (std::size_t i = 0; i < result.bends.size(); ++i)
        input.edges[i].bends = result.bends[i];
}

} // namespace

class LayoutEngineTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void laysOutAnyShape_data()
    {
        QTest::addColumn<int>("nodes");
        QTest::addColumn<std::vector<std::pair<int, int>>>("edges");
        using Edges = std::vector<std::pair<int, int>>;
        QTest::newRow("nothing") << 0 << Edges{};
        QTest::newRow("one node") << 1 << Edges{};
        QTest::newRow("no edges") << 9 << Edges{};
        QTest::newRow("self call") << 2 << Edges{{0, 0}, {0, 1}};
        QTest::newRow("calls both ways") << 2 << Edges{{0, 1}, {1, 0}};
        QTest::newRow("several edges of a pair") << 2 << Edges{{0, 1}, {0, 1}, {0, 1}};
        QTest::newRow("cycle") << 4 << Edges{{0, 1}, {1, 2}, {2, 3}, {3, 0}};
        QTest::newRow("long way and short cut") << 4 << Edges{{0, 1}, {1, 2}, {2, 3}, {0, 3}};
        QTest::newRow("complete") << 5
                                  << Edges{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 2}, {1, 3}, {1, 4},
                                         {2, 3}, {2, 4}, {3, 4}};
    }

    void laysOutAnyShape()
    {
        QFETCH(int, nodes);
        using Edges = std::vector<std::pair<int, int>>;
        QFETCH(Edges, edges);
        const auto result = LayoutEngine::layout(mesh(nodes, edges));
        QCOMPARE(result.nodes.size(), static_cast<std::size_t>(nodes));
        QCOMPARE(result.edges.size(), edges.size());
        QVERIFY(!overlaps(result));
        for (const Curve& curve : result.edges)
            QVERIFY(sound(curve));
    }

    void neverOverlapsAndIsRepeatable()
    {
        for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
            const auto input = meshyard::tests::syntheticMesh(120, 600, seed);
            const auto first = LayoutEngine::layout(input);
            QVERIFY(!overlaps(first));
            const auto second = LayoutEngine::layout(input);
            QVERIFY(first.nodes == second.nodes);
            QCOMPARE(first.crossings, second.crossings);
            QVERIFY(first.edges == second.edges);
        }
    }

    void heavyTrafficRunsToTheRight()
    {
        auto input = mesh(3, {{0, 1}, {1, 2}, {2, 0}});
        input.edges[2].weight = 0.1;
        input.edges[0].weight = 100;
        input.edges[1].weight = 100;
        const auto result = LayoutEngine::layout(input);
        QVERIFY(result.nodes[0].x < result.nodes[1].x);
        QVERIFY(result.nodes[1].x < result.nodes[2].x);
    }

    void edgesPassNoForeignNode()
    {
        const auto input
            = mesh(6, {{0, 1}, {1, 2}, {2, 3}, {0, 3}, {0, 4}, {4, 3}, {1, 5}, {0, 5}});
        const auto result = LayoutEngine::layout(input);
        for (std::size_t e = 0; e < result.edges.size(); ++e) {
            const Curve& curve = result.edges[e];
            for (std::size_t i = 1; i + 2 < curve.size(); i += 3) {
                for (int step = 0; step <= 20; ++step) {
                    const double t = step / 20.0;
                    const double s = 1 - t;
                    const auto mix = [&](auto get) {
                        return s * s * s * get(curve[i - 1]) + 3 * s * s * t * get(curve[i])
                            + 3 * s * t * t * get(curve[i + 1]) + t * t * t * get(curve[i + 2]);
                    };
                    const Point p{
                        mix([](Point q) { return q.x; }), mix([](Point q) { return q.y; })};
                    for (std::uint32_t n = 0; n < result.nodes.size(); ++n) {
                        const Box box = result.nodes[n].grown(-1);
                        const bool own = n == input.edges[e].source || n == input.edges[e].target;
                        QVERIFY(own || p.x <= box.x || p.x >= box.right() || p.y <= box.y
                            || p.y >= box.bottom());
                    }
                }
            }
        }
    }

    void versionsStandTogetherAndEnvironmentsApart()
    {
        auto input = mesh(10, {{0, 1}, {1, 2}, {1, 3}, {1, 4}, {3, 5}, {6, 7}, {7, 8}});
        input.environments = {{"production", true}, {"staging", true}};
        input.frames = {{"reviews"}};
        for (std::uint32_t i = 0; i < 10; ++i)
            input.nodes[i].environment = i < 6 ? 0 : 1;
        for (const std::size_t i : {2U, 3U, 4U})
            input.nodes[i].frame = 0;
        input.splits = 1;
        for (const std::size_t i : {1U, 2U, 3U})
            input.edges[i].split = 0;
        const auto result = LayoutEngine::layout(input);
        QVERIFY(!overlaps(result));
        QCOMPARE(result.nodes[2].x, result.nodes[3].x);
        QVERIFY(result.nodes[2].y < result.nodes[3].y && result.nodes[3].y < result.nodes[4].y);
        QCOMPARE(result.frames.size(), 1U);
        for (const std::size_t i : {0U, 1U, 5U})
            QVERIFY(!result.nodes[i].intersects(result.frames[0].box));
        QVERIFY(!result.environments[0].intersects(result.environments[1]));
        QVERIFY(result.environments[0].y < result.environments[1].y);
        QVERIFY(sound(result.splits[0].trunk));
        QVERIFY(result.splits[0].diamond.x < result.frames[0].box.x);
        QVERIFY(result.splits[0].diamond.x > result.nodes[1].right());
    }

    void aNewNodeMovesNobody()
    {
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            auto input = meshyard::tests::syntheticMesh(60, 200, seed);
            input.environments = {{"production", true}, {"staging", true}};
            for (std::uint32_t i = 0; i < 60; ++i)
                input.nodes[i].environment = i % 10 == 9 ? 1 : 0;
            const auto before = LayoutEngine::layout(input);
            keepPlaces(input, before);
            for (std::uint32_t i = 0; i < 3; ++i) {
                LayoutNode node;
                node.id = "new" + std::to_string(i);
                node.environment = i % 2;
                input.nodes.push_back(node);
                input.edges.push_back({i * 7, 60 + i, 5, kNone, {}});
            }
            const auto after = LayoutEngine::insertLocally(input);
            for (std::size_t i = 0; i < before.nodes.size(); ++i)
                QVERIFY(after.nodes[i] == before.nodes[i]);
            QVERIFY(!overlaps(after));
            for (std::size_t i = 0; i < before.bends.size(); ++i)
                QCOMPARE(after.bends[i].size(), before.bends[i].size());
        }
    }

    void aVersionThatComesStandsWithItsSiblings()
    {
        auto input = mesh(4, {{0, 1}, {0, 2}, {1, 3}});
        input.frames = {{"reviews"}};
        input.nodes[1].frame = 0;
        input.nodes[2].frame = 0;
        const auto before = LayoutEngine::layout(input);
        keepPlaces(input, before);
        LayoutNode v3;
        v3.id = "v3";
        v3.frame = 0;
        input.nodes.push_back(v3);
        input.edges.push_back({0, 4, 1, kNone, {}});
        const auto after = LayoutEngine::insertLocally(input);
        QCOMPARE(after.frames.size(), 1U);
        QCOMPARE(after.nodes[4].x, after.nodes[1].x);
        for (std::size_t i = 0; i < before.nodes.size(); ++i)
            QVERIFY(after.nodes[i] == before.nodes[i]);
    }

    void pinnedNodesStay()
    {
        auto input = meshyard::tests::syntheticMesh(30, 60, 7);
        input.nodes[4].pinned = Point{500, 333};
        const auto result = LayoutEngine::layout(input);
        QCOMPARE(result.nodes[4].x, 500.0);
        QCOMPARE(result.nodes[4].y, 333.0);
        QVERIFY(!overlaps(result));
    }

    void stopsWhenAsked()
    {
        std::stop_source source;
        source.request_stop();
        const auto result = LayoutEngine::layout(
            meshyard::tests::syntheticMesh(500, 2500, 1), source.get_token());
        QVERIFY(result.cancelled);
    }

    void staysBetweenOneToThreeAndThreeToOne()
    {
        const auto result = LayoutEngine::layout(meshyard::tests::syntheticMesh(500, 2500, 1));
        const double ratio = result.extent.width / result.extent.height;
        QVERIFY2(ratio > 1.0 / 3 && ratio < 3, qPrintable(QString::number(ratio)));
    }
};

QTEST_APPLESS_MAIN(LayoutEngineTest)
#include "tst_layout_engine.moc"
