// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include "envoy/type/v3/percent.pb.h"

#include <google/protobuf/duration.pb.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace envoy::config::core::v3 {
class DataSource;
}

namespace meshyard::proxy {

inline std::chrono::microseconds toMicros(const google::protobuf::Duration& duration)
{
    return std::chrono::seconds(duration.seconds())
        + std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::nanoseconds(duration.nanos()));
}

inline std::uint32_t perMillion(const envoy::type::v3::FractionalPercent& share)
{
    using Percent = envoy::type::v3::FractionalPercent;
    switch (share.denominator()) {
    case Percent::TEN_THOUSAND:
        return share.numerator() * 100;
    case Percent::MILLION:
        return share.numerator();
    default:
        return share.numerator() * 10000;
    }
}

inline std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// RFC 9110 token.
inline bool isHeaderName(std::string_view name)
{
    constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
    if (name.empty())
        return false;
    for (const char c : name) {
        const bool alnum
            = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && kOther.find(c) == std::string_view::npos)
            return false;
    }
    return true;
}

inline bool isHeaderValue(std::string_view value)
{
    return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// Content of a file, an environment variable or the configuration itself; empty when none is
/// named.
Result<std::string> readSource(const envoy::config::core::v3::DataSource& source);

/// Prefixes an error with the place it happened at.
inline tl::unexpected<Error> at(std::string_view place, const Error& error)
{
    return tl::unexpected(Error{error.code, std::string(place) + ": " + error.message});
}

} // namespace meshyard::proxy
