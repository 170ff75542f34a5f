// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace meshyard::ctl {

namespace {

constexpr double kLongestMs = 1000.0 * 86400 * 3650;

/// Milliseconds of the unit that `rest` begins with, which is taken off; 0 = no unit.
double takeUnit(std::string_view& rest)
{
    constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
        {{"ms", 1.0}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}}};
    for (const auto& [name, factor] : kUnits) {
        if (rest.starts_with(name)) {
            rest.remove_prefix(name.size());
            return factor;
        }
    }
    return 0;
}

} // namespace

Result<std::int64_t> parseDurationMs(std::string_view text)
{
    const auto wrong = [text] {
        return failure(ErrorCode::InvalidArgument,
            fmt::format("\"{}\" is no duration; write e.g. 90s, 10m or 1h30m", text));
    };
    double total = 0;
    for (std::string_view rest = text; !rest.empty() || text.empty();) {
        double number = 0;
        const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (parsed.ec != std::errc() || !(number >= 0))
            return wrong();
        const bool bare = rest.data() == text.data() && parsed.ptr == text.data() + text.size();
        rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()));
        const double unit = bare ? 1e3 : takeUnit(rest);
        if (unit == 0)
            return wrong();
        total += number * unit;
    }
    if (!(total >= 1 && total <= kLongestMs))
        return wrong();
    return static_cast<std::int64_t>(std::llround(total));
}

} // namespace meshyard::ctl
