// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_stream.h"
#include "embedded-mesh/workloads/grpc/grpc_client.h"

namespace meshyard::workloads {

/// One stream of a GrpcClient's connection.
class GrpcClientCall final : public http::H2Stream
{
public:
    GrpcClientCall(
        net::EventLoop& loop, GrpcClientConnection& connection, GrpcClient::Callback callback);

    /// Call once, bound to the session.
    void send(const GrpcCall& call);

private:
    void onResponse(const http::ResponseHead& head) override;
    void onBody(std::string_view bytes) override;
    void onEnd(std::string_view trailers) override;
    void onWritable() override { }
    void onStreamEnd(const http::H2StreamEnd& end) override;

    GrpcAnswer answer() const;
    void finish(const GrpcAnswer& answer);

    GrpcClientConnection& m_connection;
    const GrpcClient::Callback m_callback;
    net::Timer m_deadline;
    int m_httpStatus = 0;
    int m_code = -1; // grpc-status
    bool m_complete = false;
    std::string m_error;
    std::string m_body;
};

} // namespace meshyard::workloads
