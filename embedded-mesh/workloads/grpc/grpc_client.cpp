// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/grpc/grpc_client.h"

#include "embedded-mesh/workloads/grpc/grpc_client_connection.h"

#include <algorithm>

namespace meshyard::workloads {

GrpcClient::GrpcClient(net::EventLoop& loop)
    : m_loop(loop)
    , m_alive(std::make_shared<bool>(true))
    , m_thread(std::make_shared<http::H2Thread>(loop))
{
}

GrpcClient::~GrpcClient()
{
    *m_alive = false;
    m_connections.clear();
    m_loop.disposeLater(m_thread); // the loop may still have its flush to run
}

void GrpcClient::call(const net::SocketAddress& address, GrpcCall call, Callback callback)
{
    const auto usable = std::ranges::find_if(m_connections, [&address](const auto& connection) {
        return connection->address() == address && connection->hasRoom();
    });
    if (usable != m_connections.end())
        return (*usable)->start(call, std::move(callback));
    auto connection = std::make_shared<GrpcClientConnection>(*this, address);
    if (const Result<void> begun = connection->connect(); !begun) {
        m_loop.atTurnEnd(
            [alive = m_alive, callback = std::move(callback), error = begun.error().message] {
                if (*alive)
                    callback({http::GrpcCode::Unavailable, {}, error});
            });
        return;
    }
    m_connections.push_back(connection);
    connection->start(call, std::move(callback));
}

void GrpcClient::remove(GrpcClientConnection& connection)
{
    const auto found = std::ranges::find(
        m_connections, &connection, &std::shared_ptr<GrpcClientConnection>::get);
    if (found == m_connections.end())
        return;
    m_loop.disposeLater(std::move(*found));
    m_connections.erase(found);
}

GrpcClientConnection::GrpcClientConnection(GrpcClient& client, const net::SocketAddress& address)
    : m_client(client)
    , m_address(address)
    , m_io(client.m_loop, *this)
    , m_thread(client.m_thread)
    , m_session(*m_thread, *this, http::H2Session::Role::Client, http::H2Options())
{
}

void GrpcClientConnection::start(const GrpcCall& call, GrpcClient::Callback callback)
{
    auto made = std::make_shared<GrpcClientCall>(m_client.m_loop, *this, std::move(callback));
    GrpcClientCall& started = *made;
    m_calls.emplace(&started, std::move(made));
    m_session.open(started, http::Method::Post);
    started.send(call);
}

std::shared_ptr<GrpcClientCall> GrpcClientConnection::remove(GrpcClientCall& call)
{
    auto node = m_calls.extract(&call);
    if (node.empty())
        return nullptr;
    m_client.m_loop.disposeLater(node.mapped());
    return std::move(node.mapped());
}

void GrpcClientConnection::lose()
{
    if (std::exchange(m_lost, true))
        return;
    m_client.remove(*this); // before callbacks, which may call again
    m_io.close();
    m_session.abandon(http::H2Code::ConnectError);
}

} // namespace meshyard::workloads
