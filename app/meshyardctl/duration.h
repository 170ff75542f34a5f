// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <string_view>

namespace meshyard::ctl {

/// "90s", "1h30m", "500ms", "2.5m"; a bare number is seconds. @return milliseconds, positive.
Result<std::int64_t> parseDurationMs(std::string_view text);

} // namespace meshyard::ctl
