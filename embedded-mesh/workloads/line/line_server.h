// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/listener.h"

#include <memory>
#include <string_view>
#include <unordered_map>

namespace meshyard::workloads {

class LineServerSession;

/// The right to answer one line, now or later. Outliving the connection or the server is harmless.
///
/// Thread: the server's loop.
class LineResponder final
{
public:
    explicit LineResponder(std::weak_ptr<LineServerSession> session)
        : m_session(std::move(session))
    {
    }

    /// @param line without its line end.
    void send(std::string_view line) const;
    /// Ends the connection without an answer.
    void close() const;
    /// The same with RST.
    void reset() const;
    /// The client has gone: the answer would reach nobody.
    bool isAbandoned() const { return m_session.expired(); }

private:
    std::weak_ptr<LineServerSession> m_session;
};

class LineHandler
{
public:
    virtual ~LineHandler() = default;
    virtual void onConnection() { }
    /// @param line without its line end; valid during the call only.
    virtual void onLine(std::string_view line, LineResponder responder) = 0;
};

/// Small TCP server of a line protocol: one line is answered by one line, in order, as many as the
/// client likes on a connection. A line longer than kMaxLine ends its connection.
///
/// Thread: its loop's.
class LineServer final : public net::Acceptor
{
public:
    static constexpr std::size_t kMaxLine = 1024;

    static Result<std::unique_ptr<LineServer>> listen(
        net::EventLoop& loop, const net::SocketAddress& address, LineHandler& handler);
    ~LineServer() override;

    const net::SocketAddress& address() const { return m_address; }
    std::size_t connectionCount() const { return m_sessions.size(); }
    /// Accepts no more, closes idle connections, and the others behind their answer.
    void drain();

    void onAccepted(net::Fd fd) override;

private:
    friend class LineServerSession;
    LineServer(net::EventLoop& loop, LineHandler& handler);
    void remove(LineServerSession& session);

    net::EventLoop& m_loop;
    LineHandler& m_handler; // outlives us
    bool m_draining = false;
    std::unique_ptr<net::Listener> m_listener;
    net::SocketAddress m_address;
    std::unordered_map<LineServerSession*, std::shared_ptr<LineServerSession>> m_sessions;
};

} // namespace meshyard::workloads
