// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Shared by the two sources of Connection; nobody else includes this.

#include "embedded-mesh/net/connection.h"

#include <utility>

namespace meshyard::net {

/// The TLS part of a Connection that has one.
struct Connection::Tls
{
    std::unique_ptr<TlsStream> stream;
    std::unique_ptr<Timer> handshakeTimer; // accepted connections, until it is over
    std::unique_ptr<std::string> held; // written before the handshake was over
};

template <typename Callback> Connection::Life Connection::tell(Callback&& callback)
{
    const std::uint32_t socket = m_generation;
    bool destroyed = false;
    bool* const outer = std::exchange(m_destroyed, &destroyed);
    callback();
    if (destroyed) {
        if (outer != nullptr)
            *outer = true;
        return Life::Gone;
    }
    m_destroyed = outer;
    return m_generation == socket ? Life::Alive : Life::Gone;
}

} // namespace meshyard::net
