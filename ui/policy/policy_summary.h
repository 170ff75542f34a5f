// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/effective.h"
#include "ui/topology/scene_builder.h"

#include <QString>

#include <map>

namespace meshyard::ui {

/// "window 10 s · ≥ 20 calls · 50 % failures".
QString summaryOf(const BreakerPolicy& policy);
/// "least request · max 100 requests · eject 5 × 5xx"; "timeout 500 ms · 2 retries".
QString summaryOf(const config::Resource& resource);

/// Adds the weights of a VirtualService's newest catch-all route, for each host it names.
void addRouteWeights(
    const config::Resource& virtualService, std::map<std::string, RouteWeights>& into);

} // namespace meshyard::ui
