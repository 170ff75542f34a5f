// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/breaker_window.h"

#include <algorithm>

namespace meshyard {

namespace {

void accumulate(BreakerWindow::Counts& sum, const BreakerWindow::Counts& part)
{
    sum.calls += part.calls;
    sum.failures += part.failures;
    sum.slow += part.slow;
}

} // namespace

BreakerWindow::BreakerWindow(Duration length, unsigned buckets)
    : m_width(std::max<Duration>(length / std::max(buckets, 1U), Duration(1)))
    , m_buckets(std::max(buckets, 1U))
{
}

void BreakerWindow::add(const Counts& call, Duration now)
{
    const std::int64_t index = indexOf(now);
    Bucket& bucket = m_buckets[static_cast<std::size_t>(index) % m_buckets.size()];
    if (bucket.index != index)
        bucket = Bucket{index, {}};
    accumulate(bucket.counts, call);
}

void BreakerWindow::clear()
{
    std::ranges::fill(m_buckets, Bucket{});
}

BreakerWindow::Counts BreakerWindow::totals(Duration now) const
{
    const std::int64_t newest = indexOf(now);
    const std::int64_t oldest = newest - static_cast<std::int64_t>(m_buckets.size()) + 1;
    Counts sum;
    for (const Bucket& bucket : m_buckets) {
        if (bucket.index >= oldest && bucket.index <= newest)
            accumulate(sum, bucket.counts);
    }
    return sum;
}

} // namespace meshyard
