// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/recording_source.h"

#include <algorithm>

namespace meshyard {

RecordingSource::RecordingSource(const QString& file, QObject* parent)
    : MeshSource(parent)
    , m_reader(file.toStdString())
{
    connect(&m_clock, &QTimer::timeout, this, &RecordingSource::playOneSecond);
}

void RecordingSource::start()
{
    if (m_state != State::Idle)
        return;
    setState(State::Connecting);
    m_reader.overview(
        0, 0, 1, this, [this](const Result<history::Overview>& answer) { takeSpan(answer); });
}

void RecordingSource::stop()
{
    pause();
    setState(State::Idle);
}

void RecordingSource::takeSpan(const Result<history::Overview>& overview)
{
    if (m_state != State::Connecting)
        return;
    if (!overview || overview->toMs == 0) {
        m_error = overview ? QStringLiteral("nothing is recorded in this file")
                           : QString::fromStdString(overview.error().message);
        setState(State::Failed);
        return;
    }
    m_span = {overview->fromMs, overview->toMs};
    Q_EMIT spanChanged();
    seek(m_span.toMs);
}

void RecordingSource::seek(std::int64_t unixMs)
{
    m_reader.frameAt(unixMs, 59, this, [this](const Result<MeshFramePtr>& frame) {
        if (!frame && frame.error().code == ErrorCode::Cancelled)
            return; // a newer seek is on its way
        if (!frame) {
            m_error = QString::fromStdString(frame.error().message);
            setState(State::Failed);
            return;
        }
        m_positionMs = (*frame)->unixMs;
        Q_EMIT frameReceived(*frame);
        Q_EMIT positionChanged(m_positionMs);
        setState(isPlaying() ? State::Live : State::Ended);
    });
}

void RecordingSource::play(double speed)
{
    if (m_positionMs >= m_span.toMs)
        seek(m_span.fromMs);
    m_clock.start(std::max(10, static_cast<int>(1000.0 / std::max(speed, 0.01))));
    setState(State::Live);
}

void RecordingSource::pause()
{
    m_clock.stop();
    if (m_state == State::Live)
        setState(State::Ended);
}

void RecordingSource::playOneSecond()
{
    if (m_reading)
        return; // the disk is slower than the speed asked for
    if (m_positionMs >= m_span.toMs) {
        pause();
        return;
    }
    m_reading = true;
    const std::int64_t next = m_positionMs + 1000;
    m_reader.secondAt(next, this, [this, next](const Result<MeshFramePtr>& frame) {
        m_reading = false;
        if (!frame || m_positionMs + 1000 != next)
            return; // sought elsewhere meanwhile
        m_positionMs = next;
        if ((*frame)->closesSecond)
            Q_EMIT frameReceived(*frame);
        Q_EMIT positionChanged(next);
    });
}

void RecordingSource::setState(State state)
{
    if (std::exchange(m_state, state) != state)
        Q_EMIT stateChanged(state);
}

} // namespace meshyard
