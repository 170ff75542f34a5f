// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::net {

/// An IPv4, IPv6 or Unix-path address; a value.
class SocketAddress final
{
public:
    SocketAddress() = default;

    /// "127.0.0.1:80", "[::1]:80" or "unix:/path"; numbers only, nothing is looked up.
    /// @return InvalidArgument for anything else, a port above 65535 or a path longer than 107
    /// bytes.
    static Result<SocketAddress> parse(std::string_view text);
    /// @param ip a literal IPv4 or IPv6 address without brackets.
    static Result<SocketAddress> fromIp(std::string_view ip, std::uint16_t port);
    static Result<SocketAddress> fromPath(std::string_view path);
    static SocketAddress loopback(std::uint16_t port);
    static SocketAddress fromSockaddr(const sockaddr* address, socklen_t length);

    int family() const { return m_storage.plain.sa_family; }
    bool isUnix() const { return family() == AF_UNIX; }
    bool isEmpty() const { return m_length == 0; }
    /// True for 127.0.0.0/8, ::1 and Unix paths.
    bool isLoopback() const;
    /// True for 0.0.0.0 and ::.
    bool isAny() const;
    std::uint16_t port() const;
    void setPort(std::uint16_t port);
    /// The literal without port and brackets; for Unix addresses the path.
    std::string host() const;
    /// What parse() reads back.
    std::string toString() const;

    const sockaddr* data() const { return &m_storage.plain; }
    socklen_t size() const { return m_length; }
    bool operator==(const SocketAddress& other) const;

private:
    union Storage {
        sockaddr plain;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un path;
    };
    Storage m_storage{};
    socklen_t m_length = 0;
};

/// Splits "HOST:PORT" and "[v6]:PORT"; the host may be a name. InvalidArgument without a port.
struct HostPort
{
    std::string host;
    std::uint16_t port = 0;

    static Result<HostPort> parse(std::string_view text);
};

/// Asks the system's resolver (so /etc/hosts counts). Blocks: not for a busy loop.
/// @return at least one address; Unavailable when there is none.
Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port);

} // namespace meshyard::net
