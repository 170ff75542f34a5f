// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace meshyard {

/// Log-linear latency histogram, 16 buckets an octave, 1 µs … 134 s; merging is a vector add, so
/// any grouping and any time range has exact counts and percentiles within 1/32.
///
/// Bucket of v µs: v < 16 → v; else e = ⌊log2 v⌋, 16·(e − 3) + ((v >> (e − 4)) & 15).
/// Thread: none of its own; one writer at a time.
class LatencySketch final
{
public:
    static constexpr std::size_t kBuckets = 384;

    /// Index of the bucket that holds `micros`; the last one takes everything longer.
    static std::size_t bucketOf(std::uint64_t micros);
    /// Smallest value of a bucket, in microseconds; `bucket` may be kBuckets (the end of the last).
    static std::uint64_t lowerBound(std::size_t bucket);

    void record(std::uint64_t micros);
    /// Adds `count` values to one bucket; what a decoder uses. Sum and maximum are set apart.
    void addToBucket(std::size_t bucket, std::uint32_t count);
    void setSumAndMax(std::uint64_t sumMicros, std::uint32_t maxMicros);
    void merge(const LatencySketch& other);
    void clear();

    std::uint64_t count() const { return m_count; }
    std::uint64_t sumMicros() const { return m_sum; }
    std::uint32_t maxMicros() const { return m_max; }
    bool isEmpty() const { return m_count == 0; }

    /// @param quantile 0..1. @return microseconds, interpolated inside the bucket and never above
    /// the maximum; nullopt when empty.
    std::optional<double> quantileMicros(double quantile) const;

    std::span<const std::uint32_t, kBuckets> counts() const { return m_counts; }
    bool operator==(const LatencySketch&) const = default;

private:
    std::array<std::uint32_t, kBuckets> m_counts{};
    std::uint64_t m_count = 0;
    std::uint64_t m_sum = 0;
    std::uint32_t m_max = 0;
};

} // namespace meshyard
