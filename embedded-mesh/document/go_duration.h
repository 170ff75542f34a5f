// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace meshyard::document {

/// Go's duration notation: "100ms", "1h30m", "1.5s", "-2s", "0". Units h m s ms us µs ns.
/// @return nullopt = not a duration, or beyond ± 292 years.
std::optional<std::chrono::nanoseconds> parseGoDuration(std::string_view text);

/// The shortest exact notation: "1h30m", "1.5s", "100ms", "0s".
std::string toGoDuration(std::chrono::nanoseconds duration);

} // namespace meshyard::document
