// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/fd.h"
#include "meshyard/v1/supervision.pb.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace grpc {
class ClientContext;
}

namespace meshyard::supervisor {

/// The stream to the control plane: newest order in, newest report out; reconnects by itself.
///
/// Thread: made and used by the main thread; wakeFd() becomes readable when takeOrder() has news.
class ControlLink final
{
public:
    explicit ControlLink(v1::SupervisorHello hello);
    ~ControlLink();
    ControlLink(const ControlLink&) = delete;
    ControlLink& operator=(const ControlLink&) = delete;

    /// Connects, or moves to another address. "unix:PATH" or "HOST:PORT".
    void connectTo(const std::string& address);
    void send(v1::SupervisorReport report);
    std::optional<v1::SupervisorOrder> takeOrder();
    int wakeFd() const { return m_wake.get(); }
    bool isAttached() const { return m_attached.load(); }
    /// What the control plane said when it refused us; "" = it did not.
    std::string refusal() const;

private:
    void run();
    void attachOnce(const std::string& address);
    void writeReports(void* stream);
    void wake() const;

    const v1::SupervisorHello m_hello;
    net::Fd m_wake;
    std::atomic<bool> m_attached = false;

    mutable std::mutex m_mutex; // guards all below
    std::condition_variable m_changed;
    std::string m_address;
    std::string m_refusal;
    std::optional<v1::SupervisorReport> m_report; // newest
    std::uint64_t m_reportNumber = 0;
    std::optional<v1::SupervisorOrder> m_order;
    grpc::ClientContext* m_call = nullptr;
    bool m_callEnded = false;
    bool m_closing = false;

    std::thread m_thread; // last: uses everything above
};

} // namespace meshyard::supervisor
