// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace meshyard::proxy {

/// Counts for the admin pages. Workers share filters, so it is atomic; nothing waits on it.
class Counter final
{
public:
    void add(std::uint64_t count = 1) { m_value.fetch_add(count, std::memory_order_relaxed); }
    std::uint64_t value() const { return m_value.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> m_value{0};
};

/// Gets each counter under Envoy's name for it.
using StatSink = std::function<void(std::string_view name, std::uint64_t value)>;

} // namespace meshyard::proxy
