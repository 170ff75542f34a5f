// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/token_bucket.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace meshyard::proxy {

namespace {

std::int64_t nanosOf(TimePoint time)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

} // namespace

TokenBucket::TokenBucket(std::uint32_t maxTokens, std::uint32_t perFill, Duration interval)
    : m_maxTokens(maxTokens)
    , m_nanosPerToken(static_cast<double>(
                          std::chrono::duration_cast<std::chrono::nanoseconds>(interval).count())
          / std::max(perFill, 1U))
    , m_fullAfter(static_cast<std::int64_t>(std::ceil(m_nanosPerToken * maxTokens)))
    , m_empty(std::numeric_limits<std::int64_t>::min() / 2)
{
}

std::int64_t TokenBucket::filledFor(std::int64_t now, std::int64_t empty) const
{
    return std::clamp<std::int64_t>(now - empty, 0, m_fullAfter);
}

bool TokenBucket::take(TimePoint time)
{
    const std::int64_t now = nanosOf(time);
    const auto price = static_cast<std::int64_t>(m_nanosPerToken);
    std::int64_t empty = m_empty.load(std::memory_order_relaxed);
    while (true) {
        const std::int64_t filled = filledFor(now, empty);
        if (filled < price)
            return false;
        if (m_empty.compare_exchange_weak(empty, now - filled + price, std::memory_order_relaxed))
            return true;
    }
}

std::uint32_t TokenBucket::tokens(TimePoint time) const
{
    const std::int64_t filled = filledFor(nanosOf(time), m_empty.load(std::memory_order_relaxed));
    return std::min(m_maxTokens,
        static_cast<std::uint32_t>(
            static_cast<double>(filled) / std::max(std::floor(m_nanosPerToken), 1.0)));
}

Duration TokenBucket::untilNextToken(TimePoint time) const
{
    const std::int64_t filled = filledFor(nanosOf(time), m_empty.load(std::memory_order_relaxed));
    const auto price = static_cast<std::int64_t>(m_nanosPerToken);
    return std::chrono::duration_cast<Duration>(
        std::chrono::nanoseconds(std::max<std::int64_t>(price - filled, 0)));
}

} // namespace meshyard::proxy
