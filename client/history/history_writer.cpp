// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/history_writer.h"

#include <QLoggingCategory>

#include <filesystem>

namespace meshyard::history {

namespace {

Q_LOGGING_CATEGORY(lcHistory, "meshyard.client.history")

constexpr std::size_t kQueueLimit = 120; // frames; a disk that is slower than that drops the oldest
constexpr std::chrono::seconds kRetryAfter{10};

std::int64_t unixSeconds()
{
    return std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// The stream's edge ids stand for themselves in m_stream.
std::unordered_map<EdgeId, EdgeId> identity(const MeshFrame& frame)
{
    std::unordered_map<EdgeId, EdgeId> ids;
    for (const Edge& edge : frame.edges)
        ids.emplace(edge.id, edge.id);
    for (const EdgeId edge : frame.removedEdges)
        ids.emplace(edge, edge);
    for (const EdgeSample& sample : frame.samples) {
        if (sample.breaker)
            ids.emplace(sample.edge, sample.edge);
    }
    return ids;
}

} // namespace

HistoryWriter::HistoryWriter(QString file, Recorder::Options options, QObject* parent)
    : QObject(parent)
    , m_file(std::move(file))
    , m_options(options)
{
    connect(
        this, &HistoryWriter::paused, this, [this](const QString& text) { m_pausedText = text; });
    connect(this, &HistoryWriter::resumed, this, [this] { m_pausedText.clear(); });
    m_thread = std::thread([this] { work(); });
}

HistoryWriter::HistoryWriter(QString file, QObject* parent)
    : HistoryWriter(std::move(file), Recorder::Options(), parent)
{
}

HistoryWriter::~HistoryWriter()
{
    {
        const std::lock_guard lock(m_mutex);
        m_queue.stopping = true;
    }
    m_wake.notify_one();
    m_thread.join();
}

void HistoryWriter::append(const MeshFramePtr& frame)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_queue.frames.size() >= kQueueLimit)
            m_queue.frames.erase(m_queue.frames.begin());
        m_queue.frames.push_back(frame);
    }
    m_wake.notify_one();
}

void HistoryWriter::appendRevision(std::uint64_t number, std::int64_t unixMs,
    const std::string& author, const std::string& message, const std::string& documents)
{
    {
        const std::lock_guard lock(m_mutex);
        m_queue.revisions.push_back({number, unixMs, author, message, documents});
    }
    m_wake.notify_one();
}

HistoryWriter::Batch HistoryWriter::waitForBatch()
{
    std::unique_lock lock(m_mutex);
    m_wake.wait(lock, [this] {
        return m_queue.stopping || !m_queue.frames.empty() || !m_queue.revisions.empty();
    });
    Batch batch = std::move(m_queue);
    m_queue = Batch();
    m_queue.stopping = batch.stopping;
    return batch;
}

void HistoryWriter::work()
{
    for (bool stopping = false; !stopping;) {
        const Batch batch = waitForBatch();
        stopping = batch.stopping;
        std::int64_t newest = 0;
        for (const MeshFramePtr& frame : batch.frames)
            newest = std::max(newest, takeFrame(*frame));
        const bool waits = m_failing && std::chrono::steady_clock::now() < m_nextTry && !stopping;
        if (waits)
            continue;
        if (!m_recorder && !openRecorder())
            continue;
        for (const Revision& one : batch.revisions)
            m_recorder->appendRevision(
                one.number, one.unixMs, one.author, one.message, one.documents);
        const auto written = stopping ? m_recorder->finish() : m_recorder->commit();
        if (written)
            noteSuccess(newest);
        else
            handleFailure(written.error());
    }
    m_recorder.reset();
}

std::int64_t HistoryWriter::takeFrame(const MeshFrame& frame)
{
    if (!m_recorder && !m_failing)
        openRecorder();
    if (m_recorder)
        m_recorder->append(frame);
    m_stream.take(frame, identity(frame));
    m_streamMs = frame.unixMs;
    return frame.closesSecond ? frame.unixMs : 0;
}

bool HistoryWriter::openRecorder()
{
    std::error_code ignored; // opening says what is wrong
    std::filesystem::create_directories(
        std::filesystem::path(m_file.toStdString()).parent_path(), ignored);
    auto recorder = Recorder::open(m_file.toStdString(), m_options);
    if (!recorder && recorder.error().code == ErrorCode::DataLoss) {
        handleFailure(recorder.error());
        recorder = Recorder::open(m_file.toStdString(), m_options);
    }
    if (!recorder) {
        handleFailure(recorder.error());
        return false;
    }
    m_recorder = std::move(*recorder);
    if (m_streamMs == 0)
        return true; // the stream's own first frame comes
    MeshFrame start = m_stream.toFrame(m_streamMs);
    start.closesSecond = false;
    m_recorder->append(start);
    return true;
}

void HistoryWriter::handleFailure(const Error& error)
{
    if (error.code == ErrorCode::DataLoss) {
        m_recorder.reset();
        const auto newName = history::setAside(m_file.toStdString(), unixSeconds());
        if (newName) {
            qCWarning(lcHistory, "%s; it is kept as %s", error.message.c_str(), newName->c_str());
            Q_EMIT setAside(QString::fromStdString(*newName));
            return; // the next frame begins a new file
        }
    }
    m_nextTry = std::chrono::steady_clock::now() + kRetryAfter;
    if (std::exchange(m_failing, true))
        return;
    qCWarning(lcHistory, "recording pauses: %s", error.message.c_str());
    Q_EMIT paused(QString::fromStdString(error.message));
}

void HistoryWriter::noteSuccess(std::int64_t unixMs)
{
    if (std::exchange(m_failing, false))
        Q_EMIT resumed();
    if (unixMs != 0)
        Q_EMIT recorded(unixMs);
}

} // namespace meshyard::history
