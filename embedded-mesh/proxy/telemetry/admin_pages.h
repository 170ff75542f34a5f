// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/worker.h"

#include <string>

namespace meshyard::proxy {

// Texts of the admin endpoint; made on the worker's thread.

/// One line per figure, `cluster::endpoint::name::value`, as Envoy's /clusters.
std::string clustersPage(const Worker& worker);
/// `name: value` lines, counters since start.
std::string statsPage(const Worker& worker);
/// JSON array of every breaker's state.
std::string breakersPage(const Worker& worker, TimePoint now);
/// JSON object: listener name → actual address.
std::string listenersJson(const Worker& worker);

} // namespace meshyard::proxy
