// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/effective.h"

#include <map>
#include <utility>
#include <vector>

namespace meshyard::config {

/// How retries multiply along the paths of the call graph. Internal to the room.
class RetryPaths final
{
public:
    struct Path
    {
        double product = 1; ///< calls of the last service for one call of the first
        std::vector<std::pair<HostTarget, int>>
            hops; ///< services that are retried, and tries of each
    };

    void addCall(const HostTarget& source, const HostTarget& destination);
    /// @param tries of one call to the host, with the first; the highest counts.
    void addTries(const HostTarget& host, int tries);
    /// Once, after everything was added: linear in the calls. A cycle is walked once.
    void measure();

    /// The worst path that calls this host.
    Path through(const HostTarget& host) const;

private:
    struct Station
    {
        int tries = 1;
        std::vector<const HostTarget*> callees;
        std::vector<const HostTarget*> callers;
        const HostTarget* worstCallee = nullptr;
        const HostTarget* worstCaller = nullptr;
        double below = 0; ///< product of the tries behind it; 0 = not measured yet
        double above = 0;
    };

    double measureBelow(Station& station);
    double measureAbove(Station& station);

    std::map<HostTarget, Station> m_stations;
};

} // namespace meshyard::config
