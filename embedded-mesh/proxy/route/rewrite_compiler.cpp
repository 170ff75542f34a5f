// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/rewrite_compiler.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/route/v3/route_components.pb.h"

namespace meshyard::proxy {

namespace v3 = envoy::config::route::v3;

namespace {

Result<std::shared_ptr<const re2::RE2>> compileRegex(
    const envoy::type::matcher::v3::RegexMatcher& matcher)
{
    auto test = StringTest::compile(matcher);
    if (!test)
        return tl::unexpected(test.error());
    const re2::RE2* const regex = test->regex();
    return std::shared_ptr<const re2::RE2>(std::make_shared<StringTest>(std::move(*test)), regex);
}

Result<std::shared_ptr<const HeaderFormat>> compileFormat(const std::string& text)
{
    auto format = HeaderFormat::compile(text);
    if (!format)
        return tl::unexpected(format.error());
    if (format->asksResponse())
        return failure(ErrorCode::InvalidArgument, "'" + text + "' asks for the answer");
    return std::make_shared<const HeaderFormat>(std::move(*format));
}

} // namespace

Result<void> compilePathRewrite(const v3::RouteAction& route, ForwardAction& action)
{
    const int ways = (route.prefix_rewrite().empty() ? 0 : 1) + (route.has_regex_rewrite() ? 1 : 0)
        + (route.path_rewrite().empty() ? 0 : 1);
    if (ways > 1) {
        return failure(ErrorCode::InvalidArgument,
            "only one of prefix_rewrite, regex_rewrite and path_rewrite may be set");
    }
    action.prefixRewrite = route.prefix_rewrite();
    if (!route.path_rewrite().empty()) {
        auto format = compileFormat(route.path_rewrite());
        if (!format)
            return at("path_rewrite", format.error());
        action.pathFormat = std::move(*format);
    }
    if (!route.has_regex_rewrite())
        return {};
    auto regex = compileRegex(route.regex_rewrite().pattern());
    if (!regex)
        return at("regex_rewrite", regex.error());
    action.regexRewrite = std::move(*regex);
    action.regexSubstitution = route.regex_rewrite().substitution();
    return {};
}

Result<HostRewrite> compileHostRewrite(const v3::RouteAction& route)
{
    using Kind = HostRewrite::Kind;
    HostRewrite rewrite;
    rewrite.keepsOriginal = route.append_x_forwarded_host();
    switch (route.host_rewrite_specifier_case()) {
    case v3::RouteAction::kHostRewriteLiteral:
        rewrite.kind = Kind::Literal;
        rewrite.text = route.host_rewrite_literal();
        break;
    case v3::RouteAction::kAutoHostRewrite:
        rewrite.kind = route.auto_host_rewrite().value() ? Kind::Upstream : Kind::None;
        break;
    case v3::RouteAction::kHostRewriteHeader:
        rewrite.kind = Kind::Header;
        rewrite.text = route.host_rewrite_header();
        break;
    case v3::RouteAction::kHostRewritePathRegex: {
        rewrite.kind = Kind::PathRegex;
        auto regex = compileRegex(route.host_rewrite_path_regex().pattern());
        if (!regex)
            return at("host_rewrite_path_regex", regex.error());
        rewrite.regex = std::move(*regex);
        rewrite.text = route.host_rewrite_path_regex().substitution();
        break;
    }
    case v3::RouteAction::kHostRewrite: {
        rewrite.kind = Kind::Format;
        auto format = compileFormat(route.host_rewrite());
        if (!format)
            return at("host_rewrite", format.error());
        rewrite.format = std::move(*format);
        break;
    }
    case v3::RouteAction::HOST_REWRITE_SPECIFIER_NOT_SET:
        break;
    }
    return rewrite;
}

Result<RedirectRules> compileRedirect(const v3::RedirectAction& redirect)
{
    constexpr int kStatus[] = {301, 302, 303, 307, 308};
    RedirectRules rules;
    rules.status = kStatus[std::clamp<int>(redirect.response_code(), 0, 4)];
    rules.scheme = redirect.https_redirect() ? "https" : redirect.scheme_redirect();
    rules.host = redirect.host_redirect();
    rules.port = redirect.port_redirect();
    rules.path = redirect.path_redirect();
    if (!rules.path.empty() && rules.path.front() != '/')
        rules.path.insert(rules.path.begin(), '/');
    rules.prefixRewrite = redirect.prefix_rewrite();
    rules.stripQuery = redirect.strip_query();
    if (redirect.has_regex_rewrite()) {
        auto regex = compileRegex(redirect.regex_rewrite().pattern());
        if (!regex)
            return at("regex_rewrite", regex.error());
        rules.regexRewrite = std::move(*regex);
        rules.regexSubstitution = redirect.regex_rewrite().substitution();
    }
    for (const std::string* text : {&rules.scheme, &rules.host, &rules.path}) {
        if (!isHeaderValue(*text))
            return failure(ErrorCode::InvalidArgument, "a part holds what no header line can");
    }
    return rules;
}

} // namespace meshyard::proxy
