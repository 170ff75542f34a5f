// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/grpc/grpc_server.h"

#include "embedded-mesh/workloads/grpc/grpc_server_connection.h"

#include <vector>

namespace meshyard::workloads {

void GrpcResponder::reply(std::string_view message) const
{
    if (const auto call = m_call.lock())
        call->reply(message);
}

void GrpcResponder::fail(http::GrpcCode code, std::string_view why) const
{
    if (const auto call = m_call.lock())
        call->fail(code, why);
}

void GrpcResponder::reset() const
{
    if (const auto call = m_call.lock())
        call->abort();
}

bool GrpcResponder::isAbandoned() const
{
    const auto call = m_call.lock();
    return !call || !call->isOpen();
}

Result<std::unique_ptr<GrpcServer>> GrpcServer::listen(
    net::EventLoop& loop, const net::SocketAddress& address, GrpcHandler& handler)
{
    std::unique_ptr<GrpcServer> server(new GrpcServer(loop, handler));
    auto listener = net::Listener::listen(loop, *server, address);
    if (!listener)
        return tl::unexpected(listener.error());
    server->m_listener = std::move(*listener);
    server->m_address = server->m_listener->address();
    return server;
}

GrpcServer::GrpcServer(net::EventLoop& loop, GrpcHandler& handler)
    : m_loop(loop)
    , m_handler(handler)
    , m_thread(std::make_shared<http::H2Thread>(loop))
{
}

GrpcServer::~GrpcServer()
{
    m_connections.clear();
    m_loop.disposeLater(m_thread); // the loop may still have its flush to run
}

void GrpcServer::onAccepted(net::Fd fd)
{
    auto connection = std::make_shared<GrpcServerConnection>(*this);
    GrpcServerConnection* const key = connection.get();
    if (connection->start(std::move(fd)))
        m_connections.emplace(key, std::move(connection));
}

void GrpcServer::drain()
{
    m_listener.reset();
    std::vector<std::shared_ptr<GrpcServerConnection>> connections;
    for (const auto& [key, connection] : m_connections)
        connections.push_back(connection);
    for (const auto& connection : connections)
        connection->drain();
}

void GrpcServer::remove(GrpcServerConnection& connection)
{
    auto node = m_connections.extract(&connection);
    if (!node.empty())
        m_loop.disposeLater(std::move(node.mapped()));
}

GrpcServerConnection::GrpcServerConnection(GrpcServer& server)
    : m_server(server)
    , m_io(server.m_loop, *this)
    , m_thread(server.m_thread)
    , m_session(*m_thread, *this, http::H2Session::Role::Server, http::H2Options())
{
}

http::H2Stream* GrpcServerConnection::openStream()
{
    auto call = std::make_shared<GrpcServerCall>(m_server, *this);
    GrpcServerCall* const key = call.get();
    m_calls.emplace(key, std::move(call));
    return key;
}

void GrpcServerConnection::remove(GrpcServerCall& call)
{
    auto node = m_calls.extract(&call);
    if (!node.empty())
        m_server.m_loop.disposeLater(std::move(node.mapped()));
}

void GrpcServerConnection::lose()
{
    m_session.abandon();
    m_io.close();
    m_server.remove(*this);
}

} // namespace meshyard::workloads
