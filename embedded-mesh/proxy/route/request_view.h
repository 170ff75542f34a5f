// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/connection_info.h"

#include <algorithm>
#include <cstdint>
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
    /// How to find out who the caller is when there are proxies before us.
    enum class Trust : std::uint8_t {
        ForwardedFor, // the last address of x-forwarded-for (use_remote_address: false)
        Connection, // the connection's peer, or xff_num_trusted_hops before it
    };

    std::string_view method;
    std::string_view scheme = "http";
    std::string_view authority; // with port, as sent
    std::string_view path; // without query
    std::string_view query; // without '?'
    std::span<const HeaderView> headers;
    const ConnectionInfo* connection = nullptr; // nullptr: nothing is known (tests)
    Trust trust = Trust::ForwardedFor;
    std::uint32_t trustedHops = 0;
    bool hasEnvoyHeaders = false; // x-envoy-…: somebody asks the router for something
    bool http10 = false;
    bool http2 = false;

    /// First header of that name; pseudo-headers (":path", …) and "host" work too.
    std::optional<std::string_view> header(std::string_view name) const
    {
        if (!name.empty() && name.front() == ':')
            return pseudoHeader(name);
        if (equalsIgnoreCase(name, "host"))
            return authority; // of an absolute-form target, whatever the Host line says
        for (const HeaderView& field : headers) {
            if (equalsIgnoreCase(field.name, name))
                return field.value;
        }
        return std::nullopt;
    }

    /// Value of all headers of that name as one list (RFC 9110 5.3), so that a second line hides
    /// nothing from a policy. @param joined holds the text where there are several.
    std::optional<std::string_view> wholeHeader(std::string_view name, std::string& joined) const;

    /// Path and query, which stand in one piece.
    std::string_view target() const
    {
        return query.data() == nullptr
            ? path
            : std::string_view(path.data(), path.size() + 1 + query.size());
    }
    /// The caller as far as it can be trusted. Empty when nothing is known.
    net::SocketAddress remoteAddress() const;
    std::string_view protocol() const
    {
        if (http2)
            return "HTTP/2";
        return http10 ? "HTTP/1.0" : "HTTP/1.1";
    }

private:
    std::optional<std::string_view> pseudoHeader(std::string_view name) const
    {
        if (name == ":method")
            return method;
        if (name == ":authority")
            return authority;
        if (name == ":path")
            return target();
        if (name == ":scheme")
            return scheme;
        return std::nullopt;
    }
};

} // namespace meshyard::proxy
