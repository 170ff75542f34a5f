// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/policies.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"

namespace meshyard::proxy {

namespace {

/// What an HTTP caller sees of an injected gRPC status (Envoy's grpcToHttpStatus).
int httpStatusOfGrpc(std::uint32_t code)
{
    constexpr int kStatus[]
        = {200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401};
    return code < std::size(kStatus) ? kStatus[code] : 500;
}

} // namespace

Result<void> HeaderEdits::append(const Options& add, const Names& remove)
{
    using Option = envoy::config::core::v3::HeaderValueOption;
    for (const std::string& name : remove) {
        if (name.empty() || name.front() == ':' || equalsIgnoreCase(name, "host"))
            return failure(
                ErrorCode::InvalidArgument, "headers_to_remove: '" + name + "' may not be removed");
        removals.push_back(name);
    }
    for (const Option& option : add) {
        const std::string& name = option.header().key();
        const std::string& value = option.header().value();
        if (!isHeaderName(name) || !isHeaderValue(value)) {
            return failure(ErrorCode::InvalidArgument,
                "headers_to_add: '" + name + "' is no valid header line");
        }
        if (value.empty() && !option.keep_empty_value())
            continue;
        Action action = Action::Append;
        switch (option.append_action()) {
        case Option::ADD_IF_ABSENT:
            action = Action::AddIfAbsent;
            break;
        case Option::OVERWRITE_IF_EXISTS_OR_ADD:
            action = Action::Overwrite;
            break;
        case Option::OVERWRITE_IF_EXISTS:
            action = Action::OverwriteIfExists;
            break;
        default:
            break;
        }
        additions.push_back({name, value, action});
    }
    return {};
}

bool HeaderEdits::removes(std::string_view name) const
{
    return std::ranges::any_of(
        removals, [name](const std::string& removed) { return equalsIgnoreCase(removed, name); });
}

bool HeaderEdits::overwrites(std::string_view name) const
{
    return std::ranges::any_of(additions, [name](const Addition& addition) {
        return (addition.action == Action::Overwrite
                   || addition.action == Action::OverwriteIfExists)
            && equalsIgnoreCase(addition.name, name);
    });
}

Result<RetryRules> RetryRules::compile(const envoy::config::route::v3::RetryPolicy& policy)
{
    RetryRules rules;
    rules.retries = policy.has_num_retries() ? policy.num_retries().value() : 1;
    std::string_view rest = policy.retry_on();
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view word = trimmed(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        if (word == "5xx")
            rules.on5xx = rules.onGatewayError = rules.onReset = rules.onConnectFailure = true;
        else if (word == "gateway-error")
            rules.onGatewayError = true;
        else if (word == "reset" || word == "reset-before-request")
            rules.onReset = true;
        else if (word == "connect-failure")
            rules.onConnectFailure = true;
        else if (word == "refused-stream")
            rules.onRefusedStream = true;
        else if (word == "retriable-4xx")
            rules.onRetriable4xx = true;
        else if (word == "retriable-status-codes") {
            for (const std::uint32_t status : policy.retriable_status_codes()) {
                if (status >= 100 && status < rules.statuses.size())
                    rules.statuses.set(status);
            }
        }
        else if (word == "cancelled")
            rules.grpcCodes.set(1);
        else if (word == "deadline-exceeded")
            rules.grpcCodes.set(4);
        else if (word == "resource-exhausted")
            rules.grpcCodes.set(8);
        else if (word == "internal")
            rules.grpcCodes.set(13);
        else if (word == "unavailable")
            rules.grpcCodes.set(14);
        // Envoy, too, ignores what it does not know here.
    }
    if (policy.has_per_try_timeout())
        rules.perTryTimeout = toMicros(policy.per_try_timeout());
    if (policy.has_retry_back_off()) {
        rules.backOffBase = toMicros(policy.retry_back_off().base_interval());
        if (rules.backOffBase.count() <= 0)
            return failure(
                ErrorCode::InvalidArgument, "retry_back_off.base_interval must be above 0");
        rules.backOffMax = policy.retry_back_off().has_max_interval()
            ? toMicros(policy.retry_back_off().max_interval())
            : rules.backOffBase * 10;
    }
    return rules;
}

bool RetryRules::retriesStatus(int status) const
{
    if (status < 100 || status >= 600)
        return false;
    return (on5xx && status >= 500) || (onGatewayError && status >= 502 && status <= 504)
        || (onRetriable4xx && status == 409) || statuses.test(static_cast<std::size_t>(status));
}

Result<std::shared_ptr<const FaultRules>> FaultRules::compile(
    const envoy::extensions::filters::http::fault::v3::HTTPFault& fault)
{
    auto rules = std::make_shared<FaultRules>();
    if (fault.has_delay()) {
        if (!fault.delay().has_fixed_delay())
            return failure(
                ErrorCode::InvalidArgument, "fault delay: only fixed_delay is supported");
        rules->delay = toMicros(fault.delay().fixed_delay());
        rules->delayPerMillion = perMillion(fault.delay().percentage());
    }
    if (fault.has_abort()) {
        rules->abortStatus = fault.abort().has_grpc_status()
            ? httpStatusOfGrpc(fault.abort().grpc_status())
            : static_cast<int>(fault.abort().http_status());
        if (rules->abortStatus < 200 || rules->abortStatus > 599)
            return failure(ErrorCode::InvalidArgument, "fault abort: http_status must be 200..599");
        rules->abortPerMillion = perMillion(fault.abort().percentage());
    }
    for (const auto& header : fault.headers()) {
        auto test = HeaderTest::compile(header);
        if (!test)
            return tl::unexpected(test.error());
        rules->headers.push_back(std::move(*test));
    }
    return rules;
}

} // namespace meshyard::proxy
