// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/mesh_session.h"

#include "ui/theme/figures.h"

#include <QDateTime>
#include <QThread>

#include <algorithm>
#include <chrono>

using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace meshyard::ui {
namespace {

constexpr std::int64_t kLostAfterMs = 2000;
constexpr int kPastWindowSeconds = 10; // what figures are averaged over, as in the present

} // namespace

MeshSession::MeshSession(QObject* parent)
    : QObject(parent)
{
    connect(&m_liveModel, &MeshModel::changed, this, [this] {
        if (!m_pastMs)
            Q_EMIT modelChanged();
    });
    connect(&m_liveModel, &MeshModel::topologyChanged, this, [this] {
        if (!m_pastMs)
            Q_EMIT topologyChanged();
    });
    connect(&m_liveModel, &MeshModel::eventsAdded, this, &MeshSession::eventsAdded);
    m_watch.setInterval(500ms);
    connect(&m_watch, &QTimer::timeout, this, &MeshSession::updatePhase);
    m_playTimer.setInterval(1s);
    connect(&m_playTimer, &QTimer::timeout, this, [this] { step(1); });
}

MeshSession::~MeshSession() = default;

void MeshSession::open(std::unique_ptr<MeshSource> source, std::unique_ptr<MeshCommands> commands,
    std::unique_ptr<PastReader> past, const QString& displayName)
{
    close();
    m_source = std::move(source);
    m_commands = std::move(commands);
    m_past = std::move(past);
    m_displayName = displayName;
    m_starting = true;
    connect(m_source.get(), &MeshSource::frameReceived, this, &MeshSession::takeFrame);
    connect(m_source.get(), &MeshSource::stateChanged, this, &MeshSession::updatePhase);
    m_watch.start();
    m_source->start();
    updatePhase();
}

void MeshSession::close(const QString& reason)
{
    m_watch.stop();
    m_playTimer.stop();
    m_commands.reset();
    m_past.reset();
    if (m_source)
        m_source->stop();
    m_source.reset();
    m_starting = false;
    m_problem = reason;
    m_pastMs.reset();
    m_liveModel.clear();
    m_pastModel.clear();
    updatePhase();
    Q_EMIT topologyChanged();
    Q_EMIT modelChanged();
    Q_EMIT timeChanged();
}

void MeshSession::announceStart(const QString& displayName)
{
    close();
    m_displayName = displayName;
    m_starting = true;
    updatePhase();
}

void MeshSession::takeFrame(const MeshFramePtr& frame)
{
    Q_ASSERT(QThread::currentThread() == thread());
    m_liveModel.apply(*frame);
    updatePhase();
    Q_EMIT liveFrame(frame);
}

std::int64_t MeshSession::silenceMs() const
{
    if (!m_source || m_source->lastHeardMs() == 0)
        return 0;
    return std::max<std::int64_t>(0, QDateTime::currentMSecsSinceEpoch() - m_source->lastHeardMs());
}

MeshSession::Phase MeshSession::currentPhase() const
{
    if (!m_source)
        return m_starting ? Phase::Starting : Phase::FirstRun;
    const auto state = m_source->state();
    if (!m_source->isWritable())
        return state == MeshSource::State::Failed ? Phase::Failed : Phase::File;
    if (state == MeshSource::State::Failed)
        return Phase::Failed;
    if (state == MeshSource::State::Lost || silenceMs() > kLostAfterMs)
        return Phase::Lost;
    const MeshInfo& mesh = m_liveModel.mesh();
    const bool settled = mesh.workloadsReady >= mesh.workloadsWanted;
    if (m_liveModel.unixMs() == 0 || (m_phase != Phase::Live && m_starting && !settled))
        return Phase::Starting;
    return Phase::Live;
}

void MeshSession::updatePhase()
{
    setPhase(currentPhase());
    // Ages on screen count on while nothing arrives.
    if (m_phase == Phase::Lost)
        Q_EMIT modelChanged();
}

void MeshSession::setPhase(Phase phase)
{
    if (phase == Phase::Live)
        m_starting = false;
    if (m_source && phase == Phase::Failed)
        m_problem = m_source->errorText();
    if (m_phase == phase)
        return;
    m_phase = phase;
    Q_EMIT phaseChanged();
}

QString MeshSession::editRefusal() const
{
    if (m_pastMs)
        return tr("You are looking at %1. Go back to live to change something.")
            .arg(clockText(*m_pastMs));
    if (m_phase == Phase::File)
        return tr("This is a recording. Nothing can be changed in it.");
    if (m_phase == Phase::Lost)
        return tr("No word from the control plane. Changes are possible again once it answers.");
    if (!m_commands)
        return tr("No mesh is open.");
    return {};
}

std::int64_t MeshSession::shownMs() const
{
    return m_pastMs.value_or(m_liveModel.unixMs());
}

void MeshSession::goTo(qint64 unixMs)
{
    if (!m_past)
        return;
    const std::int64_t newest = m_liveModel.unixMs();
    if (newest > 0 && unixMs >= newest - 500) {
        backToLive();
        return;
    }
    const std::uint64_t number = ++m_seekNumber;
    m_past->framesAt(unixMs, kPastWindowSeconds, this,
        [this, unixMs, number](const Result<std::vector<MeshFramePtr>>& frames) {
            if (number == m_seekNumber)
                showPast(unixMs, frames);
        });
}

void MeshSession::showPast(std::int64_t unixMs, const Result<std::vector<MeshFramePtr>>& frames)
{
    if (!frames || frames->empty()) {
        m_problem = frames ? tr("Nothing was recorded at %1.").arg(clockText(unixMs))
                           : QString::fromStdString(frames.error().message);
        m_playTimer.stop();
        Q_EMIT timeChanged();
        return;
    }
    m_problem.clear();
    m_pastModel.clear();
    for (const MeshFramePtr& frame : *frames)
        m_pastModel.apply(*frame);
    m_pastMs = unixMs;
    Q_EMIT timeChanged();
    Q_EMIT topologyChanged();
    Q_EMIT modelChanged();
}

void MeshSession::step(int seconds)
{
    goTo(shownMs() + seconds * 1000LL);
}

void MeshSession::backToLive()
{
    ++m_seekNumber;
    m_playTimer.stop();
    if (!m_pastMs)
        return;
    m_pastMs.reset();
    Q_EMIT timeChanged();
    Q_EMIT topologyChanged();
    Q_EMIT modelChanged();
}

void MeshSession::setPlaying(bool playing)
{
    if (playing && m_pastMs)
        m_playTimer.start();
    else
        m_playTimer.stop();
    Q_EMIT timeChanged();
}

} // namespace meshyard::ui
