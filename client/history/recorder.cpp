// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/recorder.h"

#include "client/history/archive.h"

#include <fmt/format.h>

#include <QLockFile>

#include <algorithm>

namespace meshyard::history {

namespace {

constexpr std::int64_t kKeyframeEvery = 600; // seconds
constexpr std::size_t kMinutesInMemory = 10; // while the disk refuses
constexpr std::size_t kSecondsInMemory = 120;
constexpr std::size_t kEventsInMemory = 10'000;

std::int64_t minuteOf(std::int64_t t)
{
    return t - t % kTileSeconds;
}

} // namespace

Recorder::Recorder(
    std::unique_ptr<QLockFile> lock, std::unique_ptr<Database> database, Options options)
    : m_lock(std::move(lock))
    , m_database(std::move(database))
    , m_options(options)
{
}

Recorder::~Recorder() = default;

Result<std::unique_ptr<Recorder>> Recorder::open(const std::string& file, Options options)
{
    auto lock = std::make_unique<QLockFile>(QString::fromStdString(file + ".lock"));
    lock->setStaleLockTime(std::chrono::milliseconds::zero()); // held as long as its process lives
    if (!lock->tryLock() && lock->error() == QLockFile::LockFailedError)
        return failure(ErrorCode::FailedPrecondition,
            fmt::format("another Meshyard records into {} already", file));
    auto database = Database::open(file, Database::Mode::Create);
    if (!database)
        return tl::unexpected(database.error());
    std::unique_ptr<Recorder> recorder(
        new Recorder(std::move(lock), std::move(*database), options));
    if (auto loaded = recorder->load(); !loaded)
        return tl::unexpected(loaded.error());
    return recorder;
}

Result<void> Recorder::load()
{
    Statement edges(*m_database, "SELECT id, v FROM edge");
    while (edges.step()) {
        const auto id = static_cast<EdgeId>(edges.number(0));
        EdgeKey key;
        InArchive archive(edges.blob(1));
        archive(key);
        m_known[key] = id;
        m_nextEdge = std::max(m_nextEdge, id + 1);
    }
    // Seconds that were not in tiles yet when the last recorder ended, however it ended.
    Statement live(*m_database, "SELECT t, v FROM live ORDER BY t");
    while (live.step())
        addSecond(live.number(0), decompressed(live.blob(1)));
    Statement newest(*m_database, "SELECT coalesce(max(t0) + 59, 0) FROM total");
    if (newest.step())
        m_lastSecond = std::max(m_lastSecond, newest.number(0));
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    for (auto& [t0, minute] : m_minutes) {
        for (std::size_t second = 0; second < minute.seconds.size(); ++second) {
            minute.totals.seconds[second].heard = minute.heard.test(second);
            for (const EdgeSample& sample : decodeSecond(minute.seconds[second]))
                minute.totals.add(second, sample);
        }
    }
    return {};
}

void Recorder::append(const MeshFrame& frame)
{
    if (frame.mesh)
        m_mesh = frame.mesh->id;
    nameEdges(frame);
    recordTopology(frame);
    m_newEvents.insert(m_newEvents.end(), frame.events.begin(), frame.events.end());
    while (m_newEvents.size() > kEventsInMemory)
        m_newEvents.pop_front();
    if (frame.closesSecond)
        recordSecond(frame);
}

void Recorder::appendRevision(std::uint64_t number, std::int64_t unixMs, const std::string& author,
    const std::string& message, const std::string& documents)
{
    m_newRevisions.push_back({number, unixMs, m_mesh, author, message, compressed(documents)});
}

void Recorder::nameEdges(const MeshFrame& frame)
{
    if (frame.full)
        m_ids.clear(); // a new stream numbers anew
    for (const Edge& edge : frame.edges) {
        const auto [it, isNew] = m_known.try_emplace(edge.key, m_nextEdge);
        if (isNew) {
            m_newEdges.push_back({m_nextEdge, edge.key, {}});
            ++m_nextEdge;
        }
        m_ids[edge.id] = it->second;
    }
}

void Recorder::recordTopology(const MeshFrame& frame)
{
    const std::int64_t t = frame.unixMs / 1000;
    const TopologyState::Change change = m_topology.take(frame, m_ids);
    const bool due = change.full || t - m_lastKeyframe >= kKeyframeEvery;
    if (due) {
        m_newTopology.push_back({t, true, TopologyState::encode(m_topology.all())});
        m_lastKeyframe = t;
    } else if (!change.isEmpty()) {
        m_newTopology.push_back({t, false, TopologyState::encode(change)});
    }
}

void Recorder::recordSecond(const MeshFrame& frame)
{
    const std::int64_t t = frame.unixMs / 1000;
    if (t <= m_lastSecond)
        return; // the clock stepped back: these seconds are written already
    m_lastSecond = t;
    std::vector<NumberedSample> samples;
    samples.reserve(frame.samples.size());
    for (const EdgeSample& sample : frame.samples) {
        if (const auto id = m_ids.find(sample.edge); id != m_ids.end())
            samples.emplace_back(id->second, &sample);
    }
    std::string raw = encodeSecond(std::move(samples));
    m_newSeconds.emplace_back(t, compressed(raw));
    addSecond(t, std::move(raw));
    Minute& minute = m_minutes[minuteOf(t)];
    const auto second = static_cast<std::size_t>(t % kTileSeconds);
    minute.totals.seconds[second].heard = true;
    for (const EdgeSample& sample : frame.samples)
        minute.totals.add(second, sample);
    while (m_minutes.size() > kMinutesInMemory)
        m_minutes.erase(m_minutes.begin());
}

void Recorder::addSecond(std::int64_t t, std::string raw)
{
    Minute& minute = m_minutes[minuteOf(t)];
    const auto second = static_cast<std::size_t>(t % kTileSeconds);
    eachGroup(raw, [&minute](EdgeId group, std::string_view) { minute.groups.insert(group); });
    minute.heard.set(second);
    minute.seconds[second] = std::move(raw);
    m_lastSecond = std::max(m_lastSecond, t);
}

Result<void> Recorder::commit()
{
    if (auto begun = m_database->execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    auto written = writeAll();
    if (written)
        written = m_database->execute("COMMIT");
    if (!written) {
        static_cast<void>(m_database->execute("ROLLBACK")); // the first error is the one to tell
        for (auto& [t0, minute] : m_minutes)
            minute.nextGroup.reset();
        m_closed.clear();
        while (m_newSeconds.size() > kSecondsInMemory)
            m_newSeconds.erase(m_newSeconds.begin()); // they are in m_minutes, and become tiles
        m_newTopology.clear();
        m_lastKeyframe = 0; // the next frame writes the whole state
        return written;
    }
    m_newEdges.clear();
    m_newTopology.clear();
    m_newEvents.clear();
    m_newRevisions.clear();
    m_newSeconds.clear();
    for (const std::int64_t t0 : m_closed)
        m_minutes.erase(t0);
    m_closed.clear();
    return {};
}

Result<void> Recorder::finish()
{
    m_flushAll = true;
    auto written = commit();
    m_flushAll = false;
    if (written) // the file alone is then whole; a reader may still hold the log
        written = m_database->execute("PRAGMA wal_checkpoint(PASSIVE)");
    return written;
}

} // namespace meshyard::history
