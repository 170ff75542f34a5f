// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/async_reader.h"
#include "client/mesh_source.h"

#include <QTimer>

namespace meshyard {

/// A recording (or the history itself) as a source: begins at its last second, then goes where
/// seek() and play() say. Each seek is a full frame with its minute; playing sends each second.
///
/// Thread: GUI; the file is read on a thread of its own.
class RecordingSource final : public MeshSource
{
    Q_OBJECT

public:
    explicit RecordingSource(const QString& file, QObject* parent = nullptr);

    void start() override;
    void stop() override;
    State state() const override { return m_state; }
    QString errorText() const override { return m_error; }
    std::int64_t lastHeardMs() const override { return m_positionMs; }
    bool isWritable() const override { return false; }

    /// What the file holds; both 0 until it is open.
    history::Span span() const { return m_span; }
    std::int64_t positionMs() const { return m_positionMs; }
    /// The newest recorded second not after `unixMs`.
    void seek(std::int64_t unixMs);
    /// @param speed recorded seconds per second, > 0.
    void play(double speed = 1.0);
    void pause();
    bool isPlaying() const { return m_clock.isActive(); }
    history::AsyncReader& reader() { return m_reader; }

Q_SIGNALS:
    void spanChanged();
    void positionChanged(qint64 unixMs);

private:
    void takeSpan(const Result<history::Overview>& overview);
    void playOneSecond();
    void setState(State state);

    history::AsyncReader m_reader;
    QTimer m_clock;
    history::Span m_span;
    std::int64_t m_positionMs = 0;
    State m_state = State::Idle;
    QString m_error;
    bool m_reading = false; // a second to play is under way
};

} // namespace meshyard
