// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/recorder.h"

#include <QObject>
#include <QString>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace meshyard::history {

/// Records frames on a thread of its own: one transaction a second, nothing waits for the disk.
///
/// A damaged file is set aside and a new one begun. Where the disk refuses, recording pauses, says
/// so, keeps the newest seconds in memory and tries again every 10 s.
/// Thread: GUI; signals arrive there.
class HistoryWriter final : public QObject
{
    Q_OBJECT

public:
    HistoryWriter(QString file, Recorder::Options options, QObject* parent = nullptr);
    explicit HistoryWriter(QString file, QObject* parent = nullptr);
    /// Writes what is queued, then returns (one commit).
    ~HistoryWriter() override;

    void append(const MeshFramePtr& frame);
    /// The documents that stood in the mesh after a revision, as one YAML stream.
    void appendRevision(std::uint64_t number, std::int64_t unixMs, const std::string& author,
        const std::string& message, const std::string& documents);
    QString file() const { return m_file; }
    /// Empty while recording; else the sentence of paused().
    QString pausedText() const { return m_pausedText; }

Q_SIGNALS:
    /// English, one sentence: why nothing is recorded now.
    void paused(const QString& sentence);
    void resumed();
    /// The damaged file was renamed to `newName`; recording goes on in a new one.
    void setAside(const QString& newName);
    /// The second that ends at `unixMs` can be read.
    void recorded(qint64 unixMs);

private:
    struct Revision
    {
        std::uint64_t number = 0;
        std::int64_t unixMs = 0;
        std::string author, message, documents;
    };
    struct Batch
    {
        std::vector<MeshFramePtr> frames;
        std::vector<Revision> revisions;
        bool stopping = false;
    };

    void work();
    Batch waitForBatch();
    bool openRecorder();
    /// @return the second it closes, unix milliseconds; 0 = none.
    std::int64_t takeFrame(const MeshFrame& frame);
    void handleFailure(const Error& error);
    void noteSuccess(std::int64_t unixMs);

    const QString m_file;
    const Recorder::Options m_options;
    QString m_pausedText; // GUI thread

    std::mutex m_mutex; // guards the three members below
    std::condition_variable m_wake;
    Batch m_queue;

    // The history thread's own.
    std::unique_ptr<Recorder> m_recorder;
    TopologyState m_stream; // what the stream said, for a recorder that begins late
    std::int64_t m_streamMs = 0;
    bool m_failing = false;
    std::chrono::steady_clock::time_point m_nextTry;

    std::thread m_thread; // last: starts when everything stands
};

} // namespace meshyard::history
