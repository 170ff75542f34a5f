// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/sample_record.h"

#include <algorithm>
#include <limits>

namespace meshyard::history {

namespace {

constexpr std::uint64_t kNibble = 15;

std::uint64_t bucketColumn(std::uint64_t micros)
{
    return micros == 0 ? 0 : LatencySketch::bucketOf(micros) + 1;
}

std::uint64_t perCall(std::uint64_t bytes, std::uint64_t calls)
{
    const std::uint64_t n = std::max<std::uint64_t>(calls, 1);
    return (bytes + n / 2) / n;
}

} // namespace

Columns columnsOf(const EdgeSample& sample)
{
    const Outcomes& o = sample.outcomes;
    const std::uint64_t calls = o.finished();
    Columns c{};
    c[kOk] = o.ok;
    c[kClientErrors] = o.clientErrors;
    c[kServerErrors] = o.serverErrors;
    c[kConnectErrors] = o.connectErrors;
    c[kTimeouts] = o.timeouts;
    c[kRejected] = o.rejected;
    c[kLimited] = o.limited;
    c[kNoEndpoint] = o.noEndpoint;
    c[kFaults] = o.faults;
    c[kRetries] = o.retries;
    c[kCancelled] = o.cancelled;
    c[kOutPerCall] = perCall(sample.bytesOut, calls);
    c[kInPerCall] = perCall(sample.bytesIn, calls);
    c[kInFlight] = sample.inFlight;
    c[kConnections] = sample.connections;
    c[kTlsConnections] = sample.tlsConnections;
    c[kServerP50] = bucketColumn(sample.serverP50Us);
    c[kServerP99] = bucketColumn(sample.serverP99Us);
    c[kAgeS] = static_cast<std::uint64_t>((std::max<std::int64_t>(sample.ageMs, 0) + 999) / 1000);
    c[kMax] = bucketColumn(sample.latency.maxMicros());
    return c;
}

EdgeSample sampleOf(const Columns& c)
{
    const auto narrow = [](std::uint64_t value) {
        return static_cast<std::uint32_t>(
            std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
    };
    EdgeSample sample;
    Outcomes& o = sample.outcomes;
    o.ok = c[kOk];
    o.clientErrors = c[kClientErrors];
    o.serverErrors = c[kServerErrors];
    o.connectErrors = c[kConnectErrors];
    o.timeouts = c[kTimeouts];
    o.rejected = c[kRejected];
    o.limited = c[kLimited];
    o.noEndpoint = c[kNoEndpoint];
    o.faults = c[kFaults];
    o.retries = c[kRetries];
    o.cancelled = c[kCancelled];
    const std::uint64_t calls = std::max<std::uint64_t>(o.finished(), 1);
    sample.bytesOut = c[kOutPerCall] * calls;
    sample.bytesIn = c[kInPerCall] * calls;
    sample.inFlight = narrow(c[kInFlight]);
    sample.connections = narrow(c[kConnections]);
    sample.tlsConnections = narrow(c[kTlsConnections]);
    sample.serverP50Us = microsOf(c[kServerP50]);
    sample.serverP99Us = microsOf(c[kServerP99]);
    sample.ageMs = static_cast<std::int64_t>(narrow(c[kAgeS])) * 1000;
    return sample;
}

std::uint32_t microsOf(std::uint64_t column)
{
    if (column == 0)
        return 0;
    const std::size_t bucket
        = std::min<std::size_t>(static_cast<std::size_t>(column - 1), LatencySketch::kBuckets - 1);
    return static_cast<std::uint32_t>(
        (LatencySketch::lowerBound(bucket) + LatencySketch::lowerBound(bucket + 1)) / 2);
}

void writeSketch(const LatencySketch& sketch, ByteWriter& writer)
{
    const auto counts = sketch.counts();
    std::array<std::uint64_t, LatencySketch::kBuckets / 2> folded{};
    std::uint64_t occupied = 0;
    std::size_t last = folded.size();
    for (std::size_t i = 0; i < folded.size(); ++i) {
        folded[i] = std::uint64_t{counts[2 * i]} + counts[2 * i + 1];
        occupied += folded[i] != 0 ? 1U : 0U;
        if (folded[i] != 0 && last == folded.size())
            last = i;
    }
    writer.number(occupied);
    if (occupied > 0)
        writer.number(last);
    for (std::size_t i = last; occupied > 0; ++i) {
        if (folded[i] == 0)
            continue;
        const std::size_t difference = i - last;
        if (difference <= kNibble && folded[i] <= kNibble) {
            writer.byte(static_cast<unsigned char>(difference << 4U | folded[i]));
        } else {
            writer.byte(0);
            writer.number(difference);
            writer.number(folded[i]);
        }
        last = i;
        --occupied;
    }
}

void readSketch(ByteReader& reader, LatencySketch* sketch, std::uint64_t maxColumn)
{
    std::uint64_t left = reader.number();
    std::uint64_t bucket = left > 0 ? reader.number() : 0;
    std::uint64_t sum = 0;
    for (; left > 0 && !reader.failed(); --left) {
        const unsigned char both = reader.byte();
        bucket += both != 0 ? both >> 4U : reader.number();
        const std::uint64_t count = both != 0 ? both & kNibble : reader.number();
        if (bucket >= LatencySketch::kBuckets / 2) {
            reader.fail();
            return;
        }
        if (!sketch)
            continue;
        const auto fine = static_cast<std::size_t>(bucket) * 2;
        sketch->addToBucket(fine, static_cast<std::uint32_t>(count - count / 2));
        if (count > 1)
            sketch->addToBucket(fine + 1, static_cast<std::uint32_t>(count / 2));
        sum += count * LatencySketch::lowerBound(fine + 1);
    }
    if (sketch)
        sketch->setSumAndMax(sketch->sumMicros() + sum, microsOf(maxColumn));
}

void writeRecord(const EdgeSample& sample, ByteWriter& writer)
{
    const Columns columns = columnsOf(sample);
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < kColumns; ++i)
        mask |= columns[i] != 0 ? std::uint64_t{1} << i : 0;
    writer.number(mask);
    for (const std::uint64_t value : columns) {
        if (value != 0)
            writer.number(value);
    }
    ByteWriter sketch;
    if (!sample.latency.isEmpty())
        writeSketch(sample.latency, sketch);
    writer.text(sketch.bytes());
}

void readRecord(ByteReader& reader, Columns& columns, std::string_view& sketchBytes)
{
    const std::uint64_t mask = reader.number();
    for (std::size_t i = 0; i < kColumns; ++i)
        columns[i] = (mask >> i & 1U) != 0 ? reader.number() : 0;
    sketchBytes = reader.text();
}

} // namespace meshyard::history
