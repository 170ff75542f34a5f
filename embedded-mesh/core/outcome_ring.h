// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace meshyard {

/// One message of a worker to the owner of a shared breaker.
struct OutcomeRecord
{
    enum class Kind : std::uint8_t { Finished, Released, TrialBegun };

    std::int64_t at = 0; // µs of the breaker's time
    std::uint32_t generation = 0; // low half
    std::uint32_t lease = 0;
    std::uint32_t micros = 0; // latency; TrialBegun: the route's timeout
    std::uint32_t retryAfterMs = 0; // 0 = the peer said none
    std::int16_t status = 0;
    std::int8_t grpcStatus = -1;
    std::uint8_t end = 0; // CallOutcome::End
    Kind kind = Kind::Finished;
};

/// Queue from one producer to one consumer. Both sides are sequentially consistent, so that a
/// producer that finds the consumer already notified may rely on being seen.
class OutcomeRing final
{
public:
    static constexpr std::size_t kSize = 256;

    /// Producer. @return false = full.
    bool push(const OutcomeRecord& record)
    {
        const std::size_t head = m_head.load(std::memory_order_relaxed);
        if (head - m_tail.load(std::memory_order_acquire) == kSize)
            return false;
        m_records[head % kSize] = record;
        m_head.store(head + 1, std::memory_order_seq_cst);
        return true;
    }

    /// Consumer.
    template <typename Visit> void takeAll(Visit&& visit)
    {
        const std::size_t head = m_head.load(std::memory_order_seq_cst);
        std::size_t tail = m_tail.load(std::memory_order_relaxed);
        for (; tail != head; ++tail)
            visit(m_records[tail % kSize]);
        m_tail.store(tail, std::memory_order_release);
    }

    /// Producer: whether the consumer should hurry.
    bool isHalfFull() const
    {
        return m_head.load(std::memory_order_relaxed) - m_tail.load(std::memory_order_relaxed)
            >= kSize / 2;
    }

private:
    alignas(64) std::atomic<std::size_t> m_head{0};
    alignas(64) std::atomic<std::size_t> m_tail{0};
    std::array<OutcomeRecord, kSize> m_records;
};

} // namespace meshyard
