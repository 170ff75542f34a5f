// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <random>
#include <unordered_set>

namespace meshyard::supervisor {

/// Hands out loopback ports that nobody listens on, below the kernel's ephemeral range so that no
/// outgoing connection takes one before its owner binds it.
///
/// Thread: the supervisor's main thread.
class PortAllocator final
{
public:
    explicit PortAllocator(std::uint32_t seed);

    /// @return ResourceExhausted when 500 tries found none.
    Result<std::uint16_t> take();
    void giveBack(std::uint16_t port) { m_taken.erase(port); }

private:
    std::mt19937 m_random;
    std::unordered_set<std::uint16_t> m_taken;
};

} // namespace meshyard::supervisor
