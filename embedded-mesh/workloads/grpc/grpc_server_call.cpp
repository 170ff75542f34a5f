// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/grpc/grpc_server_call.h"

#include "embedded-mesh/workloads/grpc/grpc_message.h"
#include "embedded-mesh/workloads/grpc/grpc_server_connection.h"

#include <fmt/format.h>

namespace meshyard::workloads {

using http::GrpcCode;

GrpcServerCall::GrpcServerCall(GrpcServer& server, GrpcServerConnection& connection)
    : m_server(server)
    , m_connection(connection)
    , m_deadline(server.m_loop.timers(),
          [this] { fail(GrpcCode::DeadlineExceeded, "the caller's time is over"); })
{
}

void GrpcServerCall::onRequest(const http::RequestHead& head, http::HeadError error)
{
    if (error != http::HeadError::None)
        return refuse(http::statusFor(error));
    if (!http::isGrpcContentType(head.find(http::KnownHeader::ContentType).value_or("")))
        return refuse(415);
    m_path = head.path();
    m_userAgent = head.find(http::KnownHeader::UserAgent).value_or("");
    const auto timeout = head.find("grpc-timeout");
    if (!timeout)
        return;
    if (const auto left = http::parseGrpcTimeout(*timeout))
        m_deadline.arm(m_server.m_loop.clock().now() + *left);
    else
        fail(GrpcCode::Internal, "malformed grpc-timeout");
}

void GrpcServerCall::onBody(std::string_view bytes)
{
    if (m_answered)
        return;
    m_body += bytes;
    if (m_body.size() > GrpcServer::kMaxMessage)
        fail(GrpcCode::ResourceExhausted, "the message is larger than allowed");
}

void GrpcServerCall::onEnd(std::string_view /*trailers*/)
{
    if (m_answered)
        return;
    const auto message = grpcUnframed(m_body);
    if (!message)
        return fail(GrpcCode::Internal, message.error().message);
    m_server.m_handler.onCall({m_path, *message, m_userAgent, m_server.m_loop.clock().now()},
        GrpcResponder(weak_from_this()));
}

void GrpcServerCall::reply(std::string_view message)
{
    if (!isOpen())
        return;
    m_answered = true;
    m_deadline.cancel();
    sendHead("HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\n\r\n", false);
    sendBody(grpcFrame(message));
    sendEnd("grpc-status: 0\r\n");
}

void GrpcServerCall::fail(GrpcCode code, std::string_view why)
{
    if (!isOpen())
        return;
    m_answered = true;
    m_deadline.cancel();
    std::string text;
    http::appendGrpcMessage(text, why);
    sendHead(fmt::format("HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\n"
                         "grpc-status: {}\r\ngrpc-message: {}\r\n\r\n",
                 static_cast<int>(code), text),
        true);
}

void GrpcServerCall::refuse(int status)
{
    m_answered = true;
    sendHead(fmt::format("HTTP/1.1 {} \r\n\r\n", status), true);
}

void GrpcServerCall::abort()
{
    if (!isOpen())
        return;
    m_answered = true;
    m_deadline.cancel();
    reset(http::H2Code::InternalError);
}

void GrpcServerCall::onStreamEnd(const http::H2StreamEnd& /*end*/)
{
    m_deadline.cancel();
    m_connection.remove(*this);
}

} // namespace meshyard::workloads
