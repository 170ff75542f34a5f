// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meshyard/v1/telemetry.pb.h"

#include <vector>

namespace meshyard::proxy {

/// Makes one report of what the workers of one proxy report for the same second: counts and
/// sketches add up, what only the owner of the breakers knows comes from it alone.
///
/// @param parts the owner's first; not empty.
v1::ProxyReport mergeReports(std::vector<v1::ProxyReport> parts);

} // namespace meshyard::proxy
