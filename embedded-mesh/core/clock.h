// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

namespace meshyard {

using TimePoint = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// Where time comes from, so that tests step it instead of sleeping.
///
/// Thread: implementations may be read from any thread.
class Clock
{
public:
    virtual ~Clock() = default;

    /// Never goes back; what every deadline, window and latency is measured with.
    virtual TimePoint now() const = 0;
    /// Wall time: only for people and for stamps that leave the process.
    virtual WallTime system() const = 0;
};

/// The machine's own clocks.
class SteadyClock final : public Clock
{
public:
    TimePoint now() const override { return std::chrono::steady_clock::now(); }
    WallTime system() const override { return std::chrono::system_clock::now(); }
};

} // namespace meshyard
