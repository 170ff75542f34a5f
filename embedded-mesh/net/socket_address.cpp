// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/socket_address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>

namespace meshyard::net {

namespace {

Result<std::uint16_t> parsePort(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return failure(ErrorCode::InvalidArgument,
            "'" + std::string(text) + "' is not a port: write a number of 0 to 65535");
    return port;
}

} // namespace

Result<HostPort> HostPort::parse(std::string_view text)
{
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return failure(ErrorCode::InvalidArgument,
            "'" + std::string(text) + "' is no address: write HOST:PORT");
    std::string_view host = text.substr(0, colon);
    if (host.front() == '[') {
        if (host.size() < 3 || host.back() != ']')
            return failure(ErrorCode::InvalidArgument,
                "'" + std::string(text) + "' is no address: write [V6]:PORT");
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return failure(ErrorCode::InvalidArgument,
            "'" + std::string(text) + "' is no address: put the IPv6 address in brackets");
    }
    return parsePort(text.substr(colon + 1)).map([host](std::uint16_t port) {
        return HostPort{std::string(host), port};
    });
}

Result<SocketAddress> SocketAddress::parse(std::string_view text)
{
    constexpr std::string_view kUnix = "unix:";
    if (text.starts_with(kUnix))
        return fromPath(text.substr(kUnix.size()));
    return HostPort::parse(text).and_then(
        [](const HostPort& parts) { return fromIp(parts.host, parts.port); });
}

Result<SocketAddress> SocketAddress::fromIp(std::string_view ip, std::uint16_t port)
{
    const std::string literal(ip);
    SocketAddress address;
    if (::inet_pton(AF_INET, literal.c_str(), &address.m_storage.v4.sin_addr) == 1) {
        address.m_storage.v4.sin_family = AF_INET;
        address.m_length = sizeof(sockaddr_in);
    } else if (::inet_pton(AF_INET6, literal.c_str(), &address.m_storage.v6.sin6_addr) == 1) {
        address.m_storage.v6.sin6_family = AF_INET6;
        address.m_length = sizeof(sockaddr_in6);
    } else {
        return failure(ErrorCode::InvalidArgument, "'" + literal + "' is not an IP address");
    }
    address.setPort(port);
    return address;
}

Result<SocketAddress> SocketAddress::fromPath(std::string_view path)
{
    SocketAddress address;
    if (path.empty() || path.size() >= sizeof(address.m_storage.path.sun_path)
        || path.find('\0') != std::string_view::npos)
        return failure(ErrorCode::InvalidArgument,
            "'" + std::string(path) + "' is not a socket path: 1 to 107 bytes are allowed");
    address.m_storage.path.sun_family = AF_UNIX;
    std::memcpy(address.m_storage.path.sun_path, path.data(), path.size());
    address.m_length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return address;
}

SocketAddress SocketAddress::loopback(std::uint16_t port)
{
    SocketAddress address;
    address.m_storage.v4.sin_family = AF_INET;
    address.m_storage.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.m_length = sizeof(sockaddr_in);
    address.setPort(port);
    return address;
}

SocketAddress SocketAddress::fromSockaddr(const sockaddr* source, socklen_t length)
{
    SocketAddress address;
    const std::size_t size = std::min<std::size_t>(length, sizeof(Storage));
    std::memcpy(&address.m_storage, source, size);
    address.m_length = static_cast<socklen_t>(size);
    return address;
}

bool SocketAddress::isLoopback() const
{
    switch (family()) {
    case AF_INET:
        return (ntohl(m_storage.v4.sin_addr.s_addr) >> 24) == 127;
    case AF_INET6:
        return std::memcmp(&m_storage.v6.sin6_addr, &in6addr_loopback, sizeof(in6_addr)) == 0;
    default:
        return isUnix();
    }
}

bool SocketAddress::isAny() const
{
    if (family() == AF_INET)
        return m_storage.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return family() == AF_INET6
        && std::memcmp(&m_storage.v6.sin6_addr, &in6addr_any, sizeof(in6_addr)) == 0;
}

std::uint16_t SocketAddress::port() const
{
    switch (family()) {
    case AF_INET:
        return ntohs(m_storage.v4.sin_port);
    case AF_INET6:
        return ntohs(m_storage.v6.sin6_port);
    default:
        return 0;
    }
}

void SocketAddress::setPort(std::uint16_t port)
{
    if (family() == AF_INET)
        m_storage.v4.sin_port = htons(port);
    else if (family() == AF_INET6)
        m_storage.v6.sin6_port = htons(port);
}

std::string SocketAddress::host() const
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    switch (family()) {
    case AF_INET:
        return ::inet_ntop(AF_INET, &m_storage.v4.sin_addr, text.data(), text.size());
    case AF_INET6:
        return ::inet_ntop(AF_INET6, &m_storage.v6.sin6_addr, text.data(), text.size());
    case AF_UNIX: {
        // An accepted Unix peer is usually unnamed: its length holds the family alone.
        const std::size_t length = m_length - offsetof(sockaddr_un, sun_path);
        return {m_storage.path.sun_path, ::strnlen(m_storage.path.sun_path, length)};
    }
    default:
        return {};
    }
}

std::string SocketAddress::toString() const
{
    if (isEmpty())
        return {};
    if (isUnix())
        return "unix:" + host();
    const std::string literal = family() == AF_INET6 ? "[" + host() + "]" : host();
    return literal + ":" + std::to_string(port());
}

bool SocketAddress::operator==(const SocketAddress& other) const
{
    return m_length == other.m_length && std::memcmp(&m_storage, &other.m_storage, m_length) == 0;
}

Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    if (code != 0)
        return failure(
            ErrorCode::Unavailable, "cannot resolve '" + host + "': " + ::gai_strerror(code));
    std::vector<SocketAddress> addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        addresses.push_back(SocketAddress::fromSockaddr(entry->ai_addr, entry->ai_addrlen));
        addresses.back().setPort(port);
    }
    if (addresses.empty())
        return failure(ErrorCode::Unavailable, "'" + host + "' has no address");
    return addresses;
}

} // namespace meshyard::net
