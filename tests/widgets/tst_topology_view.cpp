// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/bookinfo_scene.h"
#include "widgets/topology/topology_view.h"

#include <QAccessible>
#include <QAccessibleActionInterface>
#include <QDir>
#include <QSignalSpy>
#include <QTest>

#include <numeric>

using namespace meshyard;
using scene::Part;
using scene::PartKind;
using widgets::TopologyView;

Q_DECLARE_METATYPE(meshyard::scene::Part)

namespace {

const QString kTrial = QStringLiteral("production/productpage>production/reviews-v3");
const QString kToV2 = QStringLiteral("production/productpage>production/reviews-v2");
const QString kOpen = QStringLiteral("production/reviews-v2>production/ratings");
const QString kSplit = QStringLiteral("production/productpage>reviews");
const QString kV1 = QStringLiteral("production/reviews-v1");

/// Only the other versions of reviews can take productpage's calls.
class VersionRules final : public widgets::RerouteRules
{
public:
    Verdict canReroute(const QString& edgeId, const QString& nodeId) const override
    {
        const bool version = nodeId.startsWith(QStringLiteral("production/reviews-"));
        if (version && !edgeId.endsWith(nodeId))
            return {true, {}};
        return {false, QStringLiteral("That is another service.")};
    }
};

void keep(QWidget& widget, const QString& name)
{
    const QString folder = qEnvironmentVariable("MESHYARD_PICTURES");
    if (!folder.isEmpty())
        widget.grab().save(QDir(folder).filePath(name));
}

} // namespace

class TopologyViewTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qRegisterMetaType<Part>(); }

    void init()
    {
        m_view = std::make_unique<TopologyView>();
        m_view->setReducedMotion(true);
        m_view->setRerouteRules(&m_rules);
        m_view->resize(1240, 780);
        m_view->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
        m_view->setScene(m_demo.model());
        QTRY_VERIFY(m_view->placed() != nullptr);
        m_view->setFocus();
        QTRY_VERIFY(m_view->hasFocus());
    }

    void cleanup() { m_view.reset(); }

    void showsTheWholeMeshAtFirst()
    {
        for (const Part& part : m_view->parts())
            QVERIFY2(m_view->viewport()->rect().contains(m_view->viewportRectOf(part)),
                qPrintable(part.id));
        keep(*m_view, QStringLiteral("view-light.png"));
    }

    void selectsByClick()
    {
        QSignalSpy spy(m_view.get(), &TopologyView::selectionChanged);
        click(middle({PartKind::Node, kV1}));
        QCOMPARE(m_view->selected(), (Part{PartKind::Node, kV1}));
        QCOMPARE(spy.count(), 1);
        click(QPoint(4, 4));
        QCOMPARE(m_view->selected(), Part());
    }

    void opensABreakerByClickAndByKey()
    {
        QSignalSpy spy(m_view.get(), &TopologyView::badgeActivated);
        const Part badge{PartKind::Badge, kOpen};
        click(middle(badge));
        QCOMPARE(spy.count(), 1);
        QCOMPARE(spy[0][0].toString(), kOpen);
        QCOMPARE(spy[0][1].toRect(), m_view->globalRectOf(badge));
        m_view->select({PartKind::Edge, kOpen});
        QTest::keyClick(m_view.get(), Qt::Key_B);
        QCOMPARE(spy.count(), 2);
    }

    void reroutesByDraggingAnEdgesEnd()
    {
        QSignalSpy started(m_view.get(), &TopologyView::rerouteStarted);
        QSignalSpy candidate(m_view.get(), &TopologyView::rerouteCandidate);
        QSignalSpy dropped(m_view.get(), &TopologyView::rerouteDropped);
        const QPoint from = middle({PartKind::EdgeEnd, kTrial});
        const QPoint to = middle({PartKind::Node, kV1});
        QTest::mouseMove(m_view->viewport(), from);
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, {}, from);
        QTest::mouseMove(m_view->viewport(), from + QPoint(-12, -12));
        QCOMPARE(started.count(), 1);
        QVERIFY(m_view->hint().contains(QStringLiteral("outlined")));
        QTest::mouseMove(m_view->viewport(), to);
        QCOMPARE(candidate.count(), 1);
        QCOMPARE(candidate[0][1].toString(), kV1);
        keep(*m_view, QStringLiteral("drag-light.png"));
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, {}, to);
        QCOMPARE(dropped.count(), 1);
        QCOMPARE(dropped[0][0].toString(), kTrial);
        QCOMPARE(dropped[0][1].toString(), kV1);
    }

    void saysWhyATargetIsNone()
    {
        QSignalSpy dropped(m_view.get(), &TopologyView::rerouteDropped);
        QSignalSpy cancelled(m_view.get(), &TopologyView::editCancelled);
        const QPoint from = middle({PartKind::EdgeEnd, kTrial});
        const QPoint to = middle({PartKind::Node, QStringLiteral("production/details")});
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, {}, from);
        QTest::mouseMove(m_view->viewport(), from + QPoint(-12, -12));
        QTest::mouseMove(m_view->viewport(), to);
        QCOMPARE(m_view->hint(), QStringLiteral("That is another service."));
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, {}, to);
        QCOMPARE(dropped.count(), 0);
        QCOMPARE(cancelled.count(), 1);
    }

    void escapeCancelsADrag()
    {
        QSignalSpy dropped(m_view.get(), &TopologyView::rerouteDropped);
        QSignalSpy cancelled(m_view.get(), &TopologyView::editCancelled);
        const QPoint from = middle({PartKind::EdgeEnd, kTrial});
        const QPoint to = middle({PartKind::Node, kV1});
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, {}, from);
        QTest::mouseMove(m_view->viewport(), from + QPoint(-12, -12));
        QTest::mouseMove(m_view->viewport(), to);
        QTest::keyClick(m_view.get(), Qt::Key_Escape);
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, {}, to);
        QCOMPARE(dropped.count(), 0);
        QCOMPARE(cancelled.count(), 1);
    }

    void reroutesByKeyboard()
    {
        QSignalSpy candidate(m_view.get(), &TopologyView::rerouteCandidate);
        QSignalSpy dropped(m_view.get(), &TopologyView::rerouteDropped);
        m_view->select({PartKind::Edge, kTrial});
        QTest::keyClick(m_view.get(), Qt::Key_R);
        QTest::keyClick(m_view.get(), Qt::Key_Down);
        QCOMPARE(candidate.count(), 1);
        QCOMPARE(candidate[0][1].toString(), kV1);
        QTest::keyClick(m_view.get(), Qt::Key_Return);
        QCOMPARE(dropped.count(), 1);
        QCOMPARE(dropped[0][1].toString(), kV1);
    }

    void shiftsWeightsByPullingTheDiamond()
    {
        QSignalSpy live(m_view.get(), &TopologyView::weightsDragged);
        QSignalSpy released(m_view.get(), &TopologyView::weightsReleased);
        const QPoint from = middle({PartKind::Diamond, kSplit});
        const QPoint to
            = middle({PartKind::EdgeEnd, QStringLiteral("production/productpage>") + kV1});
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, {}, from);
        QTest::mouseMove(m_view->viewport(), (from + to) / 2);
        QVERIFY(!live.isEmpty());
        keep(*m_view, QStringLiteral("weights-light.png"));
        QTest::mouseMove(m_view->viewport(), to + QPoint(20, -10));
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, {}, to + QPoint(20, -10));
        QCOMPARE(released.count(), 1);
        QCOMPARE(released[0][0].toString(), kSplit);
        QCOMPARE(released[0][1].value<QList<int>>(), (QList<int>{100, 0, 0}));
        for (const auto& call : live) {
            const auto weights = call[1].value<QList<int>>();
            QCOMPARE(std::accumulate(weights.begin(), weights.end(), 0), 100);
        }
    }

    void shiftsWeightsByKeyboard()
    {
        QSignalSpy released(m_view.get(), &TopologyView::weightsReleased);
        m_view->select({PartKind::Diamond, kSplit});
        QTest::keyClick(m_view.get(), Qt::Key_W);
        QTest::keyClick(m_view.get(), Qt::Key_Plus);
        QTest::keyClick(m_view.get(), Qt::Key_Plus);
        QTest::keyClick(m_view.get(), Qt::Key_Return);
        QCOMPARE(released.count(), 1);
        QCOMPARE(released[0][1].value<QList<int>>().first(), 40);
    }

    void refusesEditsInThePast()
    {
        QSignalSpy started(m_view.get(), &TopologyView::rerouteStarted);
        m_view->setMode(widgets::ViewMode::Past);
        m_view->select({PartKind::Edge, kTrial});
        QTest::keyClick(m_view.get(), Qt::Key_R);
        QCOMPARE(started.count(), 0);
        QVERIFY(m_view->hint().contains(QStringLiteral("past")));
        const QColor frame = m_view->grab().toImage().pixelColor(0, 200);
        QCOMPARE(frame, scene::lightTokens().time);
    }

    void walksAlongEdges()
    {
        m_view->select({PartKind::Node, QStringLiteral("production/ingress")});
        const QStringList way{QStringLiteral("production/ingress>production/productpage"),
            QStringLiteral("production/productpage"), kToV2,
            QStringLiteral("production/reviews-v2"), kOpen, QStringLiteral("production/ratings")};
        for (const QString& id : way) {
            QTest::keyClick(m_view.get(), Qt::Key_Right);
            QCOMPARE(m_view->selected().id, id);
        }
        QTest::keyClick(m_view.get(), Qt::Key_Left);
        QCOMPARE(m_view->selected().id, kOpen);
    }

    void pansAndZooms()
    {
        const QRect before = m_view->viewportRectOf({PartKind::Node, kV1});
        const QPoint empty(30, m_view->viewport()->height() - 6);
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, {}, empty);
        QTest::mouseMove(m_view->viewport(), empty + QPoint(20, -10));
        QTest::mouseMove(m_view->viewport(), empty + QPoint(60, -40));
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, {}, empty + QPoint(60, -40));
        const QRect after = m_view->viewportRectOf({PartKind::Node, kV1});
        QVERIFY(std::abs(after.x() - before.x() - 60) <= 1);
        QVERIFY(std::abs(after.y() - before.y() + 40) <= 1);
        const double zoom = m_view->zoom();
        QTest::keyClick(m_view.get(), Qt::Key_Plus, Qt::ControlModifier);
        QVERIFY(m_view->zoom() > zoom);
        QTest::keyClick(m_view.get(), Qt::Key_0, Qt::ControlModifier);
        QCOMPARE(m_view->zoom(), 1.0);
        QTest::keyClick(m_view.get(), Qt::Key_F);
        QCOMPARE(m_view->viewportRectOf({PartKind::Node, kV1}), before);
    }

    void keepsEveryNodeWhenOneComes()
    {
        click(QPoint(4, 4)); // whoever has touched the picture finds it as it was
        QHash<QString, QRectF> before;
        for (std::size_t i = 0; i < m_view->placed()->nodes.size(); ++i)
            before.insert(m_view->placed()->model->nodes[i].id, m_view->placed()->nodes[i]);
        tests::BookinfoScene grown;
        scene::SceneNode curl = grown.edit().nodes[1];
        curl.id = QStringLiteral("production/curl");
        grown.edit().nodes.push_back(curl);
        scene::SceneEdge edge = grown.edit().edges[0];
        edge.id = QStringLiteral("curl>reviews");
        edge.source = curl.id;
        edge.target = kV1;
        grown.edit().edges.push_back(edge);
        m_view->setScene(grown.model());
        QTRY_COMPARE(m_view->placed()->nodes.size(), static_cast<std::size_t>(before.size() + 1));
        for (auto it = before.cbegin(); it != before.cend(); ++it)
            QCOMPARE(
                m_view->placed()
                    ->nodes[static_cast<std::size_t>(m_view->placed()->nodeIndex.value(it.key()))],
                it.value());
        keep(*m_view, QStringLiteral("inserted-light.png"));
        m_view->setScene(m_demo.model());
        QTRY_COMPARE(m_view->placed()->nodes.size(), static_cast<std::size_t>(before.size()));
        for (auto it = before.cbegin(); it != before.cend(); ++it)
            QCOMPARE(
                m_view->placed()
                    ->nodes[static_cast<std::size_t>(m_view->placed()->nodeIndex.value(it.key()))],
                it.value());
    }

    void keepsThePlacesOfNodesThatGoAndComeBack()
    {
        click(QPoint(4, 4));
        const auto before = m_view->placed();
        tests::BookinfoScene fewer;
        std::erase_if(fewer.edit().nodes, [](const auto& n) { return n.title.size() == 2; });
        m_view->setScene(fewer.model());
        QTRY_COMPARE(m_view->placed()->nodes.size(), before->nodes.size() - 3);
        m_view->setScene(m_demo.model());
        QTRY_COMPARE(m_view->placed()->nodes.size(), before->nodes.size());
        QCOMPARE(m_view->placed()->nodes, before->nodes);
    }

    void endsInTheFullLayoutWhenEdgesComeOneByOne()
    {
        const auto whole = m_view->placed();
        m_view = std::make_unique<TopologyView>();
        m_view->resize(1240, 780);
        m_view->setReducedMotion(true);
        tests::BookinfoScene growing;
        const auto edges = std::exchange(growing.edit().edges, {});
        const auto splits = std::exchange(growing.edit().splits, {});
        m_view->setScene(growing.model());
        QTRY_VERIFY(m_view->placed() != nullptr);
        growing.edit().splits = splits;
        for (const auto& edge : edges) {
            growing.edit().edges.push_back(edge);
            m_view->setScene(growing.model());
            QTRY_COMPARE(m_view->placed()->edges.size(), growing.edit().edges.size());
        }
        keep(*m_view, QStringLiteral("grown-light.png"));
        QCOMPARE(m_view->placed()->nodes, whole->nodes);
    }

    void offersEveryPartToAssistiveTechnology()
    {
        QAccessibleInterface* whole = QAccessible::queryAccessibleInterface(m_view.get());
        QVERIFY(whole != nullptr);
        const QList<Part> parts = m_view->parts();
        QVERIFY(whole->childCount() >= parts.size());
        int nodes = 0;
        int badges = 0;
        for (int i = 0; i < parts.size(); ++i) {
            QAccessibleInterface* child = whole->child(i);
            QVERIFY(child != nullptr && child->isValid());
            QVERIFY2(!child->text(QAccessible::Name).isEmpty(), qPrintable(parts[i].id));
            QCOMPARE(child->rect(), m_view->globalRectOf(parts[i]));
            QCOMPARE(whole->indexOfChild(child), i);
            QCOMPARE(child->parent(), whole);
            nodes += parts[i].kind == PartKind::Node ? 1 : 0;
            badges += child->role() == QAccessible::Button ? 1 : 0;
        }
        QCOMPARE(nodes, 13);
        QCOMPARE(badges, 11);
        const QPoint at = m_view->globalRectOf({PartKind::Badge, kOpen}).center();
        QCOMPARE(whole->childAt(at.x(), at.y())->role(), QAccessible::Button);
    }

    void pressesABadgeThroughAccessibility()
    {
        QSignalSpy spy(m_view.get(), &TopologyView::badgeActivated);
        QAccessibleInterface* whole = QAccessible::queryAccessibleInterface(m_view.get());
        const auto index = static_cast<int>(m_view->parts().indexOf(Part{PartKind::Badge, kOpen}));
        QAccessibleInterface* badge = whole->child(index);
        badge->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
        QCOMPARE(spy.count(), 1);
        QCOMPARE(whole->focusChild(), badge);
        QVERIFY(badge->state().focused);
    }

    void forgetsAccessiblePartsThatAreGone()
    {
        QAccessibleInterface* whole = QAccessible::queryAccessibleInterface(m_view.get());
        const auto index = static_cast<int>(m_view->parts().indexOf(Part{PartKind::Node, kV1}));
        QAccessibleInterface* node = whole->child(index);
        QVERIFY(node->isValid());
        tests::BookinfoScene smaller;
        std::erase_if(smaller.edit().nodes, [](const auto& n) { return n.id == kV1; });
        m_view->setScene(smaller.model());
        QTRY_VERIFY(!node->isValid());
    }

    void showsThePreviewOfADrag()
    {
        m_view->select({PartKind::Edge, kToV2});
        QTest::keyClick(m_view.get(), Qt::Key_R);
        QTest::keyClick(m_view.get(), Qt::Key_Down);
        scene::ScenePreview preview;
        preview.edge = kToV2;
        preview.target = kV1;
        preview.nodes = {{kV1, QStringLiteral("93 → 280 rps · 12 ms")},
            {QStringLiteral("production/reviews-v2"), QStringLiteral("187 → 0 rps")}};
        preview.weights = {{kSplit, {90, 0, 10}}};
        m_view->setPreview(preview);
        QTest::keyClick(m_view.get(), Qt::Key_Return);
        keep(*m_view, QStringLiteral("preview-light.png"));
        m_view->setTokens(scene::darkTokens());
        keep(*m_view, QStringLiteral("preview-dark.png"));
        QSignalSpy cancelled(m_view.get(), &TopologyView::editCancelled);
        QTest::keyClick(m_view.get(), Qt::Key_Escape);
        QCOMPARE(cancelled.count(), 1);
    }

    void takesALargeMeshWithoutBlocking()
    {
        scene::SceneModel big;
        for (int i = 0; i < 500; ++i) {
            scene::SceneNode node;
            node.id = QString::number(i);
            node.title = QStringLiteral("service-%1").arg(i);
            big.nodes.push_back(node);
        }
        for (int i = 0; i < 2500; ++i) {
            scene::SceneEdge edge;
            edge.id = QStringLiteral("e%1").arg(i);
            edge.source = QString::number(i * 7 % 400);
            edge.target = QString::number(100 + i * 13 % 400);
            edge.rate = i % 90;
            edge.health = scene::Health::Ok;
            edge.label = QStringLiteral("%1 rps").arg(i % 90);
            big.edges.push_back(edge);
        }
        m_view->setScene(std::make_shared<const scene::SceneModel>(big));
        QTRY_COMPARE_WITH_TIMEOUT(m_view->placed()->nodes.size(), 500U, 20000);
        for (auto& edge : big.edges)
            edge.rate += 1;
        QElapsedTimer timer;
        timer.start();
        m_view->setScene(std::make_shared<const scene::SceneModel>(big));
        m_view->viewport()->repaint();
        const qint64 blocked = timer.elapsed();
        QTRY_COMPARE(m_view->placed()->model->edges[0].rate, big.edges[0].rate);
        qInfo("live update of 2500 edges: blocked %lld ms, placed after %lld ms", blocked,
            timer.elapsed());
        QVERIFY(blocked <= 50);
        if (qEnvironmentVariableIsSet("MESHYARD_PICTURES"))
            QTest::qWait(1500); // for the picture only
        keep(*m_view, QStringLiteral("big-light.png"));
    }

private:
    QPoint middle(const Part& part) { return m_view->viewportRectOf(part).center(); }
    void click(QPoint at) { QTest::mouseClick(m_view->viewport(), Qt::LeftButton, {}, at); }

    tests::BookinfoScene m_demo;
    VersionRules m_rules;
    std::unique_ptr<TopologyView> m_view;
};

QTEST_MAIN(TopologyViewTest)
#include "tst_topology_view.moc"
