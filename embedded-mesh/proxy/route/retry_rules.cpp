// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/retry_rules.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/retry/host/omit_canary_hosts/v3/omit_canary_hosts.pb.h"
#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"
#include "envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.pb.h"

#include <charconv>

namespace meshyard::proxy {

namespace {

using Policy = envoy::config::route::v3::RetryPolicy;

struct Word
{
    std::string_view text;
    RetryOn condition;
};

constexpr Word kWords[] = {
    {"5xx", RetryOn::ServerError},
    {"gateway-error", RetryOn::GatewayError},
    {"reset", RetryOn::Reset},
    {"reset-before-request", RetryOn::ResetBeforeRequest},
    {"connect-failure", RetryOn::ConnectFailure},
    {"refused-stream", RetryOn::RefusedStream},
    {"retriable-4xx", RetryOn::Retriable4xx},
    {"retriable-status-codes", RetryOn::StatusCodes},
    {"retriable-headers", RetryOn::Headers},
    {"envoy-ratelimited", RetryOn::RateLimited},
    {"cancelled", RetryOn::GrpcCancelled},
    {"deadline-exceeded", RetryOn::GrpcDeadlineExceeded},
    {"internal", RetryOn::GrpcInternal},
    {"resource-exhausted", RetryOn::GrpcResourceExhausted},
    {"unavailable", RetryOn::GrpcUnavailable},
};

template <typename Visit> void forEachWord(std::string_view list, Visit&& visit)
{
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        visit(trimmed(list.substr(0, comma)));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
}

std::optional<std::int64_t> wholeNumber(std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

Result<void> compileHeaders(const Policy& policy, RetryRules& rules)
{
    const auto compileAll = [](const auto& matchers, std::vector<HeaderTest>& tests) {
        for (const auto& matcher : matchers) {
            auto test = HeaderTest::compile(matcher);
            if (!test)
                return Result<void>(tl::unexpected(test.error()));
            tests.push_back(std::move(*test));
        }
        return Result<void>();
    };
    if (auto done = compileAll(policy.retriable_headers(), rules.headers); !done)
        return at("retriable_headers", done.error());
    if (auto done = compileAll(policy.retriable_request_headers(), rules.requestHeaders); !done)
        return at("retriable_request_headers", done.error());
    return {};
}

Result<void> compileBackOff(const Policy& policy, RetryRules& rules)
{
    if (policy.has_retry_back_off()) {
        const auto& pause = policy.retry_back_off();
        rules.backOffBase = toMicros(pause.base_interval());
        if (rules.backOffBase.count() <= 0)
            return failure(
                ErrorCode::InvalidArgument, "retry_back_off.base_interval must be above 0");
        rules.backOffMax
            = pause.has_max_interval() ? toMicros(pause.max_interval()) : rules.backOffBase * 10;
        if (rules.backOffMax < rules.backOffBase)
            return failure(
                ErrorCode::InvalidArgument, "retry_back_off.max_interval is below base_interval");
    }
    for (const auto& header : policy.rate_limited_retry_back_off().reset_headers()) {
        if (!isHeaderName(header.name()))
            return failure(ErrorCode::InvalidArgument,
                "rate_limited_retry_back_off: '" + header.name() + "' is no header name");
        rules.resetHeaders.push_back({header.name(), header.format() == Policy::UNIX_TIMESTAMP});
    }
    if (policy.rate_limited_retry_back_off().has_max_interval())
        rules.resetMax = toMicros(policy.rate_limited_retry_back_off().max_interval());
    return {};
}

Result<void> compileHosts(const Policy& policy, RetryRules& rules)
{
    namespace host = envoy::extensions::retry::host;
    for (const auto& predicate : policy.retry_host_predicate()) {
        // Unpacked, not only compared by name: that links the types, so a bootstrap may use them.
        host::previous_hosts::v3::PreviousHostsPredicate previous;
        host::omit_canary_hosts::v3::OmitCanaryHostsPredicate canaries;
        const auto& config = predicate.typed_config();
        if (config.UnpackTo(&previous)
            || predicate.name() == "envoy.retry_host_predicates.previous_hosts")
            rules.avoidsPreviousHosts = true;
        else if (!config.UnpackTo(&canaries)
            && predicate.name() != "envoy.retry_host_predicates.omit_canary_hosts")
            return failure(ErrorCode::InvalidArgument,
                "retry_host_predicate '" + predicate.name() + "' is unknown");
        // No endpoint is marked as canary here: omitting them leaves every one.
    }
    const std::int64_t draws = policy.host_selection_retry_max_attempts();
    rules.hostAttempts = draws > 0 ? static_cast<unsigned>(std::min<std::int64_t>(draws, 1000)) : 1;
    if (!policy.has_retry_priority())
        return {};
    envoy::extensions::retry::priority::previous_priorities::v3::PreviousPrioritiesConfig config;
    if (!policy.retry_priority().typed_config().UnpackTo(&config))
        return failure(ErrorCode::InvalidArgument,
            "retry_priority '" + policy.retry_priority().name() + "' is unknown");
    if (config.update_frequency() <= 0)
        return failure(
            ErrorCode::InvalidArgument, "previous_priorities: update_frequency must be above 0");
    rules.priorityFrequency = static_cast<unsigned>(config.update_frequency());
    return {};
}

} // namespace

void RetryRules::addConditions(std::string_view words)
{
    forEachWord(words, [this](std::string_view word) {
        for (const Word& known : kWords) {
            if (known.text == word)
                on |= static_cast<std::uint32_t>(known.condition);
        }
    });
}

void RetryRules::addStatuses(std::string_view commaSeparated)
{
    forEachWord(commaSeparated, [this](std::string_view word) {
        const auto status = wholeNumber(word);
        if (status && *status >= 100 && *status < static_cast<std::int64_t>(statuses.size()))
            statuses.set(static_cast<std::size_t>(*status));
    });
}

void RetryRules::addHeaderNames(std::string_view commaSeparated)
{
    forEachWord(commaSeparated, [this](std::string_view word) {
        if (isHeaderName(word))
            headers.push_back({std::string(word), StringTest(), true, false, false});
    });
}

Result<RetryRules> RetryRules::compile(const Policy& policy)
{
    RetryRules rules;
    rules.retries = policy.has_num_retries() ? policy.num_retries().value() : 1;
    rules.addConditions(policy.retry_on());
    for (const std::uint32_t status : policy.retriable_status_codes()) {
        if (status >= 100 && status < rules.statuses.size())
            rules.statuses.set(status);
    }
    if (policy.has_per_try_timeout())
        rules.perTryTimeout = toMicros(policy.per_try_timeout());
    if (policy.has_per_try_idle_timeout())
        rules.perTryIdleTimeout = toMicros(policy.per_try_idle_timeout());
    if (auto done = compileHeaders(policy, rules); !done)
        return tl::unexpected(done.error());
    if (auto done = compileBackOff(policy, rules); !done)
        return tl::unexpected(done.error());
    if (auto done = compileHosts(policy, rules); !done)
        return tl::unexpected(done.error());
    return rules;
}

bool RetryRules::retriesResponse(int status, const RequestView& response) const
{
    if (on == 0 || status < 100 || status >= 600)
        return false;
    if (response.header("x-envoy-ratelimited"))
        return has(RetryOn::RateLimited);
    return (has(RetryOn::ServerError) && status >= 500)
        || (has(RetryOn::GatewayError) && status >= 502 && status <= 504)
        || (has(RetryOn::Retriable4xx) && status == 409)
        || (has(RetryOn::StatusCodes) && statuses.test(static_cast<std::size_t>(status)))
        || (has(RetryOn::Headers) && std::ranges::any_of(headers, [&](const HeaderTest& test) {
               return test.matches(response);
           }));
}

bool RetryRules::retriesLoss(AttemptLoss loss) const
{
    // A loss becomes a 5xx to the caller, and is retried as one.
    if (has(RetryOn::Reset) || has(RetryOn::ServerError) || has(RetryOn::GatewayError))
        return true;
    switch (loss) {
    case AttemptLoss::Connect:
        return has(RetryOn::ConnectFailure) || has(RetryOn::ResetBeforeRequest);
    case AttemptLoss::ResetBeforeRequest:
        return has(RetryOn::ResetBeforeRequest);
    case AttemptLoss::RefusedStream:
        return has(RetryOn::RefusedStream);
    case AttemptLoss::Reset:
    case AttemptLoss::Timeout:
        return false;
    }
    return false;
}

bool RetryRules::retriesGrpcStatus(unsigned code) const
{
    switch (code) {
    case 1:
        return has(RetryOn::GrpcCancelled);
    case 4:
        return has(RetryOn::GrpcDeadlineExceeded);
    case 8:
        return has(RetryOn::GrpcResourceExhausted);
    case 13:
        return has(RetryOn::GrpcInternal);
    case 14:
        return has(RetryOn::GrpcUnavailable);
    default:
        return false;
    }
}

bool RetryRules::covers(const RequestView& request) const
{
    return requestHeaders.empty()
        || std::ranges::any_of(
            requestHeaders, [&](const HeaderTest& test) { return test.matches(request); });
}

RetryRules::Micros RetryRules::backOff(unsigned retry, std::uint64_t random) const
{
    const unsigned doublings = std::min(retry - std::min(retry, 1U), 30U);
    const std::int64_t limit
        = std::min(backOffMax.count(), std::max<std::int64_t>(backOffBase.count(), 1) << doublings);
    return Micros(static_cast<std::int64_t>(
        random % static_cast<std::uint64_t>(std::max<std::int64_t>(limit, 1))));
}

std::optional<RetryRules::Micros> RetryRules::resetPause(
    const RequestView& response, std::int64_t unixSeconds, std::uint64_t random) const
{
    for (const ResetHeader& header : resetHeaders) {
        const auto text = response.header(header.name);
        const auto number = text ? wholeNumber(trimmed(*text)) : std::nullopt;
        if (!number)
            continue;
        const std::int64_t seconds = header.unixTimestamp ? *number - unixSeconds : *number;
        if (seconds <= 0 || seconds > resetMax.count() / 1000000)
            continue;
        const Micros asked = std::chrono::seconds(seconds);
        // Up to half as long again, so that those sent away together do not come back together.
        return asked
            + Micros(static_cast<std::int64_t>(
                random % static_cast<std::uint64_t>(asked.count() / 2 + 1)));
    }
    return std::nullopt;
}

} // namespace meshyard::proxy
