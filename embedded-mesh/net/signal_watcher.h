// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"

#include <initializer_list>

namespace meshyard::net {

/// Delivers process signals in an event loop. They stay blocked in the thread that makes it (make
/// it before other threads start, so that they inherit the mask) and are not unblocked again.
///
/// Thread: its loop's.
class SignalWatcher final : public IoHandler
{
public:
    /// Ends the process when the kernel gives no signalfd.
    SignalWatcher(EventLoop& loop, std::initializer_list<int> signals,
        std::function<void(int signal)> callback);
    ~SignalWatcher() override;
    void onIo(std::uint32_t events) override;

private:
    EventLoop& m_loop;
    std::function<void(int)> m_callback;
    Fd m_fd;
};

} // namespace meshyard::net
