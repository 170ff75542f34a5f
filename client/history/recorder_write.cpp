// SPDX-License-Identifier: GPL-3.0-or-later
// The half of the recorder that talks to the file; all of it runs inside commit()'s transaction.
#include "client/history/archive.h"
#include "client/history/recorder.h"

#include <algorithm>

namespace meshyard::history {

namespace {

constexpr std::size_t kSpreadSeconds = 50; // a minute is flushed over the next one
constexpr std::size_t kAll = static_cast<std::size_t>(-1);
constexpr int kDropSeconds = 600; // how much history goes at once when the cap is reached

} // namespace

Result<void> Recorder::writeAll()
{
    auto done = writeDescriptions();
    if (done)
        done = writeLive();
    if (!done)
        return done;
    std::size_t groups = 1;
    for (const auto& [t0, minute] : m_minutes)
        groups = std::max(groups, minute.groups.size() / kSpreadSeconds + 1);
    done = flushMinutes(m_flushAll ? kAll : groups);
    return done ? keepCap() : done;
}

Result<void> Recorder::writeDescriptions()
{
    Statement edge(
        *m_database, "INSERT OR IGNORE INTO edge(id, name, v, first_seen) VALUES(?, ?, ?, ?)");
    for (const Edge& one : m_newEdges) {
        OutArchive archive;
        archive(one.key);
        const std::string key = archive.take();
        const std::string name = toString(one.key);
        edge.bind(1, one.id).bind(2, name).bindBlob(3, key).bind(4, m_lastSecond);
        if (auto done = edge.run(); !done)
            return done;
    }
    Statement topo(*m_database, "INSERT INTO topo(t, keyframe, v) VALUES(?, ?, ?)");
    for (const TopoRow& row : m_newTopology) {
        topo.bind(1, row.t).bind(2, row.keyframe ? 1 : 0).bindBlob(3, row.bytes);
        if (auto done = topo.run(); !done)
            return done;
    }
    Statement event(*m_database,
        "INSERT OR IGNORE INTO event(mesh, remote, t, kind, edge, v) VALUES(?, ?, ?, ?, ?, ?)");
    for (const Event& one : m_newEvents) {
        OutArchive archive;
        archive(one);
        const std::string bytes = archive.take();
        const std::string name = one.edge ? toString(*one.edge) : std::string();
        event.bind(1, std::string_view(m_mesh)).bind(2, static_cast<std::int64_t>(one.id));
        event.bind(3, one.unixMs).bind(4, static_cast<std::int64_t>(one.kind));
        event.bind(5, std::string_view(name)).bindBlob(6, bytes);
        if (auto done = event.run(); !done)
            return done;
    }
    Statement revision(*m_database, "INSERT OR REPLACE INTO revision VALUES(?, ?, ?, ?, ?, ?)");
    for (const RevisionRow& row : m_newRevisions) {
        revision.bind(1, std::string_view(row.mesh)).bind(2, static_cast<std::int64_t>(row.number));
        revision.bind(3, row.unixMs).bind(4, std::string_view(row.author));
        revision.bind(5, std::string_view(row.message)).bindBlob(6, row.documents);
        if (auto done = revision.run(); !done)
            return done;
    }
    return {};
}

Result<void> Recorder::writeLive()
{
    Statement live(*m_database, "INSERT OR REPLACE INTO live(t, v) VALUES(?, ?)");
    for (const auto& [t, bytes] : m_newSeconds) {
        live.bind(1, t).bindBlob(2, bytes);
        if (auto done = live.run(); !done)
            return done;
    }
    return {};
}

Result<void> Recorder::flushMinutes(std::size_t groups)
{
    const std::int64_t open = m_lastSecond - m_lastSecond % kTileSeconds;
    for (auto& [t0, minute] : m_minutes) {
        if (t0 >= open)
            return {};
        auto it = minute.nextGroup ? minute.groups.lower_bound(*minute.nextGroup)
                                   : minute.groups.begin();
        for (; it != minute.groups.end() && groups > 0; ++it) {
            if (auto done = writeGroup(t0, minute, *it); !done)
                return done;
            groups -= groups == kAll ? 0 : 1;
        }
        if (it != minute.groups.end()) {
            minute.nextGroup = *it;
            return {};
        }
        if (auto done = closeMinute(t0, minute); !done)
            return done;
        m_closed.push_back(t0);
    }
    return {};
}

Result<void> Recorder::writeGroup(std::int64_t t0, const Minute& minute, EdgeId group)
{
    TileBuilder builder;
    for (std::size_t second = 0; second < minute.seconds.size(); ++second) {
        if (!minute.heard.test(second))
            continue;
        builder.setHeard(second);
        eachGroup(minute.seconds[second], [&](EdgeId found, std::string_view records) {
            if (found != group)
                return;
            eachRecord(
                records, [&](std::size_t slot, const Columns& columns, std::string_view sketch) {
                    builder.add(second, slot, columns, sketch);
                });
        });
    }
    const TileBlobs blobs = builder.build();
    Statement tile(*m_database, "INSERT OR REPLACE INTO tile(res, t0, grp, v) VALUES(1, ?, ?, ?)");
    tile.bind(1, t0).bind(2, group).bindBlob(3, blobs.summary);
    if (auto done = tile.run(); !done)
        return done;
    Statement sketches(
        *m_database, "INSERT OR REPLACE INTO sk(res, t0, grp, v) VALUES(1, ?, ?, ?)");
    sketches.bind(1, t0).bind(2, group).bindBlob(3, blobs.sketches);
    return sketches.run();
}

Result<void> Recorder::closeMinute(std::int64_t t0, const Minute& minute)
{
    const std::string totals = minute.totals.encode();
    Statement total(*m_database, "INSERT OR REPLACE INTO total(t0, v) VALUES(?, ?)");
    total.bind(1, t0).bindBlob(2, totals);
    if (auto done = total.run(); !done)
        return done;
    Statement live(*m_database, "DELETE FROM live WHERE t >= ? AND t < ?");
    live.bind(1, t0).bind(2, t0 + kTileSeconds);
    return live.run();
}

Result<void> Recorder::keepCap()
{
    if (m_closed.empty())
        return {}; // once a minute is often enough
    Statement size(*m_database,
        "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p,"
        " pragma_freelist_count f, pragma_page_size s");
    if (!size.step())
        return tl::unexpected(m_database->error());
    const std::int64_t used = size.number(0);
    size.reset();
    if (used <= m_options.capBytes)
        return {};
    Statement oldest(*m_database, "SELECT min(t0) FROM total");
    if (!oldest.step())
        return {};
    const std::int64_t until
        = std::min(oldest.number(0) + kDropSeconds, m_lastSecond - 2 * kTileSeconds);
    oldest.reset();
    for (const char* sql :
        {"DELETE FROM tile WHERE res = 1 AND t0 < ?", "DELETE FROM sk WHERE res = 1 AND t0 < ?",
            "DELETE FROM total WHERE t0 < ?",
            "DELETE FROM topo WHERE t < (SELECT max(t) FROM topo WHERE keyframe = 1 AND t <= ?)"}) {
        Statement drop(*m_database, sql);
        if (auto done = drop.bind(1, until).run(); !done)
            return done;
    }
    return m_database->execute("PRAGMA incremental_vacuum(256)");
}

} // namespace meshyard::history
