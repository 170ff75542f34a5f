// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/async_reader.h"

#include <algorithm>
#include <filesystem>

namespace meshyard::history {

namespace {

/// The whole range in at most `steps` steps of a round length.
std::uint32_t stepFor(std::int64_t fromMs, std::int64_t toMs, std::uint32_t steps)
{
    const std::int64_t seconds = std::max<std::int64_t>((toMs - fromMs) / 1000, 1);
    const std::int64_t wanted = (seconds + steps - 1) / std::max<std::uint32_t>(steps, 1);
    for (const std::uint32_t round : {1U, 2U, 5U, 10U, 15U, 30U, 60U, 120U, 300U, 600U, 900U, 1800U,
             3600U, 7200U, 21600U, 43200U}) {
        if (round >= wanted)
            return round;
    }
    return 86400;
}

Result<Overview> readOverview(
    HistoryReader& reader, std::int64_t fromMs, std::int64_t toMs, std::uint32_t steps)
{
    Overview overview;
    const auto span = reader.span();
    if (!span)
        return tl::unexpected(span.error());
    if (!*span)
        return overview;
    overview.fromMs = (*span)->fromMs;
    overview.toMs = (*span)->toMs;
    const std::int64_t from = std::max(fromMs, overview.fromMs - 1000);
    const std::int64_t to = std::min(toMs, overview.toMs);
    overview.stepS = stepFor(from, to, steps);
    auto totals = reader.totals(from, to, overview.stepS);
    if (!totals)
        return tl::unexpected(totals.error());
    overview.steps = std::move(*totals);
    auto events = reader.events(from, to);
    if (!events)
        return tl::unexpected(events.error());
    overview.events = std::move(*events);
    return overview;
}

Result<MeshFramePtr> shared(Result<MeshFrame> frame)
{
    if (!frame)
        return tl::unexpected(frame.error());
    return std::make_shared<const MeshFrame>(std::move(*frame));
}

} // namespace

AsyncReader::AsyncReader(std::string file)
    : m_file(std::move(file))
    , m_thread([this] { work(); })
{
}

AsyncReader::~AsyncReader()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        m_jobs.clear();
    }
    m_wake.notify_one();
    m_thread.join();
}

template <typename T>
AsyncReader::Job AsyncReader::jobOf(
    QObject* context, Reply<T> reply, std::function<Result<T>(HistoryReader&)> ask)
{
    const auto answer = [this, alive = QPointer<QObject>(context), reply](Result<T> result) {
        QMetaObject::invokeMethod(
            &m_hub,
            [alive, reply, result = std::move(result)] {
                if (alive)
                    reply(result);
            },
            Qt::QueuedConnection);
    };
    Job job;
    job.run = [answer, ask = std::move(ask)](const Result<HistoryReader*>& reader) {
        answer(reader ? ask(**reader) : Result<T>(tl::unexpected(reader.error())));
    };
    job.cancel
        = [answer] { answer(failure(ErrorCode::Cancelled, "a newer seek replaced this one")); };
    return job;
}

void AsyncReader::frameAt(
    std::int64_t unixMs, std::uint32_t before, QObject* context, Reply<MeshFramePtr> reply)
{
    push(jobOf<MeshFramePtr>(context, std::move(reply),
        [unixMs, before](HistoryReader& r) { return shared(r.frameAt(unixMs, before)); }));
}

void AsyncReader::secondAt(std::int64_t unixMs, QObject* context, Reply<MeshFramePtr> reply)
{
    Job job = jobOf<MeshFramePtr>(context, std::move(reply),
        [unixMs](HistoryReader& r) { return shared(r.secondAt(unixMs)); });
    job.cancel = nullptr;
    push(std::move(job));
}

void AsyncReader::overview(std::int64_t fromMs, std::int64_t toMs, std::uint32_t steps,
    QObject* context, Reply<Overview> reply)
{
    Job job = jobOf<Overview>(
        context, std::move(reply), [=, this](HistoryReader& r) -> Result<Overview> {
            auto overview = readOverview(r, fromMs, toMs, steps);
            std::error_code ignored;
            for (const char* part : {"", "-wal"}) {
                const auto size = std::filesystem::file_size(m_file + part, ignored);
                if (overview && !ignored)
                    overview->storedBytes += size;
            }
            return overview;
        });
    job.cancel = nullptr;
    push(std::move(job));
}

void AsyncReader::series(const EdgeKey& edge, std::int64_t fromMs, std::int64_t toMs,
    std::uint32_t stepS, QObject* context, Reply<std::vector<SeriesPoint>> reply)
{
    Job job = jobOf<std::vector<SeriesPoint>>(context, std::move(reply),
        [=](HistoryReader& r) { return r.series(edge, fromMs, toMs, stepS); });
    job.cancel = nullptr;
    push(std::move(job));
}

void AsyncReader::revisions(
    std::int64_t untilMs, QObject* context, Reply<std::vector<RecordedRevision>> reply)
{
    Job job = jobOf<std::vector<RecordedRevision>>(
        context, std::move(reply), [untilMs](HistoryReader& r) { return r.revisions(untilMs); });
    job.cancel = nullptr;
    push(std::move(job));
}

void AsyncReader::push(Job job)
{
    std::function<void()> replaced;
    {
        const std::lock_guard lock(m_mutex);
        const auto older = std::find_if(
            m_jobs.begin(), m_jobs.end(), [](const Job& waiting) { return bool(waiting.cancel); });
        if (job.cancel && older != m_jobs.end()) {
            replaced = older->cancel;
            *older = std::move(job);
        } else {
            m_jobs.push_back(std::move(job));
        }
    }
    if (replaced)
        replaced();
    m_wake.notify_one();
}

void AsyncReader::work()
{
    for (;;) {
        Job job;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stopping || !m_jobs.empty(); });
            if (m_stopping)
                break;
            job = std::move(m_jobs.front());
            m_jobs.pop_front();
        }
        job.run(reader());
    }
    m_reader.reset();
}

Result<HistoryReader*> AsyncReader::reader()
{
    if (!m_reader) {
        auto opened = HistoryReader::open(m_file);
        if (!opened)
            return tl::unexpected(opened.error());
        m_reader = std::move(*opened);
    }
    return m_reader.get();
}

} // namespace meshyard::history
