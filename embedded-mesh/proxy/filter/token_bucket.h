// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"

#include <atomic>
#include <cstdint>

namespace meshyard::proxy {

/// Tokens that come evenly with time; shared by workers without a lock. Its whole state is the
/// moment at which it was (or will have been) empty.
class TokenBucket final
{
public:
    /// Starts full. @param perFill tokens each `interval` brings, at least 1.
    TokenBucket(std::uint32_t maxTokens, std::uint32_t perFill, Duration interval);

    bool take(TimePoint now);
    std::uint32_t maxTokens() const { return m_maxTokens; }
    std::uint32_t tokens(TimePoint now) const;
    /// 0 = there is one.
    Duration untilNextToken(TimePoint now) const;

private:
    /// Nanoseconds since it was empty, at most as many as fill it.
    std::int64_t filledFor(std::int64_t now, std::int64_t empty) const;

    const std::uint32_t m_maxTokens;
    const double m_nanosPerToken;
    const std::int64_t m_fullAfter; // nanoseconds
    std::atomic<std::int64_t> m_empty; // on the clock's own scale
};

} // namespace meshyard::proxy
