// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/exchange/head_writer.h"

namespace meshyard::proxy {

/// How the body that follows a head comes.
enum class BodyForm : std::uint8_t {
    AsSent, // maybe with the chunk framing it had
    Decoded, // content alone
    Recoded, // other content, of a length nobody knows yet
};

/// The caller's side of one exchange: an HTTP/1 connection, or one stream of an HTTP/2 session.
class DownstreamStream
{
public:
    virtual ~DownstreamStream() = default;

    virtual void sendContinue() = 0;
    /// The upstream's 102 to 199, for callers that may be told.
    virtual void sendInterim(const http::ResponseHead& head) = 0;
    /// Goes out with the next body bytes, or with flushResponse().
    virtual void sendHead(const http::ResponseHead& head, const HeaderEdits* routeEdits,
        const HeaderEdits* filterEdits, BodyForm form)
        = 0;
    /// The head of a tunnel, a 101 or a 2xx to CONNECT: goes out at once. From now on all bytes are
    /// the tunnel's, and endRequest(), endResponse() end one direction each.
    /// @param upgrade protocol changed to; empty = CONNECT.
    virtual void sendTunnelHead(const http::ResponseHead& head, std::string_view upgrade,
        const HeaderEdits* routeEdits, const HeaderEdits* filterEdits)
        = 0;
    /// Whether body bytes may keep the chunk framing they came with.
    virtual bool takesRawBody() const = 0;
    virtual void sendBody(std::string_view bytes) = 0;
    virtual void flushResponse() = 0;
    /// The response is complete. The exchange may be started anew after this.
    /// @param trailers field lines with their CRLFs; empty when they came with the raw body.
    virtual void endResponse(std::string_view trailers) = 0;
    /// A whole answer of our own, ending the exchange.
    virtual void answer(const LocalReply& reply) = 0;
    /// Forgets a head that has not gone out yet. @return false: it has; only cut() is left.
    virtual bool takeBackHead() { return false; }
    /// A response that has begun can't be finished.
    virtual void cut() = 0;
    virtual void pauseRequestBody() = 0;
    virtual void resumeRequestBody() = 0;
    virtual bool isBackedUp() const = 0;
    virtual bool isHttp2() const = 0;
};

} // namespace meshyard::proxy
