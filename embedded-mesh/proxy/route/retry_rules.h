// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/route/matchers.h"

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace envoy::config::route::v3 {
class RetryPolicy;
}

namespace meshyard::proxy {

/// The words of retry_on, one bit each.
enum class RetryOn : std::uint32_t {
    ServerError = 1U << 0, // 5xx
    GatewayError = 1U << 1,
    Reset = 1U << 2,
    ResetBeforeRequest = 1U << 3,
    ConnectFailure = 1U << 4,
    RefusedStream = 1U << 5,
    Retriable4xx = 1U << 6,
    StatusCodes = 1U << 7,
    Headers = 1U << 8,
    RateLimited = 1U << 9, // envoy-ratelimited
    GrpcCancelled = 1U << 10,
    GrpcDeadlineExceeded = 1U << 11,
    GrpcInternal = 1U << 12,
    GrpcResourceExhausted = 1U << 13,
    GrpcUnavailable = 1U << 14,
};

/// How an attempt ended that brought no response.
enum class AttemptLoss : std::uint8_t {
    Connect, // refused, unreachable or connect timeout
    ResetBeforeRequest, // no byte of the request had left
    Reset,
    RefusedStream,
    Timeout, // per-try
};

/// A retry policy compiled: what is worth another attempt, how many, when and where.
///
/// Follows Envoy: configuration/http/http_filters/router_filter (x-envoy-retry-on and others).
/// Thread: immutable.
struct RetryRules
{
    using Micros = std::chrono::microseconds;

    /// A response header that says when to come back.
    struct ResetHeader
    {
        std::string name;
        bool unixTimestamp = false; // else seconds from now
    };

    std::uint32_t on = 0; // bits of RetryOn
    std::bitset<600> statuses; // of RetryOn::StatusCodes
    std::vector<HeaderTest> headers; // of RetryOn::Headers: one that matches is enough
    std::vector<HeaderTest> requestHeaders; // when there are any, one must match the request
    unsigned retries = 0;
    Micros perTryTimeout{0}; // 0 = none of its own
    Micros perTryIdleTimeout{0};
    Micros backOffBase = std::chrono::milliseconds(25);
    Micros backOffMax = std::chrono::milliseconds(250);
    std::vector<ResetHeader> resetHeaders; // rate_limited_retry_back_off
    Micros resetMax = std::chrono::seconds(300);
    bool avoidsPreviousHosts = false;
    unsigned hostAttempts = 1; // further draws for a host not tried yet
    unsigned priorityFrequency = 0; // previous_priorities: after so many attempts; 0 = off

    static Result<RetryRules> compile(const envoy::config::route::v3::RetryPolicy& policy);

    /// Adds the conditions of a comma-separated list; unknown words are skipped, as Envoy does.
    void addConditions(std::string_view words);
    void addStatuses(std::string_view commaSeparated);
    /// Responses with such a header are worth another attempt.
    void addHeaderNames(std::string_view commaSeparated);
    bool has(RetryOn condition) const { return (on & static_cast<std::uint32_t>(condition)) != 0; }

    /// @param response headers, for retriable_headers and x-envoy-ratelimited.
    bool retriesResponse(int status, const RequestView& response) const;
    bool retriesLoss(AttemptLoss loss) const;
    bool retriesGrpcStatus(unsigned code) const;
    /// Whether retriable_request_headers let this request have retries at all.
    bool covers(const RequestView& request) const;

    /// Pause before the n-th retry (from 1): full jitter below base × 2^(n-1), at most the maximum.
    Micros backOff(unsigned retry, std::uint64_t random) const;
    /// Pause a reset header of the response asks for; nullopt = none does, or for too long.
    std::optional<Micros> resetPause(
        const RequestView& response, std::int64_t unixSeconds, std::uint64_t random) const;
};

} // namespace meshyard::proxy
