// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/worker_thread.h"

#include <future>

namespace meshyard::proxy {

WorkerThread::WorkerThread(
    const Clock& clock, std::string nodeId, std::uint64_t seed, Cluster::EventSink breakerEvents)
    : m_loop(clock)
    , m_worker(m_loop, std::move(nodeId), seed, std::move(breakerEvents))
    , m_thread([this] { m_loop.run(); })
{
    call([](Worker& worker) { worker.watchUpstreams(); });
}

WorkerThread::~WorkerThread()
{
    m_loop.stop();
    m_thread.join();
}

void WorkerThread::call(const std::function<void(Worker&)>& task)
{
    std::promise<void> done;
    m_loop.post([&] {
        task(m_worker);
        done.set_value();
    });
    done.get_future().wait();
}

Result<void> WorkerThread::apply(std::shared_ptr<const ConfigSnapshot> snapshot)
{
    Result<void> result;
    call([&](Worker& worker) { result = worker.apply(snapshot); });
    return result;
}

} // namespace meshyard::proxy
