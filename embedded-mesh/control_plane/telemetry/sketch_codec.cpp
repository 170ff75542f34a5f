// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/telemetry/sketch_codec.h"

#include <algorithm>

namespace meshyard::control_plane {

void mergeInto(const v1::Sketch& from, LatencySketch& into)
{
    const std::uint64_t sum = into.sumMicros() + from.sum_us();
    const std::uint32_t max = std::max(into.maxMicros(), from.max_us());
    const int entries = std::min(from.bucket_deltas_size(), from.counts_size());
    std::size_t bucket = 0;
    for (int i = 0; i < entries; ++i) {
        bucket += from.bucket_deltas(i);
        if (bucket >= LatencySketch::kBuckets)
            break;
        into.addToBucket(bucket, from.counts(i));
    }
    into.setSumAndMax(sum, max);
}

void encodeSketch(const LatencySketch& from, v1::Sketch& into)
{
    if (from.isEmpty())
        return;
    const auto counts = from.counts();
    std::size_t previous = 0;
    for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
        if (counts[bucket] == 0)
            continue;
        into.add_bucket_deltas(static_cast<std::uint32_t>(bucket - previous));
        into.add_counts(counts[bucket]);
        previous = bucket;
    }
    into.set_sum_us(from.sumMicros());
    into.set_max_us(from.maxMicros());
}

} // namespace meshyard::control_plane
