// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/bookshop.h"
#include "ui/breakers/trip_popover.h"
#include "ui/main_window.h"
#include "ui/reroute/reroute_card.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"
#include "ui/topology/scene_builder.h"
#include "widgets/topology/topology_view.h"

#include <QAction>
#include <QDir>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QTranslator>

using namespace Qt::Literals::StringLiterals;
using namespace meshyard;
using namespace meshyard::ui;
using test::Bookshop;
using test::NotedCommands;
using test::ToldSource;

/// The real window on frames of the test, driven by real events.
class WindowTest final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void firstRunOffersFourCards();
    void liveMeshIsDrawnAndSelectable();
    void badgeAndEnterTrip();
    void dragReroutesAndRefusalKeepsTheDraft();
    void silenceIsSaidWithinTwoSeconds();
    void everyActionHasAPlaceAndEveryControlAName();

private:
    void openShop();
    widgets::TopologyView* view() const { return m_window->findChild<widgets::TopologyView*>(); }
    void shoot(const QString& name) const;

    QTranslator m_translator;
    QTemporaryDir m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<MeshSession> m_session;
    std::unique_ptr<MainWindow> m_window;
    Bookshop m_shop;
    ToldSource* m_source = nullptr;
    NotedCommands::Log m_log;
};

void WindowTest::initTestCase()
{
    Q_INIT_RESOURCE(meshyard);
    Q_INIT_RESOURCE(meshyard_i18n);
    const QString language = qEnvironmentVariable("MESHYARD_TEST_LANGUAGE", u"en"_s);
    QLocale::setDefault(QLocale(language));
    QVERIFY(m_translator.load(u":/meshyard/i18n/meshyard_%1.qm"_s.arg(language)));
    QCoreApplication::installTranslator(&m_translator);
    m_theme = std::make_unique<Theme>(*qApp);
    m_theme->setChoice(qEnvironmentVariable("MESHYARD_TEST_SCHEME") == u"dark"_s
            ? SchemeChoice::Dark
            : SchemeChoice::Light);
}

void WindowTest::init()
{
    m_settings
        = std::make_unique<QSettings>(m_folder.filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_settings->clear();
    m_session = std::make_unique<MeshSession>();
    m_window = std::make_unique<MainWindow>(*m_theme, *m_session, *m_settings);
    m_window->resize(1600, 1000);
    m_window->show();
    m_shop = {};
    m_log = {};
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
}

void WindowTest::cleanup()
{
    m_window.reset();
    m_session.reset();
}

void WindowTest::openShop()
{
    auto source = std::make_unique<ToldSource>();
    m_source = source.get();
    m_session->open(
        std::move(source), std::make_unique<NotedCommands>(m_log), nullptr, u"This computer"_s);
    m_source->tell(m_shop.full());
    for (int i = 0; i < 12; ++i)
        m_source->tell(m_shop.next());
    QTRY_VERIFY(view()->placed() != nullptr);
    QTRY_VERIFY(!view()->parts().isEmpty());
}

void WindowTest::shoot(const QString& name) const
{
    const QString folder = qEnvironmentVariable("MESHYARD_TEST_SHOTS");
    if (folder.isEmpty())
        return;
    QTest::qWait(400); // lets an animation come to rest: only for pictures
    QDir().mkpath(folder);
    m_window->grab().save(folder + u'/' + name + u".png"_s);
}

void WindowTest::firstRunOffersFourCards()
{
    QCOMPARE(m_window->findChildren<QAbstractButton*>(u"card"_s).size(), 4);
    shoot(u"first-run"_s);
}

void WindowTest::liveMeshIsDrawnAndSelectable()
{
    openShop();
    const EdgeKey key
        = Bookshop::edge(Bookshop::node("reviews", "v2"), Bookshop::node("ratings", "v1"));
    const scene::Part part{scene::PartKind::Edge, sceneId(key)};
    QTRY_VERIFY(!view()->viewportRectOf(part).isNull());
    view()->select(part);
    QTRY_VERIFY(m_window->selection().edge() != nullptr);
    QVERIFY(*m_window->selection().edge() == key);
    QVERIFY(view()->nameOf(part).contains(u"reviews v2"_s));
    shoot(u"live"_s);
}

void WindowTest::badgeAndEnterTrip()
{
    openShop();
    const EdgeKey key
        = Bookshop::edge(Bookshop::node("reviews", "v2"), Bookshop::node("ratings", "v1"));
    const scene::Part badge{scene::PartKind::Badge, sceneId(key)};
    QTRY_VERIFY(!view()->viewportRectOf(badge).isNull());
    QTest::mouseClick(
        view()->viewport(), Qt::LeftButton, {}, view()->viewportRectOf(badge).center());
    auto* popover = m_window->findChild<TripPopover*>();
    QTRY_VERIFY(popover->isVisible());
    shoot(u"trip-popover"_s);
    QTest::keyClick(popover, Qt::Key_Return);
    QCOMPARE(m_log.overrides.size(), 1U);
    QCOMPARE(m_log.overrides[0].ttlMs, 600'000);
    QCOMPARE(m_log.overrides[0].edge.sourceVersion, std::string("v2"));
    QVERIFY(!popover->isVisible());
}

void WindowTest::dragReroutesAndRefusalKeepsTheDraft()
{
    openShop();
    const NodeKey page = Bookshop::node("productpage", "v1");
    const EdgeKey key = Bookshop::edge(page, Bookshop::node("reviews", "v2"));
    view()->select({scene::PartKind::Edge, sceneId(key)});
    const scene::Part end{scene::PartKind::EdgeEnd, sceneId(key)};
    const scene::Part target{scene::PartKind::Node, sceneId(Bookshop::node("reviews", "v1"))};
    QTRY_VERIFY(!view()->viewportRectOf(end).isNull());
    const QPoint from = view()->viewportRectOf(end).center();
    const QPoint to = view()->viewportRectOf(target).center();
    QTest::mousePress(view()->viewport(), Qt::LeftButton, {}, from);
    for (int step = 1; step <= 8; ++step)
        QTest::mouseMove(view()->viewport(), from + (to - from) * step / 8);
    auto* card = m_window->findChild<RerouteCard*>();
    QTRY_VERIFY(card->isVisible());
    shoot(u"drag"_s);
    QTest::mouseRelease(view()->viewport(), Qt::LeftButton, {}, to);
    auto* apply = card->findChild<QPushButton*>(u"applyReroute"_s);
    QTRY_VERIFY(apply->isEnabled());
    m_log.refusal = "reviews v1 has no endpoint";
    QTest::mouseClick(apply, Qt::LeftButton);
    QCOMPARE(m_log.applied.size(), 1U);
    QVERIFY(card->isVisible());
    shoot(u"refused"_s);
    m_log.refusal.clear();
    QTest::mouseClick(apply, Qt::LeftButton);
    QCOMPARE(m_log.applied.size(), 2U);
    QTRY_VERIFY(!card->isVisible());
    QVERIFY(!m_log.applied[1].documents.empty());
    m_source->tell(m_shop.next());
    m_window->findChild<QAction*>(u"edit.undo"_s)->trigger();
    QCOMPARE(m_log.undone, 1);
}

void WindowTest::silenceIsSaidWithinTwoSeconds()
{
    openShop();
    QCOMPARE(m_session->phase(), MeshSession::Phase::Live);
    m_source->setState(MeshSource::State::Lost);
    QCOMPARE(m_session->phase(), MeshSession::Phase::Lost);
    QVERIFY(!m_session->editRefusal().isEmpty());
    shoot(u"lost"_s);
    m_source->setState(MeshSource::State::Live);
    m_source->tell(m_shop.next());
    QCOMPARE(m_session->phase(), MeshSession::Phase::Live);
}

void WindowTest::everyActionHasAPlaceAndEveryControlAName()
{
    openShop();
    for (const QAction* action : m_window->actions())
        QVERIFY2(!action->text().isEmpty(), qPrintable(action->objectName()));
    for (const QAbstractButton* button : m_window->findChildren<QAbstractButton*>()) {
        if (!button->isVisible())
            continue;
        const bool named = !button->accessibleName().isEmpty() || !button->text().isEmpty();
        QVERIFY2(named,
            qPrintable(button->objectName() + u" in "_s + button->parentWidget()->objectName()));
    }
}

QTEST_MAIN(WindowTest)
#include "tst_window.moc"
