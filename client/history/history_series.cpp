// SPDX-License-Identifier: GPL-3.0-or-later
// The questions over a range of time.
#include "client/history/history_reader.h"

#include <algorithm>

namespace meshyard::history {

namespace {

constexpr std::int64_t kMostPoints = 100'000;

/// Steps over (from, to], each `step` seconds; second t belongs to the step that ends at or after.
struct Steps
{
    std::int64_t from = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;

    Steps(std::int64_t fromMs, std::int64_t toMs, std::uint32_t stepS)
        : step(std::max<std::int64_t>(stepS, 1))
    {
        from = fromMs / 1000 / step * step;
        const std::int64_t to = (toMs / 1000 + step - 1) / step * step;
        count = std::clamp<std::int64_t>((to - from) / step, 0, kMostPoints);
    }
    std::int64_t to() const { return from + count * step; }
    /// −1: outside.
    std::int64_t indexOf(std::int64_t t) const
    {
        return t <= from || t > to() ? -1 : (t - from - 1) / step;
    }
    std::int64_t endMs(std::int64_t index) const { return (from + (index + 1) * step) * 1000; }
};

} // namespace

Result<std::vector<SeriesPoint>> HistoryReader::series(
    const EdgeKey& edge, std::int64_t fromMs, std::int64_t toMs, std::uint32_t stepS)
{
    const Steps steps(fromMs, toMs, stepS);
    std::vector<SeriesPoint> points(static_cast<std::size_t>(steps.count));
    std::vector<LatencySketch> sketches(points.size());
    for (std::int64_t i = 0; i < steps.count; ++i)
        points[static_cast<std::size_t>(i)].unixMs = steps.endMs(i);
    const std::string name = toString(edge);
    Statement known(*m_database, "SELECT id FROM edge WHERE name = ?");
    if (!known.bind(1, std::string_view(name)).step())
        return points;
    const auto id = static_cast<EdgeId>(known.number(0));
    known.reset();
    const EdgeId group = id / kTileEdges;
    const std::size_t slot = id % kTileEdges;

    const auto add = [&](std::int64_t t, const Columns& columns, const LatencySketch& sketch) {
        const std::int64_t i = steps.indexOf(t);
        if (i < 0)
            return;
        SeriesPoint& point = points[static_cast<std::size_t>(i)];
        const EdgeSample sample = sampleOf(columns);
        if (sample.ageMs > 0)
            return; // its reporters were silent: unknown, not zero
        ++point.seconds;
        point.outcomes.add(sample.outcomes);
        point.bytesOut += sample.bytesOut;
        point.bytesIn += sample.bytesIn;
        sketches[static_cast<std::size_t>(i)].merge(sketch);
    };
    std::int64_t liveFrom = steps.to() + 1;
    eachLiveSecond(steps.from, steps.to(), [&](std::int64_t t, const std::string& raw) {
        liveFrom = std::min(liveFrom, t);
        Columns columns{};
        LatencySketch sketch;
        eachGroup(raw, [&](EdgeId found, std::string_view records) {
            if (found != group)
                return;
            eachRecord(records, [&](std::size_t at, const Columns& c, std::string_view bytes) {
                if (at != slot)
                    return;
                columns = c;
                ByteReader reader(bytes);
                if (!bytes.empty())
                    readSketch(reader, &sketch, c[kMax]);
            });
        });
        add(t, columns, sketch);
    });
    Statement tiles(*m_database,
        "SELECT t.t0, t.v, s.v FROM tile t JOIN sk s USING(res, t0, grp)"
        " WHERE t.res = 1 AND t.t0 >= ? AND t.t0 <= ? AND t.grp = ? AND t.t0 IN"
        " (SELECT t0 FROM total)"); // a minute half flushed is read from its live frames
    tiles.bind(1, steps.from - kTileSeconds).bind(2, steps.to()).bind(3, group);
    while (tiles.step()) {
        const std::int64_t t0 = tiles.number(0);
        TileReader reader(tiles.blob(1), static_cast<int>(slot));
        reader.addSketches(tiles.blob(2));
        for (std::size_t second = 0; second < kTileSeconds; ++second) {
            const std::int64_t t = t0 + static_cast<std::int64_t>(second);
            if (!reader.heard(second) || steps.indexOf(t) < 0)
                continue;
            LatencySketch sketch;
            reader.eachSketch(second, [&](std::size_t) { return &sketch; });
            add(t, reader.columns(second, slot), sketch);
        }
    }
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    for (std::size_t i = 0; i < points.size(); ++i) {
        points[i].p50Us = sketches[i].quantileMicros(0.50);
        points[i].p95Us = sketches[i].quantileMicros(0.95);
        points[i].p99Us = sketches[i].quantileMicros(0.99);
    }
    return points;
}

Result<std::vector<TotalsPoint>> HistoryReader::totals(
    std::int64_t fromMs, std::int64_t toMs, std::uint32_t stepS)
{
    const Steps steps(fromMs, toMs, stepS);
    std::vector<TotalsPoint> points(static_cast<std::size_t>(steps.count));
    std::vector<LatencySketch> sketches(points.size());
    for (std::int64_t i = 0; i < steps.count; ++i)
        points[static_cast<std::size_t>(i)].unixMs = steps.endMs(i);
    const auto add = [&](std::int64_t t, const MinuteTotals::Second& second) {
        const std::int64_t i = steps.indexOf(t);
        if (i < 0 || !second.heard)
            return;
        TotalsPoint& point = points[static_cast<std::size_t>(i)];
        ++point.seconds;
        point.requests += second.requests;
        point.failed += second.failed;
        sketches[static_cast<std::size_t>(i)].merge(second.latency);
    };
    Statement minutes(*m_database, "SELECT t0, v FROM total WHERE t0 >= ? AND t0 <= ?");
    minutes.bind(1, steps.from - kTileSeconds).bind(2, steps.to());
    while (minutes.step()) {
        const MinuteTotals minute = MinuteTotals::decode(minutes.blob(1));
        for (std::size_t i = 0; i < minute.seconds.size(); ++i)
            add(minutes.number(0) + static_cast<std::int64_t>(i), minute.seconds[i]);
    }
    eachLiveSecond(steps.from, steps.to(), [&add](std::int64_t t, const std::string& raw) {
        MinuteTotals one;
        one.seconds[0].heard = true;
        for (const EdgeSample& sample : decodeSecond(raw))
            one.add(0, sample);
        add(t, one.seconds[0]);
    });
    if (m_database->hasFailed())
        return tl::unexpected(m_database->error());
    for (std::size_t i = 0; i < points.size(); ++i)
        points[i].p99Us = sketches[i].quantileMicros(0.99);
    return points;
}

} // namespace meshyard::history
