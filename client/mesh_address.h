// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <string>

namespace meshyard {

/// The folder of this user's mesh: $XDG_RUNTIME_DIR/meshyard, else /tmp/meshyard-<uid>.
std::string runFolder();

/// `wanted` if not empty, else $MESHYARD_ADDR, else the admin socket of the run folder.
std::string meshAddress(const std::string& wanted = {});

/// Where this user's history is: $XDG_DATA_HOME (else ~/.local/share) /meshyard/history.sqlite.
std::string historyFile();

/// Checks an address of a person: `unix:PATH` (≤ 107 bytes) or `HOST:PORT`.
/// @return the form gRPC takes, or InvalidArgument with a sentence.
Result<std::string> grpcTarget(const std::string& address);

} // namespace meshyard
