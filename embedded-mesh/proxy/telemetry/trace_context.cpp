// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/trace_context.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::optional<std::uint8_t> byteOf(std::string_view two)
{
    const std::size_t high = kHex.find(two[0]);
    const std::size_t low = kHex.find(two[1]);
    if (high == std::string_view::npos || low == std::string_view::npos)
        return std::nullopt;
    return static_cast<std::uint8_t>(high << 4 | low);
}

template <std::size_t N> bool read(std::string_view text, std::array<std::uint8_t, N>& id)
{
    for (std::size_t i = 0; i < N; ++i) {
        const auto byte = byteOf(text.substr(2 * i, 2));
        if (!byte)
            return false;
        id[i] = *byte;
    }
    return std::ranges::any_of(id, [](std::uint8_t byte) { return byte != 0; });
}

template <std::size_t N> char* write(const std::array<std::uint8_t, N>& id, char* out)
{
    for (const std::uint8_t byte : id) {
        *out++ = kHex[byte >> 4];
        *out++ = kHex[byte & 15];
    }
    return out;
}

} // namespace

std::optional<TraceContext> TraceContext::parse(std::string_view text)
{
    if (text.size() < kTextSize || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return std::nullopt;
    const auto version = byteOf(text.substr(0, 2));
    const auto flags = byteOf(text.substr(53, 2));
    if (!version || !flags || *version == 0xff)
        return std::nullopt;
    if (text.size() > kTextSize && (*version == 0 || text[kTextSize] != '-'))
        return std::nullopt;
    TraceContext context;
    if (!read(text.substr(3, 32), context.traceId) || !read(text.substr(36, 16), context.spanId))
        return std::nullopt;
    context.sampled = (*flags & 1U) != 0;
    return context;
}

std::array<char, TraceContext::kTextSize> TraceContext::text() const
{
    std::array<char, kTextSize> made{'0', '0', '-'};
    char* at = write(traceId, made.data() + 3);
    *at++ = '-';
    at = write(spanId, at);
    *at++ = '-';
    *at++ = '0';
    *at = sampled ? '1' : '0';
    return made;
}

std::string TraceContext::traceIdText() const
{
    std::string made(32, '0');
    write(traceId, made.data());
    return made;
}

} // namespace meshyard::proxy
