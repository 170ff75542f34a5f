// SPDX-License-Identifier: GPL-3.0-or-later
// RouteMatch of the API to RouteMatch of ours; filters use it, too.
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/route/route_table.h"

#include "envoy/config/route/v3/route_components.pb.h"

namespace meshyard::proxy {

namespace v3 = envoy::config::route::v3;

Result<RouteMatch> RouteMatch::compile(const v3::RouteMatch& match)
{
    RouteMatch compiled;
    compiled.ignoreCase = match.has_case_sensitive() && !match.case_sensitive().value();
    switch (match.path_specifier_case()) {
    case v3::RouteMatch::kPrefix:
        compiled.path = match.prefix();
        break;
    case v3::RouteMatch::kPath:
        compiled.kind = RouteMatch::Path::Exact;
        compiled.path = match.path();
        break;
    case v3::RouteMatch::kPathSeparatedPrefix:
        compiled.kind = RouteMatch::Path::SeparatedPrefix;
        compiled.path = match.path_separated_prefix();
        break;
    case v3::RouteMatch::kSafeRegex: {
        compiled.kind = RouteMatch::Path::Regex;
        auto test = StringTest::compile(match.safe_regex());
        if (!test)
            return at("safe_regex", test.error());
        compiled.regex
            = std::shared_ptr<const re2::RE2>(std::make_shared<StringTest>(*test), test->regex());
        break;
    }
    case v3::RouteMatch::kConnectMatcher:
        compiled.kind = RouteMatch::Path::Connect;
        break;
    case v3::RouteMatch::PATH_SPECIFIER_NOT_SET:
        return failure(ErrorCode::InvalidArgument, "match has no path specifier");
    }
    if (match.has_runtime_fraction())
        compiled.perMillion = proxy::perMillion(match.runtime_fraction().default_value());
    if (match.has_grpc()) {
        v3::HeaderMatcher grpc;
        grpc.set_name("content-type");
        grpc.set_prefix_match("application/grpc");
        compiled.headers.push_back(*HeaderTest::compile(grpc));
    }
    for (const v3::HeaderMatcher& header : match.headers()) {
        auto test = HeaderTest::compile(header);
        if (!test)
            return at("headers", test.error());
        compiled.headers.push_back(std::move(*test));
    }
    for (const v3::QueryParameterMatcher& parameter : match.query_parameters()) {
        auto test = QueryTest::compile(parameter);
        if (!test)
            return at("query_parameters", test.error());
        compiled.query.push_back(std::move(*test));
    }
    return compiled;
}

} // namespace meshyard::proxy
