// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

namespace meshyard::proxy {

/// One header line; the views point into the head they were parsed from.
struct HeaderView
{
    std::string_view name;
    std::string_view value;
};

inline bool equalsIgnoreCase(std::string_view a, std::string_view b)
{
    const auto lower
        = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return a.size() == b.size()
        && std::equal(a.begin(), a.end(), b.begin(),
            [lower](char x, char y) { return lower(x) == lower(y); });
}

/// What routing looks at; whichever protocol the request came by.
struct RequestView
{
    std::string_view method;
    std::string_view scheme = "http";
    std::string_view authority; // with port, as sent
    std::string_view path; // without query
    std::string_view query; // without '?'
    std::span<const HeaderView> headers;

    /// First header of that name; pseudo-headers (":path", …) work too.
    std::optional<std::string_view> header(std::string_view name) const
    {
        if (!name.empty() && name.front() == ':')
            return pseudoHeader(name);
        for (const HeaderView& field : headers) {
            if (equalsIgnoreCase(field.name, name))
                return field.value;
        }
        return std::nullopt;
    }

private:
    std::optional<std::string_view> pseudoHeader(std::string_view name) const
    {
        if (name == ":method")
            return method;
        if (name == ":authority")
            return authority;
        if (name == ":path")
            return query.data() == nullptr
                ? path
                : std::string_view(path.data(), path.size() + 1 + query.size());
        if (name == ":scheme")
            return scheme;
        return std::nullopt;
    }
};

} // namespace meshyard::proxy
