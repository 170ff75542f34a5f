// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/worker_set.h"

#include <future>

namespace meshyard::proxy {

WorkerSet::WorkerSet(const Clock& clock, const Plan& plan, Cluster::EventSink breakerEvents)
{
    if (plan.count > 1)
        m_shared = std::make_unique<SharedClusters>(plan.count, breakerEvents);
    m_threads.reserve(plan.count); // ejections of the first look at the list later
    for (unsigned i = 0; i < plan.count; ++i) {
        WorkerTeam team;
        team.logFiles = plan.logFiles;
        team.spanExporters = plan.spanExporters;
        team.connections = plan.connections;
        if (m_shared) {
            team.clusters = m_shared.get();
            team.index = i;
            team.ejections = ejectionSink(i);
        }
        m_threads.push_back(std::make_unique<WorkerThread>(clock, plan.nodeId,
            plan.seed + i * 0x9e3779b97f4a7c15ULL, breakerEvents, std::move(team)));
    }
    callOwner([this](Worker& worker) {
        if (m_shared)
            m_shared->setOwner(worker.context().loop);
        worker.watchUpstreams(m_shared ? this : nullptr);
    });
}

WorkerSet::~WorkerSet()
{
    if (m_shared)
        callOwner([this](Worker&) { m_shared->clearOwner(); });
    for (const auto& thread : m_threads) // all, before any is gone: they post to each other
        thread->stop();
}

void WorkerSet::onHealthCheck(const std::string& cluster, const net::SocketAddress& endpoint,
    CheckState verdict, bool passed)
{
    postEach([=](Worker& worker, unsigned) {
        worker.onHealthCheck(cluster, endpoint, verdict, passed);
    });
}

void WorkerSet::onEndpoints(
    const std::string& cluster, const std::shared_ptr<const EndpointSet>& endpoints)
{
    postEach([=](Worker& worker, unsigned) { worker.onEndpoints(cluster, endpoints); });
}

EjectionSink WorkerSet::ejectionSink(unsigned from)
{
    return [this, from](const Cluster& cluster, const Endpoint& endpoint) {
        for (unsigned i = 0; i < m_threads.size(); ++i) {
            if (i == from)
                continue;
            m_threads[i]->post([name = cluster.name(), address = endpoint.spec().address,
                                   record = endpoint.ejection](Worker& worker) {
                worker.followEjection(name, address, record);
            });
        }
    };
}

Result<void> WorkerSet::apply(std::shared_ptr<const ConfigSnapshot> snapshot)
{
    Result<void> result;
    Worker::Lead lead;
    callOwner([&](Worker& worker) {
        result = worker.apply(snapshot);
        lead = worker.lead();
    });
    if (count() == 1)
        return result;
    std::mutex mutex; // guards result
    const auto done = std::make_shared<std::promise<void>>();
    auto swap = [&](Worker& worker, unsigned index) {
        if (index == 0)
            return;
        if (auto applied = worker.apply(snapshot, &lead); !applied) {
            const std::lock_guard lock(mutex);
            result = std::move(applied);
        }
    };
    auto swapped = done->get_future();
    postEach(swap, [done] { done->set_value(); });
    swapped.wait();
    return result;
}

void WorkerSet::callEach(const std::function<void(Worker&)>& task)
{
    for (const auto& thread : m_threads)
        thread->call(task);
}

void WorkerSet::postEach(
    const std::function<void(Worker&, unsigned index)>& task, std::function<void()> last)
{
    auto left = std::make_shared<std::atomic<unsigned>>(count());
    for (unsigned i = 0; i < count(); ++i) {
        m_threads[i]->post([task, last, left, i](Worker& worker) {
            task(worker, i);
            if (left->fetch_sub(1, std::memory_order_acq_rel) == 1 && last)
                last();
        });
    }
}

} // namespace meshyard::proxy
