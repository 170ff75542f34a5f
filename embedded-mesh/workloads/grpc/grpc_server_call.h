// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_stream.h"
#include "embedded-mesh/workloads/grpc/grpc_server.h"

#include <string>

namespace meshyard::workloads {

/// One stream of a GrpcServer's connection.
class GrpcServerCall final : public http::H2Stream,
                             public std::enable_shared_from_this<GrpcServerCall>
{
public:
    GrpcServerCall(GrpcServer& server, GrpcServerConnection& connection);

    void reply(std::string_view message);
    void fail(http::GrpcCode code, std::string_view why);
    void abort();
    bool isOpen() const { return isBound() && !m_answered; }

private:
    void onRequest(const http::RequestHead& head, http::HeadError error) override;
    void onBody(std::string_view bytes) override;
    void onEnd(std::string_view trailers) override;
    void onWritable() override { }
    void onStreamEnd(const http::H2StreamEnd& end) override;
    void refuse(int status);

    GrpcServer& m_server;
    GrpcServerConnection& m_connection;
    net::Timer m_deadline;
    std::string m_path;
    std::string m_userAgent;
    std::string m_body;
    bool m_answered = false;
};

} // namespace meshyard::workloads
