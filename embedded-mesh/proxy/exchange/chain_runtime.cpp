// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/chain_runtime.h"

#include "embedded-mesh/proxy/exchange/tcp_session.h"

#include <algorithm>

namespace meshyard::proxy {

void ChainRuntime::leave()
{
    m_leaving = true;
    const std::set<DownstreamConnection*> connections = m_http;
    for (DownstreamConnection* connection : connections)
        connection->leave();
}

void ChainRuntime::onConnectionDone(Disposable& connection)
{
    --m_count;
    std::erase_if(m_http, [&](const Disposable* http) { return http == &connection; });
    m_done(connection);
}

std::unique_ptr<Disposable> ChainRuntime::makeConnection(WorkerContext& context, net::Fd fd)
{
    if (m_spec->isTcp()) {
        auto session = std::make_unique<TcpSession>(context, *this, std::move(fd));
        ++m_count;
        return session;
    }
    auto connection = std::make_unique<DownstreamConnection>(context, *this);
    if (!connection->adopt(std::move(fd)))
        return nullptr;
    ++m_count;
    m_http.insert(connection.get());
    return connection;
}

void ChainSet::update(const ListenerSpec& spec)
{
    Chains old = std::move(m_chains);
    m_chains.clear();
    const auto take = [&](const std::shared_ptr<const FilterChainSpec>& chain) {
        const auto found = std::ranges::find_if(
            old, [&](const auto& runtime) { return runtime && runtime->spec().key == chain->key; });
        if (found == old.end()) {
            m_chains.push_back(std::make_unique<ChainRuntime>(chain, m_done));
            return;
        }
        (*found)->update(chain);
        m_chains.push_back(std::move(*found));
    };
    for (const auto& chain : spec.chains)
        take(chain);
    if (spec.defaultChain)
        take(spec.defaultChain);
    std::erase_if(m_leaving, [](const auto& gone) { return gone->connectionCount() == 0; });
    for (auto& gone : old) {
        if (gone == nullptr)
            continue;
        gone->leave();
        m_leaving.push_back(std::move(gone));
    }
}

void ChainSet::leave()
{
    for (const auto& chain : m_chains)
        chain->leave();
}

ChainRuntime* ChainSet::find(const FilterChainSpec& chain)
{
    const auto found = std::ranges::find_if(
        m_chains, [&](const auto& runtime) { return &runtime->spec() == &chain; });
    return found == m_chains.end() ? nullptr : found->get();
}

} // namespace meshyard::proxy
