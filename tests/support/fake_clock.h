// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"

#include <atomic>

namespace meshyard::test {

/// Stands still until advance(). It starts a day past the epoch of the steady clock and on
/// 2026-01-01 00:00:00 UTC of the wall clock, so that "now − window" never underflows.
class FakeClock final : public Clock
{
public:
    TimePoint now() const override { return TimePoint(kStart + m_elapsed.load()); }
    WallTime system() const override
    {
        return WallTime(
            std::chrono::duration_cast<WallTime::duration>(kWallStart + m_elapsed.load()));
    }
    void advance(Duration by) { m_elapsed.store(m_elapsed.load() + by); }

private:
    static constexpr Duration kStart = std::chrono::hours(24);
    static constexpr std::chrono::seconds kWallStart{1'767'225'600};

    std::atomic<Duration> m_elapsed{Duration::zero()};
};

} // namespace meshyard::test
