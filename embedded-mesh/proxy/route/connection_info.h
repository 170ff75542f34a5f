// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/socket_address.h"

#include <span>
#include <string>
#include <string_view>

namespace meshyard::proxy {

/// What a caller's connection says about it. Asked only by policies that need it, so that a
/// connection nobody asks about costs no system call.
class ConnectionInfo
{
public:
    virtual ~ConnectionInfo() = default;

    /// The other end of the socket.
    virtual const net::SocketAddress& remoteAddress() const = 0;
    /// Where the caller connected to.
    virtual const net::SocketAddress& localAddress() const = 0;
    /// SNI; empty = none.
    virtual std::string_view serverName() const { return {}; }
    virtual bool isTls() const { return false; }
    /// Names in the verified certificate of the peer: URI SANs, DNS SANs, subject. Empty = it
    /// showed none.
    virtual std::span<const std::string> principals() const { return {}; }
};

} // namespace meshyard::proxy
