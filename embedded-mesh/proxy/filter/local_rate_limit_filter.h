// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"
#include "embedded-mesh/proxy/filter/token_bucket.h"

#include <optional>

namespace envoy::extensions::filters::http::local_ratelimit::v3 {
class LocalRateLimit;
}

namespace meshyard::proxy {

/// A compiled LocalRateLimit, with its bucket: one for all workers, as in Envoy. What changes in it
/// is atomic.
struct LocalRateLimitSettings final : FilterSettings
{
    using Proto = envoy::extensions::filters::http::local_ratelimit::v3::LocalRateLimit;

    mutable std::optional<TokenBucket> bucket; // none: no limit (routes bring theirs)
    int status = 429;
    int grpcStatus = 14;
    std::uint32_t enabledPerMillion = 0;
    std::uint32_t enforcedPerMillion = 0;
    HeaderEdits limitedEdits; // of answers that were limited
    HeaderEdits unenforcedEdits; // of requests that would have been
    bool saysLimits = false; // x-ratelimit-…

    std::string statPrefix;
    mutable Counter enabled;
    mutable Counter ok;
    mutable Counter limited;
    mutable Counter enforced;

    static Result<std::shared_ptr<const LocalRateLimitSettings>> compile(const Proto& proto);
};

/// envoy.filters.http.local_ratelimit.
class LocalRateLimitFilter final : public HttpFilter
{
public:
    LocalRateLimitFilter(std::string name, std::shared_ptr<const LocalRateLimitSettings> settings);

    Verdict onRequest(RequestPass& pass, const FilterSettings* own) const override;
    void visitStats(const StatSink& sink) const override;

private:
    static void sayLimits(RequestPass& pass, const TokenBucket& bucket);

    const std::shared_ptr<const LocalRateLimitSettings> m_settings;
};

} // namespace meshyard::proxy
