// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker_types.h"
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/proxy/route/listener_spec.h"
#include "embedded-mesh/proxy/upstream/cluster_spec.h"

#include <map>
#include <set>

namespace meshyard::proxy {

/// A manual override as this proxy got it; the deadline is on its own clock.
struct OverrideSpec
{
    std::string id;
    std::vector<std::string> clusters;
    OverrideKind kind = OverrideKind::None;
    unsigned drainPercent = 0;
    TimePoint deadline = TimePoint::max();
    std::int64_t deadlineUnixMs = 0;
    std::string reason;
    std::string operatorName;
    bool reset = false;
};

/// Everything a worker runs on. Parts that did not change are the same objects as before, so that
/// a worker sees at a glance what to touch.
///
/// Thread: immutable; shared.
struct ConfigSnapshot
{
    struct ClusterConfig
    {
        std::shared_ptr<const ClusterSpec> spec;
        std::shared_ptr<const EndpointSet> endpoints;
    };

    std::map<std::string, std::shared_ptr<const ListenerSpec>> listeners;
    std::map<std::string, std::shared_ptr<const RouteTable>> routes;
    std::map<std::string, ClusterConfig> clusters;
    std::vector<OverrideSpec> overrides;
    std::map<std::string, std::string> versions; // type URL -> version_info
};

} // namespace meshyard::proxy
