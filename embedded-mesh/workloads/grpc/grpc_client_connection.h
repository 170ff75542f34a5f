// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_session.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/workloads/grpc/grpc_client_call.h"

#include <unordered_map>

namespace meshyard::workloads {

/// One connection of a GrpcClient.
class GrpcClientConnection final : private net::ConnectionHandler, private http::H2SessionOwner
{
public:
    GrpcClientConnection(GrpcClient& client, const net::SocketAddress& address);

    Result<void> connect() { return m_io.connect(m_address); }
    const net::SocketAddress& address() const { return m_address; }
    bool hasRoom() const { return m_session.hasRoom() && !m_io.hasHangup(); }
    void start(const GrpcCall& call, GrpcClient::Callback callback);
    /// Given up at the end of the turn, or with the last copy of what is returned.
    std::shared_ptr<GrpcClientCall> remove(GrpcClientCall& call);

private:
    void onData(std::string_view bytes) override { m_session.receive(bytes); }
    void onPeerFinished() override { lose(); }
    void onWritable() override { m_session.onWriteRoom(); }
    void onClosed(const std::optional<Error>& /*error*/) override { lose(); }

    void writeBytes(std::string_view bytes) override { m_io.write(bytes); }
    bool isWriteBackedUp() const override { return m_io.isBackedUp(); }
    void onSessionOver() override { lose(); }
    void lose();

    GrpcClient& m_client;
    const net::SocketAddress m_address;
    net::Connection m_io;
    std::shared_ptr<http::H2Thread> m_thread;
    http::H2Session m_session;
    bool m_lost = false;
    // Last: calls let go of the session while it is there.
    std::unordered_map<GrpcClientCall*, std::shared_ptr<GrpcClientCall>> m_calls;
};

} // namespace meshyard::workloads
