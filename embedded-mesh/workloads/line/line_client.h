// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/socket_address.h"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace meshyard::workloads {

class LineClientSession;

/// Asks for one line, over a connection of its own each time.
///
/// Errors: Unavailable (no connection, or it ended before the line), DeadlineExceeded,
/// ResourceExhausted (a line too long). Thread: its loop's.
class LineClient final
{
public:
    using Callback = std::function<void(const Result<std::string>&)>;
    static constexpr std::size_t kMaxLine = 16 * 1024 * 1024;

    explicit LineClient(net::EventLoop& loop);
    /// Callbacks still open are dropped.
    ~LineClient();
    LineClient(const LineClient&) = delete;
    LineClient& operator=(const LineClient&) = delete;

    /// @param question without its line end, as is the answer. The callback comes from the loop,
    /// never from inside this call.
    void ask(const net::SocketAddress& address, const std::string& question, Duration timeout,
        Callback callback);

    std::size_t inFlight() const { return m_sessions.size(); }

private:
    friend class LineClientSession;
    void finish(LineClientSession& session, const Result<std::string>& answer);

    net::EventLoop& m_loop;
    std::shared_ptr<bool> m_alive; // for what waits in the loop
    std::unordered_map<LineClientSession*, std::shared_ptr<LineClientSession>> m_sessions;
};

} // namespace meshyard::workloads
