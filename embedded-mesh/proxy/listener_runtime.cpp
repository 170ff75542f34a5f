// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/listener_runtime.h"

#include "embedded-mesh/net/sockets.h"
#include "embedded-mesh/proxy/exchange/tcp_session.h"

#include <spdlog/spdlog.h>

#include <cstring>

namespace meshyard::proxy {

ListenerRuntime::ListenerRuntime(
    WorkerContext& context, std::shared_ptr<const ListenerSpec> spec, const ListenerMap& siblings)
    : m_context(context)
    , m_spec(std::move(spec))
    , m_siblings(siblings)
    , m_chains([this](Disposable& connection) { release(connection); })
{
    m_chains.update(*m_spec);
}

ListenerRuntime::~ListenerRuntime()
{
    if (m_context.connectionLimit != nullptr)
        m_context.connectionLimit->active -= static_cast<std::uint32_t>(m_connections.size());
}

Result<void> ListenerRuntime::open(const net::SocketAddress& address, net::PortSharing sharing)
{
    if (!m_spec->binds)
        return {};
    auto listener = net::Listener::listen(m_context.loop, *this, address, sharing);
    if (!listener) {
        return failure(listener.error().code,
            "listener '" + m_spec->name + "' cannot listen on " + address.toString() + ": "
                + listener.error().message);
    }
    m_listener = std::move(*listener);
    return {};
}

void ListenerRuntime::onAcceptRefused(int errorNumber)
{
    ++m_context.acceptRefusals;
    if (!std::exchange(m_refused, true))
        spdlog::error("listener '{}' can't accept: {}; it goes on when descriptors are free again",
            m_spec->name, std::strerror(errorNumber));
}

/// Counts under the limit of the process as long as it is here.
void ListenerRuntime::keep(std::unique_ptr<Disposable> connection)
{
    if (m_context.connectionLimit != nullptr)
        ++m_context.connectionLimit->active;
    Disposable* const key = connection.get();
    m_connections.emplace(key, std::move(connection));
}

void ListenerRuntime::update(std::shared_ptr<const ListenerSpec> spec)
{
    if (spec == m_spec)
        return;
    m_spec = std::move(spec);
    m_chains.update(*m_spec);
}

net::SocketAddress ListenerRuntime::destinationOf(int fd) const
{
    return m_spec->findsOriginalDestination ? net::originalDestination(fd) : net::localAddress(fd);
}

ListenerRuntime* ListenerRuntime::findMeant(const net::SocketAddress& destination)
{
    ListenerRuntime* byPort = this;
    for (const auto& [name, listener] : m_siblings) {
        if (listener.get() == this)
            continue;
        if (listener->address() == destination)
            return listener.get();
        if (listener->address().isAny() && listener->address().port() == destination.port())
            byPort = listener.get();
    }
    return byPort;
}

void ListenerRuntime::onAccepted(net::Fd fd)
{
    m_refused = false;
    ConnectionLimit* const limit
        = m_spec->ignoresConnectionLimit ? nullptr : m_context.connectionLimit;
    if (limit != nullptr && limit->active.load(std::memory_order_relaxed) >= limit->max) {
        ++limit->refused;
        return; // closes it
    }
    if (!m_spec->handsOn)
        return take(std::move(fd));
    findMeant(destinationOf(fd.get()))->take(std::move(fd));
}

void ListenerRuntime::take(net::Fd fd)
{
    if (!m_spec->inspects) {
        if (!m_spec->chooses())
            return serve(std::move(fd), m_spec->chains.front());
        return choose(std::move(fd), {});
    }
    Inspection::Owner& self = *this; // make_unique() may not see that we are one
    auto inspection = std::make_unique<Inspection>(m_context, self, *m_spec, std::move(fd));
    if (!inspection->start())
        return;
    keep(std::move(inspection));
}

void ListenerRuntime::onInspected(Inspection& inspection, net::Fd fd, const FirstBytes& bytes)
{
    release(inspection);
    choose(std::move(fd), bytes);
}

void ListenerRuntime::choose(net::Fd fd, const FirstBytes& bytes)
{
    ConnectionFacts facts;
    facts.local = destinationOf(fd.get());
    facts.remote = net::peerAddress(fd.get());
    facts.serverName = bytes.hello.serverName;
    facts.transportProtocol = bytes.isTls ? "tls" : "raw_buffer";
    facts.applicationProtocols = bytes.hello.alpn;
    if (const auto chain = m_spec->choose(facts))
        serve(std::move(fd), chain);
}

void ListenerRuntime::serve(net::Fd fd, const std::shared_ptr<const FilterChainSpec>& chain)
{
    ChainRuntime* const runtime = m_chains.find(*chain);
    if (runtime == nullptr || (chain->tlsSettings != nullptr && chain->tls == nullptr))
        return; // never in the clear what is to be encrypted
    auto connection = runtime->makeConnection(m_context, std::move(fd));
    if (connection == nullptr)
        return;
    Disposable& kept = *connection;
    keep(std::move(connection));
    if (auto* const session = dynamic_cast<TcpSession*>(&kept))
        session->start(); // may end at once: not before it is kept
}

void ListenerRuntime::release(Disposable& connection)
{
    const auto found = m_connections.find(&connection);
    if (found == m_connections.end())
        return;
    m_context.dispose(std::move(found->second));
    m_connections.erase(found);
    if (m_context.connectionLimit != nullptr)
        --m_context.connectionLimit->active;
}

void ListenerRuntime::leave()
{
    if (m_listener)
        m_listener->finish();
    m_listener.reset();
    m_chains.leave();
}

} // namespace meshyard::proxy
