// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/outlier_spec.h"

#include "envoy/config/cluster/v3/outlier_detection.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

using Rules = envoy::config::cluster::v3::OutlierDetection;
using google::protobuf::UInt32Value;

void take(bool has, const UInt32Value& wrapper, std::uint32_t& value)
{
    if (has)
        value = wrapper.value();
}

void takeRates(const Rules& rules, OutlierSpec& spec)
{
    take(rules.has_enforcing_success_rate(), rules.enforcing_success_rate(),
        spec.enforcingSuccessRate);
    take(rules.has_enforcing_local_origin_success_rate(),
        rules.enforcing_local_origin_success_rate(), spec.enforcingLocalSuccessRate);
    take(rules.has_success_rate_minimum_hosts(), rules.success_rate_minimum_hosts(),
        spec.successRateHosts);
    take(rules.has_success_rate_request_volume(), rules.success_rate_request_volume(),
        spec.successRateVolume);
    take(rules.has_success_rate_stdev_factor(), rules.success_rate_stdev_factor(),
        spec.successRateStdev);
    take(rules.has_enforcing_failure_percentage(), rules.enforcing_failure_percentage(),
        spec.enforcingFailurePercentage);
    take(rules.has_enforcing_failure_percentage_local_origin(),
        rules.enforcing_failure_percentage_local_origin(), spec.enforcingLocalFailurePercentage);
    take(rules.has_failure_percentage_threshold(), rules.failure_percentage_threshold(),
        spec.failurePercentageThreshold);
    take(rules.has_failure_percentage_minimum_hosts(), rules.failure_percentage_minimum_hosts(),
        spec.failurePercentageHosts);
    take(rules.has_failure_percentage_request_volume(), rules.failure_percentage_request_volume(),
        spec.failurePercentageVolume);
}

void takeConsecutive(const Rules& rules, OutlierSpec& spec)
{
    take(rules.has_consecutive_5xx(), rules.consecutive_5xx(), spec.consecutive5xx);
    take(rules.has_enforcing_consecutive_5xx(), rules.enforcing_consecutive_5xx(),
        spec.enforcing5xx);
    take(rules.has_consecutive_gateway_failure(), rules.consecutive_gateway_failure(),
        spec.consecutiveGateway);
    take(rules.has_enforcing_consecutive_gateway_failure(),
        rules.enforcing_consecutive_gateway_failure(), spec.enforcingGateway);
    take(rules.has_consecutive_local_origin_failure(), rules.consecutive_local_origin_failure(),
        spec.consecutiveLocal);
    take(rules.has_enforcing_consecutive_local_origin_failure(),
        rules.enforcing_consecutive_local_origin_failure(), spec.enforcingLocal);
    spec.splitsLocal = rules.split_external_local_origin_errors();
}

} // namespace

Result<OutlierSpec> OutlierSpec::compile(const Rules& rules)
{
    OutlierSpec spec;
    spec.enabled = true;
    takeConsecutive(rules, spec);
    takeRates(rules, spec);
    for (const std::uint32_t percent : {spec.enforcing5xx, spec.enforcingGateway,
             spec.enforcingLocal, spec.enforcingSuccessRate, spec.enforcingLocalSuccessRate,
             spec.enforcingFailurePercentage, spec.enforcingLocalFailurePercentage,
             spec.failurePercentageThreshold, rules.max_ejection_percent().value()}) {
        if (percent > 100)
            return failure(
                ErrorCode::InvalidArgument, "outlier_detection: a percentage is above 100");
    }
    if (rules.has_interval())
        spec.interval = toMicros(rules.interval());
    if (rules.has_base_ejection_time())
        spec.baseEjection = toMicros(rules.base_ejection_time());
    if (spec.interval.count() <= 0 || spec.baseEjection.count() <= 0)
        return failure(ErrorCode::InvalidArgument,
            "outlier_detection: interval and base_ejection_time must be above 0");
    spec.maxEjection = std::max(spec.maxEjection, spec.baseEjection);
    if (rules.has_max_ejection_time())
        spec.maxEjection = std::max(toMicros(rules.max_ejection_time()), spec.baseEjection);
    spec.maxJitter = toMicros(rules.max_ejection_time_jitter());
    take(rules.has_max_ejection_percent(), rules.max_ejection_percent(), spec.maxPercent);
    spec.alwaysEjectOne = rules.always_eject_one_host().value();
    spec.checkUnejects = !rules.has_successful_active_health_check_uneject_host()
        || rules.successful_active_health_check_uneject_host().value();
    return spec;
}

} // namespace meshyard::proxy
