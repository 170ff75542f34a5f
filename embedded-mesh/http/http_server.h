// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message.h"
#include "embedded-mesh/http/message_head.h"
#include "embedded-mesh/net/listener.h"

#include <memory>
#include <string_view>
#include <unordered_map>

namespace meshyard::http {

class ServerSession;

/// A whole request; views are valid during onRequest() only.
struct Request
{
    const RequestHead& head;
    std::string_view body;
    TimePoint receivedAt; // when its last byte was read
};

/// The right to answer one request, now or later. Dropped unused, it answers 500.
///
/// Thread: the server's loop. Outliving the connection or the server is harmless.
class Responder final
{
public:
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    /// Once; later calls do nothing.
    void send(Response response);
    /// Ends the connection with RST instead of an answer.
    void reset();
    /// The client has gone: the answer would reach nobody.
    bool isAbandoned() const { return m_session.expired(); }

private:
    friend class ServerSession;
    explicit Responder(std::weak_ptr<ServerSession> session)
        : m_session(std::move(session))
    {
    }

    std::weak_ptr<ServerSession> m_session;
};

class RequestHandler
{
public:
    virtual ~RequestHandler() = default;
    virtual void onRequest(const Request& request, Responder responder) = 0;
};

struct ServerOptions
{
    std::size_t maxBody = 1024 * 1024; // more is answered 413
    Duration headTimeout = std::chrono::seconds(10); // first byte of a head to its last
    Duration bodyTimeout = std::chrono::seconds(30);
    Duration idleTimeout = std::chrono::seconds(60);
};

/// Small HTTP/1.1 server for workloads and admin endpoints: keep-alive, pipelining (answered one
/// by one, in order), whole bodies, HEAD, 100-continue. Errors of the client are answered strictly.
///
/// Thread: its loop's.
class HttpServer final : public net::Acceptor
{
public:
    static Result<std::unique_ptr<HttpServer>> listen(net::EventLoop& loop,
        const net::SocketAddress& address, RequestHandler& handler,
        const ServerOptions& options = {});
    ~HttpServer() override;

    const net::SocketAddress& address() const { return m_address; }
    std::size_t connectionCount() const { return m_sessions.size(); }
    /// Accepts no more, closes idle connections, and the others behind their answer.
    void drain();

    void onAccepted(net::Fd fd) override;

private:
    friend class ServerSession;
    HttpServer(net::EventLoop& loop, RequestHandler& handler, const ServerOptions& options);
    void remove(ServerSession& session);

    net::EventLoop& m_loop;
    RequestHandler& m_handler; // outlives us
    const ServerOptions m_options;
    bool m_draining = false;
    std::unique_ptr<net::Listener> m_listener;
    net::SocketAddress m_address;
    std::unordered_map<ServerSession*, std::shared_ptr<ServerSession>> m_sessions;
};

} // namespace meshyard::http
