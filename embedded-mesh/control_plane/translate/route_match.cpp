// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/route_match.h"

#include <map>

namespace meshyard::control_plane {

namespace {

namespace route_v3 = envoy::config::route::v3;
using kinds::v1::StringMatch;

void addHeader(const std::string& name, const StringMatch& value, route_v3::RouteMatch& match)
{
    auto* header = match.add_headers();
    header->set_name(name);
    if (!stringMatcher(value, false, *header->mutable_string_match()))
        header->set_present_match(true);
}

void addPath(const kinds::v1::HttpMatchRequest& asked, route_v3::RouteMatch& match)
{
    switch (asked.uri().match_type_case()) {
    case StringMatch::kExact:
        match.set_path(asked.uri().exact());
        break;
    case StringMatch::kPrefix:
        match.set_prefix(asked.uri().prefix());
        break;
    case StringMatch::kRegex:
        match.mutable_safe_regex()->set_regex(asked.uri().regex());
        break;
    default:
        match.set_prefix("/");
        break;
    }
    if (asked.ignore_uri_case())
        match.mutable_case_sensitive()->set_value(false);
}

/// Generated maps iterate in no fixed order; equal documents must give equal bytes.
template <typename Map> std::map<std::string, StringMatch> sorted(const Map& map)
{
    return {map.begin(), map.end()};
}

} // namespace

bool stringMatcher(
    const StringMatch& match, bool ignoreCase, envoy::type::matcher::v3::StringMatcher& matcher)
{
    switch (match.match_type_case()) {
    case StringMatch::kExact:
        matcher.set_exact(match.exact());
        break;
    case StringMatch::kPrefix:
        matcher.set_prefix(match.prefix());
        break;
    case StringMatch::kRegex:
        matcher.mutable_safe_regex()->set_regex(match.regex());
        break;
    default:
        return false;
    }
    matcher.set_ignore_case(ignoreCase);
    return true;
}

route_v3::RouteMatch matchAll()
{
    route_v3::RouteMatch match;
    match.set_prefix("/");
    return match;
}

bool isCatchAll(const route_v3::RouteMatch& match)
{
    return match.headers_size() == 0 && match.query_parameters_size() == 0
        && !match.has_runtime_fraction()
        && (match.prefix() == "/"
            || (match.has_safe_regex()
                && (match.safe_regex().regex() == ".*" || match.safe_regex().regex() == "*")));
}

route_v3::RouteMatch routeMatch(const kinds::v1::HttpMatchRequest& asked)
{
    route_v3::RouteMatch match;
    addPath(asked, match);
    if (asked.has_scheme())
        addHeader(":scheme", asked.scheme(), match);
    if (asked.has_method())
        addHeader(":method", asked.method(), match);
    if (asked.has_authority())
        addHeader(":authority", asked.authority(), match);
    for (const auto& [name, value] : sorted(asked.headers()))
        addHeader(name, value, match);
    for (const auto& [name, value] : sorted(asked.without_headers())) {
        addHeader(name, value, match);
        auto* header = match.mutable_headers(match.headers_size() - 1);
        header->set_invert_match(true);
        if (header->has_string_match())
            header->set_treat_missing_header_as_empty(true);
    }
    for (const auto& [name, value] : sorted(asked.query_params())) {
        auto* parameter = match.add_query_parameters();
        parameter->set_name(name);
        if (!stringMatcher(value, false, *parameter->mutable_string_match()))
            parameter->set_present_match(true);
    }
    return match;
}

} // namespace meshyard::control_plane
