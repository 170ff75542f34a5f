// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyard/history_past.h"
#include "client/embedded_mesh.h"
#include "client/grpc_commands.h"
#include "client/history/history_writer.h"
#include "client/live_source.h"
#include "client/mesh_address.h"
#include "client/snapshot/snapshot.h"
#include "ui/breakers/trip_popover.h"
#include "ui/export/exporter.h"
#include "ui/main_window.h"
#include "ui/reroute/reroute_card.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"
#include "ui/topology/scene_builder.h"
#include "widgets/timeline/timeline_view.h"
#include "widgets/topology/topology_view.h"

#include <QAction>
#include <QDir>
#include <QImage>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTranslator>

using namespace Qt::Literals::StringLiterals;
using namespace meshyard;
using namespace meshyard::ui;

namespace {

constexpr int kPatience = 30'000; // a loaded machine starts a mesh slowly

const NodeKey kPage{"production", "productpage", "v1"};
const NodeKey kReviews1{"production", "reviews", "v1"};
const NodeKey kReviews2{"production", "reviews", "v2"};

} // namespace

/// One real mesh for all: what is asserted was measured by its proxies.
class ConsoleTest final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void graphShowsTheDemoMesh();
    void badgeAndEnterTripAndResetRestores();
    void dragReroutesAndUndoTakesItBack();
    void timelineShowsThePast();
    void exportsAgreeWithTheModel();
    void pagesShowTheMesh();

private:
    widgets::TopologyView& view() const { return *m_window->findChild<widgets::TopologyView*>(); }
    const MeshModel& live() const { return m_session->liveModel(); }
    /// The busiest edge between two nodes, whatever its subset; nullptr = none yet.
    const EdgeState* edge(const NodeKey& from, const NodeKey& to) const;
    double rate(const NodeKey& from, const NodeKey& to) const;
    void clickPart(const scene::Part& part) const;
    void shoot(const QString& name) const;

    QTemporaryDir m_folder;
    QTranslator m_translator;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<MeshSession> m_session;
    std::unique_ptr<EmbeddedMesh> m_mesh;
    std::unique_ptr<history::HistoryWriter> m_history;
    std::unique_ptr<MainWindow> m_window;
};

void ConsoleTest::initTestCase()
{
    Q_INIT_RESOURCE(meshyard);
    Q_INIT_RESOURCE(meshyard_i18n);
    const QString language = qEnvironmentVariable("MESHYARD_TEST_LANGUAGE", u"en"_s);
    QLocale::setDefault(QLocale(language));
    QVERIFY(m_translator.load(u":/meshyard/i18n/meshyard_%1.qm"_s.arg(language)));
    QCoreApplication::installTranslator(&m_translator);
    m_theme = std::make_unique<Theme>(*qApp);
    const bool dark = qEnvironmentVariable("MESHYARD_TEST_SCHEME") == u"dark"_s;
    m_theme->setChoice(dark ? SchemeChoice::Dark : SchemeChoice::Light);
    m_settings
        = std::make_unique<QSettings>(m_folder.filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_session = std::make_unique<MeshSession>();
    m_window = std::make_unique<MainWindow>(*m_theme, *m_session, *m_settings);
    m_window->resize(1600, 1000);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    shoot(u"first-run"_s);

    EmbeddedMesh::Options options;
    options.demo = true;
    options.dataDir = m_folder.filePath(u"data"_s);
    options.address = u"unix:"_s + m_folder.filePath(u"admin.sock"_s);
    options.binDir = QString::fromLatin1(MESHYARD_BIN_DIR);
    m_mesh = std::make_unique<EmbeddedMesh>(options);
    m_session->announceStart(u"This computer"_s);
    connect(m_mesh.get(), &EmbeddedMesh::ready, this, [this](const QString& address) {
        const std::string target = meshAddress(address.toStdString());
        const QString file = m_folder.filePath(u"history.sqlite"_s);
        m_history = std::make_unique<history::HistoryWriter>(file);
        m_session->open(std::make_unique<LiveSource>(target),
            std::make_unique<GrpcCommands>(target, "tester"),
            std::make_unique<app::HistoryPast>(file.toStdString()), u"This computer"_s);
        connect(m_session.get(), &MeshSession::liveFrame, m_history.get(),
            [this](const MeshFramePtr& frame) { m_history->append(frame); });
    });
    connect(m_mesh.get(), &EmbeddedMesh::failed, this,
        [](const QString& sentence) { QFAIL(qPrintable(sentence)); });
    m_mesh->start();
    QTRY_VERIFY_WITH_TIMEOUT(!live().nodes().empty(), kPatience);
    shoot(u"starting"_s);
}

void ConsoleTest::cleanupTestCase()
{
    m_window.reset();
    m_history.reset();
    m_session->close();
    m_mesh.reset();
}

const EdgeState* ConsoleTest::edge(const NodeKey& from, const NodeKey& to) const
{
    const EdgeState* best = nullptr;
    for (const auto& [key, state] : live().edges())
        if (key.source == from && key.destination == to
            && (!best || live().window(key, 3).rate() > live().window(best->edge.key, 3).rate()))
            best = &state;
    return best;
}

double ConsoleTest::rate(const NodeKey& from, const NodeKey& to) const
{
    double sum = 0;
    for (const auto& [key, state] : live().edges())
        if (key.source == from && key.destination == to)
            sum += live().window(key, 3).rate();
    return sum;
}

void ConsoleTest::clickPart(const scene::Part& part) const
{
    QTRY_VERIFY_WITH_TIMEOUT(!view().viewportRectOf(part).isNull(), kPatience);
    QTest::mouseClick(view().viewport(), Qt::LeftButton, {}, view().viewportRectOf(part).center());
}

void ConsoleTest::shoot(const QString& name) const
{
    const QString folder = qEnvironmentVariable("MESHYARD_TEST_SHOTS");
    if (folder.isEmpty())
        return;
    QTest::qWait(700); // an animation comes to rest: only for pictures
    QDir().mkpath(folder);
    QVERIFY(m_window->grab().save(folder + u'/' + name + u".png"_s));
}

void ConsoleTest::graphShowsTheDemoMesh()
{
    QTRY_VERIFY_WITH_TIMEOUT(live().edges().size() >= 8, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(m_session->phase(), MeshSession::Phase::Live, kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(rate(kPage, kReviews2) > 1, kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(view().placed() && view().placed()->edges.size() >= 8, kPatience);
    for (const scene::Part& part : view().parts())
        QVERIFY(!view().nameOf(part).isEmpty());
    if (qEnvironmentVariableIsSet("MESHYARD_TEST_SHOTS"))
        QTest::qWait(8000); // charts with something in them
    m_window->selection().set(edge(kPage, kReviews2)->edge.key);
    shoot(u"live"_s);
}

void ConsoleTest::badgeAndEnterTripAndResetRestores()
{
    const NodeKey details{"production", "details", "v1"};
    QTRY_VERIFY_WITH_TIMEOUT(edge(kPage, details) != nullptr, kPatience);
    const EdgeKey key = edge(kPage, details)->edge.key;
    clickPart({scene::PartKind::Badge, sceneId(key)});
    auto* popover = m_window->findChild<TripPopover*>();
    QTRY_VERIFY(popover->isVisible());
    shoot(u"trip-popover"_s);
    QTest::keyClick(popover, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(
        live().edge(key)->breaker.overrideKind == OverrideKind::ForcedOpen, kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(live().window(key, 1).outcomes.rejected > 0, kPatience);
    shoot(u"tripped"_s);
    auto* button = m_window->findChild<QPushButton*>(u"tripButton"_s);
    QTest::mouseClick(button, Qt::LeftButton); // says Release now
    QTRY_VERIFY_WITH_TIMEOUT(
        live().edge(key)->breaker.overrideKind == OverrideKind::None, kPatience);
    QTest::mouseClick(m_window->findChild<QPushButton*>(u"resetButton"_s), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(live().edge(key)->breaker.state, BreakerState::Closed, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(live().window(key, 1).outcomes.rejected, 0U, kPatience);
}

void ConsoleTest::dragReroutesAndUndoTakesItBack()
{
    const std::uint64_t before = live().mesh().revision;
    const EdgeKey key = edge(kPage, kReviews2)->edge.key;
    view().select({scene::PartKind::Edge, sceneId(key)});
    const scene::Part end{scene::PartKind::EdgeEnd, sceneId(key)};
    QTRY_VERIFY_WITH_TIMEOUT(!view().viewportRectOf(end).isNull(), kPatience);
    const QPoint from = view().viewportRectOf(end).center();
    const QPoint to = view().viewportRectOf({scene::PartKind::Node, sceneId(kReviews1)}).center();
    QTest::mousePress(view().viewport(), Qt::LeftButton, {}, from);
    for (int step = 1; step <= 8; ++step)
        QTest::mouseMove(view().viewport(), from + (to - from) * step / 8);
    auto* card = m_window->findChild<RerouteCard*>();
    QTRY_VERIFY(card->isVisible());
    shoot(u"drag"_s);
    QTest::mouseRelease(view().viewport(), Qt::LeftButton, {}, to);
    auto* apply = card->findChild<QPushButton*>(u"applyReroute"_s);
    QTRY_VERIFY(apply->isEnabled());
    QTest::mouseClick(apply, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(live().mesh().revision > before, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(rate(kPage, kReviews2), 0.0, kPatience);
    QVERIFY(rate(kPage, kReviews1) > 1);
    shoot(u"rerouted"_s);
    auto* undo = m_window->findChild<QAction*>(u"edit.undo"_s);
    QTRY_VERIFY_WITH_TIMEOUT(undo->isEnabled(), kPatience);
    undo->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(rate(kPage, kReviews2) > 1, kPatience);
}

void ConsoleTest::timelineShowsThePast()
{
    const std::int64_t wanted = live().unixMs() - 5000;
    auto* timeline = m_window->findChild<widgets::TimelineView*>();
    timeline->setFocus();
    QTest::keyClick(timeline, Qt::Key_Left, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(m_session->isPast(), kPatience);
    m_session->goTo(wanted);
    QTRY_COMPARE_WITH_TIMEOUT(*m_session->pastMs(), wanted, kPatience);
    QVERIFY(m_session->model().unixMs() <= wanted);
    QVERIFY(m_session->model().edges().size() >= 8);
    QVERIFY(!m_session->editRefusal().isEmpty());
    QVERIFY(!m_window->findChild<QPushButton*>(u"resetButton"_s)->isEnabled());
    shoot(u"past"_s);
    QTest::keyClick(timeline, Qt::Key_End);
    QTRY_VERIFY(!m_session->isPast());
}

void ConsoleTest::exportsAgreeWithTheModel()
{
    for (const QString& suffix :
        {u"png"_s, u"svg"_s, u"pdf"_s, u"json"_s, u"dot"_s, u"graphml"_s, u"csv"_s}) {
        const QString path = m_folder.filePath(u"mesh."_s + suffix);
        const auto done = m_window->exporter().exportTo(path);
        QVERIFY2(done.has_value(), done ? "" : done.error().message.c_str());
        QVERIFY(QFileInfo(path).size() > 200);
    }
    QVERIFY(!QImage(m_folder.filePath(u"mesh.png"_s)).isNull());
    QFile json(m_folder.filePath(u"mesh.json"_s));
    QVERIFY(json.open(QIODevice::ReadOnly));
    const auto snapshot = parseSnapshot(json.readAll().toStdString());
    QVERIFY(snapshot.has_value());
    QCOMPARE(snapshot->edges.size(), live().edges().size());
    QVERIFY(!m_window->exporter().exportTo(m_folder.filePath(u"mesh.xyz"_s)).has_value());
}

void ConsoleTest::pagesShowTheMesh()
{
    for (const QString& page :
        {u"services"_s, u"breakers"_s, u"policies"_s, u"revisions"_s, u"proxies"_s, u"events"_s}) {
        m_window->showPage(page);
        shoot(u"page-"_s + page);
    }
    m_window->showPage(u"mesh"_s);
    m_window->findChild<QAction*>(u"go.anything"_s)->trigger();
    shoot(u"locator"_s);
}

QTEST_MAIN(ConsoleTest)
#include "tst_console.moc"
