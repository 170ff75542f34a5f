// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/ids.h"
#include "embedded-mesh/core/latency_sketch.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace meshyard::proxy {

/// How a finished request counts; order of meshyard.v1.Outcomes.
enum class CallResult : std::uint8_t {
    Ok,
    ClientError,
    ServerError,
    ConnectError,
    Timeout,
    Rejected,
    Limited,
    NoEndpoint,
    Fault,
    Cancelled,
};
inline constexpr std::size_t kCallResults = 10;

/// Whether the latency sketch takes it: refusals of our own would hide the real latency.
constexpr bool hasLatency(CallResult result)
{
    return result != CallResult::Rejected && result != CallResult::Limited
        && result != CallResult::NoEndpoint && result != CallResult::Cancelled;
}

constexpr CallResult resultOfStatus(int status)
{
    if (status >= 500)
        return CallResult::ServerError;
    return status >= 400 ? CallResult::ClientError : CallResult::Ok;
}

/// Counters of one edge to one endpoint, or of one peer; plain increments by the one worker that
/// owns them. Each second's report takes the differences and clears the sketch.
struct CallCounters
{
    std::array<std::uint32_t, kCallResults> results{}; // this second
    std::uint32_t retries = 0;
    std::uint64_t bytesOut
        = 0; // request bytes on an outbound edge, response bytes on an inbound one
    std::uint64_t bytesIn = 0;
    std::uint64_t upstreamMicros = 0; // part of the latency that was spent waiting for the upstream
    std::uint32_t inFlight = 0; // not cleared
    std::uint32_t peakInFlight = 0;
    Protocol protocol = Protocol::Http1; // of the last call
    std::array<std::uint64_t, 17> grpcTotals{}; // by status, since start
    LatencySketch latency;
    std::array<std::uint64_t, kCallResults> totals{}; // since start
    std::uint64_t totalRetries = 0;
    std::uint64_t totalBytesOut = 0; // without this second's
    std::uint64_t totalBytesIn = 0;
    std::array<std::uint64_t, 6> statusClasses{}; // since start, by status / 100; 0 = no response

    void begin() { peakInFlight = std::max(peakInFlight, ++inFlight); }
    void end() { inFlight -= inFlight > 0 ? 1U : 0U; }

    void finish(CallResult result, std::uint64_t micros)
    {
        ++results[static_cast<std::size_t>(result)];
        ++totals[static_cast<std::size_t>(result)];
        if (hasLatency(result))
            latency.record(micros);
    }

    void noteStatus(int status)
    {
        const auto group = static_cast<std::size_t>(status) / 100;
        ++statusClasses[group < statusClasses.size() ? group : 0];
    }
    void countGrpc(int code) { ++grpcTotals[static_cast<std::size_t>(std::clamp(code, 0, 16))]; }

    void retry()
    {
        ++retries;
        ++totalRetries;
    }

    bool isIdle() const
    {
        return inFlight == 0 && retries == 0 && bytesIn == 0 && bytesOut == 0
            && std::ranges::all_of(results, [](std::uint32_t count) { return count == 0; });
    }

    /// Starts the next second.
    void roll()
    {
        results.fill(0);
        retries = 0;
        totalBytesOut += bytesOut;
        totalBytesIn += bytesIn;
        bytesOut = bytesIn = 0;
        upstreamMicros = 0;
        peakInFlight = inFlight;
        if (!latency.isEmpty())
            latency.clear();
    }
};

} // namespace meshyard::proxy
