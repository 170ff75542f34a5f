// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/byte_codec.h"
#include "client/model/mesh_types.h"

#include <array>

namespace meshyard::history {

/// What the history keeps of one edge's second, as columns of small integers.
///
/// Exact: every count. Kept as a mean per call: bytes. Kept as a bucket of the latency sketch
/// (± 3 %): maximum, server percentiles; 0 = none, else bucket + 1. Percentiles come from sketches.
enum Column : std::size_t {
    kOk,
    kClientErrors,
    kServerErrors,
    kConnectErrors,
    kTimeouts,
    kRejected,
    kLimited,
    kNoEndpoint,
    kFaults,
    kRetries,
    kCancelled,
    kOutPerCall,
    kInPerCall,
    kInFlight,
    kConnections,
    kTlsConnections,
    kServerP50,
    kServerP99,
    kAgeS,
    kMax,
    kColumns,
};
using Columns = std::array<std::uint64_t, kColumns>;

Columns columnsOf(const EdgeSample& sample);
/// Everything but the sketch and the edge id.
EdgeSample sampleOf(const Columns& columns);

/// The sketch folded to 8 buckets an octave, sparse: how many buckets, the first, then for each one
/// byte of difference and count (4 bits each), or 0 and both as numbers where they are larger.
void writeSketch(const LatencySketch& sketch, ByteWriter& writer);
/// Adds a written sketch to `sketch`; each folded bucket is halved over the two it came from, the
/// sum is that of the buckets' middles.
/// @param sketch null: only walks over it. @param maxColumn its kMax column.
void readSketch(ByteReader& reader, LatencySketch* sketch, std::uint64_t maxColumn = 0);

/// Microseconds of a bucket column (the middle of its bucket); 0 for 0.
std::uint32_t microsOf(std::uint64_t column);

/// One edge-second of a live frame: columns and sketch.
void writeRecord(const EdgeSample& sample, ByteWriter& writer);
void readRecord(ByteReader& reader, Columns& columns, std::string_view& sketchBytes);

} // namespace meshyard::history
