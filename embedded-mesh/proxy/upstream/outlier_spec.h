// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <chrono>
#include <cstdint>

namespace envoy::config::cluster::v3 {
class OutlierDetection;
}

namespace meshyard::proxy {

/// Rules of outlier detection with Envoy's defaults. An enforcing_* of 0 finds outliers and counts
/// them, but ejects nobody.
struct OutlierSpec
{
    using Micros = std::chrono::microseconds;

    bool enabled = false;
    std::uint32_t consecutive5xx = 5; // 0 = off
    std::uint32_t consecutiveGateway = 5;
    std::uint32_t consecutiveLocal = 5; // with splitsLocal
    std::uint32_t enforcing5xx = 100; // percent of the findings that eject
    std::uint32_t enforcingGateway = 0;
    std::uint32_t enforcingLocal = 100;
    bool splitsLocal = false; // errors that never became an answer are counted apart
    Micros interval = std::chrono::seconds(10);
    Micros baseEjection = std::chrono::seconds(30);
    Micros maxEjection = std::chrono::seconds(300);
    Micros maxJitter{0};
    std::uint32_t maxPercent = 10;
    bool alwaysEjectOne = false;
    bool checkUnejects = true; // a passed health check lets an ejected endpoint back

    std::uint32_t enforcingSuccessRate = 100;
    std::uint32_t enforcingLocalSuccessRate = 100;
    std::uint32_t successRateHosts = 5;
    std::uint32_t successRateVolume = 100;
    std::uint32_t successRateStdev = 1900; // thousandths

    std::uint32_t enforcingFailurePercentage = 0;
    std::uint32_t enforcingLocalFailurePercentage = 0;
    std::uint32_t failurePercentageThreshold = 85;
    std::uint32_t failurePercentageHosts = 5;
    std::uint32_t failurePercentageVolume = 50;

    bool operator==(const OutlierSpec&) const = default;

    static Result<OutlierSpec> compile(const envoy::config::cluster::v3::OutlierDetection& rules);
};

} // namespace meshyard::proxy
