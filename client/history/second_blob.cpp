// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/second_blob.h"

#include <algorithm>

namespace meshyard::history {

std::string encodeSecond(std::vector<NumberedSample> samples)
{
    std::sort(samples.begin(), samples.end(),
        [](const NumberedSample& a, const NumberedSample& b) { return a.first < b.first; });
    ByteWriter second;
    for (auto it = samples.begin(); it != samples.end();) {
        const EdgeId group = it->first / kTileEdges;
        ByteWriter records;
        for (; it != samples.end() && it->first / kTileEdges == group; ++it) {
            records.number(it->first % kTileEdges);
            writeRecord(*it->second, records);
        }
        second.number(group);
        second.text(records.bytes());
    }
    return second.take();
}

std::vector<EdgeSample> decodeSecond(std::string_view second)
{
    std::vector<EdgeSample> samples;
    eachGroup(second, [&samples](EdgeId group, std::string_view records) {
        eachRecord(records, [&](std::size_t slot, const Columns& columns, std::string_view sketch) {
            EdgeSample& sample = samples.emplace_back(sampleOf(columns));
            sample.edge = group * kTileEdges + static_cast<EdgeId>(slot);
            if (sketch.empty())
                return;
            ByteReader reader(sketch);
            readSketch(reader, &sample.latency, columns[kMax]);
        });
    });
    return samples;
}

void MinuteTotals::add(std::size_t second, const EdgeSample& sample)
{
    Second& one = seconds[second];
    one.requests += sample.outcomes.finished();
    one.failed += sample.outcomes.failed();
    one.latency.merge(sample.latency);
}

std::string MinuteTotals::encode() const
{
    ByteWriter writer;
    for (const Second& one : seconds) {
        writer.number(one.heard ? 1 : 0);
        if (!one.heard)
            continue;
        writer.number(one.requests);
        writer.number(one.failed);
        writer.number(one.latency.maxMicros());
        writeSketch(one.latency, writer);
    }
    return compressed(writer.bytes());
}

MinuteTotals MinuteTotals::decode(std::string_view bytes)
{
    MinuteTotals totals;
    const std::string raw = decompressed(bytes);
    ByteReader reader(raw);
    for (Second& one : totals.seconds) {
        one.heard = reader.number() != 0;
        if (!one.heard)
            continue;
        one.requests = reader.number();
        one.failed = reader.number();
        const auto max = static_cast<std::uint32_t>(reader.number());
        readSketch(reader, &one.latency);
        one.latency.setSumAndMax(0, max);
    }
    return totals;
}

} // namespace meshyard::history
