// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/route_policies.h"

#include "embedded-mesh/control_plane/translate/route_match.h"
#include "embedded-mesh/control_plane/xds/snapshot.h"

#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

namespace meshyard::control_plane {

namespace {

namespace route_v3 = envoy::config::route::v3;
using envoy::config::core::v3::HeaderValueOption;

constexpr const char* kDefaultRetryOn = "connect-failure,refused-stream,unavailable,cancelled";
constexpr std::uint32_t kDefaultAttempts = 2;

constexpr std::array<std::string_view, 17> kGrpcNames{"OK", "CANCELLED", "UNKNOWN",
    "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};

std::uint32_t grpcCode(const std::string& name)
{
    const auto found = std::ranges::find(kGrpcNames, name);
    return found == kGrpcNames.end()
        ? 2U
        : static_cast<std::uint32_t>(std::distance(kGrpcNames.begin(), found));
}

/// Splits Istio's list: words go to retry_on, numbers become status codes.
void setRetryOn(std::string_view list, route_v3::RetryPolicy& policy)
{
    std::string words;
    const auto append = [&words](std::string_view word) {
        if (!words.empty())
            words += ',';
        words += word;
    };
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view word = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (word.starts_with(' '))
            word.remove_prefix(1);
        while (word.ends_with(' '))
            word.remove_suffix(1);
        std::uint32_t status = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), status);
        if (error == std::errc() && end == word.data() + word.size())
            policy.add_retriable_status_codes(status);
        else if (!word.empty())
            append(word);
    }
    if (policy.retriable_status_codes_size() > 0
        && words.find("retriable-status-codes") == std::string::npos)
        append("retriable-status-codes");
    policy.set_retry_on(words);
}

template <typename Options>
void addHeader(Options& options, const std::string& name, const std::string& value,
    HeaderValueOption::HeaderAppendAction action)
{
    auto* option = options.Add();
    option->mutable_header()->set_key(name);
    option->mutable_header()->set_value(value);
    option->set_append_action(action);
}

bool isAuthority(const std::string& name)
{
    return name == ":authority" || name == "host" || name == "Host";
}

using Operations = kinds::v1::Headers::HeaderOperations;

template <typename Added, typename Removed>
std::string writeOperations(const Operations& operations, Added& added, Removed& removed)
{
    std::string authority;
    const std::map<std::string, std::string> set(operations.set().begin(), operations.set().end());
    const std::map<std::string, std::string> add(operations.add().begin(), operations.add().end());
    for (const auto& [name, value] : set) {
        if (isAuthority(name))
            authority = value;
        else
            addHeader(added, name, value, HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD);
    }
    for (const auto& [name, value] : add)
        addHeader(added, name, value, HeaderValueOption::APPEND_IF_EXISTS_OR_ADD);
    for (const std::string& name : operations.remove())
        *removed.Add() = name;
    return authority;
}

route_v3::RedirectAction::RedirectResponseCode redirectCode(std::uint32_t code)
{
    using Action = route_v3::RedirectAction;
    switch (code) {
    case 302:
        return Action::FOUND;
    case 303:
        return Action::SEE_OTHER;
    case 307:
        return Action::TEMPORARY_REDIRECT;
    case 308:
        return Action::PERMANENT_REDIRECT;
    default:
        return Action::MOVED_PERMANENTLY;
    }
}

} // namespace

void setPercent(double value, envoy::type::v3::FractionalPercent& fraction)
{
    const double bounded = std::clamp(value, 0.0, 100.0);
    fraction.set_numerator(static_cast<std::uint32_t>(std::lround(bounded * 10'000)));
    fraction.set_denominator(envoy::type::v3::FractionalPercent::MILLION);
}

void refuse(route_v3::Route& route, std::uint32_t status, const std::string& reason)
{
    auto* answer = route.mutable_direct_response();
    answer->set_status(status);
    answer->mutable_body()->set_inline_string(reason + "\n");
    addHeader(*route.mutable_response_headers_to_add(), kReasonHeader, reason,
        HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD);
}

void addRetries(const kinds::v1::HttpRoute& http, bool hashed, route_v3::RouteAction& action)
{
    const kinds::v1::HttpRetry& asked = http.retries();
    if (http.has_retries() && asked.attempts() <= 0)
        return;
    auto* policy = action.mutable_retry_policy();
    setRetryOn(asked.retry_on().empty() ? kDefaultRetryOn : asked.retry_on(), *policy);
    policy->mutable_num_retries()->set_value(
        http.has_retries() ? static_cast<std::uint32_t>(asked.attempts()) : kDefaultAttempts);
    if (asked.has_per_try_timeout())
        *policy->mutable_per_try_timeout() = asked.per_try_timeout();
    if (asked.has_backoff())
        *policy->mutable_retry_back_off()->mutable_base_interval() = asked.backoff();
    const bool mayMeetAgain
        = asked.has_retry_ignore_previous_hosts() && !asked.retry_ignore_previous_hosts().value();
    if (hashed || mayMeetAgain)
        return;
    auto* predicate = policy->add_retry_host_predicate();
    predicate->set_name("envoy.retry_host_predicates.previous_hosts");
    *predicate->mutable_typed_config() = packDeterministically(
        envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate());
    policy->set_host_selection_retry_max_attempts(5);
}

void addFault(const kinds::v1::HttpFaultInjection& fault, route_v3::Route& route)
{
    envoy::extensions::filters::http::fault::v3::HTTPFault filter;
    if (fault.has_delay()) {
        const auto& delay = fault.delay();
        const double percent
            = delay.has_percentage() ? delay.percentage().value() : delay.percent();
        if (percent > 0) {
            *filter.mutable_delay()->mutable_fixed_delay() = delay.fixed_delay();
            setPercent(percent, *filter.mutable_delay()->mutable_percentage());
        }
    }
    if (fault.has_abort() && fault.abort().percentage().value() > 0) {
        auto* abort = filter.mutable_abort();
        if (fault.abort().grpc_status().empty())
            abort->set_http_status(static_cast<std::uint32_t>(fault.abort().http_status()));
        else
            abort->set_grpc_status(grpcCode(fault.abort().grpc_status()));
        setPercent(fault.abort().percentage().value(), *abort->mutable_percentage());
    }
    if (filter.has_delay() || filter.has_abort())
        (*route.mutable_typed_per_filter_config())["envoy.filters.http.fault"]
            = packDeterministically(filter);
}

void addCors(const kinds::v1::CorsPolicy& cors, route_v3::Route& route)
{
    envoy::extensions::filters::http::cors::v3::CorsPolicy policy;
    for (const kinds::v1::StringMatch& origin : cors.allow_origins())
        stringMatcher(origin, false, *policy.add_allow_origin_string_match());
    const auto joined = [](const auto& names) {
        std::string list;
        for (const std::string& name : names)
            list += (list.empty() ? "" : ",") + name;
        return list;
    };
    policy.set_allow_methods(joined(cors.allow_methods()));
    policy.set_allow_headers(joined(cors.allow_headers()));
    policy.set_expose_headers(joined(cors.expose_headers()));
    if (cors.has_max_age())
        policy.set_max_age(std::to_string(cors.max_age().seconds()));
    if (cors.has_allow_credentials())
        policy.mutable_allow_credentials()->set_value(cors.allow_credentials().value());
    policy.mutable_forward_not_matching_preflights()->set_value(
        cors.unmatched_preflights() != kinds::v1::CorsPolicy::IGNORE);
    (*route.mutable_typed_per_filter_config())["envoy.filters.http.cors"]
        = packDeterministically(policy);
}

void addRedirect(const kinds::v1::HttpRedirect& redirect, route_v3::Route& route)
{
    auto* action = route.mutable_redirect();
    if (!redirect.uri().empty())
        action->set_path_redirect(redirect.uri());
    action->set_host_redirect(redirect.authority());
    if (redirect.port() > 0)
        action->set_port_redirect(redirect.port());
    if (!redirect.scheme().empty())
        action->set_scheme_redirect(redirect.scheme());
    action->set_response_code(redirectCode(redirect.redirect_code()));
}

void addRewrite(const kinds::v1::HttpRewrite& rewrite, route_v3::RouteAction& action)
{
    if (rewrite.has_uri_regex_rewrite()) {
        auto* regex = action.mutable_regex_rewrite();
        regex->mutable_pattern()->set_regex(rewrite.uri_regex_rewrite().match());
        regex->set_substitution(rewrite.uri_regex_rewrite().rewrite());
    } else {
        action.set_prefix_rewrite(rewrite.uri());
    }
    if (!rewrite.authority().empty())
        action.set_host_rewrite_literal(rewrite.authority());
}

template <typename Target>
std::string addHeaderOperations(const kinds::v1::Headers& headers, Target& target)
{
    writeOperations(headers.response(), *target.mutable_response_headers_to_add(),
        *target.mutable_response_headers_to_remove());
    return writeOperations(headers.request(), *target.mutable_request_headers_to_add(),
        *target.mutable_request_headers_to_remove());
}

template std::string addHeaderOperations(const kinds::v1::Headers&, route_v3::Route&);
template std::string addHeaderOperations(
    const kinds::v1::Headers&, route_v3::WeightedCluster::ClusterWeight&);

} // namespace meshyard::control_plane
