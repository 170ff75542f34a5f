// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <string>

namespace meshyard::ctl {

/// "now", "10m" (so long before now), "14:03" or "14:03:20" (today), "2026-11-23 14:03[:20]", the
/// same with T, local unless it ends with Z or an offset; @SECONDS. @return unix milliseconds.
Result<std::int64_t> parseTimeMs(const std::string& text, std::int64_t nowMs);

} // namespace meshyard::ctl
