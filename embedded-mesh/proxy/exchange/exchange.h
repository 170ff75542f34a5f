// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/net/timer_wheel.h"
#include "embedded-mesh/proxy/exchange/head_writer.h"
#include "embedded-mesh/proxy/exchange/request_log.h"
#include "embedded-mesh/proxy/exchange/upstream_stream.h"

namespace meshyard::proxy {

/// The caller's side of one exchange: an HTTP/1 connection, or one stream of an HTTP/2 session.
class DownstreamStream
{
public:
    virtual ~DownstreamStream() = default;

    virtual void sendContinue() = 0;
    /// Goes out with the next body bytes, or with flushResponse().
    virtual void sendHead(const http::ResponseHead& head, const HeaderEdits* targetEdits,
        const HeaderEdits* routeEdits)
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
    /// A response that has begun can't be finished.
    virtual void cut() = 0;
    virtual void pauseRequestBody() = 0;
    virtual void resumeRequestBody() = 0;
    virtual bool isBackedUp() const = 0;
    virtual bool isHttp2() const = 0;
};

/// What the listener and connection say about a request. Views into both.
struct RequestOrigin
{
    const FilterChainSpec& listener;
    std::string_view remoteHost; // gateways: for x-forwarded-for
    const net::SocketAddress* originalDestination = nullptr; // outlives the request; nullptr = us
    bool isTls = false;
    std::string_view serverName{}; // SNI
    const net::PeerIdentity* peer = nullptr; // what it showed, verified or not
    std::span<const std::string> peerPrincipals{}; // its URI SANs; empty unless verified
    int socket = -1; // asked for its addresses when they are logged
};

inline RequestOrigin originOf(
    const FilterChainSpec& chain, std::string_view remoteHost, const net::Connection& io)
{
    RequestOrigin origin{chain, remoteHost};
    origin.socket = io.fd();
    if (!io.isTls())
        return origin;
    origin.isTls = true;
    origin.serverName = io.serverName();
    origin.peer = io.peerIdentity();
    if (origin.peer != nullptr && origin.peer->verified)
        origin.peerPrincipals = origin.peer->uriSans;
    return origin;
}

/// One request from listener to upstream and back: route, fault, breaker, limits, balancing,
/// attempts, timeouts, counters. An object serves one request after another.
///
/// Thread: its worker's.
class Exchange final : private UpstreamUser, private ConnectionWaiter
{
public:
    Exchange(WorkerContext& context, DownstreamStream& downstream);
    ~Exchange() override;

    /// Routes and begins. @param head valid during the call.
    void start(const http::RequestHead& head, const RequestOrigin& origin);
    /// Whether addRequestBody() wants bytes with the HTTP/1 framing they came with.
    bool takesRawBody() const { return m_rawBody; }
    void addRequestBody(std::string_view bytes);
    /// Nothing more follows. @param trailers field lines; empty when they came with the raw body.
    void endRequest(std::string_view trailers);
    /// The caller went away.
    void cancel();
    /// The listener's patience is over: answers, or cuts a response that has begun.
    void expire(const LocalReply& answer);
    void onDownstreamWritable();
    bool isActive() const { return m_state != State::Idle; }

private:
    enum class State : std::uint8_t {
        Idle,
        Delaying, // injected delay
        Queued, // for a connection
        Connecting,
        AwaitingHead,
        Responding,
        BackingOff,
        BetweenAttempts,
    };

    // exchange.cpp: routing and answers
    void readRequest(const http::RequestHead& head, RequestView& view);
    void route(const http::RequestHead& head, const RequestView& view, const RequestOrigin& origin);
    void answerDirectly(const RequestView& view);
    bool chooseCluster(const RequestView& view);
    void writeHead(
        const http::RequestHead& head, const RequestView& view, const RequestOrigin& origin);
    std::string_view rewrittenPath(const http::RequestHead& head, const RequestView& view);
    /// @param fault of the listener's filter, where neither target nor route has one.
    bool injectFault(const RequestView& view, const FaultRules* fault);
    void admitFirst();
    void reject(Admission admission);
    void reply(CallResult result, LocalReply answer);
    void clear();
    // exchange_log.cpp
    void account(CallResult result);
    void countForIstio(std::uint64_t micros);
    void writeLog(TimePoint now);

    // attempts.cpp: one attempt after another
    void attempt();
    void acquire();
    bool usesHttp2() const { return m_http2 && !m_endpoint->speaksHttp1; }
    void openConnection();
    Result<void> connectUpstream();
    void sendRequest();
    void armTryTimer();
    void onStepTimer();
    void onRouteTimeout();
    void endAttempt(const CallOutcome& outcome);
    void fail(CallOutcome::End end);
    void limit();
    bool maySendAgain() const;
    bool retries(CallOutcome::End end, int status) const;
    bool beginRetry();
    void backOff();
    void dropUpstream();
    void releaseUpstream();
    void judgeEarly(const http::ResponseHead& head);
    CallOutcome outcomeNow(CallOutcome::End end, int status) const;

    void onConnectionFree() override;
    void onUpstreamConnected() override;
    void onResponseHead(const http::ResponseHead& head) override;
    bool wantsRawBody() const override { return m_downstream.takesRawBody(); }
    void onResponseBody(std::string_view bytes) override;
    void onResponseEnd(std::string_view trailers) override;
    void onResponseFlush() override { m_downstream.flushResponse(); }
    void onUpstreamLost(Loss loss) override;
    void onUpstreamWritable() override;

    WorkerContext& m_context;
    DownstreamStream& m_downstream;
    net::Timer m_routeTimer;
    net::Timer m_stepTimer; // delay, connect, per-try, back-off: what the state says
    State m_state = State::Idle;

    RequestLog m_log;

    // the request
    std::shared_ptr<const RouteTable> m_table; // keeps m_route alive
    const Route* m_route = nullptr;
    const ForwardAction* m_forward = nullptr;
    const WeightedTarget* m_target = nullptr;
    std::shared_ptr<Cluster> m_cluster;
    const net::SocketAddress* m_originalDestination = nullptr;
    InboundRow* m_inbound = nullptr;
    http::Method m_method = http::Method::Get;
    TimePoint m_started{};
    std::uint64_t m_hash = 0;
    std::string m_head; // as it goes upstream
    std::string m_body; // not sent yet, or kept for another attempt
    std::string m_trailers; // field lines
    std::uint64_t m_requestBytes = 0;
    bool m_requestDone = false;
    bool m_rawBody = true; // the body's bytes carry their HTTP/1 framing
    bool m_chunked = false; // the body has no length
    bool m_http2 = false; // towards the upstream, unless the endpoint chooses otherwise
    bool m_keepsBody = false; // m_body still holds everything: another attempt is possible
    bool m_continueWanted = false;
    bool m_countsRequest = false; // holds a place under max_requests

    // the attempt
    std::unique_ptr<UpstreamStream> m_upstream;
    std::shared_ptr<Endpoint> m_endpoint;
    std::vector<Endpoint*> m_tried;
    BreakerPermit m_permit;
    bool m_permitHeld = false;
    bool m_attemptOpen = false; // counted on m_endpoint
    bool m_sent = false; // the head is on its way
    bool m_countsRetry = false;
    bool m_reconnected = false;
    unsigned m_attempts = 0;
    TimePoint m_attemptStarted{};
    std::chrono::microseconds m_upstreamTime{0}; // in attempts, so far
    int m_status = 0;
};

} // namespace meshyard::proxy
