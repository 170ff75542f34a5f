// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/model/mesh_model.h"
#include "tests/ui/bookshop.h"
#include "ui/breakers/blast_radius.h"
#include "ui/breakers/trip_popover.h"
#include "ui/models/mesh_tables.h"
#include "ui/reroute/prediction.h"
#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"
#include "ui/topology/find_language.h"
#include "ui/topology/scene_builder.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

using namespace Qt::Literals::StringLiterals;
using namespace meshyard;
using namespace meshyard::ui;
using test::Bookshop;

/// What the window says, without a window.
class TablesTest final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void figuresHaveThreeDigits_data();
    void figuresHaveThreeDigits();
    void percentNeverHidesAFailure();
    void tableChangesOnlyWhatDiffers();
    void figuresStandBelowTheirWord();
    void operatorsActsAreSentences_data();
    void operatorsActsAreSentences();
    void sceneHasWordsForABreakerInTrouble();
    void sceneGroupsVersionsAndSplits();
    void splitFollowsTheWeightsOfTheRoute();
    void findLanguage_data();
    void findLanguage();
    void ttl_data();
    void ttl();
    void blastRadiusCountsCallersAndCalls();
    void movingAnEdgeMovesItsWeight();
    void predictionFollowsTheShares();

private:
    const scene::SceneEdge& sceneEdge(const scene::SceneModel& scene, const EdgeKey& key) const;

    Bookshop m_shop;
    std::unique_ptr<MeshModel> m_model;
};

void TablesTest::init()
{
    QLocale::setDefault(QLocale::c());
    m_shop = {};
    m_model = std::make_unique<MeshModel>();
    m_model->apply(*m_shop.full());
    for (int i = 0; i < 12; ++i)
        m_model->apply(*m_shop.next());
}

void TablesTest::figuresStandBelowTheirWord()
{
    TableModel table({u"Name"_s, u"Calls"_s});
    table.setRows({{u"a"_s,
        {{u"a"_s, {}, TableModel::Tone::Plain}, {u"7"_s, 7, TableModel::Tone::Plain}}, {}}});
    const auto side = [&](int column) {
        return table.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole)
                   .value<Qt::Alignment>()
                   .toInt()
            & Qt::AlignHorizontal_Mask;
    };
    QCOMPARE(side(0), int(Qt::AlignLeft));
    QCOMPARE(side(1), int(Qt::AlignRight));
}

void TablesTest::operatorsActsAreSentences_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("cause");
    QTest::addColumn<QString>("text");
    const auto row
        = [](const char* name, OverrideKind kind, BreakerCause cause, const QString& text) {
              QTest::newRow(name) << int(kind) << int(cause) << text;
          };
    row("trip", OverrideKind::ForcedOpen, BreakerCause::Operator, u"tripped by ada"_s);
    row("hold", OverrideKind::ForcedClosed, BreakerCause::Operator, u"held closed by ada"_s);
    row("drain", OverrideKind::Draining, BreakerCause::Operator, u"draining, by ada"_s);
    row("release", OverrideKind::None, BreakerCause::Operator, u"released by ada"_s);
    row("end", OverrideKind::None, BreakerCause::OverrideExpired, u"the override ended"_s);
}

void TablesTest::operatorsActsAreSentences()
{
    QFETCH(int, kind);
    QFETCH(int, cause);
    QFETCH(QString, text);
    Event event;
    event.kind = EventKind::Override;
    event.actor = "ada";
    event.text = "FORCED_OPEN is a word of the wire";
    event.edge
        = Bookshop::edge(Bookshop::node("productpage", "v1"), Bookshop::node("reviews", "v2"));
    event.transition.emplace();
    event.transition->overrideKind = static_cast<OverrideKind>(kind);
    event.transition->cause = static_cast<BreakerCause>(cause);
    QCOMPARE(eventText(event, EventWords::OfItsEdge), text);
    QCOMPARE(eventText(event), u"productpage v1 → reviews v2: "_s + text);
}

const scene::SceneEdge& TablesTest::sceneEdge(
    const scene::SceneModel& scene, const EdgeKey& key) const
{
    for (const auto& edge : scene.edges)
        if (edge.id == sceneId(key))
            return edge;
    qFatal("no such edge");
}

void TablesTest::figuresHaveThreeDigits_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("nothing") << 0.0 << u"0"_s;
    QTest::newRow("small") << 0.1234 << u"0.123"_s;
    QTest::newRow("units") << 1.234 << u"1.23"_s;
    QTest::newRow("tens") << 12.34 << u"12.3"_s;
    QTest::newRow("hundreds") << 123.4 << u"123"_s;
    QTest::newRow("thousands keep three") << 12345.0 << u"12300"_s;
    QTest::newRow("no empty decimals") << 12.0 << u"12"_s;
}

void TablesTest::figuresHaveThreeDigits()
{
    QFETCH(double, value);
    QFETCH(QString, text);
    QCOMPARE(threeDigits(value).remove(u','), text);
}

void TablesTest::percentNeverHidesAFailure()
{
    QCOMPARE(percentFigure(1.0).value, u"100"_s);
    QVERIFY(percentFigure(0.99999).value != u"100"_s);
    QCOMPARE(percentFigure(std::nullopt).value, u"–"_s);
}

void TablesTest::tableChangesOnlyWhatDiffers()
{
    TableModel table(edgeHeaders());
    QAbstractItemModelTester tester(&table);
    auto rows = edgeRows(*m_model);
    table.setRows(rows);
    QCOMPARE(table.rowCount(), static_cast<int>(m_model->edges().size()));
    QSignalSpy changed(&table, &QAbstractItemModel::dataChanged);
    QSignalSpy inserted(&table, &QAbstractItemModel::rowsInserted);
    table.setRows(rows);
    QCOMPARE(changed.count(), 0);
    rows[1].cells[2].text = u"other"_s;
    rows.erase(rows.begin() + 3);
    table.setRows(rows);
    QCOMPARE(changed.count(), 1);
    QCOMPARE(inserted.count(), 0);
    QCOMPARE(table.rowCount(), static_cast<int>(rows.size()));
    table.setRows({});
    QCOMPARE(table.rowCount(), 0);
}

void TablesTest::sceneHasWordsForABreakerInTrouble()
{
    const auto scene = buildScene(*m_model, {});
    const EdgeKey key
        = Bookshop::edge(Bookshop::node("reviews", "v2"), Bookshop::node("ratings", "v1"));
    const auto& edge = sceneEdge(*scene, key);
    QCOMPARE(edge.badge.kind, scene::BadgeKind::Open);
    QCOMPARE(edge.badge.words, u"2/3 open"_s);
    QCOMPARE(edge.health, scene::Health::Bad);
    QVERIFY2(edge.label.contains(u"156 rps"_s), qPrintable(edge.label));
    QVERIFY2(edge.label.contains(u"% ok"_s), qPrintable(edge.label));
    for (const auto& item : scene->edges)
        QVERIFY(!item.accessibleName.isEmpty());
    for (const auto& item : scene->nodes)
        QVERIFY(!item.accessibleName.isEmpty());
}

void TablesTest::sceneGroupsVersionsAndSplits()
{
    const auto scene = buildScene(*m_model, {});
    QCOMPARE(scene->environments.front().id, u"production"_s);
    QVERIFY(scene->environments.front().primary);
    QCOMPARE(scene->frames.size(), 1U);
    QCOMPARE(scene->frames.front().title, u"reviews"_s);
    QCOMPARE(scene->splits.size(), 1U);
    QCOMPARE(scene->splits.front().weights, (std::vector<int>{30, 60, 10}));
    SceneInputs inputs;
    inputs.environment = u"staging"_s;
    QCOMPARE(buildScene(*m_model, inputs)->nodes.size(), 2U);
}

void TablesTest::splitFollowsTheWeightsOfTheRoute()
{
    std::map<std::string, RouteWeights> weights;
    weights["production/reviews"].subsets = {{"v1", 90}, {"v3", 10}};
    SceneInputs inputs;
    inputs.weights = &weights;
    QCOMPARE(buildScene(*m_model, inputs)->splits.front().weights, (std::vector<int>{90, 0, 10}));
}

void TablesTest::findLanguage_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("edges"); // -1: refused
    QTest::newRow("everything") << u""_s << 8;
    QTest::newRow("a name") << u"ratings"_s << 2;
    QTest::newRow("a rate") << u"rate > 300"_s << 2;
    QTest::newRow("and") << u"rate > 100 and success < 99%"_s << 3;
    QTest::newRow("or with parentheses") << u"(rate < 10) or name = details"_s << 2;
    QTest::newRow("not") << u"not production"_s << 1;
    QTest::newRow("latency in seconds") << u"p99 > 0.3s"_s << 2;
    QTest::newRow("breaker") << u"breaker = open"_s << 1;
    QTest::newRow("unknown figure") << u"speed > 3"_s << -1;
    QTest::newRow("open parenthesis") << u"(rate > 3"_s << -1;
    QTest::newRow("no value") << u"rate >"_s << -1;
}

void TablesTest::findLanguage()
{
    QFETCH(QString, text);
    QFETCH(int, edges);
    const auto find = FindExpression::parse(text);
    QCOMPARE(find.has_value(), edges >= 0);
    if (!find)
        return;
    int found = 0;
    for (const auto& [key, edge] : m_model->edges())
        found += find->matches(*m_model, edge) ? 1 : 0;
    QCOMPARE(found, edges);
}

void TablesTest::ttl_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("seconds"); // 0: refused
    QTest::newRow("seconds") << u"90"_s << qint64{90};
    QTest::newRow("minutes") << u"10 min"_s << qint64{600};
    QTest::newRow("hours") << u"1h"_s << qint64{3600};
    QTest::newRow("too short") << u"2s"_s << qint64{0};
    QTest::newRow("too long") << u"25h"_s << qint64{0};
    QTest::newRow("no time") << u"soon"_s << qint64{0};
}

void TablesTest::ttl()
{
    QFETCH(QString, text);
    QFETCH(qint64, seconds);
    QCOMPARE(qint64{parseTtlSeconds(text).value_or(0)}, seconds);
}

void TablesTest::blastRadiusCountsCallersAndCalls()
{
    const EdgeKey key
        = Bookshop::edge(Bookshop::node("productpage", "v1"), Bookshop::node("details", "v1"));
    const BlastRadius radius = blastRadius(*m_model, key);
    QCOMPARE(qRound(radius.rejectedPerSecond), 310);
    QCOMPARE(radius.callers, 3U);
    QVERIFY(radius.callerSuccessAfter.value() < radius.callerSuccess.value());
}

void TablesTest::movingAnEdgeMovesItsWeight()
{
    const NodeKey page = Bookshop::node("productpage", "v1");
    const RerouteDraft draft = moveEdge(*m_model, {},
        Bookshop::edge(page, Bookshop::node("reviews", "v2")), Bookshop::node("reviews", "v1"));
    QCOMPARE(draft.before.size(), 3U);
    QCOMPARE(draft.after[0].weight, 90U);
    QCOMPARE(draft.after[1].weight, 0U);
    QCOMPARE(draft.after[2].weight, 10U);
}

void TablesTest::predictionFollowsTheShares()
{
    const NodeKey page = Bookshop::node("productpage", "v1");
    const RerouteDraft draft = moveEdge(*m_model, {},
        Bookshop::edge(page, Bookshop::node("reviews", "v2")), Bookshop::node("reviews", "v1"));
    const Prediction prediction = predict(*m_model, draft);
    QVERIFY(!prediction.figures.empty());
    QCOMPARE(prediction.figures.front().name, u"reviews v1"_s);
    QCOMPARE(prediction.figures.front().before, u"93"_s);
    QCOMPARE(prediction.figures.front().after, u"280 rps"_s);
    QCOMPARE(prediction.figures.back().tone, PredictedFigure::Tone::Good);
}

QTEST_GUILESS_MAIN(TablesTest)
#include "tst_tables.moc"
