// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace meshyard::proxy {

/// Where a request stands in a trace: W3C Trace Context, level 1.
struct TraceContext
{
    static constexpr std::size_t kTextSize = 55; // version 00

    std::array<std::uint8_t, 16> traceId{};
    std::array<std::uint8_t, 8> spanId{};
    bool sampled = false;

    /// Reads a traceparent strictly: lower-case hex, no zero ids, version not ff; a later version
    /// may say more behind the flags. @return nullopt = as if there were none.
    static std::optional<TraceContext> parse(std::string_view traceparent);
    /// As a traceparent of version 00.
    std::array<char, kTextSize> text() const;
    std::string traceIdText() const;
};

/// Fills an id from random numbers; never all zero.
template <std::size_t N, typename Random> void fillId(std::array<std::uint8_t, N>& id, Random&& random)
{
    for (std::size_t at = 0; at < N; at += 8) {
        const std::uint64_t bits = random();
        for (std::size_t i = 0; i < 8; ++i)
            id[at + i] = static_cast<std::uint8_t>(bits >> (8 * i));
    }
    id[0] = id[0] == 0 ? 1 : id[0];
}

} // namespace meshyard::proxy
