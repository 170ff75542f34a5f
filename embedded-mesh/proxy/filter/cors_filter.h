// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"

namespace envoy::extensions::filters::http::cors::v3 {
class CorsPolicy;
}

namespace meshyard::proxy {

/// A compiled CorsPolicy.
struct CorsSettings final : FilterSettings
{
    std::vector<StringTest> origins;
    std::string methods;
    std::string headers;
    std::string exposed;
    std::string maxAge;
    bool credentials = false;
    bool privateNetwork = false;
    bool forwardsOtherPreflights = true;
    std::uint32_t enabledPerMillion = 1000000;
    std::uint32_t shadowPerMillion = 0;

    static Result<std::shared_ptr<const FilterSettings>> compile(
        const envoy::extensions::filters::http::cors::v3::CorsPolicy& policy);
    bool allows(std::string_view origin) const;
};

/// envoy.filters.http.cors: answers preflights of allowed origins, marks the answers to the others.
/// Acts where a route or virtual host has a CorsPolicy.
class CorsFilter final : public HttpFilter
{
public:
    CorsFilter(std::string name, std::string statPrefix);

    Verdict onRequest(RequestPass& pass, const FilterSettings* own) const override;
    void visitStats(const StatSink& sink) const override;

private:
    static void allowPreflight(RequestPass& pass, const CorsSettings& policy);

    const std::string m_statPrefix;
    mutable Counter m_valid;
    mutable Counter m_invalid;
};

} // namespace meshyard::proxy
