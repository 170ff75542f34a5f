// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/grpc/grpc_client_call.h"

#include "embedded-mesh/workloads/grpc/grpc_client_connection.h"
#include "embedded-mesh/workloads/grpc/grpc_message.h"

#include <fmt/format.h>

namespace meshyard::workloads {

using http::GrpcCode;

namespace {

constexpr std::size_t kMaxMessage = 4 * 1024 * 1024; // what gRPC's own clients take

/// What PROTOCOL-HTTP2 makes of a stream that ended without a status.
GrpcCode codeOf(http::H2Code reset)
{
    switch (reset) {
    case http::H2Code::RefusedStream:
    case http::H2Code::ConnectError: // the connection was lost
        return GrpcCode::Unavailable;
    case http::H2Code::Cancel:
        return GrpcCode::Cancelled;
    case http::H2Code::EnhanceYourCalm:
        return GrpcCode::ResourceExhausted;
    default:
        return GrpcCode::Internal;
    }
}

} // namespace

GrpcClientCall::GrpcClientCall(
    net::EventLoop& loop, GrpcClientConnection& connection, GrpcClient::Callback callback)
    : m_connection(connection)
    , m_callback(std::move(callback))
    , m_deadline(
          loop.timers(), [this] { finish({GrpcCode::DeadlineExceeded, {}, "no answer in time"}); })
{
}

void GrpcClientCall::send(const GrpcCall& call)
{
    m_deadline.armAfter(call.timeout);
    // "host" first: it becomes :authority.
    std::string head = fmt::format(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/grpc\r\nte: trailers\r\n"
        "grpc-timeout: {}\r\n",
        call.path, call.authority, grpcTimeoutText(call.timeout));
    for (const auto& [name, value] : call.metadata)
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
    sendHead(head + "\r\n", false);
    sendBody(grpcFrame(call.message));
    sendEnd({});
}

void GrpcClientCall::onResponse(const http::ResponseHead& head)
{
    m_httpStatus = head.status();
    if (const auto status = head.find(http::KnownHeader::GrpcStatus)) // trailers only
        m_code = http::parseGrpcStatus(*status);
    m_error = head.find("grpc-message").value_or("");
}

void GrpcClientCall::onBody(std::string_view bytes)
{
    m_body += bytes;
    if (m_body.size() > kMaxMessage)
        finish({GrpcCode::ResourceExhausted, {}, "the answer is larger than allowed"});
}

void GrpcClientCall::onEnd(std::string_view trailers)
{
    m_complete = true;
    if (m_code < 0)
        m_code = http::grpcStatusOf(trailers);
}

GrpcAnswer GrpcClientCall::answer() const
{
    if (m_httpStatus != 200 && m_code < 0)
        return {http::grpcCodeOfHttp(m_httpStatus), {},
            fmt::format("HTTP status {} without a gRPC one", m_httpStatus)};
    if (m_code != 0)
        return {m_code < 0 ? GrpcCode::Unknown : static_cast<GrpcCode>(m_code), {}, m_error};
    const auto message = grpcUnframed(m_body);
    if (!message)
        return {GrpcCode::Internal, {}, message.error().message};
    return {GrpcCode::Ok, std::string(*message), {}};
}

void GrpcClientCall::onStreamEnd(const http::H2StreamEnd& end)
{
    finish(m_complete ? answer() : GrpcAnswer{codeOf(end.code), {}, "the stream broke"});
}

void GrpcClientCall::finish(const GrpcAnswer& answer)
{
    m_deadline.cancel();
    letGo(http::H2Code::Cancel);
    const auto kept = m_connection.remove(*this);
    m_callback(answer);
}

} // namespace meshyard::workloads
