// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_session.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/workloads/grpc/grpc_server_call.h"

namespace meshyard::workloads {

/// One accepted connection of a GrpcServer.
class GrpcServerConnection final : private net::ConnectionHandler, private http::H2SessionOwner
{
public:
    explicit GrpcServerConnection(GrpcServer& server);

    Result<void> start(net::Fd fd) { return m_io.adopt(std::move(fd)); }
    void drain() { m_session.shutdown(); }
    void remove(GrpcServerCall& call);

private:
    void onData(std::string_view bytes) override { m_session.receive(bytes); }
    void onPeerFinished() override { lose(); }
    void onWritable() override { m_session.onWriteRoom(); }
    void onClosed(const std::optional<Error>& /*error*/) override { lose(); }

    void writeBytes(std::string_view bytes) override { m_io.write(bytes); }
    bool isWriteBackedUp() const override { return m_io.isBackedUp(); }
    http::H2Stream* openStream() override;
    void onSessionOver() override { m_io.finishWriting(); }
    void lose();

    GrpcServer& m_server;
    net::Connection m_io;
    std::shared_ptr<http::H2Thread> m_thread;
    http::H2Session m_session;
    // Last: calls let go of the session while it is there.
    std::unordered_map<GrpcServerCall*, std::shared_ptr<GrpcServerCall>> m_calls;
};

} // namespace meshyard::workloads
