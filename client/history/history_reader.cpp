// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/history_reader.h"

#include "client/history/archive.h"

#include <algorithm>

namespace meshyard::history {

namespace {

constexpr std::size_t kSamplesBefore = 20'000; // a sample in memory is 1.7 KiB
constexpr std::int64_t kEventsInFrame = 200;
constexpr std::int64_t kMostEvents = 10'000;

std::int64_t minuteOf(std::int64_t t)
{
    return t - t % kTileSeconds;
}

std::optional<Event> readEvent(const Statement& row)
{
    Event event;
    InArchive archive(row.blob(1));
    archive(event);
    event.id = static_cast<std::uint64_t>(row.number(0));
    return archive.failed() ? std::nullopt : std::optional(std::move(event));
}

/// Puts the second's counters beside the breakers that the frame brings.
void mergeSamples(MeshFrame& frame, std::vector<EdgeSample> samples)
{
    if (frame.samples.empty()) {
        frame.samples = std::move(samples);
        return;
    }
    frame.samples.reserve(frame.samples.size() + samples.size());
    std::unordered_map<EdgeId, std::size_t> at;
    for (std::size_t i = 0; i < frame.samples.size(); ++i)
        at.emplace(frame.samples[i].edge, i);
    for (EdgeSample& sample : samples) {
        const auto it = at.find(sample.edge);
        if (it == at.end()) {
            frame.samples.push_back(std::move(sample));
            continue;
        }
        sample.breaker = std::move(frame.samples[it->second].breaker);
        frame.samples[it->second] = std::move(sample);
    }
}

} // namespace

HistoryReader::HistoryReader(std::unique_ptr<Database> database)
    : m_database(std::move(database))
{
}

Result<std::unique_ptr<HistoryReader>> HistoryReader::open(const std::string& file)
{
    auto database = Database::open(file, Database::Mode::ReadOnly);
    if (!database)
        return tl::unexpected(database.error());
    return std::unique_ptr<HistoryReader>(new HistoryReader(std::move(*database)));
}

Result<std::optional<Span>> HistoryReader::span()
{
    Statement live(*m_database, "SELECT min(t), max(t) FROM live HAVING count(*) > 0");
    std::optional<Span> span;
    if (live.step())
        span = Span{live.number(0) * 1000, live.number(1) * 1000};
    live.reset();
    Statement ends(*m_database, "SELECT min(t0), max(t0) FROM total HAVING count(*) > 0");
    if (ends.step()) {
        const std::int64_t first = ends.number(0);
        const std::int64_t last = ends.number(1);
        ends.reset();
        for (const std::int64_t t0 : {first, last}) {
            const auto totals = storedTotals(t0);
            for (std::int64_t i = 0; totals && i < kTileSeconds; ++i) {
                if (!totals->seconds[static_cast<std::size_t>(i)].heard)
                    continue;
                const std::int64_t ms = (t0 + i) * 1000;
                span = span ? Span{std::min(span->fromMs, ms), std::max(span->toMs, ms)}
                            : Span{ms, ms};
            }
        }
    }
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    return span;
}

std::optional<MinuteTotals> HistoryReader::storedTotals(std::int64_t t0)
{
    Statement row(*m_database, "SELECT v FROM total WHERE t0 = ?");
    if (!row.bind(1, t0).step())
        return std::nullopt;
    MinuteTotals totals = MinuteTotals::decode(row.blob(0));
    row.reset();
    return totals;
}

void HistoryReader::eachLiveSecond(std::int64_t from, std::int64_t to, const TakeSecond& take)
{
    Statement rows(*m_database, "SELECT t, v FROM live WHERE t >= ? AND t <= ? ORDER BY t");
    rows.bind(1, from).bind(2, to);
    while (rows.step())
        take(rows.number(0), decompressed(rows.blob(1)));
}

Result<std::int64_t> HistoryReader::newestSecond(std::int64_t t)
{
    std::int64_t newest = -1;
    Statement live(*m_database, "SELECT max(t) FROM live WHERE t <= ? HAVING count(*) > 0");
    if (live.bind(1, t).step())
        newest = live.number(0);
    live.reset();
    Statement minutes(
        *m_database, "SELECT t0, v FROM total WHERE t0 <= ? ORDER BY t0 DESC LIMIT 2");
    minutes.bind(1, t);
    while (minutes.step()) {
        const MinuteTotals totals = MinuteTotals::decode(minutes.blob(1));
        for (std::int64_t i = 0; i < kTileSeconds; ++i) {
            const std::int64_t second = minutes.number(0) + i;
            if (second <= t && totals.seconds[static_cast<std::size_t>(i)].heard)
                newest = std::max(newest, second);
        }
    }
    if (newest >= 0)
        return newest;
    const auto recorded = span();
    if (!recorded)
        return tl::unexpected(recorded.error());
    if (!*recorded)
        return failure(ErrorCode::NotFound, "nothing is recorded in " + m_database->file());
    return (*recorded)->fromMs / 1000;
}

Result<TopologyState> HistoryReader::topologyAt(std::int64_t t)
{
    TopologyState state;
    std::int64_t id = 0;
    Statement keyframe(*m_database,
        "SELECT id, v FROM topo WHERE keyframe = 1 AND t <= ? ORDER BY t DESC, id DESC LIMIT 1");
    if (keyframe.bind(1, t).step()) {
        id = keyframe.number(0);
        if (const auto change = TopologyState::decode(keyframe.blob(1)))
            state.apply(*change);
    }
    keyframe.reset();
    Statement rows(*m_database, "SELECT v FROM topo WHERE id > ? AND t <= ? ORDER BY id");
    rows.bind(1, id).bind(2, t);
    while (rows.step()) {
        if (const auto change = TopologyState::decode(rows.blob(0)))
            state.apply(*change);
    }
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    return state;
}

const HistoryReader::Minute* HistoryReader::minute(std::int64_t t0)
{
    for (const Minute& cached : m_cache) {
        if (cached.t0 == t0)
            return &cached;
    }
    auto totals = storedTotals(t0);
    if (!totals)
        return nullptr;
    Minute& minute = m_cache[m_nextCache];
    m_nextCache = (m_nextCache + 1) % m_cache.size();
    minute = {t0, std::move(*totals), {}};
    Statement rows(*m_database,
        "SELECT t.grp, t.v, s.v FROM tile t JOIN sk s USING(res, t0, grp)"
        " WHERE t.res = 1 AND t.t0 = ?");
    rows.bind(1, t0);
    while (rows.step()) {
        TileReader reader(rows.blob(1));
        reader.addSketches(rows.blob(2));
        minute.tiles.push_back({static_cast<EdgeId>(rows.number(0)), std::move(reader)});
    }
    return &minute;
}

std::optional<std::vector<EdgeSample>> HistoryReader::samplesAt(std::int64_t t)
{
    std::optional<std::vector<EdgeSample>> samples;
    eachLiveSecond(
        t, t, [&samples](std::int64_t, const std::string& raw) { samples = decodeSecond(raw); });
    if (samples)
        return samples;
    const Minute* minute = this->minute(minuteOf(t));
    const auto second = static_cast<std::size_t>(t % kTileSeconds);
    if (!minute || !minute->totals.seconds[second].heard)
        return std::nullopt;
    samples.emplace();
    samples->reserve(minute->tiles.size() * kTileEdges); // a sample is 1.7 KiB: no regrowing
    for (const Tile& tile : minute->tiles) {
        std::array<std::optional<std::size_t>, kTileEdges> at{};
        for (std::size_t slot = 0; slot < kTileEdges; ++slot) {
            if (!tile.reader.hasSlot(slot))
                continue;
            const Columns columns = tile.reader.columns(second, slot);
            if (columns == Columns{})
                continue;
            at[slot] = samples->size();
            samples->push_back(sampleOf(columns));
            samples->back().edge = tile.group * kTileEdges + static_cast<EdgeId>(slot);
        }
        tile.reader.eachSketch(second,
            [&](std::size_t slot) { return at[slot] ? &(*samples)[*at[slot]].latency : nullptr; });
    }
    return samples;
}

Result<MeshFrame> HistoryReader::frameAt(std::int64_t unixMs, std::uint32_t before)
{
    const auto second = newestSecond(unixMs / 1000);
    if (!second)
        return tl::unexpected(second.error());
    auto topology = topologyAt(*second);
    if (!topology)
        return tl::unexpected(topology.error());
    MeshFrame frame = topology->toFrame(*second * 1000);
    const std::size_t edges = std::max<std::size_t>(1, topology->edges().size());
    const auto most
        = static_cast<std::int64_t>(std::min<std::size_t>(before, kSamplesBefore / edges));
    frame.before.emplace();
    for (std::int64_t t = *second - most; t < *second; ++t) {
        if (auto samples = samplesAt(t))
            frame.before->push_back(std::move(*samples));
    }
    if (auto samples = samplesAt(*second))
        mergeSamples(frame, std::move(*samples));
    frame.events = newestEvents(*second * 1000 + 999);
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    return frame;
}

Result<MeshFrame> HistoryReader::secondAt(std::int64_t unixMs)
{
    const std::int64_t t = unixMs / 1000;
    TopologyState::Change change;
    Statement rows(*m_database, "SELECT v FROM topo WHERE t = ? ORDER BY id");
    rows.bind(1, t);
    int found = 0;
    while (rows.step()) {
        if (auto one = TopologyState::decode(rows.blob(0))) {
            change = std::move(*one);
            ++found;
        }
    }
    if (found > 1) // several in one second: the state after them says it all
        change = topologyAt(t).value_or(TopologyState()).all();
    MeshFrame frame = TopologyState::toFrame(std::move(change), t * 1000);
    auto samples = samplesAt(t);
    frame.closesSecond = samples.has_value();
    if (samples)
        mergeSamples(frame, std::move(*samples));
    auto happened = events(t * 1000 - 999, t * 1000);
    if (!happened)
        return tl::unexpected(happened.error());
    frame.events = std::move(*happened);
    return frame;
}

Result<std::vector<Event>> HistoryReader::events(std::int64_t fromMs, std::int64_t toMs)
{
    std::vector<Event> events;
    Statement rows(
        *m_database, "SELECT id, v FROM event WHERE t >= ? AND t <= ? ORDER BY t, id LIMIT ?");
    rows.bind(1, fromMs).bind(2, toMs).bind(3, kMostEvents);
    while (rows.step()) {
        if (auto event = readEvent(rows))
            events.push_back(std::move(*event));
    }
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    return events;
}

std::vector<Event> HistoryReader::newestEvents(std::int64_t untilMs)
{
    std::vector<Event> events;
    Statement rows(*m_database, "SELECT id, v FROM event WHERE t <= ? ORDER BY id DESC LIMIT ?");
    rows.bind(1, untilMs).bind(2, kEventsInFrame);
    while (rows.step()) {
        if (auto event = readEvent(rows))
            events.push_back(std::move(*event));
    }
    std::reverse(events.begin(), events.end());
    return events;
}

Result<std::vector<RecordedRevision>> HistoryReader::revisions(std::int64_t untilMs)
{
    std::vector<RecordedRevision> revisions;
    Statement rows(*m_database,
        "SELECT number, t, author, message, v FROM revision WHERE t <= ? ORDER BY t DESC, number "
        "DESC");
    rows.bind(1, untilMs);
    while (rows.step()) {
        RecordedRevision& one = revisions.emplace_back();
        one.number = static_cast<std::uint64_t>(rows.number(0));
        one.unixMs = rows.number(1);
        one.author = rows.text(2);
        one.message = rows.text(3);
        one.documents = decompressed(rows.blob(4));
    }
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    return revisions;
}

} // namespace meshyard::history
