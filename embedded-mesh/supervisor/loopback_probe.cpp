// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/loopback_probe.h"

#include "embedded-mesh/net/fd.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace meshyard::supervisor {

bool portAccepts(std::uint32_t port)
{
    const net::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{0, 50'000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    // The sockets API takes every family through one pointer type.
    return fd.isOpen()
        && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

} // namespace meshyard::supervisor
