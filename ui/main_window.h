// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/actions/action_registry.h"
#include "ui/session/selection.h"
#include "ui/session/ui_context.h"
#include "ui/session/view_filter.h"

#include <QMainWindow>

class QDockWidget;
class QMenu;
class QStackedWidget;

namespace meshyard::ui {

class Exporter;
class Inspector;
class Locator;
class MeshActs;
class MeshSession;
class PolicyStore;
class Rail;
class PolicyPage;
class DraftJournal;
class RerouteEditor;
class StartPage;
class StatusStrip;
class Theme;
class TimelineDock;
class TopBar;
class TopologyPage;
class TripPopover;

/// The window: places rail, bars, pages and docks, and forwards actions. Behaviour is theirs.
///
/// Thread: GUI.
class MainWindow final : public QMainWindow
{
    Q_OBJECT

public:
    /// All arguments outlive the window.
    MainWindow(Theme& theme, MeshSession& session, QSettings& settings);
    ~MainWindow() override;

    Selection& selection() { return m_selection; }
    StatusStrip& status() { return *m_status; }
    MeshActs& acts() { return *m_acts; }
    const Exporter& exporter() const { return *m_exporter; }
    /// "mesh", "services", "breakers", "policies", "proxies", "events".
    void showPage(const QString& id);
    /// What closing waits for: empty = nothing, else it is asked once. Set by the application.
    std::function<bool()> hasOwnMesh = [] { return false; };

Q_SIGNALS:
    void demoRequested();
    void emptyMeshRequested();
    void fileRequested(const QString& path);
    /// The window wants to go; `stopMesh` as the user decided.
    void closeDecided(bool stopMesh);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void createActions();
    void createGoActions();
    void createThemeActions();
    void createMenu();
    void createFrame();
    void createPages();
    QWidget* addTablePage(const QString& id);
    void addPage(const QString& id, QWidget* page);
    void createDocks();
    QDockWidget* addDock(Qt::DockWidgetArea area, const QString& id, QWidget* content);
    void connectStartPage();
    void connectInspector();
    void showRefusal(const QString& act, const QString& words);
    void chooseFile();
    void refreshAttention();
    void refreshPhase();
    void askBeforeClosing();
    void restore();

    ActionRegistry m_actions;
    Selection m_selection;
    ViewFilter m_filter;
    UiContext m_context;
    QMenu* m_menu = nullptr;
    Rail* m_rail = nullptr;
    TopBar* m_topBar = nullptr;
    StatusStrip* m_status = nullptr;
    QMainWindow* m_docks = nullptr; // holds pages and docks; the frame is around it
    QStackedWidget* m_pages = nullptr;
    StartPage* m_start = nullptr;
    TopologyPage* m_topology = nullptr;
    Locator* m_locator = nullptr;
    PolicyStore* m_policies = nullptr;
    DraftJournal* m_drafts = nullptr;
    PolicyPage* m_policyPage = nullptr;
    MeshActs* m_acts = nullptr;
    Inspector* m_inspector = nullptr;
    TimelineDock* m_timeline = nullptr;
    TripPopover* m_trip = nullptr;
    Exporter* m_exporter = nullptr;
    RerouteEditor* m_reroute = nullptr;
    QString m_page = QStringLiteral("mesh");
    bool m_closing = false;
};

} // namespace meshyard::ui
