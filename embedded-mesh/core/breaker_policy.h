// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace meshyard {

/// How one call (one attempt) ended, as the caller's sidecar saw it.
struct CallOutcome
{
    enum class End : std::uint8_t {
        Response, // status (and grpcStatus) are set
        ConnectError,
        Reset,
        Timeout,
        Cancelled, // the caller went away
        NoEndpoint, // no healthy endpoint to call
    };

    End end = End::Response;
    int status = 200;
    int grpcStatus = -1; // -1 = not a gRPC call
    std::chrono::microseconds latency{0};
    std::optional<std::chrono::microseconds> retryAfter; // what the peer asked for
};

/// A set of ways to end, as `failureOn`, `softFailureOn` and `ignoreOn` spell it: `connect-error`,
/// `reset`, `timeout`, `cancelled`, `5xx` (any class `1xx`…`5xx`), `gateway-error`, a status such
/// as `429`, or a gRPC code by name. Case, `-` and `_` do not matter.
class OutcomeSet final
{
public:
    enum class Match : std::uint8_t { None, Class, Exact };

    /// @return InvalidArgument naming the word that is not known.
    static Result<OutcomeSet> parse(std::span<const std::string> words);
    /// Same, for lists that stand in the source.
    static OutcomeSet of(std::initializer_list<std::string_view> words);

    /// Exact (a code of its own) beats Class (`5xx`), so `ignoreOn: [501]` works beside `5xx`.
    Match match(const CallOutcome& outcome) const;
    bool operator==(const OutcomeSet&) const = default;

private:
    bool add(std::string_view word);
    bool addEnd(std::string_view word);

    std::bitset<8> m_ends; // by CallOutcome::End
    std::bitset<6> m_classes; // by status / 100
    std::bitset<600> m_statuses;
    std::bitset<17> m_grpc;
};

enum class BreakerMode : std::uint8_t {
    Enforce,
    Observe, // computes every transition and admits every call
};

/// What one call means to the breaker.
enum class CallVerdict : std::uint8_t {
    Success,
    Failure,
    SoftFailure, // counts in the ratio only; fails a trial
    Ignored, // counts nowhere; a trial returns its permit
};

/// Thresholds and times of a breaker; the defaults are the product's defaults.
struct BreakerPolicy
{
    using Duration = std::chrono::microseconds;

    bool enabled = true;
    BreakerMode mode = BreakerMode::Enforce;
    Duration window = std::chrono::seconds(10);
    unsigned buckets = 10;
    unsigned minCalls = 20;
    double failureRatio = 0.5; // 0 disables
    Duration slowCall = std::chrono::seconds(1); // 0 disables
    double slowRatio = 0.8; // 0 disables
    unsigned consecutive = 5; // 0 disables
    OutcomeSet failureOn = defaultFailureOn();
    OutcomeSet softFailureOn = defaultSoftFailureOn();
    OutcomeSet ignoreOn = defaultIgnoreOn();
    Duration openBase = std::chrono::seconds(5);
    Duration openMax = std::chrono::seconds(60);
    double jitter = 0.2;
    unsigned trialCalls = 5;
    unsigned trialSuccess = 4;
    unsigned trialConcurrency = 1;
    std::optional<Duration> trialTimeout; // unset: min(route timeout, 5 s)
    Duration halfOpenMax = std::chrono::seconds(30);
    Duration ramp{0};
    int rejectStatus = 503;
    std::uint64_t revision = 0;

    /// Puts every field into its range: at least one bucket, trial and permit, m ≤ n.
    void normalize();
    /// Whether a window filled under `other` can go on under this policy.
    bool hasSameWindow(const BreakerPolicy& other) const;
    CallVerdict judge(const CallOutcome& outcome) const;
    bool isSlow(const CallOutcome& outcome) const;
    bool operator==(const BreakerPolicy&) const = default;

    static OutcomeSet defaultFailureOn();
    static OutcomeSet defaultSoftFailureOn();
    static OutcomeSet defaultIgnoreOn();
};

} // namespace meshyard
