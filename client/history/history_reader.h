// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/database.h"
#include "client/history/second_blob.h"
#include "client/history/topology_state.h"

#include <functional>

namespace meshyard::history {

struct Span
{
    std::int64_t fromMs = 0; // end of the first recorded second
    std::int64_t toMs = 0; // end of the last one
};

/// One step of an edge's series. Times are ends: the step covers the `step` before `unixMs`.
struct SeriesPoint
{
    std::int64_t unixMs = 0;
    std::uint32_t seconds = 0; // recorded ones; 0 = a gap
    Outcomes outcomes;
    std::uint64_t bytesOut = 0;
    std::uint64_t bytesIn = 0;
    std::optional<double> p50Us, p95Us, p99Us;

    double rate() const
    {
        return seconds == 0 ? 0.0 : static_cast<double>(outcomes.finished()) / seconds;
    }
};

/// One step of the timeline: all edges together.
struct TotalsPoint
{
    std::int64_t unixMs = 0;
    std::uint32_t seconds = 0; // recorded ones; 0 = a gap
    std::uint64_t requests = 0;
    std::uint64_t failed = 0;
    std::optional<double> p99Us;
};

struct RecordedRevision
{
    std::uint64_t number = 0;
    std::int64_t unixMs = 0;
    std::string author;
    std::string message;
    std::string documents;
};

/// Reads a history or recording file, also while a recorder writes it.
///
/// Thread: one at a time; never the GUI's. Holds no transaction open between calls.
class HistoryReader final
{
public:
    static Result<std::unique_ptr<HistoryReader>> open(const std::string& file);

    /// nullopt: nothing recorded.
    Result<std::optional<Span>> span();
    /// The whole mesh at the newest recorded second not after `unixMs` (the first one, if none):
    /// a full frame with its seconds before. NotFound when nothing is recorded at all.
    /// @param before how many earlier seconds to bring along; fewer for huge meshes.
    Result<MeshFrame> frameAt(std::int64_t unixMs, std::uint32_t before = 59);
    /// What changed in the second that ends at `unixMs`, for playing; empty in a gap.
    Result<MeshFrame> secondAt(std::int64_t unixMs);
    /// @param stepS seconds a point; from and to are rounded to whole steps.
    Result<std::vector<SeriesPoint>> series(
        const EdgeKey& edge, std::int64_t fromMs, std::int64_t toMs, std::uint32_t stepS);
    Result<std::vector<TotalsPoint>> totals(
        std::int64_t fromMs, std::int64_t toMs, std::uint32_t stepS);
    /// Oldest first, at most 10,000. Ids ascend within the file.
    Result<std::vector<Event>> events(std::int64_t fromMs, std::int64_t toMs);
    /// Newest first.
    Result<std::vector<RecordedRevision>> revisions(std::int64_t untilMs);

private:
    struct Tile
    {
        EdgeId group = 0;
        TileReader reader;
    };
    struct Minute
    {
        std::int64_t t0 = -1;
        MinuteTotals totals; // says which seconds were recorded
        std::vector<Tile> tiles;
    };

    explicit HistoryReader(std::unique_ptr<Database> database);
    Result<std::int64_t> newestSecond(std::int64_t t);
    Result<TopologyState> topologyAt(std::int64_t t);
    /// Samples of one second under the file's edge ids; nullopt: not recorded.
    std::optional<std::vector<EdgeSample>> samplesAt(std::int64_t t);
    const Minute* minute(std::int64_t t0);
    std::optional<MinuteTotals> storedTotals(std::int64_t t0);
    using TakeSecond = std::function<void(std::int64_t t, const std::string& raw)>;
    void eachLiveSecond(std::int64_t from, std::int64_t to, const TakeSecond& take);
    std::vector<Event> newestEvents(std::int64_t untilMs);

    std::unique_ptr<Database> m_database;
    std::array<Minute, 2> m_cache;
    std::size_t m_nextCache = 0;
};

} // namespace meshyard::history
