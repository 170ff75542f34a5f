// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/wire/watch_stream.h"

#include "client/wire/command_codec.h"

namespace meshyard::wire {

namespace {

/// Ten minutes of a window that does not look; then a fresh full state is cheaper.
constexpr std::size_t kMailboxLimit = 600;

} // namespace

WatchStream::WatchStream(
    const std::shared_ptr<grpc::Channel>& channel, std::string address, std::function<void()> wake)
    : m_address(std::move(address))
    , m_wake(std::move(wake))
    , m_stub(v1::MeshObserver::NewStub(channel))
{
    m_request.set_with_instances(true);
    m_stub->async()->Watch(&m_context, &m_request, this);
    StartRead(&m_message);
    StartCall();
}

WatchStream::~WatchStream()
{
    m_context.TryCancel();
    std::unique_lock lock(m_mutex);
    m_finished.wait(lock, [this] { return m_done; });
}

WatchStream::Taken WatchStream::take()
{
    const std::lock_guard lock(m_mutex);
    m_woken = false;
    return std::exchange(m_mailbox, {});
}

void WatchStream::OnReadDone(bool ok)
{
    if (!ok)
        return; // OnDone says why
    if (MeshFramePtr frame = m_joiner.add(m_message)) {
        const std::lock_guard lock(m_mutex);
        m_mailbox.frames.push_back(std::move(frame));
        if (m_mailbox.frames.size() > kMailboxLimit)
            m_context.TryCancel();
        wakeOnce();
    }
    StartRead(&m_message);
}

void WatchStream::OnDone(const grpc::Status& status)
{
    const std::lock_guard lock(m_mutex);
    m_mailbox.ended = status.ok()
        ? Error{ErrorCode::Unavailable, "the control plane ended the stream"}
        : errorOf(status, m_address);
    wakeOnce();
    m_done = true;
    m_finished.notify_all(); // under the lock: the destructor may free us right after it
}

void WatchStream::wakeOnce()
{
    if (!std::exchange(m_woken, true))
        m_wake();
}

} // namespace meshyard::wire
