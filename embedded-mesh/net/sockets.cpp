// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/sockets.h"

#include <netinet/tcp.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace meshyard::net {

namespace {

ErrorCode codeOf(int errorNumber)
{
    switch (errorNumber) {
    case EADDRINUSE:
        return ErrorCode::AlreadyExists;
    case EACCES:
    case EPERM:
        return ErrorCode::PermissionDenied;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ErrorCode::ResourceExhausted;
    case ETIMEDOUT:
        return ErrorCode::DeadlineExceeded;
    case EINVAL:
    case EAFNOSUPPORT:
        return ErrorCode::InvalidArgument;
    default:
        return ErrorCode::Unavailable;
    }
}

void setFlag(int fd, int level, int option)
{
    const int on = 1;
    ::setsockopt(fd, level, option, &on, sizeof(on));
}

Fd openStream(int family)
{
    return Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// Removes a socket file that nobody listens on any more.
void removeDeadSocket(const SocketAddress& address)
{
    struct stat info{};
    if (::lstat(address.host().c_str(), &info) != 0 || !S_ISSOCK(info.st_mode))
        return;
    const Fd probe = openStream(AF_UNIX);
    if (::connect(probe.get(), address.data(), address.size()) != 0 && errno == ECONNREFUSED)
        ::unlink(address.host().c_str());
}

SocketAddress askAddress(int fd, int (*ask)(int, sockaddr*, socklen_t*))
{
    sockaddr_storage storage{};
    socklen_t length = sizeof(storage);
    auto* plain = reinterpret_cast<sockaddr*>(&storage);
    if (ask(fd, plain, &length) != 0)
        return {};
    return SocketAddress::fromSockaddr(plain, length);
}

} // namespace

Error socketError(std::string_view what, int errorNumber)
{
    return {codeOf(errorNumber), std::string(what) + ": " + std::strerror(errorNumber)};
}

Result<Fd> listenOn(const SocketAddress& address, PortSharing sharing, int backlog)
{
    const std::string what = "cannot listen on " + address.toString();
    Fd fd = openStream(address.family());
    if (!fd.isOpen())
        return tl::unexpected(socketError(what, errno));
    if (address.isUnix())
        removeDeadSocket(address);
    else
        setFlag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    if (sharing == PortSharing::Shared)
        setFlag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
    if (::bind(fd.get(), address.data(), address.size()) != 0 || ::listen(fd.get(), backlog) != 0)
        return tl::unexpected(socketError(what, errno));
    return fd;
}

Result<Fd> startConnect(const SocketAddress& address)
{
    const std::string_view what = "cannot connect";
    Fd fd = openStream(address.family());
    if (!fd.isOpen())
        return tl::unexpected(socketError(what, errno));
    if (!address.isUnix())
        disableNagle(fd.get());
    if (::connect(fd.get(), address.data(), address.size()) != 0 && errno != EINPROGRESS)
        return tl::unexpected(socketError(what, errno));
    return fd;
}

int takeSocketError(int fd)
{
    int error = 0;
    socklen_t length = sizeof(error);
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

SocketAddress localAddress(int fd)
{
    return askAddress(fd, &::getsockname);
}

SocketAddress peerAddress(int fd)
{
    return askAddress(fd, &::getpeername);
}

SocketAddress originalDestination(int fd)
{
    constexpr int kOriginalDestination = 80; // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    const SocketAddress local = localAddress(fd);
    const int level = local.family() == AF_INET6 ? SOL_IPV6 : SOL_IP;
    if (local.isUnix() || ::getsockopt(fd, level, kOriginalDestination, plain, &length) != 0)
        return local;
    length = level == SOL_IPV6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); // the kernel leaves it
    return SocketAddress::fromSockaddr(plain, length);
}

void disableNagle(int fd)
{
    setFlag(fd, IPPROTO_TCP, TCP_NODELAY);
}

void keepAlive(int fd, int probes, std::chrono::seconds time, std::chrono::seconds interval)
{
    setFlag(fd, SOL_SOCKET, SO_KEEPALIVE);
    const auto set = [fd](int option, int value) {
        if (value > 0)
            ::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
    };
    set(TCP_KEEPCNT, probes);
    set(TCP_KEEPIDLE, static_cast<int>(time.count()));
    set(TCP_KEEPINTVL, static_cast<int>(interval.count()));
}

void resetOnClose(int fd)
{
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

} // namespace meshyard::net
