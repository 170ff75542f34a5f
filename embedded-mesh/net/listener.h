// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/sockets.h"

namespace meshyard::net {

/// Takes the connections a Listener accepts.
class Acceptor
{
public:
    virtual ~Acceptor() = default;

    /// @param fd non-blocking, TCP_NODELAY set.
    virtual void onAccepted(Fd fd) = 0;
    /// Out of descriptors or memory; tried again by itself. @param errorNumber of accept().
    virtual void onAcceptRefused(int /*errorNumber*/) { }
};

/// A listening socket in an event loop. Out of descriptors it pauses for 100 ms and tries again.
///
/// Thread: its loop's.
class Listener final : public IoHandler
{
public:
    static Result<std::unique_ptr<Listener>> listen(EventLoop& loop, Acceptor& acceptor,
        const SocketAddress& address, PortSharing sharing = PortSharing::Exclusive);
    ~Listener() override;

    /// The actual address, with the port that port 0 became.
    const SocketAddress& address() const { return m_address; }
    /// Lets no new connection begin and hands over those that have: closing now loses none.
    void finish();
    void onIo(std::uint32_t events) override;

private:
    enum class Taken { All, Some, Refused };

    /// Accepts what waits, up to `limit`.
    Taken accept(int limit);

    Listener(EventLoop& loop, Acceptor& acceptor, Fd fd);

    EventLoop& m_loop;
    Acceptor& m_acceptor; // outlives us
    Fd m_fd;
    SocketAddress m_address;
    Timer m_retry;
};

} // namespace meshyard::net
