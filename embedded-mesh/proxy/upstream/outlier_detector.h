// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/endpoint.h"

#include <span>

namespace meshyard::proxy {

/// Ejects endpoints that fail several times in a row and lets them back after a growing pause.
///
/// Follows Envoy's consecutive_5xx and consecutive_gateway_failure: arch_overview/upstream/outlier.
/// Thread: the worker that owns the cluster.
class OutlierDetector final
{
public:
    using Members = std::span<const std::shared_ptr<Endpoint>>;

    /// Counts one attempt. @param status of the response; 0 = none came (connect error, reset,
    /// timeout: a failure of both kinds).
    /// @return true when the endpoint was ejected by it.
    static bool record(
        Endpoint& endpoint, int status, const OutlierSpec& spec, Members members, TimePoint now);

    /// Lets back whose time is over. @return true when someone came back.
    static bool sweep(const OutlierSpec& spec, Members members, TimePoint now);

private:
    static bool mayEject(const OutlierSpec& spec, Members members);
};

} // namespace meshyard::proxy
