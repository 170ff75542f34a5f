// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/latency_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace meshyard {

std::size_t LatencySketch::bucketOf(std::uint64_t micros)
{
    if (micros < 16)
        return static_cast<std::size_t>(micros);
    const auto exponent = static_cast<unsigned>(std::bit_width(micros) - 1);
    const std::size_t bucket = 16 * (static_cast<std::size_t>(exponent) - 3)
        + static_cast<std::size_t>((micros >> (exponent - 4)) & 15U);
    return std::min(bucket, kBuckets - 1);
}

std::uint64_t LatencySketch::lowerBound(std::size_t bucket)
{
    if (bucket < 16)
        return bucket;
    const std::size_t exponent = bucket / 16 + 3;
    return (std::uint64_t{16} + bucket % 16) << (exponent - 4);
}

void LatencySketch::record(std::uint64_t micros)
{
    ++m_counts[bucketOf(micros)];
    ++m_count;
    m_sum += micros;
    const std::uint64_t cap = std::numeric_limits<std::uint32_t>::max();
    m_max = std::max(m_max, static_cast<std::uint32_t>(std::min(micros, cap)));
}

void LatencySketch::addToBucket(std::size_t bucket, std::uint32_t count)
{
    m_counts[std::min(bucket, kBuckets - 1)] += count;
    m_count += count;
}

void LatencySketch::setSumAndMax(std::uint64_t sumMicros, std::uint32_t maxMicros)
{
    m_sum = sumMicros;
    m_max = maxMicros;
}

void LatencySketch::merge(const LatencySketch& other)
{
    if (other.isEmpty())
        return;
    for (std::size_t i = 0; i < kBuckets; ++i)
        m_counts[i] += other.m_counts[i];
    m_count += other.m_count;
    m_sum += other.m_sum;
    m_max = std::max(m_max, other.m_max);
}

void LatencySketch::clear()
{
    *this = LatencySketch();
}

std::optional<double> LatencySketch::quantileMicros(double quantile) const
{
    if (m_count == 0)
        return std::nullopt;
    const double rank = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(m_count);
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        const std::uint32_t here = m_counts[i];
        if (here == 0 || static_cast<double>(before + here) < rank) {
            before += here;
            continue;
        }
        const auto low = static_cast<double>(lowerBound(i));
        const auto high = static_cast<double>(lowerBound(i + 1));
        const double share = (rank - static_cast<double>(before)) / static_cast<double>(here);
        const double value = low + (high - low) * std::clamp(share, 0.0, 1.0);
        return m_max > 0 ? std::min(value, static_cast<double>(m_max)) : value;
    }
    return static_cast<double>(m_max);
}

} // namespace meshyard
