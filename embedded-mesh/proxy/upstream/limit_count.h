// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>

namespace meshyard::proxy {

/// A count under a limit: this worker's alone, or over all workers when they share an atomic. With
/// several workers the limit may be exceeded for a moment by a racing neighbour, as in Envoy.
///
/// Thread: its worker's; the shared part is relaxed.
class LimitCount final
{
public:
    /// Before the first use.
    void share(std::atomic<std::uint32_t>* total) { m_total = total; }

    /// Takes a place. @return false = all are taken.
    bool take(std::uint32_t limit)
    {
        if (!hasRoom(limit))
            return false;
        add();
        return true;
    }
    bool hasRoom(std::uint32_t limit) const { return total() < limit; }
    void add()
    {
        ++m_own;
        if (m_total != nullptr)
            m_total->fetch_add(1, std::memory_order_relaxed);
    }
    void give()
    {
        if (m_own == 0)
            return;
        --m_own;
        if (m_total != nullptr)
            m_total->fetch_sub(1, std::memory_order_relaxed);
    }

    bool isShared() const { return m_total != nullptr; }
    std::uint32_t own() const { return m_own; }
    std::uint32_t total() const
    {
        return m_total == nullptr ? m_own : m_total->load(std::memory_order_relaxed);
    }

private:
    std::uint32_t m_own = 0;
    std::atomic<std::uint32_t>* m_total = nullptr;
};

} // namespace meshyard::proxy
