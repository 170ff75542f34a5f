// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message_head.h"
#include "embedded-mesh/proxy/worker_context.h"

#include <memory>
#include <string_view>

namespace meshyard::proxy {

/// Gets what one attempt's upstream says. Callbacks may give the stream back or dispose of it.
class UpstreamUser
{
public:
    enum class Loss : std::uint8_t {
        Connect,
        Reset,
        Refused, // the peer says that it has not looked at the request: safe to send again
        Malformed,
        OtherProtocol, // the peer chose another protocol than this stream speaks: take a new one
    };

    virtual ~UpstreamUser() = default;

    virtual void onUpstreamConnected() = 0;
    /// @param head valid during the call. Of interim heads only a 101 that was asked for comes
    /// here. In a tunnel onResponseEnd() ends their direction only: the stream stays ours.
    virtual void onResponseHead(const http::ResponseHead& head) = 0;
    /// 102 to 199, but no 101: another head follows.
    virtual void onInterimHead(const http::ResponseHead& /*head*/) { }
    /// Whether body bytes should come with their chunk framing, where they have one.
    virtual bool wantsRawBody() const = 0;
    virtual void onResponseBody(std::string_view bytes) = 0;
    /// @param trailers field lines with their CRLFs; a raw body has carried them along.
    virtual void onResponseEnd(std::string_view trailers) = 0;
    /// All bytes that came with this event have been delivered.
    virtual void onResponseFlush() = 0;
    virtual void onUpstreamLost(Loss loss) = 0;
    virtual void onUpstreamWritable() = 0;
};

/// What goes out first on an upstream stream.
struct RequestStart
{
    std::string_view head; // HTTP/1.1 text as writeRequestHead() made it
    std::string_view body; // what has come of it so far
    std::string_view trailers; // field lines; only when complete
    bool rawBody = false; // the body carries its HTTP/1 framing
    bool chunked = false; // no length is known
    bool complete = false; // nothing more follows
    std::string_view upgrade{}; // protocol to change to; empty = none, or a CONNECT
    bool tunnel = false; // asks for one: what follows a 101, or a 2xx to CONNECT, are its bytes
};

/// The upstream's side of one attempt: an HTTP/1 connection, or one stream of an HTTP/2 session.
///
/// Thread: its worker's. Order of calls: attach(), when connected send(), then sendBody() and
/// sendEnd() unless it was complete; recycle() or close() at last.
class UpstreamStream : public Disposable
{
public:
    virtual void attach(UpstreamUser& user, http::Method method) = 0;
    /// The user is gone; only close() or recycle() may follow.
    virtual void detach() = 0;
    /// False: onUpstreamConnected() will come, or onUpstreamLost().
    virtual bool isConnected() const = 0;

    virtual void send(const RequestStart& start) = 0;
    virtual void sendBody(std::string_view bytes) = 0;
    /// Ends the request (in a tunnel: our direction). @param trailers field lines.
    virtual void sendEnd(std::string_view trailers) = 0;
    virtual bool isBackedUp() const = 0;
    virtual void pauseReading() = 0;
    virtual void resumeReading() = 0;

    /// Ends the attempt, and what is left of request and response with it.
    virtual void close() = 0;
    /// Request and response are complete: back into its pool, if it may serve again.
    virtual void recycle(std::unique_ptr<UpstreamStream> self) = 0;

    /// Has served before: a loss may only mean that the peer had closed it meanwhile.
    virtual bool isReused() const = 0;
    /// For its local address in logs; -1 = not told.
    virtual int socket() const { return -1; }
    virtual bool hasResponseBytes() const = 0;
    virtual std::uint64_t bytesReadThisRequest() const = 0;
};

} // namespace meshyard::proxy
