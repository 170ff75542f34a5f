// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "meshyard/v1/supervision.pb.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace meshyard::supervisor {

/// The command line of meshyard-supervisor.
struct Options
{
    enum class Mode { ControlPlane, Foreground, Help, Version };

    Mode mode = Mode::ControlPlane;
    std::string dataDir;
    int lifelineFd = -1;
    bool restartControlPlane = true;
    std::vector<std::string> controlPlane; ///< program and arguments
    std::string connect; ///< foreground: address of the admin socket
    v1::InstanceSpec instance; ///< foreground: what to bring along
};

extern const char* const kUsage;

/// @return InvalidArgument with one sentence for a usage error.
Result<Options> parseOptions(std::span<char* const> arguments);

} // namespace meshyard::supervisor
