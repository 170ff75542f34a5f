// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_source.h"

#include <thread>

namespace meshyard {

/// A snapshot file as a source: one full frame, then Ended. Needs no mesh.
///
/// Thread: GUI; the file is read on a thread of its own.
class SnapshotSource final : public MeshSource
{
    Q_OBJECT

public:
    explicit SnapshotSource(QString file, QObject* parent = nullptr);
    ~SnapshotSource() override;

    void start() override;
    void stop() override;
    State state() const override { return m_state; }
    QString errorText() const override { return m_error; }
    std::int64_t lastHeardMs() const override { return m_unixMs; }
    bool isWritable() const override { return false; }

private:
    void take(const MeshFramePtr& frame, const QString& error);
    void setState(State state);

    const QString m_file;
    State m_state = State::Idle;
    QString m_error;
    std::int64_t m_unixMs = 0;
    std::thread m_thread;
};

} // namespace meshyard
