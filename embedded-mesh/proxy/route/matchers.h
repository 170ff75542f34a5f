// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/route/request_view.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace envoy::config::route::v3 {
class HeaderMatcher;
class QueryParameterMatcher;
} // namespace envoy::config::route::v3
namespace envoy::type::matcher::v3 {
class RegexMatcher;
class StringMatcher;
} // namespace envoy::type::matcher::v3
namespace re2 {
class RE2;
}

namespace meshyard::proxy {

/// A compiled test of one string; built when configuration arrives, never on the request path.
class StringTest final
{
public:
    enum class Kind : std::uint8_t { Present, Exact, Prefix, Suffix, Contains, Regex, Range };

    StringTest() = default; // Present
    static StringTest exact(std::string text, bool ignoreCase = false);
    static StringTest of(Kind kind, std::string text, bool ignoreCase);
    static StringTest range(std::int64_t first, std::int64_t end);
    static Result<StringTest> compile(const envoy::type::matcher::v3::StringMatcher& matcher);
    static Result<StringTest> compile(const envoy::type::matcher::v3::RegexMatcher& matcher);

    bool matches(std::string_view text) const;
    Kind kind() const { return m_kind; }
    const re2::RE2* regex() const { return m_regex.get(); }

private:
    bool matchesRange(std::string_view text) const;

    Kind m_kind = Kind::Present;
    bool m_ignoreCase = false;
    std::string m_text;
    std::int64_t m_first = 0;
    std::int64_t m_end = 0;
    std::shared_ptr<const re2::RE2> m_regex;
};

/// A compiled HeaderMatcher.
struct HeaderTest
{
    std::string name;
    StringTest test;
    bool wantsPresent = true; // for Kind::Present
    bool invert = false;
    bool missingIsEmpty = false;

    static Result<HeaderTest> compile(const envoy::config::route::v3::HeaderMatcher& matcher);
    bool matches(const RequestView& request) const;
};

/// A compiled QueryParameterMatcher.
struct QueryTest
{
    std::string name;
    StringTest test;
    bool wantsPresent = true;

    static Result<QueryTest> compile(
        const envoy::config::route::v3::QueryParameterMatcher& matcher);
    bool matches(std::string_view query) const;
};

inline bool matchesAll(const std::vector<HeaderTest>& tests, const RequestView& request)
{
    return std::ranges::all_of(
        tests, [&](const HeaderTest& test) { return test.matches(request); });
}

} // namespace meshyard::proxy
