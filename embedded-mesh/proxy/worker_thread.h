// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/worker.h"

#include <functional>
#include <thread>

namespace meshyard::proxy {

/// The thread of one worker, and the way in for others.
class WorkerThread final
{
public:
    WorkerThread(const Clock& clock, std::string nodeId, std::uint64_t seed,
        Cluster::EventSink breakerEvents, WorkerTeam team = {});
    ~WorkerThread();

    /// Any other thread. Runs on the worker and waits for it.
    void call(const std::function<void(Worker&)>& task);
    /// Any thread. Runs on the worker, later.
    void post(std::function<void(Worker&)> task);
    /// Ends the loop and waits for it; what is posted afterwards is dropped.
    void stop();

private:
    net::EventLoop m_loop;
    Worker m_worker;
    std::thread m_thread;
};

} // namespace meshyard::proxy
