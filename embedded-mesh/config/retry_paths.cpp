// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/retry_paths.h"

#include <algorithm>

namespace meshyard::config {

void RetryPaths::addCall(const HostTarget& source, const HostTarget& destination)
{
    if (source == destination)
        return;
    const auto from = m_stations.try_emplace(source).first;
    const auto to = m_stations.try_emplace(destination).first;
    from->second.callees.push_back(&to->first);
    to->second.callers.push_back(&from->first);
}

void RetryPaths::addTries(const HostTarget& host, int tries)
{
    // Without a call graph nothing is multiplied: only stations of calls matter.
    const auto station = m_stations.find(host);
    if (station != m_stations.end())
        station->second.tries = std::max(station->second.tries, tries);
}

void RetryPaths::measure()
{
    for (auto& [host, station] : m_stations) {
        measureBelow(station);
        measureAbove(station);
    }
}

// Depth of the recursion: the longest chain of services, tens at most; a cycle counts as its end.
double RetryPaths::measureBelow(Station& station)
{
    if (station.below > 0)
        return station.below;
    station.below = 1;
    double worst = 1;
    for (const HostTarget* callee : station.callees) {
        Station& next = m_stations.at(*callee);
        const double product = next.tries * measureBelow(next);
        if (product > worst) {
            worst = product;
            station.worstCallee = callee;
        }
    }
    return station.below = worst;
}

double RetryPaths::measureAbove(Station& station)
{
    if (station.above > 0)
        return station.above;
    station.above = 1;
    double worst = 1;
    for (const HostTarget* caller : station.callers) {
        Station& next = m_stations.at(*caller);
        const double product = next.tries * measureAbove(next);
        if (product > worst) {
            worst = product;
            station.worstCaller = caller;
        }
    }
    return station.above = worst;
}

RetryPaths::Path RetryPaths::through(const HostTarget& host) const
{
    Path path;
    const auto own = m_stations.find(host);
    if (own == m_stations.end())
        return path;
    const auto add = [&](const HostTarget& name, const Station& station) {
        if (station.tries > 1)
            path.hops.emplace_back(name, station.tries);
        path.product *= station.tries;
    };
    std::size_t left = m_stations.size(); // a cycle must end
    for (const Station* at = &own->second; at->worstCaller && left > 0; --left) {
        const HostTarget* caller = at->worstCaller;
        at = &m_stations.at(*caller);
        add(*caller, *at);
    }
    std::ranges::reverse(path.hops);
    add(host, own->second);
    for (const Station* at = &own->second; at->worstCallee && left > 0; --left) {
        const HostTarget* callee = at->worstCallee;
        at = &m_stations.at(*callee);
        add(*callee, *at);
    }
    return path;
}

} // namespace meshyard::config
