// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/matchers.h"

#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/regex.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"

#include <re2/re2.h>

#include <charconv>

namespace meshyard::proxy {

namespace {

bool startsWith(std::string_view text, std::string_view start, bool ignoreCase)
{
    return text.size() >= start.size()
        && (ignoreCase ? equalsIgnoreCase(text.substr(0, start.size()), start)
                       : text.starts_with(start));
}

bool endsWith(std::string_view text, std::string_view end, bool ignoreCase)
{
    return text.size() >= end.size()
        && (ignoreCase ? equalsIgnoreCase(text.substr(text.size() - end.size()), end)
                       : text.ends_with(end));
}

bool containsText(std::string_view text, std::string_view part, bool ignoreCase)
{
    if (!ignoreCase)
        return text.find(part) != std::string_view::npos;
    for (std::size_t at = 0; at + part.size() <= text.size(); ++at) {
        if (equalsIgnoreCase(text.substr(at, part.size()), part))
            return true;
    }
    return false;
}

} // namespace

StringTest StringTest::of(Kind kind, std::string text, bool ignoreCase)
{
    StringTest test;
    test.m_kind = kind;
    test.m_text = std::move(text);
    test.m_ignoreCase = ignoreCase;
    return test;
}

StringTest StringTest::exact(std::string text, bool ignoreCase)
{
    return of(Kind::Exact, std::move(text), ignoreCase);
}

StringTest StringTest::range(std::int64_t first, std::int64_t end)
{
    StringTest test;
    test.m_kind = Kind::Range;
    test.m_first = first;
    test.m_end = end;
    return test;
}

Result<StringTest> StringTest::compile(const envoy::type::matcher::v3::RegexMatcher& matcher)
{
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto regex = std::make_shared<re2::RE2>(matcher.regex(), options);
    if (!regex->ok()) {
        return failure(ErrorCode::InvalidArgument,
            "regex '" + matcher.regex() + "' does not compile: " + regex->error());
    }
    StringTest test;
    test.m_kind = Kind::Regex;
    test.m_text = matcher.regex();
    test.m_regex = std::move(regex);
    return test;
}

Result<StringTest> StringTest::compile(const envoy::type::matcher::v3::StringMatcher& matcher)
{
    const bool ignoreCase = matcher.ignore_case();
    switch (matcher.match_pattern_case()) {
    case envoy::type::matcher::v3::StringMatcher::kExact:
        return of(Kind::Exact, matcher.exact(), ignoreCase);
    case envoy::type::matcher::v3::StringMatcher::kPrefix:
        return of(Kind::Prefix, matcher.prefix(), ignoreCase);
    case envoy::type::matcher::v3::StringMatcher::kSuffix:
        return of(Kind::Suffix, matcher.suffix(), ignoreCase);
    case envoy::type::matcher::v3::StringMatcher::kContains:
        return of(Kind::Contains, matcher.contains(), ignoreCase);
    case envoy::type::matcher::v3::StringMatcher::kSafeRegex:
        return compile(matcher.safe_regex());
    case envoy::type::matcher::v3::StringMatcher::MATCH_PATTERN_NOT_SET:
        break;
    }
    return failure(ErrorCode::InvalidArgument, "string matcher has no pattern");
}

bool StringTest::matchesRange(std::string_view text) const
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value >= m_first
        && value < m_end;
}

bool StringTest::matches(std::string_view text) const
{
    switch (m_kind) {
    case Kind::Present:
        return true;
    case Kind::Exact:
        return m_ignoreCase ? equalsIgnoreCase(text, m_text) : text == m_text;
    case Kind::Prefix:
        return startsWith(text, m_text, m_ignoreCase);
    case Kind::Suffix:
        return endsWith(text, m_text, m_ignoreCase);
    case Kind::Contains:
        return containsText(text, m_text, m_ignoreCase);
    case Kind::Regex:
        return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *m_regex);
    case Kind::Range:
        return matchesRange(text);
    }
    return false;
}

Result<HeaderTest> HeaderTest::compile(const envoy::config::route::v3::HeaderMatcher& matcher)
{
    using Matcher = envoy::config::route::v3::HeaderMatcher;
    using Kind = StringTest::Kind;
    HeaderTest test;
    if (matcher.name().empty())
        return failure(ErrorCode::InvalidArgument, "header matcher without a name");
    test.name = matcher.name();
    test.invert = matcher.invert_match();
    test.missingIsEmpty = matcher.treat_missing_header_as_empty();
    Result<StringTest> compiled;
    switch (matcher.header_match_specifier_case()) {
    case Matcher::kExactMatch:
        compiled = StringTest::exact(matcher.exact_match());
        break;
    case Matcher::kPrefixMatch:
        compiled = StringTest::of(Kind::Prefix, matcher.prefix_match(), false);
        break;
    case Matcher::kSuffixMatch:
        compiled = StringTest::of(Kind::Suffix, matcher.suffix_match(), false);
        break;
    case Matcher::kContainsMatch:
        compiled = StringTest::of(Kind::Contains, matcher.contains_match(), false);
        break;
    case Matcher::kSafeRegexMatch:
        compiled = StringTest::compile(matcher.safe_regex_match());
        break;
    case Matcher::kRangeMatch:
        compiled = StringTest::range(matcher.range_match().start(), matcher.range_match().end());
        break;
    case Matcher::kStringMatch:
        compiled = StringTest::compile(matcher.string_match());
        break;
    case Matcher::kPresentMatch:
        test.wantsPresent = matcher.present_match();
        break;
    case Matcher::HEADER_MATCH_SPECIFIER_NOT_SET:
        break; // present
    }
    if (!compiled)
        return tl::unexpected(compiled.error());
    test.test = std::move(*compiled);
    return test;
}

bool HeaderTest::matches(const RequestView& request) const
{
    std::string joined;
    std::optional<std::string_view> value = request.wholeHeader(name, joined);
    if (!value && missingIsEmpty)
        value = std::string_view();
    if (test.kind() == StringTest::Kind::Present)
        return (value.has_value() == wantsPresent) != invert;
    // A missing header matches nothing, not even an inverted test (as in Envoy).
    return value && test.matches(*value) != invert;
}

Result<QueryTest> QueryTest::compile(const envoy::config::route::v3::QueryParameterMatcher& matcher)
{
    QueryTest test;
    test.name = matcher.name();
    if (matcher.has_string_match()) {
        auto compiled = StringTest::compile(matcher.string_match());
        if (!compiled)
            return tl::unexpected(compiled.error());
        test.test = std::move(*compiled);
    } else if (matcher.query_parameter_match_specifier_case()
        == envoy::config::route::v3::QueryParameterMatcher::kPresentMatch) {
        test.wantsPresent = matcher.present_match();
    }
    return test;
}

bool QueryTest::matches(std::string_view query) const
{
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) == name) {
            const std::string_view value
                = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
            return test.kind() == StringTest::Kind::Present ? wantsPresent : test.matches(value);
        }
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return test.kind() == StringTest::Kind::Present && !wantsPresent;
}

} // namespace meshyard::proxy
