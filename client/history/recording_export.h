// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <string>

namespace meshyard::history {

/// Cuts a range out of a history into one file that opens on another machine: whole minutes of
/// traffic, events, revisions and the topology they need. The target appears only when whole.
/// @return what failed, one sentence; NotFound when nothing is recorded in the range.
Result<void> exportRecording(
    const std::string& history, std::int64_t fromMs, std::int64_t toMs, const std::string& target);

} // namespace meshyard::history
