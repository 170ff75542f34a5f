// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"

#include <malloc.h>

namespace meshyard::proxy {

/// Gives memory back to the system after a burst: what was needed for thousands of connections
/// would else stay with the process for ever.
///
/// Thread: one; called once a second.
class MemoryTrimmer final
{
public:
    void tick(TimePoint now)
    {
        const struct mallinfo2 info = ::mallinfo2();
        const bool wasteful = info.fordblks > kWorthIt && info.fordblks > info.uordblks / 2;
        m_wasteful = wasteful ? m_wasteful + 1 : 0;
        if (m_wasteful < kPatience || now < m_next)
            return;
        ::malloc_trim(0);
        m_wasteful = 0;
        m_next = now + std::chrono::seconds(10);
    }

private:
    static constexpr std::size_t kWorthIt = 8 * 1024 * 1024;
    static constexpr int kPatience = 3; // seconds: the burst is over

    int m_wasteful = 0;
    TimePoint m_next{};
};

} // namespace meshyard::proxy
