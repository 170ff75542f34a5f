// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/fd.h"
#include "embedded-mesh/net/socket_address.h"

#include <chrono>

namespace meshyard::net {

/// Canonical code for an errno of a socket call, and "what: reason" as the message.
Error socketError(std::string_view what, int errorNumber);

/// Whether several listeners may share the address, the kernel spreading connections over them.
enum class PortSharing { Exclusive, Shared };

/// A non-blocking listening stream socket. Port 0 picks a free one: ask localAddress().
/// A dead Unix socket file in the way is removed; a live one, or another kind of file, is an error.
Result<Fd> listenOn(const SocketAddress& address, PortSharing sharing, int backlog = 1024);

/// A non-blocking socket whose connect() has begun; it may even be done. TCP_NODELAY is set.
Result<Fd> startConnect(const SocketAddress& address);

/// 0 when the pending connect succeeded, else its errno.
int takeSocketError(int fd);

SocketAddress localAddress(int fd);
SocketAddress peerAddress(int fd);
/// Where the caller meant to connect before the kernel's REDIRECT; localAddress() without one.
SocketAddress originalDestination(int fd);
void disableNagle(int fd);
/// TCP keepalive. 0 leaves a number to the system.
void keepAlive(int fd, int probes, std::chrono::seconds time, std::chrono::seconds interval);
/// The next close() sends RST instead of FIN.
void resetOnClose(int fd);

} // namespace meshyard::net
