// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"

namespace envoy::extensions::filters::http::fault::v3 {
class HTTPFault;
}

namespace meshyard::proxy {

/// A compiled HTTPFault.
struct FaultSettings final : FilterSettings
{
    /// A number that is fixed or comes with the request, and how often it acts.
    struct Part
    {
        bool active = false;
        bool fromHeader = false;
        std::uint64_t value = 0; // microseconds, status or bytes per second
        std::uint32_t numerator = 0;
        std::uint32_t toPerMillion = 10000; // of one unit of the numerator
    };

    Part delay;
    Part abort;
    bool abortsWithGrpc = false; // value is a gRPC status
    Part rate;
    std::string upstreamCluster; // only requests for it; empty = any
    std::vector<std::string> downstreamNodes;
    std::vector<HeaderTest> headers;
    std::uint64_t maxActive = UINT64_MAX;

    static Result<std::shared_ptr<const FaultSettings>> compile(
        const envoy::extensions::filters::http::fault::v3::HTTPFault& fault);
    bool concerns(const RequestPass& pass) const;
};

/// envoy.filters.http.fault: delays, aborts and slows down requests on purpose. A fault acts before
/// the breaker and is not counted by it.
class FaultFilter final : public HttpFilter
{
public:
    FaultFilter(
        std::string name, std::shared_ptr<const FaultSettings> settings, std::string statPrefix);

    Verdict onRequest(RequestPass& pass, const FilterSettings* own) const override;
    void visitStats(const StatSink& sink) const override;

private:
    bool begin(RequestPass& pass, const FaultSettings& settings) const;
    void limitRate(RequestPass& pass, const FaultSettings& settings) const;
    void delay(RequestPass& pass, const FaultSettings& settings) const;
    bool abort(RequestPass& pass, const FaultSettings& settings) const;

    const std::shared_ptr<const FaultSettings> m_settings;
    const std::string m_statPrefix;
    const std::shared_ptr<std::atomic<std::uint64_t>> m_active;
    mutable Counter m_delays;
    mutable Counter m_aborts;
    mutable Counter m_limits;
    mutable Counter m_overflow;
};

} // namespace meshyard::proxy
