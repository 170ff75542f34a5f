// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/local_rate_limit_filter.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.pb.h"

namespace meshyard::proxy {

namespace {

constexpr auto kShortestFill = std::chrono::milliseconds(50);

Result<void> compileBucket(
    const envoy::type::v3::TokenBucket& proto, std::optional<TokenBucket>& bucket)
{
    if (proto.max_tokens() == 0)
        return failure(ErrorCode::InvalidArgument, "token_bucket.max_tokens must be above 0");
    const std::uint32_t perFill = proto.has_tokens_per_fill() ? proto.tokens_per_fill().value() : 1;
    const auto interval = toMicros(proto.fill_interval());
    if (interval < kShortestFill || perFill == 0)
        return failure(ErrorCode::InvalidArgument,
            "token_bucket: fill_interval must be at least 50 ms and tokens_per_fill above 0");
    bucket.emplace(proto.max_tokens(), perFill, interval);
    return {};
}

} // namespace

Result<std::shared_ptr<const LocalRateLimitSettings>> LocalRateLimitSettings::compile(
    const Proto& proto)
{
    auto settings = std::make_shared<LocalRateLimitSettings>();
    settings->statPrefix = proto.stat_prefix() + ".http_local_rate_limit.";
    if (proto.has_token_bucket()) {
        if (auto done = compileBucket(proto.token_bucket(), settings->bucket); !done)
            return tl::unexpected(done.error());
    }
    const int status = static_cast<int>(proto.status().code());
    settings->status = status >= 400 && status < 600 ? status : 429;
    settings->grpcStatus = proto.rate_limited_as_resource_exhausted() ? 8 : 14;
    if (proto.has_filter_enabled())
        settings->enabledPerMillion = perMillion(proto.filter_enabled().default_value());
    if (proto.has_filter_enforced())
        settings->enforcedPerMillion = perMillion(proto.filter_enforced().default_value());
    if (auto done = settings->limitedEdits.append(proto.response_headers_to_add(), {}); !done)
        return tl::unexpected(done.error());
    if (auto done
        = settings->unenforcedEdits.append(proto.request_headers_to_add_when_not_enforced(), {});
        !done)
        return tl::unexpected(done.error());
    settings->saysLimits = proto.enable_x_ratelimit_headers() != 0;
    if (proto.local_rate_limit_per_downstream_connection())
        return failure(ErrorCode::InvalidArgument,
            "local_rate_limit_per_downstream_connection is not supported");
    return settings;
}

LocalRateLimitFilter::LocalRateLimitFilter(
    std::string name, std::shared_ptr<const LocalRateLimitSettings> settings)
    : HttpFilter(std::move(name))
    , m_settings(std::move(settings))
{
}

HttpFilter::Verdict LocalRateLimitFilter::onRequest(
    RequestPass& pass, const FilterSettings* own) const
{
    const auto* const ofRoute = dynamic_cast<const LocalRateLimitSettings*>(own);
    const LocalRateLimitSettings& settings = ofRoute == nullptr ? *m_settings : *ofRoute;
    if (!settings.bucket || !pass.happens(settings.enabledPerMillion))
        return Verdict::Continue;
    settings.enabled.add();
    const bool allowed = settings.bucket->take(pass.now);
    if (settings.saysLimits)
        sayLimits(pass, *settings.bucket);
    if (allowed) {
        settings.ok.add();
        return Verdict::Continue;
    }
    settings.limited.add();
    if (!pass.happens(settings.enforcedPerMillion)) {
        pass.state.requestEdits.append(settings.unenforcedEdits.isDynamic()
                ? settings.unenforcedEdits.bound(pass.facts)
                : settings.unenforcedEdits);
        return Verdict::Continue;
    }
    settings.enforced.add();
    pass.state.responseEdits.append(settings.limitedEdits.isDynamic()
            ? settings.limitedEdits.bound(pass.facts)
            : settings.limitedEdits);
    pass.state.reply.status = settings.status;
    pass.state.reply.grpcStatus = settings.grpcStatus;
    pass.state.reply.body = "local_rate_limited";
    pass.state.reply.details = "local_rate_limited";
    pass.state.reply.flag = "RL";
    return Verdict::Reply;
}

void LocalRateLimitFilter::sayLimits(RequestPass& pass, const TokenBucket& bucket)
{
    const auto seconds
        = std::chrono::ceil<std::chrono::seconds>(bucket.untilNextToken(pass.now)).count();
    HeaderEdits& edits = pass.state.responseEdits;
    edits.set("x-ratelimit-limit", std::to_string(bucket.maxTokens()));
    edits.set("x-ratelimit-remaining", std::to_string(bucket.tokens(pass.now)));
    edits.set("x-ratelimit-reset", std::to_string(seconds));
}

void LocalRateLimitFilter::visitStats(const StatSink& sink) const
{
    sink(m_settings->statPrefix + "enabled", m_settings->enabled.value());
    sink(m_settings->statPrefix + "ok", m_settings->ok.value());
    sink(m_settings->statPrefix + "rate_limited", m_settings->limited.value());
    sink(m_settings->statPrefix + "enforced", m_settings->enforced.value());
}

} // namespace meshyard::proxy
