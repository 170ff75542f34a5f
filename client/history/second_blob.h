// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/tile.h"

#include <vector>

namespace meshyard::history {

/// One second of all edges, uncompressed: what a live frame holds and tiles are built from.
/// Groups ascend; within one, slots do.
using NumberedSample = std::pair<EdgeId, const EdgeSample*>;
std::string encodeSecond(std::vector<NumberedSample> samples);

/// take(group, bytes of its records)
template <typename Take> void eachGroup(std::string_view second, Take take)
{
    ByteReader reader(second);
    while (!reader.atEnd()) {
        const std::uint64_t group = reader.number();
        const std::string_view records = reader.text();
        if (!reader.failed())
            take(static_cast<EdgeId>(group), records);
    }
}

/// take(slot, columns, sketch bytes)
template <typename Take> void eachRecord(std::string_view records, Take take)
{
    ByteReader reader(records);
    Columns columns{};
    std::string_view sketch;
    while (!reader.atEnd()) {
        const std::uint64_t slot = reader.number();
        readRecord(reader, columns, sketch);
        if (!reader.failed() && slot < kTileEdges)
            take(static_cast<std::size_t>(slot), columns, sketch);
    }
}

/// The records of a whole second as samples under the history's edge ids.
std::vector<EdgeSample> decodeSecond(std::string_view second);

/// What a timeline shows of a minute: per second the calls of all edges and their latency.
struct MinuteTotals
{
    struct Second
    {
        bool heard = false;
        std::uint64_t requests = 0;
        std::uint64_t failed = 0;
        LatencySketch latency;
    };
    std::array<Second, static_cast<std::size_t>(kTileSeconds)> seconds;

    void add(std::size_t second, const EdgeSample& sample);
    std::string encode() const;
    static MinuteTotals decode(std::string_view bytes);
};

} // namespace meshyard::history
