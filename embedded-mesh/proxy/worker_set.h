// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/shared_clusters.h"
#include "embedded-mesh/proxy/worker_thread.h"

namespace meshyard::proxy {

/// All workers of the proxy, each with its own loop, listeners, pools and counters. Several share
/// their ports, breakers and limits; one alone shares nothing and pays for nothing.
///
/// Thread: any but the workers' own, unless said otherwise.
class WorkerSet final : private UpstreamNews
{
public:
    struct Plan
    {
        std::string nodeId;
        std::uint64_t seed = 0;
        unsigned count = 1;
        LogFiles* logFiles = nullptr; // outlives the workers
        ConnectionLimit* connections = nullptr; // likewise
        SpanExporters* spanExporters = nullptr; // likewise
    };

    WorkerSet(const Clock& clock, const Plan& plan, Cluster::EventSink breakerEvents);
    ~WorkerSet() override;

    /// Returns when every worker has swapped. One caller at a time.
    Result<void> apply(std::shared_ptr<const ConfigSnapshot> snapshot);
    /// Runs on each worker, one after the other, and waits.
    void callEach(const std::function<void(Worker&)>& task);
    /// Runs on the worker that owns the breakers, and waits.
    void callOwner(const std::function<void(Worker&)>& task) { m_threads.front()->call(task); }
    /// Any thread. Runs on every worker, later; `last` after all of them, on the last one's thread.
    void postEach(const std::function<void(Worker&, unsigned index)>& task,
        std::function<void()> last = {});
    unsigned count() const { return static_cast<unsigned>(m_threads.size()); }

private:
    // From worker 0, to all.
    void onHealthCheck(const std::string& cluster, const net::SocketAddress& endpoint,
        CheckState verdict, bool passed) override;
    void onEndpoints(
        const std::string& cluster, const std::shared_ptr<const EndpointSet>& endpoints) override;
    EjectionSink ejectionSink(unsigned from);

    std::unique_ptr<SharedClusters> m_shared; // only with several workers; outlives them
    std::vector<std::unique_ptr<WorkerThread>> m_threads;
};

} // namespace meshyard::proxy
