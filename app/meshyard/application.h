// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/meshyard/command_line.h"
#include "ui/main_window.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"

#include <QSettings>
#include <QTranslator>

#include <memory>

class QApplication;

namespace meshyard {
class EmbeddedMesh;
namespace history {
class HistoryWriter;
}
} // namespace meshyard

namespace meshyard::app {

/// The one place that builds the parts and joins them.
///
/// Thread: GUI.
class Application final : public QObject
{
    Q_OBJECT

public:
    Application(QApplication& qt, CommandLine commandLine);
    ~Application() override;

    /// @return the exit code.
    int run();

private:
    void loadTranslations();
    void openWhatWasAsked();
    void startEmbedded(bool demo);
    void connectTo(const QString& address, const QString& displayName);
    void openFile(const QString& path);
    void record(const QString& file);
    void onPicture();
    void selectWhatWasAsked();
    void goWhereAsked();
    void exportWhenDrawn(int triesLeft);
    void closeDecided(bool stopMesh);

    QApplication& m_qt;
    CommandLine m_commandLine;
    QSettings m_settings;
    QTranslator m_translator;
    QTranslator m_qtTranslator;
    std::unique_ptr<ui::Theme> m_theme;
    ui::MeshSession m_session;
    std::unique_ptr<EmbeddedMesh> m_mesh;
    std::unique_ptr<history::HistoryWriter> m_history;
    std::unique_ptr<ui::MainWindow> m_window;
    bool m_askedDone = false; // --at and --export
    int m_exitCode = 0;
};

} // namespace meshyard::app
