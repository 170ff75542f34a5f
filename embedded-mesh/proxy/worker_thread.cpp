// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/worker_thread.h"

#include <future>

namespace meshyard::proxy {

WorkerThread::WorkerThread(const Clock& clock, std::string nodeId, std::uint64_t seed,
    Cluster::EventSink breakerEvents, WorkerTeam team)
    : m_loop(clock)
    , m_worker(m_loop, std::move(nodeId), seed, std::move(breakerEvents), std::move(team))
    , m_thread([this] { m_loop.run(); })
{
}

WorkerThread::~WorkerThread()
{
    stop();
}

void WorkerThread::stop()
{
    if (!m_thread.joinable())
        return;
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

void WorkerThread::post(std::function<void(Worker&)> task)
{
    m_loop.post([this, task = std::move(task)] { task(m_worker); });
}

} // namespace meshyard::proxy
