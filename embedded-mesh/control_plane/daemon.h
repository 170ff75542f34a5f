// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/options.h"

#include <string>

namespace meshyard::control_plane {

/// Serves until a signal or a stopped mesh ends it. @return the process's exit code.
int serve(const DaemonOptions& options, const std::string& version);

/// The demo mesh's documents, compiled in from resources/scenarios/demo.yaml.
extern const char* const kDemoDocuments;

} // namespace meshyard::control_plane
