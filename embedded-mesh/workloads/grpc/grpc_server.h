// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/grpc.h"
#include "embedded-mesh/http/h2_thread.h"
#include "embedded-mesh/net/listener.h"

#include <memory>
#include <string_view>
#include <unordered_map>

namespace meshyard::workloads {

class GrpcServerCall;
class GrpcServerConnection;

/// A unary call, its message read whole; views are valid during onCall() only.
struct GrpcRequest
{
    std::string_view path; // "/package.Service/Method"
    std::string_view message;
    std::string_view userAgent;
    TimePoint receivedAt; // when its last byte was read
};

/// The right to end one call, now or later. Outliving the call or the server is harmless.
///
/// Thread: the server's loop.
class GrpcResponder final
{
public:
    explicit GrpcResponder(std::weak_ptr<GrpcServerCall> call)
        : m_call(std::move(call))
    {
    }

    /// The message, then trailers with OK.
    void reply(std::string_view message) const;
    /// Trailers only.
    void fail(http::GrpcCode code, std::string_view why) const;
    /// RST_STREAM in place of an answer.
    void reset() const;
    /// The caller has gone, or its deadline has passed: the answer would reach nobody.
    bool isAbandoned() const;

private:
    std::weak_ptr<GrpcServerCall> m_call;
};

class GrpcHandler
{
public:
    virtual ~GrpcHandler() = default;
    virtual void onCall(const GrpcRequest& request, GrpcResponder responder) = 0;
};

/// Small gRPC server over h2c with prior knowledge: unary calls, grpc-timeout, no compression.
///
/// Follows gRPC's PROTOCOL-HTTP2. Thread: its loop's.
class GrpcServer final : public net::Acceptor
{
public:
    static constexpr std::size_t kMaxMessage = 64 * 1024;

    static Result<std::unique_ptr<GrpcServer>> listen(
        net::EventLoop& loop, const net::SocketAddress& address, GrpcHandler& handler);
    ~GrpcServer() override;

    const net::SocketAddress& address() const { return m_address; }
    std::size_t connectionCount() const { return m_connections.size(); }
    /// Accepts no more; connections end behind their calls.
    void drain();

    void onAccepted(net::Fd fd) override;

private:
    friend class GrpcServerCall;
    friend class GrpcServerConnection;
    GrpcServer(net::EventLoop& loop, GrpcHandler& handler);
    void remove(GrpcServerConnection& connection);

    net::EventLoop& m_loop;
    GrpcHandler& m_handler; // outlives us
    std::shared_ptr<http::H2Thread> m_thread; // outlives us by a turn
    std::unique_ptr<net::Listener> m_listener;
    net::SocketAddress m_address;
    std::unordered_map<GrpcServerConnection*, std::shared_ptr<GrpcServerConnection>> m_connections;
};

} // namespace meshyard::workloads
