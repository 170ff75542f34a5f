// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include "ui/actions/cheat_sheet.h"
#include "ui/actions/locator.h"
#include "ui/breakers/policy_dialog.h"
#include "ui/breakers/trip_popover.h"
#include "ui/commands/mesh_acts.h"
#include "ui/export/exporter.h"
#include "ui/frame/close_question.h"
#include "ui/frame/rail.h"
#include "ui/frame/start_page.h"
#include "ui/frame/status_strip.h"
#include "ui/frame/table_page.h"
#include "ui/frame/top_bar.h"
#include "ui/history/timeline_dock.h"
#include "ui/inspector/inspector.h"
#include "ui/models/mesh_tables.h"
#include "ui/policy/draft_journal.h"
#include "ui/policy/policy_page.h"
#include "ui/policy/policy_store.h"
#include "ui/policy/revisions_page.h"
#include "ui/reroute/reroute_editor.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"
#include "ui/topology/scene_builder.h"
#include "ui/topology/topology_page.h"

#include <QAction>
#include <QActionGroup>
#include <QCloseEvent>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenu>
#include <QMimeData>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusTipEvent>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

const QString kGeometryKey = u"window/geometry"_s;
constexpr int kInspectorWidth = 352;
constexpr int kTimelineHeight = 136;
const QString kSchemeKey = u"window/scheme"_s;

} // namespace

MainWindow::MainWindow(Theme& theme, MeshSession& session, QSettings& settings)
    : m_actions(*this, theme)
    , m_context{theme, session, m_selection, m_filter, m_actions, settings}
{
    setWindowTitle(tr("Meshyard"));
    setWindowIcon(QIcon(u":/meshyard/icons/meshyard.svg"_s));
    setAcceptDrops(true);
    setMinimumSize(960, 600);
    createActions();
    createMenu();
    createFrame();
    m_policies = new PolicyStore(session, this);
    m_acts = new MeshActs(m_context, this);
    createPages();
    createDocks();
    m_locator = new Locator(m_context, this);
    connect(&session, &MeshSession::phaseChanged, this, &MainWindow::refreshPhase);
    connect(&session, &MeshSession::modelChanged, this, &MainWindow::refreshAttention);
    restore();
    refreshPhase();
    m_topology->setFocus(Qt::OtherFocusReason);
}

MainWindow::~MainWindow() = default;

void MainWindow::createActions()
{
    m_actions.add({u"file.open"_s, tr("Open a recording…"), u"folder"_s, QKeySequence::Open,
                      tr("Open a recording or a snapshot file"), {}},
        this, [this] { chooseFile(); });
    m_actions.add(
        {u"file.close"_s, tr("Close this mesh"), {}, {}, tr("Go back to the first page"), {}}, this,
        [this] { m_context.session.close(); });
    m_actions.add(
        {u"file.export"_s, tr("Export…"), u"export"_s, QKeySequence(u"Ctrl+E"_s),
            tr("Save what is on screen as a picture or as data"), u"meshyardctl snapshot FILE"_s},
        this, [this] { m_exporter->ask(); });
    m_actions.add({u"edit.undo"_s, tr("Undo"), u"undo"_s, QKeySequence::Undo,
                      tr("Take the newest change of the mesh back"), u"meshyardctl undo"_s},
        this, [this] { m_acts->undo(); });
    m_actions.add({u"edit.redo"_s, tr("Redo"), u"redo"_s, QKeySequence(u"Ctrl+Shift+Z"_s),
                      tr("Make the change again that was taken back"), u"meshyardctl redo"_s},
        this, [this] { m_acts->redo(); });
    m_actions.add({u"file.quit"_s, tr("Quit"), {}, QKeySequence::Quit, tr("Close the window"), {}},
        this, [this] { close(); });
    createGoActions();
    createThemeActions();
}

void MainWindow::createGoActions()
{
    m_actions.add({u"go.anything"_s, tr("Go to anything"), u"search"_s, QKeySequence(u"Ctrl+K"_s),
                      tr("Find a service, an edge, an action or a time by name"), {}},
        this, [this] { m_locator->popUp(); });
    m_actions.add({u"go.find"_s, tr("Find or hide"), u"search"_s, QKeySequence::Find,
                      tr("Find or hide services and edges of the graph"), {}},
        this, [this] { m_topBar->focusFind(); });
    const struct
    {
        QString id, text, key, twin;
    } pages[] = {
        {u"mesh"_s, tr("Show the mesh"), u"Alt+1"_s, u"meshyardctl edges"_s},
        {u"edges"_s, tr("Show the mesh as a table"), u"Ctrl+T"_s, u"meshyardctl edges"_s},
        {u"services"_s, tr("Show services"), u"Alt+2"_s, u"meshyardctl services"_s},
        {u"breakers"_s, tr("Show breakers"), u"Alt+3"_s, u"meshyardctl breakers"_s},
        {u"policies"_s, tr("Show policies"), u"Alt+4"_s, u"meshyardctl get KIND"_s},
        {u"revisions"_s, tr("Show revisions"), u"Alt+5"_s, u"meshyardctl revisions"_s},
        {u"proxies"_s, tr("Show proxies"), u"Alt+6"_s, u"meshyardctl proxies"_s},
        {u"events"_s, tr("Show events"), u"Alt+7"_s, {}},
    };
    for (const auto& page : pages)
        m_actions.add({u"page."_s + page.id, page.text, {}, QKeySequence(page.key), {}, page.twin},
            this, [this, id = page.id] { showPage(id); });
    m_actions.add({u"help.keys"_s, tr("Keys and commands"), u"help"_s, QKeySequence(u"?"_s),
                      tr("Every action, its key and its command line"), {}},
        this, [this] {
            auto* sheet = new CheatSheet(m_actions, this);
            sheet->setAttribute(Qt::WA_DeleteOnClose);
            sheet->show();
        });
}

void MainWindow::createThemeActions()
{
    const struct
    {
        QString id, text;
        SchemeChoice choice;
    } schemes[] = {
        {u"system"_s, tr("Colours of the system"), SchemeChoice::FollowSystem},
        {u"light"_s, tr("Light colours"), SchemeChoice::Light},
        {u"dark"_s, tr("Dark colours"), SchemeChoice::Dark},
    };
    auto* group = new QActionGroup(this);
    for (const auto& scheme : schemes) {
        ActionSpec spec{u"theme."_s + scheme.id, scheme.text, {}, {}, {}, {}, true};
        QAction* action = m_actions.add(spec, this, [this, choice = scheme.choice] {
            m_context.theme.setChoice(choice);
            m_context.settings.setValue(kSchemeKey, static_cast<int>(choice));
        });
        group->addAction(action);
        action->setChecked(m_context.theme.choice() == scheme.choice);
    }
}

void MainWindow::createMenu()
{
    m_menu = new QMenu(this);
    m_menu->setAccessibleName(tr("Menu"));
    const QStringList sections[] = {
        {u"file.open"_s, u"file.export"_s, u"file.close"_s},
        {u"edit.undo"_s, u"edit.redo"_s},
        {u"go.anything"_s, u"go.find"_s},
        {u"theme.system"_s, u"theme.light"_s, u"theme.dark"_s},
        {u"help.keys"_s, u"file.quit"_s},
    };
    for (const QStringList& section : sections) {
        if (!m_menu->isEmpty())
            m_menu->addSeparator();
        for (const QString& id : section)
            m_menu->addAction(m_actions.action(id));
    }
}

void MainWindow::createFrame()
{
    auto* frame = new QWidget(this);
    auto* outer = new QVBoxLayout(frame);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    auto* middle = new QHBoxLayout;
    middle->setSpacing(0);
    m_rail = new Rail(m_context, frame);
    m_topBar = new TopBar(m_context, *m_menu, frame);
    m_status = new StatusStrip(m_context, frame);
    m_docks = new QMainWindow(frame);
    m_docks->setWindowFlags(Qt::Widget); // its constructor makes every one a window
    m_docks->setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    m_pages = new QStackedWidget(m_docks);
    m_docks->setCentralWidget(m_pages);
    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(m_topBar);
    right->addWidget(m_docks, 1);
    middle->addWidget(m_rail);
    middle->addLayout(right, 1);
    outer->addLayout(middle, 1);
    outer->addWidget(m_status);
    setCentralWidget(frame);
    m_rail->addPage(u"mesh"_s, tr("Mesh"), u"mesh"_s);
    m_rail->addPage(u"services"_s, tr("Services"), u"services"_s);
    m_rail->addPage(u"breakers"_s, tr("Breakers"), u"breakers"_s);
    m_rail->addPage(u"policies"_s, tr("Policies"), u"policies"_s);
    m_rail->addPage(u"proxies"_s, tr("Proxies"), u"proxies"_s);
    m_rail->addPage(u"events"_s, tr("Events"), u"logs"_s);
    connect(m_rail, &Rail::pageChosen, this, &MainWindow::showPage);
}

void MainWindow::addPage(const QString& id, QWidget* page)
{
    page->setProperty("pageId", id);
    m_pages->addWidget(page);
}

QWidget* MainWindow::addTablePage(const QString& id)
{
    TablePage::Parts parts;
    if (id == u"edges"_s)
        parts = {tr("Edges"), tr("The graph as a table."), tr("No calls have been seen yet."),
            edgeHeaders(), edgeRows};
    else if (id == u"services"_s)
        parts = {tr("Services"), tr("Every instance, as the supervisor and the proxies see it."),
            tr("No service has joined yet."), instanceHeaders(), instanceRows};
    else if (id == u"breakers"_s)
        parts = {tr("Breakers"), tr("One row a caller: every caller runs a breaker of its own."),
            tr("No calls have been seen yet, so there is no breaker."), breakerHeaders(),
            breakerRows};
    else if (id == u"proxies"_s)
        parts
            = {tr("Proxies"), tr("Which revision each proxy has acknowledged, and what it costs."),
                tr("No proxy is connected."), proxyHeaders(), proxyRows};
    else
        parts = {tr("Events"),
            tr("Breaker transitions, revisions and what operators did, newest "
               "first."),
            tr("Nothing has happened yet."), eventHeaders(), eventRows};
    auto* page = new TablePage(m_context, std::move(parts), m_pages);
    addPage(id, page);
    connect(page, &TablePage::chosen, this, [this](const QString& key) {
        const QString edgeId = key.section(u'\t', 0, 0);
        if (const EdgeState* edge = edgeOfSceneId(m_context.session.model(), edgeId)) {
            m_selection.set(edge->edge.key);
            showPage(u"mesh"_s);
        }
    });
    return page;
}

void MainWindow::createPages()
{
    m_start = new StartPage(m_context, m_pages);
    addPage(u"start"_s, m_start);
    m_topology = new TopologyPage(m_context, *m_policies, m_pages);
    addPage(u"mesh"_s, m_topology);
    for (const QString& id : {u"edges"_s, u"services"_s, u"breakers"_s, u"proxies"_s, u"events"_s})
        addTablePage(id);
    const QString folder = QFileInfo(m_context.settings.fileName()).absolutePath();
    m_drafts = new DraftJournal(folder, this);
    m_policyPage = new PolicyPage(m_context, *m_policies, *m_acts, *m_drafts, m_pages);
    addPage(u"policies"_s, m_policyPage);
    addPage(u"revisions"_s, new RevisionsPage(m_context, *m_policies, *m_acts, m_pages));
    connectStartPage();
}

QDockWidget* MainWindow::addDock(Qt::DockWidgetArea area, const QString& id, QWidget* content)
{
    auto* dock = new QDockWidget(content->accessibleName(), m_docks);
    dock->setObjectName(id);
    dock->setTitleBarWidget(new QWidget(dock));
    dock->setFeatures(QDockWidget::NoDockWidgetFeatures);
    dock->setWidget(content);
    m_docks->addDockWidget(area, dock);
    return dock;
}

void MainWindow::createDocks()
{
    m_inspector = new Inspector(m_context, *m_policies, m_docks);
    m_timeline = new TimelineDock(m_context, m_docks);
    QDockWidget* right = addDock(Qt::RightDockWidgetArea, u"dock.inspector"_s, m_inspector);
    QDockWidget* bottom = addDock(Qt::BottomDockWidgetArea, u"dock.timeline"_s, m_timeline);
    m_docks->resizeDocks({right}, {kInspectorWidth}, Qt::Horizontal);
    m_docks->resizeDocks({bottom}, {kTimelineHeight}, Qt::Vertical);
    m_trip = new TripPopover(m_context, this);
    connect(m_trip, &TripPopover::tripDecided, m_acts, &MeshActs::trip);
    connect(m_acts, &MeshActs::said, m_status, &StatusStrip::say);
    connect(m_acts, &MeshActs::refused, this, &MainWindow::showRefusal);
    connect(m_timeline, &TimelineDock::historySaid, m_status, &StatusStrip::setHistoryText);
    connectInspector();
    connect(m_topology, &TopologyPage::tripWanted, m_trip, &TripPopover::popUp);
    m_exporter = new Exporter(m_context, m_topology->view(), this);
    connect(m_exporter, &Exporter::said, m_status, &StatusStrip::say);
    m_reroute = new RerouteEditor(m_context, *m_policies, *m_acts, m_topology->view(), m_topology);
    connect(m_reroute, &RerouteEditor::opened, m_trip, &QWidget::hide);
    connect(m_pages, &QStackedWidget::currentChanged, m_trip, &QWidget::hide);
}

void MainWindow::connectInspector()
{
    connect(m_inspector, &Inspector::tripWanted, this, [this](const EdgeKey& edge) {
        m_trip->popUp(edge, {m_inspector->mapToGlobal(QPoint(-360, 360)), QSize(1, 1)});
    });
    connect(m_inspector, &Inspector::resetWanted, m_acts, &MeshActs::reset);
    connect(m_inspector, &Inspector::releaseWanted, m_acts, &MeshActs::release);
    connect(m_inspector, &Inspector::editPolicyWanted, this, [this](const EdgeKey& edge) {
        auto* dialog = new PolicyDialog(m_context, *m_policies, *m_acts, edge, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->open();
    });
    connect(m_inspector, &Inspector::documentWanted, this, [this](const QString& id) {
        showPage(u"policies"_s);
        m_policyPage->open(id);
    });
}

void MainWindow::showRefusal(const QString& act, const QString& words)
{
    m_status->say(tr("%1 was refused: %2").arg(act, words));
}

void MainWindow::connectStartPage()
{
    connect(m_start, &StartPage::demoChosen, this, &MainWindow::demoRequested);
    connect(m_start, &StartPage::ownProcessesChosen, this, &MainWindow::emptyMeshRequested);
    connect(m_start, &StartPage::envoysChosen, this, &MainWindow::emptyMeshRequested);
    connect(m_start, &StartPage::recordingChosen, this, &MainWindow::chooseFile);
}

void MainWindow::showPage(const QString& id)
{
    if (id != u"start"_s)
        m_page = id;
    const bool first = m_context.session.phase() == MeshSession::Phase::FirstRun
        || m_context.session.phase() == MeshSession::Phase::Failed;
    const QString shown = first ? u"start"_s : m_page;
    for (int i = 0; i < m_pages->count(); ++i)
        if (m_pages->widget(i)->property("pageId").toString() == shown)
            m_pages->setCurrentIndex(i);
    if (shown == u"mesh"_s && m_topology && !m_topology->isAncestorOf(focusWidget()))
        m_topology->setFocus(Qt::OtherFocusReason);
    m_rail->setCurrent(m_page);
    m_rail->setEnabled(!first);
    for (QDockWidget* dock : m_docks->findChildren<QDockWidget*>())
        dock->setVisible(
            !first && (m_page == u"mesh"_s || dock->objectName() != u"dock.inspector"_s));
}

void MainWindow::refreshPhase()
{
    showPage(m_page);
    const bool open = m_context.session.phase() != MeshSession::Phase::FirstRun;
    m_actions.action(u"file.close"_s)->setEnabled(open);
    m_actions.action(u"file.export"_s)->setEnabled(open);
    refreshAttention();
}

void MainWindow::refreshAttention()
{
    const MeshModel& model = m_context.session.model();
    const int breakers = breakersNotClosed(model);
    m_rail->setAttention(
        u"breakers"_s, breakers, tr("%n breaker(s) not closed", nullptr, breakers));
    const int proxies = proxiesOutOfSync(model);
    m_rail->setAttention(u"proxies"_s, proxies, tr("%n proxies not in sync", nullptr, proxies));
}

void MainWindow::chooseFile()
{
    auto* dialog = new QFileDialog(this, tr("Open a recording"), {},
        tr("Recordings and snapshots (*.sqlite *.meshyard *.json);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::fileRequested);
    dialog->open();
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    m_context.settings.setValue(kGeometryKey, saveGeometry());
    if (m_closing || !hasOwnMesh()) {
        event->accept();
        if (!m_closing)
            Q_EMIT closeDecided(false);
        return;
    }
    event->ignore();
    askBeforeClosing();
}

void MainWindow::askBeforeClosing()
{
    const auto decide = [this](bool stopMesh) {
        m_closing = true;
        Q_EMIT closeDecided(stopMesh);
        close();
    };
    askCloseQuestion(m_context.settings, this, decide);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const auto urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.first().isLocalFile())
        Q_EMIT fileRequested(urls.first().toLocalFile());
}

void MainWindow::restore()
{
    resize(1600, 1000);
    restoreGeometry(m_context.settings.value(kGeometryKey).toByteArray());
}

} // namespace meshyard::ui
