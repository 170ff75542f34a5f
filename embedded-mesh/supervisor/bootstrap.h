// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meshyard/v1/supervision.pb.h"

#include <cstdint>
#include <string>

namespace meshyard::supervisor {

/// The bootstrap of a sidecar in the shape of Envoy's v3 bootstrap, as JSON: who it is and where
/// its configuration comes from. `status` has the ports the supervisor picked.
/// @param xdsAddress "unix:PATH" or "HOST:PORT".
std::string renderBootstrap(
    const v1::InstanceSpec& spec, const v1::InstanceStatus& status, const std::string& xdsAddress);

} // namespace meshyard::supervisor
