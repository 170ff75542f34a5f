// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/grpc.h"
#include "embedded-mesh/http/h2_thread.h"
#include "embedded-mesh/http/message.h"
#include "embedded-mesh/net/socket_address.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace meshyard::workloads {

class GrpcClientConnection;

struct GrpcCall
{
    std::string authority;
    std::string path; // "/package.Service/Method"
    std::string message;
    http::HeaderList metadata;
    Duration timeout = std::chrono::seconds(15); // sent as grpc-timeout, and kept here too
};

struct GrpcAnswer
{
    http::GrpcCode code = http::GrpcCode::Unknown;
    std::string message; // with OK
    std::string error; // without
};

/// Small gRPC client over h2c with prior knowledge: unary calls, many on one connection.
///
/// Follows gRPC's PROTOCOL-HTTP2: what breaks on the way comes as UNAVAILABLE, DEADLINE_EXCEEDED
/// and so on, as if the server had said it. Nothing is retried. Thread: its loop's.
class GrpcClient final
{
public:
    using Callback = std::function<void(const GrpcAnswer&)>;

    explicit GrpcClient(net::EventLoop& loop);
    /// Callbacks still open are dropped.
    ~GrpcClient();
    GrpcClient(const GrpcClient&) = delete;
    GrpcClient& operator=(const GrpcClient&) = delete;

    /// The callback comes from the loop, never from inside this call.
    void call(const net::SocketAddress& address, GrpcCall call, Callback callback);

    std::size_t connectionCount() const { return m_connections.size(); }

private:
    friend class GrpcClientConnection;
    void remove(GrpcClientConnection& connection);

    net::EventLoop& m_loop;
    std::shared_ptr<bool> m_alive; // for what waits in the loop
    std::shared_ptr<http::H2Thread> m_thread; // outlives us by a turn
    std::vector<std::shared_ptr<GrpcClientConnection>> m_connections;
};

} // namespace meshyard::workloads
