// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/outlier_detector.h"

#include "embedded-mesh/proxy/upstream/host_picker.h"

#include <algorithm>
#include <cmath>

namespace meshyard::proxy {

namespace {

std::uint32_t enforcing(const OutlierSpec& spec, OutlierCause cause)
{
    switch (cause) {
    case OutlierCause::Consecutive5xx:
        return spec.enforcing5xx;
    case OutlierCause::ConsecutiveGateway:
        return spec.enforcingGateway;
    case OutlierCause::ConsecutiveLocal:
        return spec.enforcingLocal;
    case OutlierCause::SuccessRate:
        return spec.enforcingSuccessRate;
    case OutlierCause::LocalSuccessRate:
        return spec.enforcingLocalSuccessRate;
    case OutlierCause::FailurePercentage:
        return spec.enforcingFailurePercentage;
    case OutlierCause::LocalFailurePercentage:
        return spec.enforcingLocalFailurePercentage;
    }
    return 0;
}

} // namespace

/// Success rates of one interval, in percent.
struct OutlierDetector::Rates
{
    struct Row
    {
        Endpoint* endpoint;
        double rate;
        std::uint32_t volume;
    };

    std::vector<Row> rows;

    std::size_t count(std::uint32_t volume) const
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(rows, [volume](const Row& row) { return row.volume >= volume; }));
    }

    /// Mean less so many standard deviations, of those with enough requests.
    double threshold(std::uint32_t volume, double deviations) const
    {
        double sum = 0;
        double squares = 0;
        double hosts = 0;
        for (const Row& row : rows) {
            if (row.volume < volume)
                continue;
            ++hosts;
            sum += row.rate;
        }
        const double mean = sum / hosts;
        for (const Row& row : rows) {
            if (row.volume >= volume)
                squares += (row.rate - mean) * (row.rate - mean);
        }
        return mean - deviations * std::sqrt(squares / hosts);
    }
};

bool OutlierDetector::mayEject(const OutlierSpec& spec, Members members)
{
    const auto ejected = std::ranges::count_if(
        members, [](const auto& member) { return member->ejection.ejected; });
    if (ejected == 0 && spec.alwaysEjectOne)
        return true;
    return (ejected + 1) * 100 <= static_cast<std::ptrdiff_t>(members.size() * spec.maxPercent);
}

bool OutlierDetector::eject(
    Endpoint& endpoint, OutlierCause cause, const OutlierSpec& spec, Members members, TimePoint now)
{
    if (!mayEject(spec, members)) {
        ++m_counters.overflow;
        return false;
    }
    ++m_counters.enforced[static_cast<std::size_t>(cause)];
    EjectionRecord& record = endpoint.ejection;
    if (spec.baseEjection * record.timesEjected < spec.maxEjection + spec.baseEjection)
        ++record.timesEjected;
    ++record.totalEjections;
    record.ejected = true;
    record.cause = cause;
    record.since = now;
    record.until = now + std::min(spec.maxEjection, spec.baseEjection * record.timesEjected);
    if (spec.maxJitter.count() > 0)
        record.until += OutlierSpec::Micros(static_cast<std::int64_t>(
            nextRandom(m_random) % static_cast<std::uint64_t>(spec.maxJitter.count() + 1)));
    return true;
}

bool OutlierDetector::found(
    Endpoint& endpoint, OutlierCause cause, const OutlierSpec& spec, Members members, TimePoint now)
{
    ++m_counters.detected[static_cast<std::size_t>(cause)];
    return nextRandom(m_random) % 100 < enforcing(spec, cause)
        && eject(endpoint, cause, spec, members, now);
}

bool OutlierDetector::recordLocalFailure(
    Endpoint& endpoint, const OutlierSpec& spec, Members members, TimePoint now)
{
    EjectionRecord& record = endpoint.ejection;
    ++record.local.requests;
    if (++record.consecutiveLocal != spec.consecutiveLocal || record.ejected)
        return false;
    record.consecutiveLocal = 0;
    return found(endpoint, OutlierCause::ConsecutiveLocal, spec, members, now);
}

bool OutlierDetector::record(
    Endpoint& endpoint, int status, const OutlierSpec& spec, Members members, TimePoint now)
{
    if (!spec.enabled)
        return false;
    EjectionRecord& record = endpoint.ejection;
    if (spec.splitsLocal) {
        if (status == 0)
            return recordLocalFailure(endpoint, spec, members, now);
        record.consecutiveLocal = 0;
        ++record.local.requests;
        ++record.local.successes;
    }
    ++record.external.requests;
    if (status != 0 && status < 500) {
        ++record.external.successes;
        record.consecutive5xx = record.consecutiveGateway = 0;
        return false;
    }
    const bool gateway = status == 0 || (status >= 502 && status <= 504);
    record.consecutiveGateway = gateway ? record.consecutiveGateway + 1 : 0;
    ++record.consecutive5xx;
    if (gateway && record.consecutiveGateway == spec.consecutiveGateway && !record.ejected) {
        record.consecutiveGateway = 0;
        if (found(endpoint, OutlierCause::ConsecutiveGateway, spec, members, now))
            return true;
    }
    if (record.consecutive5xx != spec.consecutive5xx || record.ejected)
        return false;
    record.consecutive5xx = 0;
    return found(endpoint, OutlierCause::Consecutive5xx, spec, members, now);
}

void OutlierDetector::letBack(EjectionRecord& record)
{
    record.ejected = false;
    record.consecutive5xx = record.consecutiveGateway = record.consecutiveLocal = 0;
}

bool OutlierDetector::checkPassed(Endpoint& endpoint, const OutlierSpec& spec)
{
    if (!endpoint.ejection.ejected || !spec.checkUnejects)
        return false;
    letBack(endpoint.ejection);
    return true;
}

bool OutlierDetector::tick(const OutlierSpec& spec, Members members, TimePoint now)
{
    if (now < m_nextSweep)
        return false;
    const bool first = m_nextSweep == TimePoint{};
    m_nextSweep = now + spec.interval;
    return !first && sweep(spec, members, now);
}

bool OutlierDetector::sweep(const OutlierSpec& spec, Members members, TimePoint now)
{
    bool changed = false;
    for (const auto& member : members) {
        EjectionRecord& record = member->ejection;
        if (!record.ejected) {
            record.timesEjected -= record.timesEjected > 0 ? 1U : 0U;
        } else if (now >= record.until || !spec.enabled) {
            letBack(record);
            changed = true;
        }
    }
    if (!spec.enabled)
        return changed;
    for (const bool local : {false, true})
        changed = judgeRates(spec, members, local, now) || changed;
    return changed;
}

bool OutlierDetector::judgeRates(
    const OutlierSpec& spec, Members members, bool local, TimePoint now)
{
    Rates rates;
    const std::uint32_t volume
        = std::max(1U, std::min(spec.successRateVolume, spec.failurePercentageVolume));
    for (const auto& member : members) {
        EjectionRecord& record = member->ejection;
        const SuccessBucket bucket = std::exchange(local ? record.local : record.external, {});
        if (!local)
            record.successRate = -1;
        if (record.ejected || bucket.requests < volume)
            continue;
        const double rate = 100.0 * bucket.successes / bucket.requests;
        if (!local)
            record.successRate = rate;
        rates.rows.push_back({member.get(), rate, bucket.requests});
    }
    bool changed = false;
    if (const std::size_t hosts = rates.count(spec.successRateVolume);
        hosts > 0 && hosts >= spec.successRateHosts) {
        const double least = rates.threshold(spec.successRateVolume, spec.successRateStdev / 1e3);
        const auto cause = local ? OutlierCause::LocalSuccessRate : OutlierCause::SuccessRate;
        for (const Rates::Row& row : rates.rows) {
            if (row.volume >= spec.successRateVolume && row.rate < least)
                changed = found(*row.endpoint, cause, spec, members, now) || changed;
        }
    }
    if (rates.count(spec.failurePercentageVolume) < std::max(spec.failurePercentageHosts, 1U))
        return changed;
    const auto cause
        = local ? OutlierCause::LocalFailurePercentage : OutlierCause::FailurePercentage;
    for (const Rates::Row& row : rates.rows) {
        if (row.volume >= spec.failurePercentageVolume && !row.endpoint->ejection.ejected
            && 100 - row.rate >= spec.failurePercentageThreshold)
            changed = found(*row.endpoint, cause, spec, members, now) || changed;
    }
    return changed;
}

std::string_view outlierCauseName(OutlierCause cause)
{
    constexpr std::string_view kNames[] = {"consecutive_5xx", "consecutive_gateway_failure",
        "consecutive_local_origin_failure", "success_rate", "local_origin_success_rate",
        "failure_percentage", "local_origin_failure_percentage"};
    return kNames[static_cast<std::size_t>(cause)];
}

} // namespace meshyard::proxy
