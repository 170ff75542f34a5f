// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/body_decoder.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/exchange/exchange.h"
#include "embedded-mesh/proxy/exchange/h2_downstream.h"
#include "embedded-mesh/proxy/exchange/socket_info.h"

namespace meshyard::proxy {

/// Where the caller of an accepted connection meant to go. @return nullptr = here: without a
/// REDIRECT, to go there would be to come here again.
std::unique_ptr<net::SocketAddress> meantDestination(int fd);

/// Where a connection came in: outlives its connections, follows configuration changes.
class ConnectionOwner
{
public:
    virtual ~ConnectionOwner() = default;

    virtual const FilterChainSpec& spec() const = 0;
    /// No longer configured: connections end after the response in progress.
    virtual bool isLeaving() const = 0;
    /// The connection is over; it may be disposed of.
    virtual void onConnectionDone(Disposable& connection) = 0;
};

/// Connection from a caller. HTTP/1: one request after another, pipelined ones in order; a caller
/// that begins with the preface of HTTP/2 is handed over to H2Downstream.
///
/// Thread: its worker's.
class DownstreamConnection final : public Disposable,
                                   private net::ConnectionHandler,
                                   private DownstreamStream
{
public:
    DownstreamConnection(WorkerContext& context, ConnectionOwner& owner);
    ~DownstreamConnection() override;

    Result<void> adopt(net::Fd fd);
    /// Ends soon when idle, else after the response in progress.
    void leave();

private:
    enum class State : std::uint8_t {
        Head, // waiting for a request
        Body, // of the request in progress
        Waiting, // request complete, response not
        Tunnel, // all bytes belong to it
        Closing, // nothing more is read but thrown away
    };

    void onData(std::string_view bytes) override;
    void onPeerFinished() override;
    void onWritable() override;
    void onClosed(const std::optional<Error>& error) override;

    void sendContinue() override;
    void sendInterim(const http::ResponseHead& head) override;
    void sendHead(const http::ResponseHead& head, const HeaderEdits* routeEdits,
        const HeaderEdits* filterEdits, BodyForm form) override;
    void sendTunnelHead(const http::ResponseHead& head, std::string_view upgrade,
        const HeaderEdits* routeEdits, const HeaderEdits* filterEdits) override;
    bool takesRawBody() const override { return m_rawBody; }
    void sendBody(std::string_view bytes) override;
    void flushResponse() override;
    void endResponse(std::string_view trailers) override;
    void answer(const LocalReply& reply) override;
    bool takeBackHead() override;
    void cut() override;
    void pauseRequestBody() override;
    void resumeRequestBody() override;
    bool isBackedUp() const override { return m_io.isBackedUp(); }
    bool isHttp2() const override { return false; }

    /// First bytes: which protocol? @return true = taken care of.
    bool sniff(std::string_view bytes);
    void consume(std::string_view bytes);
    std::size_t takeHead(std::string_view bytes);
    std::size_t takeBody(std::string_view bytes);
    void logRefusal(int status);
    void refuse(http::HeadError error);
    void startRequest(const http::RequestHead& head);
    void finishRequest();
    void nextRequest();
    void closeGently();
    void done();
    void onIdle();
    void armIdle();
    void armStreamIdle();
    void onRequestTimeout();
    ResponseFraming framingFor(const http::ResponseHead& head, BodyForm form);

    WorkerContext& m_context;
    ConnectionOwner& m_owner; // outlives us
    net::Connection m_io;
    SocketInfo m_info;
    Exchange m_exchange;
    std::unique_ptr<H2Downstream> m_http2; // all bytes are its
    net::Timer m_idleTimer; // between requests; within one, of the stream
    net::Timer m_requestTimer; // request_timeout
    net::Timer m_lifeTimer; // max_connection_duration
    std::uint32_t m_requests = 0;
    http::BodyDecoder m_body;
    State m_state = State::Head;
    http::Method m_method = http::Method::Get;
    bool m_http10 = false;
    bool m_keepAlive = true;
    bool m_rawBody = false;
    bool m_chunks = false; // we put chunk framing on
    bool m_closeAfter = false;
    bool m_consuming = false; // inside consume(): the loop there goes on
    bool m_requestComplete = true;
    bool m_peerFinished = false;
    bool m_done = false;
    bool m_fresh = true; // the protocol is not known yet
    std::string m_pending; // a partial head, or requests ahead of time
    std::string m_remoteHost; // gateways
    std::unique_ptr<net::SocketAddress> m_originalDestination; // listeners that look for it
};

} // namespace meshyard::proxy
