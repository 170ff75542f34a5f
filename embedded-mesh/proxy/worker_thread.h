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
        Cluster::EventSink breakerEvents);
    ~WorkerThread();

    /// Any other thread. Waits until the worker has swapped.
    Result<void> apply(std::shared_ptr<const ConfigSnapshot> snapshot);
    /// Any other thread. Runs on the worker and waits for it.
    void call(const std::function<void(Worker&)>& task);

private:
    net::EventLoop m_loop;
    Worker m_worker;
    std::thread m_thread;
};

} // namespace meshyard::proxy
