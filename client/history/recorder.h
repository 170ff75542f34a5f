// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/database.h"
#include "client/history/second_blob.h"
#include "client/history/topology_state.h"

#include <deque>
#include <set>

class QLockFile;

namespace meshyard::history {

/// Writes frames into a history file: the newest second as a live frame, whole minutes as tiles.
///
/// Memory first: append() takes a frame over and cannot fail; commit() writes all that is not
/// written yet, in one transaction, and leaves everything for the next try when it fails.
/// Thread: one at a time; the history thread.
class Recorder final
{
public:
    struct Options
    {
        std::int64_t capBytes = std::int64_t{2} << 30; // oldest minutes go first
    };

    /// @return FailedPrecondition while another recorder, of any process, writes the file.
    static Result<std::unique_ptr<Recorder>> open(const std::string& file, Options options);
    ~Recorder();

    void append(const MeshFrame& frame);
    /// The documents of a revision as one YAML stream.
    void appendRevision(std::uint64_t number, std::int64_t unixMs, const std::string& author,
        const std::string& message, const std::string& documents);
    Result<void> commit();
    /// Writes what is left of closed minutes; for a clean end. The open minute stays live frames.
    Result<void> finish();

    const std::string& file() const { return m_database->file(); }

private:
    struct Minute
    {
        std::array<std::string, static_cast<std::size_t>(kTileSeconds)> seconds; // raw
        std::bitset<static_cast<std::size_t>(kTileSeconds)> heard;
        std::set<EdgeId> groups;
        std::optional<EdgeId> nextGroup; // of the flush; none = not begun
        MinuteTotals totals;
    };
    struct TopoRow
    {
        std::int64_t t = 0;
        bool keyframe = false;
        std::string bytes;
    };
    struct RevisionRow
    {
        std::uint64_t number = 0;
        std::int64_t unixMs = 0;
        std::string mesh, author, message, documents;
    };

    Recorder(std::unique_ptr<QLockFile> lock, std::unique_ptr<Database> database, Options options);
    Result<void> load();
    void nameEdges(const MeshFrame& frame);
    void recordTopology(const MeshFrame& frame);
    void recordSecond(const MeshFrame& frame);
    void addSecond(std::int64_t t, std::string raw);

    Result<void> writeAll();
    Result<void> writeDescriptions();
    Result<void> writeLive();
    Result<void> flushMinutes(std::size_t groups);
    Result<void> writeGroup(std::int64_t t0, const Minute& minute, EdgeId group);
    Result<void> closeMinute(std::int64_t t0, const Minute& minute);
    Result<void> keepCap();

    std::unique_ptr<QLockFile> m_lock;
    std::unique_ptr<Database> m_database;
    const Options m_options;
    TopologyState m_topology;
    std::string m_mesh;
    std::map<EdgeKey, EdgeId> m_known;
    EdgeId m_nextEdge = 1;
    std::unordered_map<EdgeId, EdgeId> m_ids; // of the stream → of the file
    std::map<std::int64_t, Minute> m_minutes; // by t0
    std::int64_t m_lastSecond = 0;
    std::int64_t m_lastKeyframe = 0;
    bool m_flushAll = false;

    // Not written yet.
    std::vector<Edge> m_newEdges;
    std::vector<TopoRow> m_newTopology;
    std::deque<Event> m_newEvents;
    std::vector<RevisionRow> m_newRevisions;
    std::vector<std::pair<std::int64_t, std::string>> m_newSeconds;
    std::vector<std::int64_t> m_closed; // minutes closed by the transaction under way
};

} // namespace meshyard::history
