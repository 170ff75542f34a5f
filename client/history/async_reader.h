// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/history_reader.h"

#include <QObject>
#include <QPointer>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace meshyard::history {

/// What a timeline shows of a range.
struct Overview
{
    std::int64_t fromMs = 0; // of what is recorded at all
    std::int64_t toMs = 0; // 0 = nothing
    std::uint32_t stepS = 1;
    std::vector<TotalsPoint> steps; // ascending; gaps have seconds = 0
    std::vector<Event> events;
    std::uint64_t storedBytes = 0;
};

/// HistoryReader on a thread of its own. Answers come once, on the thread that asked, and not at
/// all after `context` is gone. The file may appear later: each question tries to open it.
///
/// Thread: GUI.
class AsyncReader final
{
public:
    template <typename T> using Reply = std::function<void(Result<T>)>;

    explicit AsyncReader(std::string file);
    /// Drops what waits and lets the question under way end (milliseconds).
    ~AsyncReader();

    /// A full frame with its minute; a newer seek replaces one that has not begun, whose reply then
    /// says Cancelled.
    void frameAt(
        std::int64_t unixMs, std::uint32_t before, QObject* context, Reply<MeshFramePtr> reply);
    void secondAt(std::int64_t unixMs, QObject* context, Reply<MeshFramePtr> reply);
    /// @param steps how many steps the range is cut into at most.
    void overview(std::int64_t fromMs, std::int64_t toMs, std::uint32_t steps, QObject* context,
        Reply<Overview> reply);
    void series(const EdgeKey& edge, std::int64_t fromMs, std::int64_t toMs, std::uint32_t stepS,
        QObject* context, Reply<std::vector<SeriesPoint>> reply);
    void revisions(
        std::int64_t untilMs, QObject* context, Reply<std::vector<RecordedRevision>> reply);

    const std::string& file() const { return m_file; }

private:
    struct Job
    {
        std::function<void(const Result<HistoryReader*>&)> run;
        std::function<void()> cancel; // set: a newer one of its kind replaces it
    };

    template <typename T>
    Job jobOf(QObject* context, Reply<T> reply, std::function<Result<T>(HistoryReader&)> ask);
    void push(Job job);
    void work();
    Result<HistoryReader*> reader();

    const std::string m_file;
    QObject m_hub; // answers are posted to it
    std::unique_ptr<HistoryReader> m_reader; // the reading thread's

    std::mutex m_mutex; // guards the members below
    std::condition_variable m_wake;
    std::deque<Job> m_jobs;
    bool m_stopping = false;

    std::thread m_thread; // last
};

} // namespace meshyard::history
