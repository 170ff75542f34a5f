// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/signal_watcher.h"

#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace meshyard::net {

SignalWatcher::SignalWatcher(
    EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> callback)
    : m_loop(loop)
    , m_callback(std::move(callback))
{
    sigset_t mask{};
    ::sigemptyset(&mask);
    for (const int signal : signals)
        ::sigaddset(&mask, signal);
    ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    m_fd.reset(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!m_fd.isOpen() || !loop.watch(m_fd.get(), *this)) {
        std::perror("signalfd");
        std::abort();
    }
}

SignalWatcher::~SignalWatcher()
{
    m_loop.forget(m_fd.get(), *this);
}

void SignalWatcher::onIo(std::uint32_t)
{
    signalfd_siginfo info{};
    while (::read(m_fd.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info)))
        m_callback(static_cast<int>(info.ssi_signo));
}

} // namespace meshyard::net
