// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyard/application.h"

#include "app/meshyard/history_past.h"
#include "client/embedded_mesh.h"
#include "client/grpc_commands.h"
#include "client/history/history_writer.h"
#include "client/live_source.h"
#include "client/mesh_address.h"
#include "client/recording_source.h"
#include "client/snapshot_source.h"
#include "ui/export/exporter.h"
#include "ui/frame/status_strip.h"
#include "ui/topology/edge_words.h"
#include "ui/topology/scene_builder.h"

#include <QApplication>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QLibraryInfo>
#include <QLoggingCategory>
#include <QStandardPaths>
#include <QTimer>

#include <pwd.h>
#include <unistd.h>

#include <chrono>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::app {
namespace {

Q_LOGGING_CATEGORY(lcApp, "meshyard.app")

/// One history for all meshes of this user; each frame says which mesh it is of.
QString historyFile()
{
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
    QDir().mkpath(folder);
    return folder + u"/history.sqlite"_s;
}

constexpr int kExportTries = 120;
constexpr auto kExportPause = std::chrono::milliseconds(250);

std::string operatorName()
{
    const passwd* entry = getpwuid(getuid());
    return entry ? entry->pw_name : std::to_string(getuid());
}

} // namespace

Application::Application(QApplication& qt, CommandLine commandLine)
    : m_qt(qt)
    , m_commandLine(std::move(commandLine))
{
    loadTranslations();
    m_theme = std::make_unique<ui::Theme>(qt);
    const int stored = m_settings.value(u"window/scheme"_s, 0).toInt();
    m_theme->setChoice(static_cast<ui::SchemeChoice>(std::clamp(stored, 0, 2)));
    if (!m_commandLine.scheme.isEmpty())
        m_theme->setChoice(
            m_commandLine.scheme == u"dark"_s ? ui::SchemeChoice::Dark : ui::SchemeChoice::Light);
}

Application::~Application()
{
    // The window reads the session while it goes; the mesh goes last.
    m_window.reset();
    m_history.reset();
    m_session.close();
}

void Application::loadTranslations()
{
    const QLocale locale;
    // English has a file, too: it holds the plurals.
    if (m_translator.load(locale, u"meshyard"_s, u"_"_s, u":/meshyard/i18n"_s)
        || m_translator.load(u":/meshyard/i18n/meshyard_en.qm"_s))
        QCoreApplication::installTranslator(&m_translator);
    if (m_qtTranslator.load(
            locale, u"qtbase"_s, u"_"_s, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&m_qtTranslator);
}

int Application::run()
{
    m_window = std::make_unique<ui::MainWindow>(*m_theme, m_session, m_settings);
    m_window->hasOwnMesh = [this] { return m_mesh && m_mesh->isOurs(); };
    connect(m_window.get(), &ui::MainWindow::demoRequested, this, [this] { startEmbedded(true); });
    connect(m_window.get(), &ui::MainWindow::emptyMeshRequested, this,
        [this] { startEmbedded(false); });
    connect(m_window.get(), &ui::MainWindow::fileRequested, this, &Application::openFile);
    connect(m_window.get(), &ui::MainWindow::closeDecided, this, &Application::closeDecided);
    // Queued: the frame must be taken over whole before anything is read from it.
    connect(&m_session, &ui::MeshSession::modelChanged, this, &Application::onPicture,
        Qt::QueuedConnection);
    m_window->show();
    openWhatWasAsked();
    if (m_commandLine.exitAfterSeconds)
        QTimer::singleShot(std::chrono::seconds(*m_commandLine.exitAfterSeconds), this, [this] {
            closeDecided(true);
            QCoreApplication::exit(m_exitCode);
        });
    const int code = QApplication::exec();
    return code != 0 ? code : m_exitCode;
}

void Application::openWhatWasAsked()
{
    switch (m_commandLine.mesh) {
    case CommandLine::Mesh::Ask:
        break;
    case CommandLine::Mesh::Demo:
        startEmbedded(true);
        break;
    case CommandLine::Mesh::Connect:
        connectTo(m_commandLine.address, m_commandLine.address);
        break;
    case CommandLine::Mesh::Open:
        openFile(m_commandLine.file);
        break;
    }
}

void Application::startEmbedded(bool demo)
{
    const QString name = tr("This computer");
    m_session.announceStart(name);
    EmbeddedMesh::Options options;
    options.demo = demo;
    m_mesh = std::make_unique<EmbeddedMesh>(options);
    connect(m_mesh.get(), &EmbeddedMesh::ready, this,
        [this, name](const QString& address) { connectTo(address, name); });
    connect(m_mesh.get(), &EmbeddedMesh::failed, this, [this](const QString& sentence) {
        qCWarning(lcApp).noquote() << sentence;
        m_exitCode = 1;
        m_session.close(tr("The mesh could not be started: %1").arg(sentence));
    });
    m_mesh->start();
}

void Application::connectTo(const QString& address, const QString& displayName)
{
    const std::string target = meshAddress(address.toStdString());
    const QString file = historyFile();
    m_session.open(std::make_unique<LiveSource>(target),
        std::make_unique<GrpcCommands>(target, operatorName()),
        std::make_unique<HistoryPast>(file.toStdString()), displayName);
    record(file);
}

void Application::record(const QString& file)
{
    m_history = std::make_unique<history::HistoryWriter>(file);
    connect(&m_session, &ui::MeshSession::liveFrame, m_history.get(),
        [this](const MeshFramePtr& frame) { m_history->append(frame); });
    connect(
        m_history.get(), &history::HistoryWriter::paused, this, [this](const QString& sentence) {
            m_window->status().setHistoryText(tr("history paused: %1").arg(sentence));
        });
    connect(m_history.get(), &history::HistoryWriter::setAside, this, [this](const QString& name) {
        m_window->status().say(
            tr("The history file was damaged. It is kept as %1, and a new one has begun.")
                .arg(QFileInfo(name).fileName()));
    });
}

void Application::openFile(const QString& path)
{
    m_mesh.reset();
    m_history.reset();
    const QString name = QFileInfo(path).fileName();
    if (path.endsWith(u".json"_s, Qt::CaseInsensitive))
        m_session.open(std::make_unique<SnapshotSource>(path), nullptr, nullptr, name);
    else
        m_session.open(std::make_unique<RecordingSource>(path), nullptr,
            std::make_unique<HistoryPast>(path.toStdString()), name);
}

void Application::onPicture()
{
    if (m_session.model().unixMs() == 0 || m_session.model().edges().empty())
        return;
    selectWhatWasAsked();
    if (m_askedDone)
        return;
    m_askedDone = true;
    goWhereAsked();
    if (!m_commandLine.exportFile.isEmpty())
        exportWhenDrawn(kExportTries);
}

void Application::goWhereAsked()
{
    const QString at = m_commandLine.at;
    if (at.isEmpty())
        return;
    QDateTime when = QDateTime::fromString(at, Qt::ISODate);
    for (const QString& format : {u"H:mm:ss"_s, u"H:mm"_s}) {
        const QTime time = QTime::fromString(at, format);
        if (time.isValid())
            when = QDateTime(QDate::currentDate(), time);
    }
    if (when.isValid())
        m_session.goTo(when.toMSecsSinceEpoch());
    else
        qCWarning(lcApp).noquote() << "--at" << at << "is not a time such as 14:05:12";
}

void Application::exportWhenDrawn(int triesLeft)
{
    // The layout runs on its own thread; a mesh that starts gets some seconds to show its edges.
    const auto done = m_session.phase() == ui::MeshSession::Phase::Starting
        ? Result<void>(failure(ErrorCode::FailedPrecondition, "the mesh is still starting"))
        : m_window->exporter().exportTo(m_commandLine.exportFile);
    if (done)
        return;
    if (done.error().code == ErrorCode::FailedPrecondition && triesLeft > 0) {
        QTimer::singleShot(
            kExportPause, this, [this, triesLeft] { exportWhenDrawn(triesLeft - 1); });
        return;
    }
    qCWarning(lcApp).noquote() << QString::fromStdString(done.error().message);
    m_exitCode = 1;
}

void Application::selectWhatWasAsked()
{
    const QString wanted = m_commandLine.select;
    if (wanted.isEmpty())
        return;
    for (const auto& [key, edge] : m_session.model().edges()) {
        const QString name = ui::edgeText(key);
        const QString plain = u"edge:"_s + QString::fromStdString(key.source.service) + u"->"_s
            + QString::fromStdString(key.destination.service);
        if (wanted == plain || wanted == u"edge:"_s + ui::sceneId(key)
            || wanted == u"edge:"_s + name) {
            m_window->selection().set(key);
            m_commandLine.select.clear();
            return;
        }
    }
    for (const auto& [key, node] : m_session.model().nodes()) {
        if (wanted == u"node:"_s + QString::fromStdString(key.service)
            || wanted == u"node:"_s + ui::sceneId(key)) {
            m_window->selection().set(key);
            m_commandLine.select.clear();
            return;
        }
    }
}

void Application::closeDecided(bool stopMesh)
{
    if (!m_mesh)
        return;
    if (stopMesh)
        m_mesh.reset();
    else
        m_mesh->detach();
}

} // namespace meshyard::app
