// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/delayed_tasks.h"

namespace meshyard::workloads {

void DelayedTasks::runAt(TimePoint due, net::EventLoop::Task task)
{
    const std::uint64_t id = m_next++;
    auto timer = std::make_unique<net::Timer>(m_loop.timers(), [this, id, task = std::move(task)] {
        const auto spent = m_timers.extract(id); // gone after the task, which it holds
        task();
    });
    timer->arm(due);
    m_timers.emplace(id, std::move(timer));
}

} // namespace meshyard::workloads
