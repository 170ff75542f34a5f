// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/telemetry/figures.h"

#include <string>

namespace meshyard::proxy {

// Texts of the admin endpoint.

/// One line per figure, `cluster::endpoint::name::value`, as Envoy's /clusters.
std::string clustersPage(const Figures& figures);
/// `name: value` lines, counters since start; Envoy's names, and ours for what it does not count.
std::string statsPage(const Figures& figures);
/// JSON array of every breaker's state.
std::string breakersPage(const Figures& figures);
/// JSON object: listener name → actual address. On the worker's thread.
std::string listenersJson(const Worker& worker);

} // namespace meshyard::proxy
