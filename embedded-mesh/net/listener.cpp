// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/listener.h"

#include <cerrno>

namespace meshyard::net {

namespace {

constexpr Duration kRetryAfter = std::chrono::milliseconds(100);
constexpr int kAcceptsPerTurn = 64;

} // namespace

Result<std::unique_ptr<Listener>> Listener::listen(
    EventLoop& loop, Acceptor& acceptor, const SocketAddress& address, PortSharing sharing)
{
    Result<Fd> fd = listenOn(address, sharing);
    if (!fd)
        return tl::unexpected(fd.error());
    std::unique_ptr<Listener> listener(new Listener(loop, acceptor, std::move(*fd)));
    if (Result<void> watched = loop.watch(listener->m_fd.get(), *listener); !watched)
        return tl::unexpected(watched.error());
    return listener;
}

Listener::Listener(EventLoop& loop, Acceptor& acceptor, Fd fd)
    : m_loop(loop)
    , m_acceptor(acceptor)
    , m_fd(std::move(fd))
    , m_address(localAddress(m_fd.get()))
    , m_retry(loop.timers(), [this] { m_loop.wake(*this, EPOLLIN); })
{
}

Listener::~Listener()
{
    m_loop.forget(m_fd.get(), *this);
    if (m_address.isUnix())
        ::unlink(m_address.host().c_str());
}

void Listener::onIo(std::uint32_t)
{
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        Fd fd(::accept4(m_fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.isOpen()) {
            if (!m_address.isUnix())
                disableNagle(fd.get());
            m_acceptor.onAccepted(std::move(fd));
            continue;
        }
        switch (errno) {
        case EAGAIN:
            return;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            m_retry.armAfter(kRetryAfter);
            return;
        default: // the one connection died before we took it
            continue;
        }
    }
    m_loop.wake(*this, EPOLLIN);
}

} // namespace meshyard::net
