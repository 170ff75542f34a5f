// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/health_checker.h"

#include <string>

namespace meshyard::proxy {

/// Lines of /stats about limits, outlier detection and health checks, in Envoy's names.
/// @param checks nullptr = the cluster is not checked.
std::string clusterStats(const Cluster& cluster, const HealthChecker::Counters* checks);

/// The health_flags of /clusters: "healthy", or each reason against it, as "/failed_active_hc".
std::string healthFlags(const Endpoint& endpoint);

} // namespace meshyard::proxy
