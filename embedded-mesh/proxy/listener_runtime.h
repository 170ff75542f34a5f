// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/listener.h"
#include "embedded-mesh/proxy/exchange/chain_runtime.h"
#include "embedded-mesh/proxy/exchange/inspection.h"

#include <atomic>
#include <map>

namespace meshyard::proxy {

class ListenerRuntime;
using ListenerMap = std::map<std::string, std::unique_ptr<ListenerRuntime>>;

/// A listening address in one worker and the connections that came by it.
class ListenerRuntime final : private net::Acceptor, private Inspection::Owner
{
public:
    /// @param siblings where connections are handed on to (use_original_dst).
    ListenerRuntime(WorkerContext& context, std::shared_ptr<const ListenerSpec> spec,
        const ListenerMap& siblings);
    ~ListenerRuntime() override;

    /// @param address the specification's, or what its port 0 became at another worker.
    Result<void> open(const net::SocketAddress& address, net::PortSharing sharing);
    /// Same address: connections stay and follow the new specification with their next request,
    /// unless their filter chain has gone.
    void update(std::shared_ptr<const ListenerSpec> spec);
    /// Accepts nothing more; HTTP connections end after their response, TCP ones by themselves.
    /// Idle ones get a moment for the request that may be on its way.
    void leave();
    bool isEmpty() const { return m_connections.empty(); }

    const ListenerSpec& spec() const { return *m_spec; }
    const std::shared_ptr<const ListenerSpec>& specPointer() const { return m_spec; }
    const net::SocketAddress& address() const
    {
        return m_listener ? m_listener->address() : m_spec->address;
    }

private:
    void keep(std::unique_ptr<Disposable> connection);
    void onAccepted(net::Fd fd) override;
    void onAcceptRefused(int errorNumber) override;
    void onInspected(Inspection& inspection, net::Fd fd, const FirstBytes& bytes) override;
    void onInspectionFailed(Inspection& inspection) override { release(inspection); }

    ListenerRuntime* findMeant(const net::SocketAddress& destination);
    void take(net::Fd fd);
    net::SocketAddress destinationOf(int fd) const;
    void choose(net::Fd fd, const FirstBytes& bytes);
    void serve(net::Fd fd, const std::shared_ptr<const FilterChainSpec>& chain);
    void release(Disposable& connection);

    WorkerContext& m_context;
    std::shared_ptr<const ListenerSpec> m_spec;
    const ListenerMap& m_siblings;
    std::unique_ptr<net::Listener> m_listener; // none when it does not bind
    ChainSet m_chains; // outlives the connections
    std::map<Disposable*, std::unique_ptr<Disposable>> m_connections;
    bool m_refused = false; // said so already
};

/// How many connections from callers the process takes at once.
struct ConnectionLimit
{
    std::uint32_t max = 0;
    std::atomic<std::uint32_t> active{0};
    std::atomic<std::uint64_t> refused{0};
};

} // namespace meshyard::proxy
