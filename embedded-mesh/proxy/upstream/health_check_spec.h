// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace envoy::config::core::v3 {
class HealthCheck;
}

namespace meshyard::proxy {

/// One active health check of a cluster, compiled.
struct HealthCheckSpec
{
    using Micros = std::chrono::microseconds;
    enum class Kind : std::uint8_t { Http, Tcp, Grpc };

    /// Half-open: 200..299 is {200, 300}.
    struct StatusRange
    {
        std::int64_t start = 200;
        std::int64_t end = 201;

        bool operator==(const StatusRange&) const = default;
    };

    Kind kind = Kind::Http;
    Micros timeout{0};
    Micros interval{0};
    Micros initialJitter{0};
    Micros intervalJitter{0};
    std::uint32_t intervalJitterPercent = 0;
    Micros noTrafficInterval = std::chrono::seconds(60);
    Micros noTrafficHealthyInterval = std::chrono::seconds(60);
    Micros unhealthyInterval{0};
    Micros unhealthyEdgeInterval{0};
    Micros healthyEdgeInterval{0};
    std::uint32_t unhealthyThreshold = 1;
    std::uint32_t healthyThreshold = 1;
    std::uint16_t altPort = 0;
    bool reusesConnection = true;

    // HTTP
    std::string host; // empty = the endpoint's or the cluster's name; gRPC: authority
    std::string path;
    bool http2 = false;
    std::string method = "GET";
    std::vector<std::pair<std::string, std::string>> headersToAdd;
    std::vector<StatusRange> expected{StatusRange{}};
    std::vector<StatusRange> retriable; // failures that count by the threshold, as lost ones do
    // gRPC
    std::string service;
    // TCP
    std::string send;
    std::vector<std::string> receive; // in this order, anywhere in the answer

    bool operator==(const HealthCheckSpec&) const = default;

    static Result<HealthCheckSpec> compile(const envoy::config::core::v3::HealthCheck& check);
};

} // namespace meshyard::proxy
