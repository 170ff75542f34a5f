// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace meshyard::proxy {

/// How the requests of a listener are traced; compiled from HttpConnectionManager.Tracing.
struct SpanRules
{
    std::uint32_t clientPerMillion = 1000000; // of requests that ask for it (x-client-trace-id)
    std::uint32_t randomPerMillion = 1000000; // of requests that come without a decision
    std::uint32_t overallPerMillion = 1000000; // of those chosen by any of the two
    std::string serviceName;
    std::string collectorCluster; // of grpc_service; empty = spans are propagated, not sent
    std::string collectorTarget; // google_grpc
    std::size_t maxPathLength = 256;
    bool inbound = false; // spans are of kind SERVER, else CLIENT
};

} // namespace meshyard::proxy
