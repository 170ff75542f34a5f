// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/go_duration.h"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace meshyard::document {
namespace {

using Nanos = std::int64_t;
constexpr Nanos kMax = std::numeric_limits<Nanos>::max();

// Longer names first, so that "ms" is not read as "m".
constexpr std::array<std::pair<std::string_view, Nanos>, 8> kUnits = {{
    {"ms", 1'000'000},
    {"us", 1'000},
    {"µs", 1'000},
    {"μs", 1'000},
    {"ns", 1},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
}};

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

std::optional<Nanos> takeUnit(std::string_view& text)
{
    for (const auto& [name, nanos] : kUnits) {
        if (text.starts_with(name)) {
            text.remove_prefix(name.size());
            return nanos;
        }
    }
    return std::nullopt;
}

// One "12.5ms": whole part and fraction apart, so that it is exact.
std::optional<Nanos> takeTerm(std::string_view& text)
{
    Nanos whole = 0;
    Nanos fraction = 0;
    Nanos scale = 1;
    std::size_t digits = 0;
    for (; !text.empty() && isDigit(text.front()); text.remove_prefix(1), ++digits) {
        if (whole > (kMax - 9) / 10)
            return std::nullopt;
        whole = whole * 10 + (text.front() - '0');
    }
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        for (; !text.empty() && isDigit(text.front()); text.remove_prefix(1), ++digits) {
            if (scale < 1'000'000'000) { // what is finer is dropped
                fraction = fraction * 10 + (text.front() - '0');
                scale *= 10;
            }
        }
    }
    const auto unit = digits > 0 ? takeUnit(text) : std::nullopt;
    if (!unit || whole > kMax / *unit)
        return std::nullopt;
    const Nanos rest = fraction * (*unit / scale) + fraction * (*unit % scale) / scale;
    return whole * *unit > kMax - rest ? std::nullopt : std::optional(whole * *unit + rest);
}

void appendUnit(std::string& text, Nanos& rest, Nanos unit, std::string_view name)
{
    if (rest < unit)
        return;
    text += std::to_string(rest / unit);
    text += name;
    rest %= unit;
}

std::string seconds(Nanos nanos)
{
    if (nanos % 1'000'000'000 == 0)
        return std::to_string(nanos / 1'000'000'000) + "s";
    if (nanos < 1'000'000 && nanos % 1'000 == 0)
        return std::to_string(nanos / 1'000) + "us";
    if (nanos < 1'000'000)
        return std::to_string(nanos) + "ns";
    if (nanos < 1'000'000'000 && nanos % 1'000'000 == 0)
        return std::to_string(nanos / 1'000'000) + "ms";
    std::string fraction = std::to_string(nanos % 1'000'000'000);
    fraction.insert(0, 9 - fraction.size(), '0');
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return std::to_string(nanos / 1'000'000'000) + "." + fraction + "s";
}

} // namespace

std::optional<std::chrono::nanoseconds> parseGoDuration(std::string_view text)
{
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+'))
        text.remove_prefix(1);
    if (text == "0")
        return std::chrono::nanoseconds(0);
    if (text.empty())
        return std::nullopt;
    Nanos total = 0;
    while (!text.empty()) {
        const auto term = takeTerm(text);
        if (!term || total > kMax - *term)
            return std::nullopt;
        total += *term;
    }
    return std::chrono::nanoseconds(negative ? -total : total);
}

std::string toGoDuration(std::chrono::nanoseconds duration)
{
    Nanos rest = duration.count();
    if (rest == 0)
        return "0s";
    std::string text;
    if (rest < 0) {
        text = "-";
        rest = rest == std::numeric_limits<Nanos>::min() ? kMax : -rest;
    }
    appendUnit(text, rest, 3'600'000'000'000, "h");
    appendUnit(text, rest, 60'000'000'000, "m");
    if (rest > 0)
        text += seconds(rest);
    return text;
}

} // namespace meshyard::document
