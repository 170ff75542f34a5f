// SPDX-License-Identifier: GPL-3.0-or-later
// Puts a window on a demo mesh of real processes into every state worth looking at and saves
// pictures of it, light and dark. Usage: screens_driver FOLDER LANGUAGE; QT_SCALE_FACTOR scales.
#include "app/meshyard/history_past.h"
#include "client/embedded_mesh.h"
#include "client/grpc_commands.h"
#include "client/history/history_writer.h"
#include "client/live_source.h"
#include "client/mesh_client.h"
#include "tests/gui/console_pilot.h"
#include "tests/gui/crowd_mesh.h"
#include "tests/support/mesh_fixture.h"
#include "tests/ui/bookshop.h"
#include "ui/breakers/trip_popover.h"
#include "ui/main_window.h"
#include "ui/reroute/reroute_card.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"
#include "ui/topology/scene_builder.h"
#include "widgets/topology/topology_view.h"

#include <QApplication>
#include <QDateTime>
#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLibraryInfo>
#include <QLineEdit>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTranslator>

#include <csignal>

using namespace Qt::Literals::StringLiterals;
using namespace meshyard;
using namespace meshyard::test;
using scene::Part;
using scene::PartKind;

namespace {

constexpr int kPatienceMs = 60'000;
constexpr int kSettleMs = 700; // animations come to rest
const QString kPage = u"production/productpage@v1"_s;
const QString kDetails = u"production/details@v1"_s;
const QString kReviews1 = u"production/reviews@v1"_s;
const QString kReviews2 = u"production/reviews@v2"_s;
const QString kStagingPage = u"staging/productpage@v1"_s;
const QString kStagingReviews = u"staging/reviews@v3"_s;
const QString kRatings1 = u"production/ratings@v1"_s;

/// The process whose command line holds all of these words; 0 = none.
pid_t processWith(const QList<QByteArray>& words)
{
    for (const QString& pid : QDir(u"/proc"_s).entryList(QDir::Dirs)) {
        QFile file(u"/proc/%1/cmdline"_s.arg(pid));
        if (pid.toInt() == 0 || !file.open(QIODevice::ReadOnly))
            continue;
        const QByteArray line = file.readAll();
        if (std::all_of(words.begin(), words.end(),
                [&](const QByteArray& word) { return line.contains(word); }))
            return pid.toInt();
    }
    return 0;
}

class Screens final
{
public:
    Screens(QApplication& qt, QString folder, QString language);
    ~Screens();

    void run();

private:
    bool until(const std::function<bool()>& condition, const char* what) const;
    void shoot(const QString& state);
    void openMesh();
    void firstRunAndStart();
    void liveAndTrouble();
    void fail(const QString& instance, const char* percent);
    void untilBadge(const QString& from, const QString& to, scene::BadgeKind kind);
    void tripReviews();
    void dragAndRefusal();
    void pastAndNoMatch();
    void pages();
    void staleAndLost();
    void crowd(std::uint32_t services, std::uint32_t calls);

    QString m_folder;
    QString m_language;
    QTemporaryDir m_home;
    QSettings m_settings;
    ui::Theme m_theme;
    ui::MeshSession m_session;
    std::unique_ptr<EmbeddedMesh> m_mesh;
    std::unique_ptr<history::HistoryWriter> m_history;
    ui::MainWindow m_window;
    ConsolePilot m_pilot;
    QString m_address;
    QJsonObject m_ready;
};

Screens::Screens(QApplication& qt, QString folder, QString language)
    : m_folder(std::move(folder))
    , m_language(std::move(language))
    , m_settings(m_home.filePath(u"settings.ini"_s), QSettings::IniFormat)
    , m_theme(qt)
    , m_window(m_theme, m_session, m_settings)
    , m_pilot(m_window)
{
    m_window.resize(1600, 1000);
    m_window.show();
}

Screens::~Screens()
{
    m_history.reset();
    m_session.close();
    m_mesh.reset();
}

bool Screens::until(const std::function<bool()>& condition, const char* what) const
{
    const bool met = QTest::qWaitFor(condition, kPatienceMs);
    if (!met)
        std::fprintf(stderr, "screens: %s did not come\n", what);
    return met;
}

void Screens::shoot(const QString& state)
{
    const int scale = qRound(m_window.devicePixelRatioF());
    for (const auto choice : {ui::SchemeChoice::Light, ui::SchemeChoice::Dark}) {
        m_theme.setChoice(choice);
        QTest::qWait(kSettleMs);
        const QString name = u"%1-%2-%3-%4.png"_s.arg(state,
            choice == ui::SchemeChoice::Dark ? u"dark"_s : u"light"_s, m_language,
            QString::number(scale));
        if (!m_window.grab().save(m_folder + u'/' + name))
            std::fprintf(stderr, "screens: %s cannot be written\n", qPrintable(name));
        std::printf("%s\n", qPrintable(name));
    }
}

void Screens::openMesh()
{
    const QString history = m_home.filePath(u"history.sqlite"_s);
    m_session.open(std::make_unique<LiveSource>(m_address.toStdString()),
        std::make_unique<GrpcCommands>(m_address.toStdString(), "screens"),
        std::make_unique<app::HistoryPast>(history.toStdString()),
        QCoreApplication::translate("meshyard::app::Application", "This computer"));
    m_history = std::make_unique<history::HistoryWriter>(history);
    QObject::connect(&m_session, &ui::MeshSession::liveFrame, m_history.get(),
        [this](const MeshFramePtr& frame) { m_history->append(frame); });
}

void Screens::firstRunAndStart()
{
    shoot(u"first-run"_s);
    EmbeddedMesh::Options options;
    options.demo = true;
    options.dataDir = m_home.filePath(u"mesh"_s);
    options.address = u"unix:"_s + m_home.filePath(u"admin.sock"_s);
    options.binDir = QStringLiteral(MESHYARD_BIN_DIR);
    m_mesh = std::make_unique<EmbeddedMesh>(options);
    QObject::connect(m_mesh.get(), &EmbeddedMesh::ready, &m_window, [this](const QString& address) {
        m_address = address;
        m_ready = QJsonDocument::fromJson(m_mesh->readyLine()).object();
        openMesh();
    });
    QObject::connect(m_mesh.get(), &EmbeddedMesh::failed, &m_window, [](const QString& sentence) {
        std::fprintf(stderr, "screens: %s\n", qPrintable(sentence));
        std::exit(1);
    });
    m_session.announceStart(
        QCoreApplication::translate("meshyard::app::Application", "This computer"));
    m_mesh->start();
    shoot(u"starting"_s);
}

void Screens::liveAndTrouble()
{
    until([this] { return m_pilot.edgesWithin(u"production"_s) >= 9; }, "a live graph");
    QTest::qWait(12'000); // the first minute's figures are those of the start
    shoot(u"live"_s);
    fail(u"details-v1-a"_s, "60");
    untilBadge(kPage, kDetails, scene::BadgeKind::Open);
    if (const auto edge = m_pilot.edge(kPage, kDetails))
        m_pilot.canvas().select({PartKind::Edge, edge->id});
    QTest::qWait(3000); // the charts show it
    shoot(u"trouble"_s);
}

void Screens::fail(const QString& instance, const char* percent)
{
    const QString knobs = m_ready[u"workloads"_s][instance][u"knobs"_s].toString();
    httpGet(knobs.toStdString(), std::string("/knobs?failure_percent=") + percent, {}, "PUT");
}

void Screens::untilBadge(const QString& from, const QString& to, scene::BadgeKind kind)
{
    until(
        [&] {
            const auto edge = m_pilot.edge(from, to);
            return edge && edge->badge.kind == kind;
        },
        "a badge");
}

void Screens::tripReviews()
{
    const auto edge = m_pilot.edge(kStagingPage, kStagingReviews);
    if (!edge)
        return;
    m_pilot.click({PartKind::Badge, edge->id});
    until([this] { return m_window.findChild<ui::TripPopover*>()->isVisible(); }, "the popover");
    shoot(u"trip-popover"_s);
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    untilBadge(kStagingPage, kStagingReviews, scene::BadgeKind::Tripped);
    QTest::qWait(2500);
    shoot(u"tripped"_s);
    if (const auto details = m_pilot.edge(kPage, kDetails))
        m_pilot.canvas().select({PartKind::Edge, details->id});
    QTest::qWait(8000); // more of both in the charts
    untilBadge(kPage, kDetails, scene::BadgeKind::Open);
    shoot(u"overview"_s);
    fail(u"ratings-v1-a"_s, "100");
    untilBadge(kReviews2, kRatings1, scene::BadgeKind::Open);
    shoot(u"crossing"_s); // badges where edges cross
}

void Screens::dragAndRefusal()
{
    const auto edge = m_pilot.edge(kPage, kReviews2);
    if (!edge)
        return;
    const Part target{PartKind::Node, kReviews1};
    m_pilot.pressAndMove({PartKind::EdgeEnd, edge->id}, target);
    auto* card = m_window.findChild<ui::RerouteCard*>();
    until([&] { return card->isVisible(); }, "the preview");
    shoot(u"drag"_s);
    m_pilot.release(target);
    shoot(u"dropped"_s);
    // Somebody else is faster: what the window knows is out of date, and the mesh says so.
    ApplyInput other;
    other.author = "somebody";
    other.defaultNamespace = "production";
    other.documents.push_back({"other.yaml",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: reviews\n"
        "  namespace: production\nspec:\n  hosts:\n  - reviews\n  http:\n  - route:\n"
        "    - destination:\n        host: reviews\n        subset: v2\n      weight: 80\n"
        "    - destination:\n        host: reviews\n        subset: v1\n      weight: 20\n"});
    MeshClient client(m_address.toStdString());
    const auto applied = client.apply(other);
    if (!applied)
        std::fprintf(stderr, "screens: %s\n", applied.error().message.c_str());
    m_pilot.click(*card->findChild<QWidget*>(u"applyReroute"_s));
    QTest::qWait(2500);
    shoot(u"refused"_s);
    m_pilot.canvas().setFocus();
    QTest::keyClick(card, Qt::Key_Escape);
    QTest::qWait(11'000); // a window of the new shares
    shoot(u"split"_s);
}

void Screens::pastAndNoMatch()
{
    m_pilot.scrubTo(QDateTime::currentMSecsSinceEpoch() - 20'000);
    until([this] { return m_session.isPast(); }, "the past");
    shoot(u"past"_s);
    m_session.backToLive();
    auto* find = m_window.findChild<QLineEdit*>(u"findField"_s);
    QTest::keyClicks(find, u"checkout"_s);
    shoot(u"no-match"_s);
    find->setText(u"reviews"_s);
    shoot(u"find"_s);
    find->clear();
}

void Screens::pages()
{
    for (const char* page :
        {"edges", "services", "breakers", "policies", "revisions", "proxies", "events"}) {
        m_window.showPage(QString::fromLatin1(page));
        shoot(u"page-"_s + QString::fromLatin1(page));
    }
    m_window.showPage(u"mesh"_s);
}

void Screens::staleAndLost()
{
    const QByteArray home = m_home.path().toUtf8();
    const pid_t proxy = processWith({home, "meshyard-proxy", "/reviews-v2-a/"});
    if (proxy > 0)
        ::kill(proxy, SIGSTOP);
    QTest::qWait(9000);
    shoot(u"stale"_s);
    if (proxy > 0)
        ::kill(proxy, SIGCONT);
    const auto daemon = static_cast<pid_t>(m_ready[u"pid"_s].toInteger());
    ::kill(daemon, SIGSTOP);
    until([this] { return m_session.phase() == ui::MeshSession::Phase::Lost; }, "the loss");
    QTest::qWait(2000);
    shoot(u"lost"_s);
    ::kill(daemon, SIGCONT);
}

void Screens::crowd(std::uint32_t services, std::uint32_t calls)
{
    CrowdMesh mesh(services, calls);
    auto source = std::make_unique<ToldSource>();
    ToldSource* const told = source.get();
    m_session.open(std::move(source), nullptr, nullptr, u"crowd"_s);
    told->tell(mesh.full());
    for (int i = 0; i < 12; ++i)
        told->tell(mesh.next());
    until(
        [&] {
            const auto placed = m_pilot.canvas().placed();
            return placed && placed->nodes.size() == services;
        },
        "the layout");
    told->tell(mesh.next());
    QTest::qWait(1500);
    told->tell(mesh.next());
    m_pilot.canvas().zoomToFit();
    shoot(u"services-%1"_s.arg(services));
}

void Screens::run()
{
    const QStringList wanted
        = QString::fromLocal8Bit(qgetenv("MESHYARD_SCREENS")).split(u',', Qt::SkipEmptyParts);
    const auto wants
        = [&](const QString& group) { return wanted.isEmpty() || wanted.contains(group); };
    firstRunAndStart();
    liveAndTrouble();
    if (wants(u"trip"_s))
        tripReviews();
    if (wants(u"drag"_s))
        dragAndRefusal();
    if (wants(u"past"_s))
        pastAndNoMatch();
    if (wants(u"pages"_s))
        pages();
    if (wants(u"faults"_s))
        staleAndLost();
    m_history.reset();
    if (wants(u"crowd"_s)) {
        crowd(10, 22);
        crowd(500, 2500);
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: screens_driver FOLDER LANGUAGE\n");
        return 2;
    }
    QCoreApplication::setOrganizationName(u"meshyard"_s);
    QCoreApplication::setApplicationName(u"meshyard"_s);
    QApplication qt(argc, argv);
    Q_INIT_RESOURCE(meshyard);
    Q_INIT_RESOURCE(meshyard_i18n);
    const QString language = QString::fromLocal8Bit(argv[2]);
    QLocale::setDefault(QLocale(language));
    QTranslator ours;
    if (ours.load(u":/meshyard/i18n/meshyard_%1.qm"_s.arg(language)))
        QCoreApplication::installTranslator(&ours);
    QTranslator theirs;
    if (theirs.load(u"qtbase_"_s + language, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&theirs);
    QDir().mkpath(QString::fromLocal8Bit(argv[1]));
    Screens screens(qt, QString::fromLocal8Bit(argv[1]), language);
    screens.run();
    return 0;
}
