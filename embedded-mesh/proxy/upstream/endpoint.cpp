// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/endpoint.h"

#include "embedded-mesh/proxy/exchange/h2_pool.h"
#include "embedded-mesh/proxy/exchange/upstream_connection.h"

#include <algorithm>

namespace meshyard::proxy {

Endpoint::Endpoint(EndpointSpec spec)
    : m_spec(std::move(spec))
{
}

Endpoint::~Endpoint() = default;

std::unique_ptr<UpstreamConnection> Endpoint::takeIdle()
{
    while (!m_idle.empty()) {
        std::unique_ptr<UpstreamConnection> last = std::move(m_idle.back());
        m_idle.pop_back();
        if (last->isAlive())
            return last;
        last->close();
    }
    return nullptr;
}

void Endpoint::putIdle(std::unique_ptr<UpstreamConnection> connection)
{
    m_idle.push_back(std::move(connection));
}

std::unique_ptr<UpstreamConnection> Endpoint::removeIdle(UpstreamConnection* connection)
{
    const auto found = std::ranges::find_if(
        m_idle, [connection](const auto& idle) { return idle.get() == connection; });
    if (found == m_idle.end())
        return nullptr;
    std::unique_ptr<UpstreamConnection> taken = std::move(*found);
    m_idle.erase(found);
    return taken;
}

void Endpoint::closeIdle()
{
    const std::vector<std::unique_ptr<UpstreamConnection>> gone = std::move(m_idle);
    m_idle.clear();
    if (http2 != nullptr)
        http2->retire();
}

void Endpoint::closeIdleBefore(TimePoint oldest)
{
    std::erase_if(m_idle, [oldest](const auto& idle) { return idle->idleSince() < oldest; });
    if (http2 != nullptr)
        http2->closeIdleBefore(oldest);
}

void Endpoint::closeOpenedBefore(TimePoint oldest)
{
    std::erase_if(m_idle, [oldest](const auto& idle) { return idle->openedAt() < oldest; });
}

} // namespace meshyard::proxy
