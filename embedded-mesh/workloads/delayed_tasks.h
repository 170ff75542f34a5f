// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"

#include <map>
#include <memory>

namespace meshyard::workloads {

/// Runs each task at its time; those still waiting go with it.
///
/// Thread: its loop's.
class DelayedTasks final
{
public:
    explicit DelayedTasks(net::EventLoop& loop)
        : m_loop(loop)
    {
    }

    void runAt(TimePoint due, net::EventLoop::Task task);
    std::size_t count() const { return m_timers.size(); }

private:
    net::EventLoop& m_loop;
    std::uint64_t m_next = 0;
    std::map<std::uint64_t, std::unique_ptr<net::Timer>> m_timers;
};

} // namespace meshyard::workloads
