// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace meshyard::net {

Timer::Timer(TimerWheel& wheel, std::function<void()> callback)
    : m_wheel(wheel)
    , m_callback(std::move(callback))
{
}

Timer::~Timer()
{
    m_wheel.unlink(*this);
    if (m_wheel.m_firing == this)
        m_wheel.m_firing = nullptr;
}

void Timer::arm(TimePoint deadline)
{
    m_deadline = deadline;
    const bool hangsEarlyEnough = m_link != nullptr && m_placedTick <= m_wheel.tickOf(deadline);
    if (!hangsEarlyEnough && isArmed()) {
        m_wheel.unlink(*this);
        m_wheel.place(*this);
    }
}

void Timer::armAfter(Duration delay)
{
    arm(m_wheel.now() + delay);
}

TimerWheel::TimerWheel(TimePoint now, Duration tick)
    : m_origin(now)
    , m_tick(tick)
    , m_now(now)
{
}

std::uint64_t TimerWheel::tickOf(TimePoint deadline) const
{
    const Duration ahead = deadline - m_origin;
    if (ahead <= Duration::zero())
        return m_current + 1;
    const std::uint64_t tick = static_cast<std::uint64_t>(ahead / m_tick)
        + (ahead % m_tick == Duration::zero() ? 0U : 1U);
    // Never the slot being turned: a node that lands there again would be met twice in one round.
    return std::clamp(tick, m_current + 1, m_current + kSlots - 1);
}

void TimerWheel::place(Timer& timer)
{
    timer.m_placedTick = tickOf(timer.m_deadline);
    const std::uint64_t slot = timer.m_placedTick & kMask;
    Timer*& head = m_slots[slot];
    timer.m_next = head;
    timer.m_link = &head;
    if (head != nullptr)
        head->m_link = &timer.m_next;
    head = &timer;
    m_occupied[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimerWheel::unlink(Timer& timer)
{
    if (timer.m_link == nullptr)
        return;
    *timer.m_link = timer.m_next;
    if (timer.m_next != nullptr)
        timer.m_next->m_link = timer.m_link;
    timer.m_next = nullptr;
    timer.m_link = nullptr;
    const std::uint64_t slot = timer.m_placedTick & kMask;
    if (m_slots[slot] == nullptr)
        m_occupied[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

void TimerWheel::fireDue()
{
    const auto target = static_cast<std::uint64_t>((m_now - m_origin) / m_tick);
    if (target > m_current + kSlots) // after a long sleep each slot needs one turn only
        m_current = target - kSlots;
    while (m_current < target)
        turnSlot(++m_current);
}

void TimerWheel::turnSlot(std::uint64_t tick)
{
    Timer*& head = m_slots[tick & kMask];
    while (head != nullptr) {
        Timer& timer = *head;
        unlink(timer);
        if (!timer.isArmed())
            continue;
        if (timer.m_deadline > m_now) {
            place(timer);
            continue;
        }
        timer.m_deadline = Timer::kNever;
        // The callback may destroy its timer: run it from here and give it back only if it lives.
        m_firing = &timer;
        auto callback = std::move(timer.m_callback);
        callback();
        if (m_firing != nullptr)
            timer.m_callback = std::move(callback);
        m_firing = nullptr;
    }
}

std::optional<TimePoint> TimerWheel::nextWake() const
{
    constexpr std::uint64_t kWords = kSlots / 64;
    const std::uint64_t first = (m_current + 1) & kMask;
    for (std::uint64_t step = 0; step <= kWords; ++step) {
        const std::uint64_t word = (first / 64 + step) % kWords;
        std::uint64_t bits = m_occupied[word];
        if (step == 0)
            bits &= ~std::uint64_t{0} << (first % 64);
        else if (step == kWords)
            bits &= ~(~std::uint64_t{0} << (first % 64));
        if (bits == 0)
            continue;
        const std::uint64_t slot = word * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
        const std::uint64_t ahead = (slot - first) & kMask;
        return m_origin + m_tick * static_cast<Duration::rep>(m_current + 1 + ahead);
    }
    return std::nullopt;
}

} // namespace meshyard::net
