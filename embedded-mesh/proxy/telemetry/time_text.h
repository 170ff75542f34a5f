// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"

#include <string>
#include <string_view>

namespace meshyard::proxy {

/// strftime in UTC, with %f, %1f … %9f for fractions of a second, %s for the epoch, %E3S left to
/// strftime. An empty format is Envoy's default: ISO 8601 with milliseconds and 'Z'.
void appendTime(WallTime time, std::string_view format, std::string& out);

} // namespace meshyard::proxy
