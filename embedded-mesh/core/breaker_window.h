// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace meshyard {

/// Sliding window of call counts in equal buckets; old buckets fall out as time goes on.
///
/// Thread: its owner's.
class BreakerWindow final
{
public:
    using Duration = std::chrono::microseconds;

    struct Counts
    {
        std::uint32_t calls = 0;
        std::uint32_t failures = 0; // incl. soft ones
        std::uint32_t slow = 0;
        bool operator==(const Counts&) const = default;
    };

    BreakerWindow(Duration length, unsigned buckets);

    void add(const Counts& call, Duration now);
    void clear();
    /// Sums over the buckets that are still inside the window at `now`.
    Counts totals(Duration now) const;

private:
    struct Bucket
    {
        std::int64_t index = -1; // which slice of time this bucket holds
        Counts counts;
    };

    std::int64_t indexOf(Duration now) const { return now / m_width; }

    Duration m_width;
    std::vector<Bucket> m_buckets;
};

} // namespace meshyard
