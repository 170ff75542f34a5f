// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/http_client.h"

#include "embedded-mesh/http/client_session.h"

#include <algorithm>

namespace meshyard::http {

HttpClient::HttpClient(net::EventLoop& loop, const ClientOptions& options)
    : m_loop(loop)
    , m_options(options)
    , m_alive(std::make_shared<bool>(true))
{
}

HttpClient::~HttpClient()
{
    *m_alive = false;
}

void HttpClient::send(const net::SocketAddress& address, ClientRequest request, Callback callback)
{
    std::vector<SessionPtr>& idle = m_idle[address.toString()];
    while (!idle.empty()) {
        SessionPtr session = std::move(idle.back());
        idle.pop_back();
        if (session->isReusable()) {
            ClientSession& reused = *session;
            m_busy.emplace(&reused, std::move(session));
            return reused.exchange(std::move(request), std::move(callback));
        }
        discard(std::move(session));
    }
    begin(std::make_shared<ClientSession>(*this, address), std::move(request), std::move(callback));
}

void HttpClient::begin(SessionPtr session, ClientRequest request, Callback callback)
{
    if (const Result<void> started = session->connect(); !started)
        return failLater(std::move(callback), started.error());
    ClientSession& fresh = *session;
    m_busy.emplace(&fresh, std::move(session));
    fresh.exchange(std::move(request), std::move(callback));
}

void HttpClient::failLater(Callback callback, Error error)
{
    m_loop.atTurnEnd([alive = m_alive, callback = std::move(callback), error = std::move(error)] {
        if (*alive)
            callback(tl::unexpected(error));
    });
}

void HttpClient::release(ClientSession& session)
{
    auto node = m_busy.extract(&session);
    if (node.empty())
        return;
    std::vector<SessionPtr>& idle = m_idle[session.address().toString()];
    if (session.park() && idle.size() < m_options.maxIdlePerAddress)
        idle.push_back(std::move(node.mapped()));
    else
        discard(std::move(node.mapped()));
}

void HttpClient::remove(ClientSession& session)
{
    if (auto node = m_busy.extract(&session); !node.empty()) {
        discard(std::move(node.mapped()));
        return;
    }
    std::vector<SessionPtr>& idle = m_idle[session.address().toString()];
    const auto found = std::ranges::find(idle, &session, &SessionPtr::get);
    if (found == idle.end())
        return;
    discard(std::move(*found));
    idle.erase(found);
}

void HttpClient::discard(SessionPtr session)
{
    session->close(); // until the turn ends it may still be on the stack, but hears nothing
    m_loop.disposeLater(std::move(session));
}

std::size_t HttpClient::idleConnections() const
{
    std::size_t count = 0;
    for (const auto& [address, sessions] : m_idle)
        count += sessions.size();
    return count;
}

} // namespace meshyard::http
