// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <span>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// The command line of meshyardd.
struct DaemonOptions
{
    enum class Mode { Serve, Help, Version };

    Mode mode = Mode::Serve;
    std::string dataDir;
    std::string admin; ///< "" = admin.sock in the run folder
    std::string xds; ///< "" = beside the admin socket, else in the run folder
    bool demo = false;
    bool restart = true; ///< false: the supervisor does not start a dead control plane again
    int supervisedFd = -1; ///< set by the supervisor: where our addresses go
    int lifelineFd = -1; ///< handed on to the supervisor
};

extern const char* const kDaemonUsage;

/// @return InvalidArgument with one sentence for a usage error.
Result<DaemonOptions> parseDaemonOptions(std::span<char* const> arguments);

/// `$XDG_RUNTIME_DIR/meshyard`, else `/tmp/meshyard-<uid>`.
std::string runFolder();

} // namespace meshyard::control_plane
