// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/http_server.h"

#include "embedded-mesh/http/server_session.h"

#include <vector>

namespace meshyard::http {

Responder& Responder::operator=(Responder&& other) noexcept
{
    std::swap(m_session, other.m_session);
    return *this;
}

Responder::~Responder()
{
    send(textResponse(500, "no answer was given"));
}

void Responder::send(Response response)
{
    if (const auto session = std::exchange(m_session, {}).lock())
        session->send(std::move(response));
}

void Responder::reset()
{
    if (const auto session = std::exchange(m_session, {}).lock())
        session->reset();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(net::EventLoop& loop,
    const net::SocketAddress& address, RequestHandler& handler, const ServerOptions& options)
{
    std::unique_ptr<HttpServer> server(new HttpServer(loop, handler, options));
    auto listener = net::Listener::listen(loop, *server, address);
    if (!listener)
        return tl::unexpected(listener.error());
    server->m_listener = std::move(*listener);
    server->m_address = server->m_listener->address();
    return server;
}

HttpServer::HttpServer(net::EventLoop& loop, RequestHandler& handler, const ServerOptions& options)
    : m_loop(loop)
    , m_handler(handler)
    , m_options(options)
{
}

HttpServer::~HttpServer() = default;

void HttpServer::onAccepted(net::Fd fd)
{
    auto session = std::make_shared<ServerSession>(*this);
    ServerSession* const key = session.get();
    if (session->start(std::move(fd)))
        m_sessions.emplace(key, std::move(session));
}

void HttpServer::drain()
{
    m_draining = true;
    m_listener.reset();
    std::vector<std::shared_ptr<ServerSession>> sessions;
    for (const auto& [key, session] : m_sessions)
        sessions.push_back(session);
    for (const auto& session : sessions)
        session->drain();
}

void HttpServer::remove(ServerSession& session)
{
    auto node = m_sessions.extract(&session);
    if (!node.empty())
        m_loop.disposeLater(std::move(node.mapped()));
}

} // namespace meshyard::http
