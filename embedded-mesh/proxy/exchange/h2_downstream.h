// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_session.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/exchange/h2_downstream_stream.h"

#include <functional>

namespace meshyard::proxy {

class ConnectionOwner;

/// HTTP/2 on a caller's connection: the session and its streams. The connection itself stays with
/// the one who found out which protocol it speaks.
///
/// Thread: its worker's.
class H2Downstream final : private http::H2SessionOwner
{
public:
    /// @param over closes the connection after what was written.
    H2Downstream(WorkerContext& context, ConnectionOwner& owner, net::Connection& io,
        std::string_view remoteHost, const ConnectionInfo& info, std::function<void()> over);

    ~H2Downstream() override;

    void receive(std::string_view bytes);
    void onWritable() { m_session.onWriteRoom(); }
    /// The peer will send nothing more, or the connection is lost.
    void onLost() { m_session.abandon(); }
    /// Ends after the streams in progress.
    void leave();

    RequestOrigin origin() const;
    void onStreamDone(H2DownstreamStream& stream);

private:
    void writeBytes(std::string_view bytes) override { m_io.write(bytes); }
    bool isWriteBackedUp() const override { return m_io.isBackedUp(); }
    http::H2Stream* openStream() override;
    void onIdle() override;
    void onSessionOver() override;

    void onTimer();
    void armTimer();
    void expireStreams();

    WorkerContext& m_context;
    ConnectionOwner& m_owner; // outlives us
    net::Connection& m_io;
    const std::string_view m_remoteHost;
    const ConnectionInfo& m_info; // outlives us
    const std::function<void()> m_over;
    http::H2Session m_session;
    net::Timer m_timer; // idle connection, idle streams, end of a drain
    TimePoint m_idleSince;
    std::uint32_t m_streams = 0; // so far
    bool m_leaving = false;
};

} // namespace meshyard::proxy
