// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/net/sockets.h"
#include "embedded-mesh/proxy/route/connection_info.h"

#include <memory>
#include <vector>

namespace meshyard::proxy {

/// The addresses of a connection, asked of the kernel when a policy first wants them.
class SocketInfo : public ConnectionInfo
{
public:
    explicit SocketInfo(const net::Connection& connection)
        : m_connection(connection)
    {
    }

    const net::SocketAddress& remoteAddress() const override { return addresses().remote; }
    const net::SocketAddress& localAddress() const override { return addresses().local; }

    bool isTls() const override { return m_connection.isTls(); }
    std::string_view serverName() const override
    {
        return isTls() ? m_connection.serverName() : std::string_view();
    }
    std::span<const std::string> principals() const override
    {
        const net::PeerIdentity* const peer = isTls() ? m_connection.peerIdentity() : nullptr;
        if (peer == nullptr || !peer->verified)
            return {};
        if (m_principals.empty()) {
            m_principals = peer->uriSans;
            m_principals.insert(m_principals.end(), peer->dnsSans.begin(), peer->dnsSans.end());
            if (!peer->subject.empty())
                m_principals.push_back(peer->subject);
        }
        return m_principals;
    }

private:
    struct Addresses
    {
        net::SocketAddress remote;
        net::SocketAddress local;
    };

    const Addresses& addresses() const
    {
        if (m_addresses == nullptr) {
            const int fd = m_connection.fd();
            m_addresses = std::make_unique<Addresses>(
                Addresses{net::peerAddress(fd), net::localAddress(fd)});
        }
        return *m_addresses;
    }

    const net::Connection& m_connection; // outlives us
    mutable std::unique_ptr<Addresses> m_addresses;
    mutable std::vector<std::string> m_principals;
};

} // namespace meshyard::proxy
