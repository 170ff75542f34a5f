// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/listener.h"

#include <linux/filter.h>

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
    switch (accept(kAcceptsPerTurn)) {
    case Taken::All:
        return;
    case Taken::Some:
        return m_loop.wake(*this, EPOLLIN);
    case Taken::Refused:
        m_retry.armAfter(kRetryAfter);
        return;
    }
}

Listener::Taken Listener::accept(int limit)
{
    for (int i = 0; i < limit; ++i) {
        Fd fd(::accept4(m_fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.isOpen()) {
            if (!m_address.isUnix())
                disableNagle(fd.get());
            m_acceptor.onAccepted(std::move(fd));
            continue;
        }
        const int error = errno;
        switch (error) {
        case EAGAIN:
            return Taken::All;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            m_acceptor.onAcceptRefused(error);
            return Taken::Refused;
        default: // the one connection died before we took it
            continue;
        }
    }
    return Taken::Some;
}

void Listener::finish()
{
    if (!m_address.isUnix()) {
        // A filter that drops every packet: no handshake begins any more, so that none can end
        // between the last accept() and close(), which would reset it.
        sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
        const sock_fprog program{1, &drop};
        ::setsockopt(m_fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
    }
    while (accept(kAcceptsPerTurn) == Taken::Some) { }
}

} // namespace meshyard::net
