// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_commands.h"
#include "client/mesh_source.h"
#include "client/model/mesh_model.h"
#include "ui/session/past_reader.h"

#include <QTimer>

#include <memory>
#include <optional>

namespace meshyard::ui {

/// What one window looks at: a source, its model, the commands that go back, and the time shown.
///
/// Thread: GUI.
class MeshSession final : public QObject
{
    Q_OBJECT

public:
    enum class Phase {
        FirstRun, // nothing chosen yet
        Starting, // asked for, no frame yet or workloads still on their way
        Live,
        Lost, // was live, no word for 2 s
        File, // a recording or a snapshot
        Failed,
    };
    Q_ENUM(Phase)

    explicit MeshSession(QObject* parent = nullptr);
    ~MeshSession() override;

    /// Replaces whatever was open. Any of the parts but the source may be null.
    void open(std::unique_ptr<MeshSource> source, std::unique_ptr<MeshCommands> commands,
        std::unique_ptr<PastReader> past, const QString& displayName);
    /// Back to the first-run page; `reason` is said there.
    void close(const QString& reason = {});
    /// The mesh is being started, its source will follow.
    void announceStart(const QString& displayName);

    Phase phase() const { return m_phase; }
    QString displayName() const { return m_displayName; }
    QString problem() const { return m_problem; }
    /// The model of the time shown: now, or the past instant.
    const MeshModel& model() const { return m_pastMs ? m_pastModel : m_liveModel; }
    const MeshModel& liveModel() const { return m_liveModel; }
    MeshSource* source() const { return m_source.get(); }
    PastReader* past() const { return m_past.get(); }
    /// Null when nothing can be changed (recording, snapshot).
    MeshCommands* commands() const { return m_commands.get(); }
    /// Milliseconds since the last word of the source; 0 = none yet.
    std::int64_t silenceMs() const;

    /// Why nothing can be edited at the moment, one sentence; empty = it can.
    QString editRefusal() const;

    bool isPast() const { return m_pastMs.has_value(); }
    std::optional<std::int64_t> pastMs() const { return m_pastMs; }
    std::int64_t shownMs() const;

public Q_SLOTS:
    /// Shows the second that holds this instant, as far as the history reaches.
    void goTo(qint64 unixMs);
    void step(int seconds);
    void backToLive();
    void setPlaying(bool playing);

public:
    bool isPlaying() const { return m_playTimer.isActive(); }

Q_SIGNALS:
    void phaseChanged();
    /// The model shown has new values (or is another one).
    void modelChanged();
    void topologyChanged();
    void timeChanged();
    /// A frame of the present arrived, whatever is shown.
    void liveFrame(const meshyard::MeshFramePtr& frame);
    void eventsAdded(int count);

private:
    void takeFrame(const MeshFramePtr& frame);
    void updatePhase();
    void setPhase(Phase phase);
    Phase currentPhase() const;
    void showPast(std::int64_t unixMs, const Result<std::vector<MeshFramePtr>>& frames);

    std::unique_ptr<MeshSource> m_source;
    std::unique_ptr<MeshCommands> m_commands;
    std::unique_ptr<PastReader> m_past;
    MeshModel m_liveModel;
    MeshModel m_pastModel;
    QTimer m_watch; // notices silence
    QTimer m_playTimer;
    Phase m_phase = Phase::FirstRun;
    QString m_displayName;
    QString m_problem;
    bool m_starting = false;
    std::optional<std::int64_t> m_pastMs;
    std::uint64_t m_seekNumber = 0; // newest wins
};

} // namespace meshyard::ui
