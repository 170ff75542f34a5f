// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/jwks_fetcher.h"
#include "embedded-mesh/proxy/listener_runtime.h"
#include "embedded-mesh/proxy/telemetry/log_sink.h"
#include "embedded-mesh/proxy/telemetry/span_sink.h"
#include "embedded-mesh/proxy/upstream/upstream_watch.h"
#include "embedded-mesh/proxy/worker_context.h"

#include <map>
#include <set>

namespace meshyard::proxy {

/// What a worker knows of the others; empty with one worker.
struct WorkerTeam
{
    SharedClusters* clusters = nullptr; // outlives the worker
    unsigned index = 0; // 0 owns the breakers
    EjectionSink ejections; // tells the others
    LogFiles* logFiles = nullptr; // outlives the worker; nullptr: nothing is logged
    SpanExporters* spanExporters = nullptr; // outlives the worker; nullptr: no span is sent
    ConnectionLimit* connections = nullptr; // outlives the worker; nullptr: no limit
};

/// One worker: its clusters and listeners, following immutable snapshots.
///
/// Thread: the one that runs the loop.
class Worker final : public UpstreamNews
{
public:
    /// What worker 0 has found out, and the others follow.
    struct Lead
    {
        std::map<std::string, net::SocketAddress> addresses; // listener → where it listens
        std::map<std::string, std::shared_ptr<const EndpointSet>> endpoints; // of looked-up names
    };

    Worker(net::EventLoop& loop, std::string nodeId, std::uint64_t seed,
        Cluster::EventSink breakerEvents, WorkerTeam team = {});
    ~Worker() override;

    /// Swaps to a snapshot. Listeners that can't be opened are reported and left out; everything
    /// else is in force afterwards.
    /// @param lead the others listen where worker 0 does, and nowhere else.
    Result<void> apply(std::shared_ptr<const ConfigSnapshot> snapshot, const Lead* lead = nullptr);
    void followEjection(const std::string& cluster, const net::SocketAddress& address,
        const EjectionRecord& record);
    Lead lead() const;
    /// Says close on every answer and accepts no more.
    void drain();

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
    void applyClusters(const ConfigSnapshot& snapshot, const Lead* lead, TimePoint now);
    void applyOverrides(const ConfigSnapshot& snapshot, TimePoint now);
    void applyResets(const ConfigSnapshot& snapshot, TimePoint now);
    Result<void> applyListeners(const ConfigSnapshot& snapshot, const Lead* lead);
    Result<void> openListener(const std::shared_ptr<const ListenerSpec>& spec, const Lead* lead);
    std::shared_ptr<Cluster> makeCluster(std::shared_ptr<const ClusterSpec> spec, TimePoint now);
    void tick();

    WorkerContext m_context;
    JwksFetcher m_keys{m_context};
    Cluster::EventSink m_breakerEvents;
    const WorkerTeam m_team;
    std::unique_ptr<UpstreamWatch> m_watch;
    std::uint64_t m_seed;
    std::unique_ptr<LogSink> m_logs;
    std::unique_ptr<SpanSink> m_spans;
    std::map<std::string, std::shared_ptr<const EndpointSet>> m_lookedUp; // worker 0's
    ListenerMap m_listeners;
    std::vector<std::unique_ptr<ListenerRuntime>> m_leaving;
    std::set<std::string> m_resetsDone;
    net::Timer m_tick;
    TimePoint m_nextSecond{};
};

} // namespace meshyard::proxy
