// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/h2_downstream_stream.h"

#include "embedded-mesh/proxy/exchange/h2_downstream.h"

namespace meshyard::proxy {

H2DownstreamStream::H2DownstreamStream(WorkerContext& context)
    : m_context(context)
    , m_exchange(context, *this)
{
}

void H2DownstreamStream::onRequest(const http::RequestHead& head, http::HeadError error)
{
    m_withoutBody = head.method() == http::Method::Head;
    m_responding = false;
    if (error == http::HeadError::None)
        return m_exchange.start(head, m_connection->origin());
    const int status = http::statusFor(error);
    if (status == 400) // RFC 9113 8.1.1: malformed
        return reset(http::H2Code::ProtocolError);
    LocalReply refusal;
    refusal.status = status;
    const std::string body = "refused: " + std::string(http::describe(error)) + "\n";
    refusal.body = body;
    answer(refusal);
}

void H2DownstreamStream::onBody(std::string_view bytes)
{
    m_exchange.addRequestBody(bytes);
}

void H2DownstreamStream::onEnd(std::string_view trailers)
{
    m_exchange.endRequest(trailers);
}

void H2DownstreamStream::onWritable()
{
    m_exchange.onDownstreamWritable();
}

void H2DownstreamStream::onStreamEnd(const http::H2StreamEnd& /*end*/)
{
    m_exchange.cancel();
    m_connection->onStreamDone(*this);
}

void H2DownstreamStream::expire()
{
    LocalReply late;
    late.status = 408;
    late.body = "stream timeout\n";
    late.flag = ResponseFlag::StreamIdleTimeout;
    late.details = "stream_idle_timeout";
    if (m_exchange.isActive())
        return m_exchange.expire(late);
    if (m_responding)
        return reset(http::H2Code::Cancel);
    answer(late);
}

void H2DownstreamStream::sendContinue()
{
    H2Stream::sendInterim("HTTP/1.1 100 Continue\r\n\r\n");
}

void H2DownstreamStream::sendInterim(const http::ResponseHead& head)
{
    std::string text;
    writeInterimHead(head, text);
    H2Stream::sendInterim(text);
}

void H2DownstreamStream::sendHead(const http::ResponseHead& head, const HeaderEdits* routeEdits,
    const HeaderEdits* filterEdits, BodyForm /*form*/)
{
    std::string& out = m_context.headScratch;
    out.clear();
    writeResponseHead(
        head, ResponseFraming{.date = m_context.httpDate()}, routeEdits, filterEdits, out);
    m_responding = true;
    const http::BodyFraming& framing = head.framing();
    const bool empty = framing.kind == http::BodyKind::None
        || (framing.kind == http::BodyKind::Length && framing.length == 0);
    H2Stream::sendHead(out, empty);
    out.clear();
}

void H2DownstreamStream::sendTunnelHead(const http::ResponseHead& head,
    std::string_view /*upgrade*/, const HeaderEdits* routeEdits, const HeaderEdits* filterEdits)
{
    std::string& out = m_context.headScratch;
    out.clear();
    ResponseFraming framing;
    framing.tunnel = true; // RFC 8441 5: not 101
    writeResponseHead(head, framing, routeEdits, filterEdits, out);
    m_responding = true;
    H2Stream::sendHead(out, false);
    out.clear();
    if (hasPeerEnded())
        m_exchange.endRequest({});
}

void H2DownstreamStream::endResponse(std::string_view trailers)
{
    sendEnd(trailers);
}

void H2DownstreamStream::answer(const LocalReply& reply)
{
    std::string& out = m_context.headScratch;
    out.clear();
    writeLocalReply(reply, ResponseFraming{.http2 = true, .date = m_context.httpDate()}, true, out);
    m_responding = true;
    const bool bodyless = m_withoutBody || reply.body.empty() || reply.grpcStatus >= 0
        || reply.status == 204 || reply.status == 304;
    H2Stream::sendHead(out, bodyless);
    out.clear();
    if (bodyless)
        return;
    H2Stream::sendBody(reply.body);
    sendEnd({});
}

void H2DownstreamStream::cut()
{
    reset(http::H2Code::InternalError);
}

} // namespace meshyard::proxy
