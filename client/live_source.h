// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_source.h"

namespace meshyard {

/// A running mesh, watched over gRPC. Reconnects by itself with growing, jittered pauses; each
/// connection begins with a full frame. Says Lost 1.5 s after the last word, at once when the
/// connection breaks, and Live again with the next frame.
///
/// Thread: GUI. Frames are decoded on gRPC's threads.
class LiveSource final : public MeshSource
{
    Q_OBJECT

public:
    /// @param address `unix:PATH` or `HOST:PORT`, see meshAddress().
    explicit LiveSource(const std::string& address, QObject* parent = nullptr);
    /// Cancels the stream and waits until gRPC has let go of it (milliseconds).
    ~LiveSource() override;

    void start() override;
    void stop() override;
    State state() const override;
    QString errorText() const override;
    std::int64_t lastHeardMs() const override;
    bool isWritable() const override { return true; }

    /// Tries at once instead of waiting for the next attempt.
    void reconnectNow();

private:
    struct Private;

    void connectStream();
    void drain();
    void takeFrame(const MeshFramePtr& frame);
    void lose(const QString& reason);
    void retryLater();
    void heardNothing();
    void setState(State state);

    std::unique_ptr<Private> d;
};

} // namespace meshyard
