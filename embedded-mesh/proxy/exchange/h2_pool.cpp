// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/h2_pool.h"

#include <algorithm>

namespace meshyard::proxy {

H2Pool& H2Pool::of(Endpoint& endpoint, WorkerContext& context)
{
    if (endpoint.http2 == nullptr)
        endpoint.http2 = std::make_unique<H2Pool>(context);
    return *endpoint.http2;
}

std::unique_ptr<H2UpstreamStream> H2Pool::takeStream()
{
    for (const auto& connection : m_connections) {
        if (connection->hasRoom())
            return connection->takeStream();
    }
    return nullptr;
}

Result<std::unique_ptr<H2UpstreamStream>> H2Pool::connect(
    const std::shared_ptr<Cluster>& cluster, const std::shared_ptr<Endpoint>& endpoint)
{
    auto connection = std::make_unique<H2UpstreamConnection>(m_context, cluster, endpoint, *this);
    if (auto begun = connection->connect(); !begun)
        return tl::unexpected(begun.error());
    H2UpstreamConnection& opened = *connection;
    m_connections.push_back(std::move(connection));
    return opened.takeStream();
}

void H2Pool::remove(H2UpstreamConnection& connection)
{
    const auto found = std::ranges::find_if(
        m_connections, [&](const auto& mine) { return mine.get() == &connection; });
    if (found == m_connections.end())
        return;
    m_context.dispose(std::move(*found));
    m_connections.erase(found);
}

void H2Pool::closeIdleBefore(TimePoint oldest)
{
    for (std::size_t i = m_connections.size(); i-- > 0;) {
        H2UpstreamConnection& connection = *m_connections[i];
        if (connection.isIdle() && connection.idleSince() < oldest)
            connection.retire();
    }
}

void H2Pool::retire()
{
    for (std::size_t i = m_connections.size(); i-- > 0;)
        m_connections[i]->retire();
}

bool H2Pool::closeOneIdle()
{
    for (const auto& connection : m_connections) {
        if (connection->isIdle()) {
            connection->retire();
            return true;
        }
    }
    return false;
}

} // namespace meshyard::proxy
