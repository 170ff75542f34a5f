// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/dynamic_metadata.h"
#include "embedded-mesh/proxy/route/matchers.h"

namespace envoy::type::matcher::v3 {
class MetadataMatcher;
class ValueMatcher;
} // namespace envoy::type::matcher::v3

namespace meshyard::proxy {

/// A compiled ValueMatcher: a test of one JSON value.
class ValueTest final
{
public:
    static Result<ValueTest> compile(const envoy::type::matcher::v3::ValueMatcher& matcher);

    /// @param value nullptr = it is missing.
    bool matches(const nlohmann::json* value) const;

private:
    enum class Kind : std::uint8_t { Null, Number, NumberRange, Text, Bool, Present, OneOf, Or };

    static Result<ValueTest> compileNumber(const envoy::type::matcher::v3::ValueMatcher& matcher);
    static Result<ValueTest> compileNested(const envoy::type::matcher::v3::ValueMatcher& matcher);

    Kind m_kind = Kind::Present;
    bool m_wanted = true;
    double m_first = 0;
    double m_end = 0;
    StringTest m_text;
    std::vector<ValueTest> m_nested;
};

/// A compiled MetadataMatcher: a path into what filters said about the request, and a test.
class MetadataTest final
{
public:
    static Result<MetadataTest> compile(const envoy::type::matcher::v3::MetadataMatcher& matcher);

    bool matches(const DynamicMetadata& metadata) const;

private:
    std::string m_filter;
    std::vector<std::string> m_path;
    ValueTest m_value;
    bool m_invert = false;
};

} // namespace meshyard::proxy
