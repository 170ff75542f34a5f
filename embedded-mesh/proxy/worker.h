// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/listener.h"
#include "embedded-mesh/proxy/exchange/chain_runtime.h"
#include "embedded-mesh/proxy/exchange/inspection.h"
#include "embedded-mesh/proxy/filter/jwks_fetcher.h"
#include "embedded-mesh/proxy/upstream/upstream_watch.h"
#include "embedded-mesh/proxy/worker_context.h"

#include <map>
#include <set>

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

    Result<void> open();
    /// Same address: connections stay and follow the new specification with their next request,
    /// unless their filter chain has gone.
    void update(std::shared_ptr<const ListenerSpec> spec);
    /// Accepts nothing more; HTTP connections end after their response, TCP ones by themselves.
    void leave();
    bool isEmpty() const { return m_connections.empty(); }

    const ListenerSpec& spec() const { return *m_spec; }
    const std::shared_ptr<const ListenerSpec>& specPointer() const { return m_spec; }
    const net::SocketAddress& address() const
    {
        return m_listener ? m_listener->address() : m_spec->address;
    }

private:
    void onAccepted(net::Fd fd) override;
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
};

/// One worker: its clusters and listeners, following immutable snapshots.
///
/// Thread: the one that runs the loop.
class Worker final : public UpstreamNews
{
public:
    Worker(net::EventLoop& loop, std::string nodeId, std::uint64_t seed,
        Cluster::EventSink breakerEvents);
    ~Worker() override;

    /// Swaps to a snapshot. Listeners that can't be opened are reported and left out; everything
    /// else is in force afterwards.
    Result<void> apply(std::shared_ptr<const ConfigSnapshot> snapshot);
    /// Says close on every answer and accepts no more.
    void drain();

    /// Called once a second on the worker's thread.
    void setSecondHook(std::function<void(WorkerContext&)> hook) { m_secondHook = std::move(hook); }

    /// The first worker of a process: checks the health of endpoints and looks names up for all.
    /// @param news told; nullptr = this worker alone.
    void watchUpstreams(UpstreamNews* news = nullptr);
    const UpstreamWatch* upstreamWatch() const { return m_watch.get(); }

    void onHealthCheck(const std::string& cluster, const net::SocketAddress& endpoint,
        CheckState verdict, bool passed) override;
    void onEndpoints(
        const std::string& cluster, const std::shared_ptr<const EndpointSet>& endpoints) override;

    WorkerContext& context() { return m_context; }
    const WorkerContext& context() const { return m_context; }
    const ListenerMap& listeners() const { return m_listeners; }

private:
    void applyClusters(const ConfigSnapshot& snapshot, TimePoint now);
    void applyOverrides(const ConfigSnapshot& snapshot, TimePoint now);
    Result<void> applyListeners(const ConfigSnapshot& snapshot);
    void tick();

    WorkerContext m_context;
    JwksFetcher m_keys{m_context};
    Cluster::EventSink m_breakerEvents;
    std::unique_ptr<UpstreamWatch> m_watch;
    std::uint64_t m_seed;
    ListenerMap m_listeners;
    std::vector<std::unique_ptr<ListenerRuntime>> m_leaving;
    std::set<std::string> m_resetsDone;
    net::Timer m_tick;
    TimePoint m_nextSecond{};
    std::function<void(WorkerContext&)> m_secondHook;
};

} // namespace meshyard::proxy
