// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/telemetry/log_entry.h"

#include <cstdint>
#include <memory>
#include <string>

namespace meshyard::proxy {

/// How the requests of a listener are traced; compiled from HttpConnectionManager.Tracing.
struct SpanRules
{
    /// Places of the headers that become attributes.
    struct Places
    {
        std::size_t method = 0;
        std::size_t path = 0;
        std::size_t authority = 0;
        std::size_t requestId = 0;
        std::size_t userAgent = 0;
    };

    std::uint32_t clientPerMillion = 1000000; // of requests that ask for it (x-client-trace-id)
    std::uint32_t randomPerMillion = 1000000; // of requests that come without a decision
    std::uint32_t overallPerMillion = 1000000; // of those chosen by either
    std::string serviceName;
    std::string collectorCluster; // envoy_grpc
    std::string collectorTarget; // google_grpc; both empty = propagated only, not sent
    std::size_t maxPathLength = 256;
    bool inbound = false; // spans are of kind SERVER, else CLIENT
    Places places;

    bool sends() const { return !collectorCluster.empty() || !collectorTarget.empty(); }
    void capture(CapturePlan& plan);
};

} // namespace meshyard::proxy
