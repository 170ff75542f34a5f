// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/listener.h"
#include "embedded-mesh/proxy/exchange/downstream_connection.h"
#include "embedded-mesh/proxy/telemetry/log_sink.h"
#include "embedded-mesh/proxy/worker_context.h"

#include <map>
#include <set>

namespace meshyard::proxy {

/// A listening address in one worker and the connections that came by it.
class ListenerRuntime final : public ConnectionOwner, private net::Acceptor
{
public:
    ListenerRuntime(WorkerContext& context, std::shared_ptr<const ListenerSpec> spec);
    ~ListenerRuntime() override;

    /// @param address the specification's, or what its port 0 became at another worker.
    Result<void> open(const net::SocketAddress& address, net::PortSharing sharing);
    /// Same address: connections stay and follow the new specification with their next request.
    void update(std::shared_ptr<const ListenerSpec> spec) { m_spec = std::move(spec); }
    /// Accepts nothing more; HTTP connections end after their response, TCP ones by themselves.
    /// Idle ones get a moment for the request that may be on its way.
    void leave();
    /// Closes what is idle still, once the moment has passed.
    void closeIdle(TimePoint now);
    bool isEmpty() const { return m_connections.empty(); }

    const ListenerSpec& spec() const override { return *m_spec; }
    const std::shared_ptr<const ListenerSpec>& specPointer() const { return m_spec; }
    bool isLeaving() const override { return m_leaving; }
    void onConnectionDone(Disposable& connection) override;
    const net::SocketAddress& address() const { return m_listener->address(); }

private:
    void serve(net::Fd fd);
    void onAccepted(net::Fd fd) override;
    void onAcceptRefused(int errorNumber) override;

    WorkerContext& m_context;
    std::shared_ptr<const ListenerSpec> m_spec;
    std::unique_ptr<net::Listener> m_listener;
    std::map<Disposable*, std::unique_ptr<Disposable>> m_connections;
    std::set<DownstreamConnection*> m_http;
    bool m_leaving = false;
    TimePoint m_idleEnds = TimePoint::max(); // when leaving
    bool m_refused = false; // said so already
};

/// How many connections from callers the process takes at once.
struct ConnectionLimit
{
    std::uint32_t max = 0;
    std::atomic<std::uint32_t> active{0};
    std::atomic<std::uint64_t> refused{0};
};

/// What a worker knows of the others; empty with one worker.
struct WorkerTeam
{
    SharedClusters* clusters = nullptr; // outlives the worker
    unsigned index = 0; // 0 owns the breakers
    EjectionSink ejections; // tells the others
    LogFiles* logFiles = nullptr; // outlives the worker; nullptr: nothing is logged
    ConnectionLimit* connections = nullptr; // outlives the worker; nullptr: no limit
};

/// One worker: its clusters and listeners, following immutable snapshots.
///
/// Thread: the one that runs the loop.
class Worker final
{
public:
    /// Listener name → actual address.
    using Addresses = std::map<std::string, net::SocketAddress>;

    Worker(net::EventLoop& loop, std::string nodeId, std::uint64_t seed,
        Cluster::EventSink breakerEvents, WorkerTeam team = {});
    ~Worker();

    /// Swaps to a snapshot. Listeners that can't be opened are reported and left out; everything
    /// else is in force afterwards.
    /// @param bound where worker 0 listens: the others listen there, and nowhere else.
    Result<void> apply(
        std::shared_ptr<const ConfigSnapshot> snapshot, const Addresses* bound = nullptr);
    void followEjection(const std::string& cluster, const net::SocketAddress& address,
        const EjectionRecord& record);
    Addresses addresses() const;
    /// Says close on every answer and accepts no more.
    void drain();

    WorkerContext& context() { return m_context; }
    const WorkerContext& context() const { return m_context; }
    const std::map<std::string, std::unique_ptr<ListenerRuntime>>& listeners() const
    {
        return m_listeners;
    }

private:
    void applyClusters(const ConfigSnapshot& snapshot, TimePoint now);
    void applyOverrides(const ConfigSnapshot& snapshot, TimePoint now);
    Result<void> applyListeners(const ConfigSnapshot& snapshot, const Addresses* bound);
    Result<void> openListener(const std::shared_ptr<const ListenerSpec>& spec,
        const Addresses* bound);
    std::shared_ptr<Cluster> makeCluster(std::shared_ptr<const ClusterSpec> spec, TimePoint now);
    void tick();

    WorkerContext m_context;
    Cluster::EventSink m_breakerEvents;
    const WorkerTeam m_team;
    std::uint64_t m_seed;
    std::unique_ptr<LogSink> m_logs;
    std::map<std::string, std::unique_ptr<ListenerRuntime>> m_listeners;
    std::vector<std::unique_ptr<ListenerRuntime>> m_leaving;
    std::set<std::string> m_resetsDone;
    net::Timer m_tick;
    TimePoint m_nextSecond{};
};

} // namespace meshyard::proxy
