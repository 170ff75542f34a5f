// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::net {

/// What a TLS client asks for in its first message, in the clear.
struct ClientHello
{
    std::string serverName; // lower case; empty = none
    std::vector<std::string> alpn; // in the client's order

    bool operator==(const ClientHello&) const = default;
};

struct ClientHelloResult
{
    enum class State : std::uint8_t {
        NeedMore,
        Complete,
        NotTls, // the first bytes are no TLS handshake record
        Malformed, // begins as TLS and breaks its rules, or is too long
    };

    State state = State::NeedMore;
    ClientHello hello;
};

inline constexpr std::size_t kMaxClientHello = 16 * 1024;

/// Reads the ClientHello at the start of a connection, whole or from what has come so far; looks at
/// no more than kMaxClientHello bytes. Anything may be passed in.
///
/// Follows RFC 8446 §4.1.2, §5.1; RFC 6066 §3; RFC 7301 §3.1.
ClientHelloResult parseClientHello(std::string_view bytes);

} // namespace meshyard::net
