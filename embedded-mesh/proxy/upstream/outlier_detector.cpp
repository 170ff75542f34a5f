// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/outlier_detector.h"

#include <algorithm>

namespace meshyard::proxy {

bool OutlierDetector::mayEject(const OutlierSpec& spec, Members members)
{
    const auto ejected = std::ranges::count_if(
        members, [](const auto& member) { return member->ejection.ejected; });
    if (ejected == 0 && spec.alwaysEjectOne)
        return true;
    return (ejected + 1) * 100 <= static_cast<std::ptrdiff_t>(members.size() * spec.maxPercent);
}

bool OutlierDetector::record(
    Endpoint& endpoint, int status, const OutlierSpec& spec, Members members, TimePoint now)
{
    if (!spec.enabled)
        return false;
    EjectionRecord& record = endpoint.ejection;
    const bool gateway = status == 0 || (status >= 502 && status <= 504);
    record.consecutiveGateway = gateway ? record.consecutiveGateway + 1 : 0;
    record.consecutive5xx = status == 0 || status >= 500 ? record.consecutive5xx + 1 : 0;
    const bool over = (spec.consecutive5xx > 0 && record.consecutive5xx >= spec.consecutive5xx)
        || (spec.consecutiveGateway > 0 && record.consecutiveGateway >= spec.consecutiveGateway);
    if (!over || record.ejected)
        return false;
    record.consecutive5xx = record.consecutiveGateway = 0;
    if (!mayEject(spec, members))
        return false;
    ++record.timesEjected;
    ++record.totalEjections;
    record.ejected = true;
    record.until = now + std::min(spec.maxEjection, spec.baseEjection * record.timesEjected);
    return true;
}

bool OutlierDetector::sweep(const OutlierSpec& spec, Members members, TimePoint now)
{
    bool changed = false;
    for (const auto& member : members) {
        EjectionRecord& record = member->ejection;
        if (record.ejected && (now >= record.until || !spec.enabled)) {
            record.ejected = false;
            record.consecutive5xx = record.consecutiveGateway = 0;
            record.until = now + spec.baseEjection;
            changed = true;
        } else if (!record.ejected && record.timesEjected > 0 && now >= record.until) {
            --record.timesEjected;
            record.until = now + spec.baseEjection;
        }
    }
    return changed;
}

} // namespace meshyard::proxy
