// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/metadata_test.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/type/matcher/v3/metadata.pb.h"
#include "envoy/type/matcher/v3/value.pb.h"

#include <nlohmann/json.hpp>

namespace meshyard::proxy {

using Matcher = envoy::type::matcher::v3::ValueMatcher;

Result<ValueTest> ValueTest::compileNumber(const Matcher& matcher)
{
    ValueTest test;
    const auto& number = matcher.double_match();
    test.m_kind = number.has_range() ? Kind::NumberRange : Kind::Number;
    test.m_first = number.has_range() ? number.range().start() : number.exact();
    test.m_end = number.range().end();
    return test;
}

Result<ValueTest> ValueTest::compileNested(const Matcher& matcher)
{
    ValueTest test;
    const auto add = [&](const Matcher& inner) -> Result<void> {
        auto compiled = compile(inner);
        if (!compiled)
            return tl::unexpected(compiled.error());
        test.m_nested.push_back(std::move(*compiled));
        return {};
    };
    if (matcher.has_list_match()) {
        test.m_kind = Kind::OneOf;
        if (auto done = add(matcher.list_match().one_of()); !done)
            return tl::unexpected(done.error());
        return test;
    }
    test.m_kind = Kind::Or;
    for (const Matcher& inner : matcher.or_match().value_matchers()) {
        if (auto done = add(inner); !done)
            return tl::unexpected(done.error());
    }
    return test;
}

Result<ValueTest> ValueTest::compile(const Matcher& matcher)
{
    ValueTest test;
    switch (matcher.match_pattern_case()) {
    case Matcher::kNullMatch:
        test.m_kind = Kind::Null;
        return test;
    case Matcher::kDoubleMatch:
        return compileNumber(matcher);
    case Matcher::kStringMatch: {
        test.m_kind = Kind::Text;
        auto text = StringTest::compile(matcher.string_match());
        if (!text)
            return tl::unexpected(text.error());
        test.m_text = std::move(*text);
        return test;
    }
    case Matcher::kBoolMatch:
        test.m_kind = Kind::Bool;
        test.m_wanted = matcher.bool_match();
        return test;
    case Matcher::kPresentMatch:
        test.m_wanted = matcher.present_match();
        return test;
    case Matcher::kListMatch:
    case Matcher::kOrMatch:
        return compileNested(matcher);
    case Matcher::MATCH_PATTERN_NOT_SET:
        break;
    }
    return failure(ErrorCode::InvalidArgument, "metadata value matcher has no pattern");
}

bool ValueTest::matches(const nlohmann::json* value) const
{
    if (m_kind == Kind::Or)
        return std::ranges::any_of(
            m_nested, [value](const ValueTest& test) { return test.matches(value); });
    if (value == nullptr)
        return m_kind == Kind::Present && !m_wanted;
    switch (m_kind) {
    case Kind::Null:
        return value->is_null();
    case Kind::Number:
        return value->is_number() && value->get<double>() == m_first;
    case Kind::NumberRange:
        return value->is_number() && value->get<double>() >= m_first
            && value->get<double>() < m_end;
    case Kind::Text:
        return value->is_string() && m_text.matches(value->get_ref<const std::string&>());
    case Kind::Bool:
        return value->is_boolean() && value->get<bool>() == m_wanted;
    case Kind::Present:
        return m_wanted;
    case Kind::OneOf:
        return value->is_array() && std::ranges::any_of(*value, [this](const nlohmann::json& item) {
            return m_nested.front().matches(&item);
        });
    case Kind::Or:
        break;
    }
    return false;
}

Result<MetadataTest> MetadataTest::compile(const envoy::type::matcher::v3::MetadataMatcher& matcher)
{
    MetadataTest test;
    test.m_filter = matcher.filter();
    if (test.m_filter.empty() || matcher.path_size() == 0)
        return failure(ErrorCode::InvalidArgument, "metadata matcher needs a filter and a path");
    for (const auto& segment : matcher.path())
        test.m_path.push_back(segment.key());
    test.m_invert = matcher.invert();
    auto value = ValueTest::compile(matcher.value());
    if (!value)
        return at("metadata " + test.m_filter, value.error());
    test.m_value = std::move(*value);
    return test;
}

bool MetadataTest::matches(const DynamicMetadata& metadata) const
{
    const nlohmann::json* at = metadata.find(m_filter);
    for (const std::string& key : m_path) {
        if (at == nullptr || !at->is_object())
            at = nullptr;
        else if (const auto found = at->find(key); found != at->end())
            at = &*found;
        else
            at = nullptr;
    }
    return m_value.matches(at) != m_invert;
}

} // namespace meshyard::proxy
