// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/counter.h"

namespace meshyard::proxy {

struct ListenerSpec;

/// Counters of a listener's filters, the network ones and the HTTP ones.
void visitFilterStats(const ListenerSpec& listener, const StatSink& sink);

} // namespace meshyard::proxy
