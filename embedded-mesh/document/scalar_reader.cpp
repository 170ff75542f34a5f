// SPDX-License-Identifier: GPL-3.0-or-later
// How FieldReader takes single values: numbers, booleans, strings, bytes.
#include "embedded-mesh/document/field_reader.h"

#include "embedded-mesh/document/suggestion.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace meshyard::document {
namespace {

template <typename T> std::optional<T> parseWhole(std::string_view text)
{
    if (text.starts_with('+'))
        text.remove_prefix(1);
    T value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end && !text.empty() ? std::optional(value)
                                                                : std::nullopt;
}

std::optional<double> parseReal(std::string_view text)
{
    if (text == "NaN" || text == ".nan" || text == ".NaN")
        return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity" || text == ".inf")
        return std::numeric_limits<double>::infinity();
    if (text == "-Infinity" || text == "-.inf")
        return -std::numeric_limits<double>::infinity();
    if (text.starts_with('+'))
        text.remove_prefix(1);
    if (text.empty()
        || (text.front() != '-' && text.front() != '.'
            && (text.front() < '0' || text.front() > '9')))
        return std::nullopt;
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end && std::isfinite(value) ? std::optional(value)
                                                                       : std::nullopt;
}

// proto3 JSON takes 10.0 and 1e3 for whole numbers, exactly only.
std::optional<double> wholeReal(std::string_view text)
{
    const auto value = parseReal(text);
    constexpr double kExact = 9007199254740992.0;
    return value && std::trunc(*value) == *value && std::abs(*value) <= kExact ? value
                                                                               : std::nullopt;
}

} // namespace

bool FieldReader::wantScalar(const Node& node, std::string_view what)
{
    if (node.isScalar())
        return true;
    report(ProblemKind::WrongType, node,
        std::string(what) + " belongs here, not " + (node.isMap() ? "a mapping" : "a list"));
    return false;
}

std::optional<std::int64_t> FieldReader::signedNumber(
    const Node& node, std::int64_t low, std::int64_t high)
{
    if (!wantScalar(node, "a whole number"))
        return std::nullopt;
    auto value = parseWhole<std::int64_t>(node.text);
    if (const auto real = value ? std::nullopt : wholeReal(node.text))
        value = static_cast<std::int64_t>(*real);
    if (!value && !parseReal(node.text)) {
        report(ProblemKind::WrongType, node, quoted(node.text) + " is not a whole number");
    } else if (!value || *value < low || *value > high) {
        report(ProblemKind::OutOfRange, node,
            quoted(node.text) + " is out of range: a whole number from " + std::to_string(low)
                + " to " + std::to_string(high) + " belongs here");
        return std::nullopt;
    }
    return value;
}

std::optional<std::uint64_t> FieldReader::unsignedNumber(const Node& node, std::uint64_t high)
{
    if (!wantScalar(node, "a whole number"))
        return std::nullopt;
    auto value = parseWhole<std::uint64_t>(node.text);
    if (const auto real = value ? std::nullopt : wholeReal(node.text); real && *real >= 0)
        value = static_cast<std::uint64_t>(*real);
    if (!value && !parseReal(node.text)) {
        report(ProblemKind::WrongType, node, quoted(node.text) + " is not a whole number");
    } else if (!value || *value > high) {
        report(ProblemKind::OutOfRange, node,
            quoted(node.text) + " is out of range: a whole number from 0 to " + std::to_string(high)
                + " belongs here");
        return std::nullopt;
    }
    return value;
}

std::optional<double> FieldReader::realNumber(const Node& node)
{
    if (!wantScalar(node, "a number"))
        return std::nullopt;
    const auto value = parseReal(node.text);
    if (!value)
        report(ProblemKind::WrongType, node, quoted(node.text) + " is not a number");
    return value;
}

std::optional<bool> FieldReader::boolean(const Node& node)
{
    if (!wantScalar(node, "true or false"))
        return std::nullopt;
    if (node.text == "true" || node.text == "True" || node.text == "TRUE")
        return true;
    if (node.text == "false" || node.text == "False" || node.text == "FALSE")
        return false;
    report(ProblemKind::WrongType, node,
        quoted(node.text) + " is neither true nor false: write one of them");
    return std::nullopt;
}

std::optional<std::string> FieldReader::text(const Node& node)
{
    if (!wantScalar(node, "text"))
        return std::nullopt;
    return node.text;
}

std::optional<std::string> FieldReader::bytes(const Node& node)
{
    if (!wantScalar(node, "base64 text"))
        return std::nullopt;
    auto decoded = decodeBase64(node.text);
    if (!decoded)
        report(ProblemKind::WrongType, node, "this is not base64: encode the bytes");
    return decoded;
}

} // namespace meshyard::document
