// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace meshyard::net {

class TimerWheel;

/// A deadline with a callback. Cheap to move forward: arming for later, and cancelling, only store
/// a number; the node moves when its old slot comes round. Fires up to one tick late, never early.
///
/// The callback may arm, cancel or destroy its own timer.
class Timer final
{
public:
    Timer(TimerWheel& wheel, std::function<void()> callback);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void arm(TimePoint deadline);
    /// From the wheel's cached time, not from the clock.
    void armAfter(Duration delay);
    void cancel() { m_deadline = kNever; }
    bool isArmed() const { return m_deadline != kNever; }
    TimePoint deadline() const { return m_deadline; }

private:
    friend class TimerWheel;
    static constexpr TimePoint kNever = TimePoint::max();

    TimerWheel& m_wheel; // outlives us
    std::function<void()> m_callback;
    TimePoint m_deadline = kNever;
    std::uint64_t m_placedTick = 0; // where the node hangs; 0 = nowhere
    Timer* m_next = nullptr;
    Timer** m_link = nullptr; // what points at us
};

/// Hashed timer wheel of 2048 slots. Deadlines beyond its span wait in the last slot and go round.
///
/// Follows Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", scheme 6.
/// Thread: the loop that owns it.
class TimerWheel final
{
public:
    TimerWheel(TimePoint now, Duration tick);
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    /// Moves the cached time; fires nothing.
    void setNow(TimePoint now) { m_now = std::max(m_now, now); }
    /// Fires what is due at now().
    void fireDue();
    /// @return when fireDue() must be called next (may prove too early); nullopt = no timer hangs.
    std::optional<TimePoint> nextWake() const;
    TimePoint now() const { return m_now; }

private:
    friend class Timer;
    static constexpr std::uint64_t kSlots = 2048;
    static constexpr std::uint64_t kMask = kSlots - 1;

    std::uint64_t tickOf(TimePoint deadline) const;
    void place(Timer& timer);
    void unlink(Timer& timer);
    void turnSlot(std::uint64_t tick);

    const TimePoint m_origin;
    const Duration m_tick;
    TimePoint m_now;
    std::uint64_t m_current = 0;
    Timer* m_firing = nullptr; // null again when it is destroyed meanwhile
    std::array<Timer*, kSlots> m_slots{};
    std::array<std::uint64_t, kSlots / 64> m_occupied{};
};

} // namespace meshyard::net
