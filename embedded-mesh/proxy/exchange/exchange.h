// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/timer_wheel.h"
#include "embedded-mesh/proxy/exchange/grpc.h"
#include "embedded-mesh/proxy/exchange/mirror.h"
#include "embedded-mesh/proxy/exchange/request_log.h"
#include "embedded-mesh/proxy/exchange/request_origin.h"
#include "embedded-mesh/proxy/exchange/response_transform.h"
#include "embedded-mesh/proxy/exchange/retry_state.h"
#include "embedded-mesh/proxy/exchange/upstream_stream.h"
#include "embedded-mesh/proxy/filter/http_filter.h"

namespace meshyard::proxy {

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
    bool isActive() const { return m_state != State::Idle || m_transform != nullptr; }
    bool isTunnel() const { return m_tunnel; }

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
    void readRequest(const http::RequestHead& head, const RequestOrigin& origin, RequestView& view);
    void route(const http::RequestHead& head, RequestView& view, const RequestOrigin& origin);
    void forward(
        const http::RequestHead& head, const RequestView& view, const RequestOrigin& origin);
    void answerDirectly(const RequestView& view);
    void findRoute(const RequestView& view);
    void chooseCluster(const RequestView& view);
    void writeHead(
        const http::RequestHead& head, const RequestView& view, const RequestOrigin& origin);
    void admitFirst();
    void reject(Admission admission);
    void reply(CallResult result, LocalReply answer);
    void noteProtocol(CallCounters& counters) const;
    bool mayUpgrade(const FilterChainSpec& listener) const;
    void readUpgrade(const http::RequestHead& head);
    void readGrpc(const http::RequestHead& head);
    void armRouteTimer();
    void clear();
    // exchange_log.cpp
    void account(CallResult result);
    void countForIstio(std::uint64_t micros);
    void writeLog(TimePoint now);

    // filtering.cpp: policies and rewrites. Those that return bool: false = answered, or waiting.
    bool followPathRules(const PathRules& rules, RequestView& view);
    bool passFilters(const http::RequestHead& head, RequestView& view, const RequestOrigin& origin);
    void park(const http::RequestHead& head, const RequestOrigin& origin);
    void unpark();
    void delayByFilter();
    void replyForFilter();
    void planMirrors(const RequestView& view);
    void beginMirrors();
    /// Begins the answer, through a transform when the filters want one.
    void sendResponseHead(const http::ResponseHead& head);
    void finishTransformed();
    void dropTransform();
    RequestFacts factsOf(const RequestView& view) const;
    /// auto_host_rewrite: the name of the endpoint that was chosen.
    void takeUpstreamHost();
    std::string_view rewrittenHost(const RequestView& view);
    void rewriteTarget(const RequestView& view, RequestRewrite& rewrite);
    void bindEdits(const RequestView& view);
    const HeaderEdits* requestEdits() const;
    const HeaderEdits* responseEdits(const http::ResponseHead* head);
    const HeaderEdits* routeResponseEdits(const http::ResponseHead* head);

    // retrying.cpp: where the next attempt goes, and whether there is one
    PickContext choiceNow() const;
    void hashRequest(const RequestView& view);
    void countAttempt();
    bool retriesLoss(AttemptLoss loss) const;
    bool retriesHead(const http::ResponseHead& head);
    bool beginRetry();
    void backOff();
    LocalReply timeoutAnswer() const;
    const HeaderEdits* withOwnEdits(const HeaderEdits* given);

    // tunnel.cpp
    bool opensTunnel(int status) const;
    void beginTunnel(const http::ResponseHead& head);
    void endTunnelHalf();
    void finishTunnel();
    void cutTunnel();

    // attempts.cpp: one attempt after another
    void attempt();
    void acquire();
    /// A connection of its own: CONNECT that ends here.
    bool usesPlainTunnel() const
    {
        return m_wantsTunnel && m_forward->endsConnect && m_method == http::Method::Connect;
    }
    bool usesHttp2() const { return m_http2 && !m_endpoint->speaksHttp1 && !usesPlainTunnel(); }
    void openConnection();
    Result<void> connectUpstream();
    void sendRequest();
    void armTryTimer();
    void onStepTimer();
    void onRouteTimeout();
    void endAttempt(const CallOutcome& outcome);
    void fail(CallOutcome::End end);
    void lose(CallOutcome::End end, AttemptLoss loss);
    void limit();
    bool maySendAgain() const;
    void dropUpstream();
    void releaseUpstream();
    void judgeEarly(const http::ResponseHead& head);
    void judgeNow();
    CallOutcome outcomeNow(CallOutcome::End end, int status) const;
    CallResult resultNow() const;

    void onConnectionFree() override;
    void onUpstreamConnected() override;
    void onInterimHead(const http::ResponseHead& head) override;
    void onResponseHead(const http::ResponseHead& head) override;
    bool wantsRawBody() const override
    {
        return m_transform == nullptr && m_downstream.takesRawBody();
    }
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
    std::unique_ptr<FilterState> m_filters; // kept for the next request
    std::unique_ptr<ResponseTransform> m_transform; // nullptr: the answer goes as it comes
    std::unique_ptr<Mirrors> m_mirrors; // nullptr: no copies
    std::unique_ptr<ParkedRequest> m_parked;
    std::unique_ptr<BoundEdits> m_bound; // of edits that have commands in them
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
    std::string m_upgrade; // protocol asked for, or "CONNECT"
    bool m_wantsTunnel = false;
    bool m_tunnel = false;
    bool m_responseDone = false; // of a tunnel: its other half
    std::chrono::microseconds m_idleLimit{0}; // of a tunnel
    bool m_grpc = false;
    bool m_limitsDuration = false; // m_routeTimer ends the stream, not the wait for an answer
    bool m_keepsBody = false; // m_body still holds everything: another attempt is possible
    bool m_continueWanted = false;
    bool m_countsRequest = false; // holds a place under max_requests
    RetryState m_retry;
    std::optional<std::uint64_t> m_requestHash; // of the route's hash policies
    std::string m_newCookie; // made up by a hash policy: to be set
    std::unique_ptr<HeaderEdits> m_ownEdits; // of the response, when this request adds to them

    // the attempt
    std::unique_ptr<UpstreamStream> m_upstream;
    std::shared_ptr<Endpoint> m_endpoint;
    BreakerPermit m_permit;
    bool m_permitHeld = false;
    bool m_attemptOpen = false; // counted on m_endpoint
    bool m_sent = false; // the head is on its way
    bool m_countsRetry = false;
    bool m_reconnected = false;
    TimePoint m_attemptStarted{};
    std::chrono::microseconds m_upstreamTime{0}; // in attempts, so far
    int m_status = 0;
    int m_grpcStatus = -1; // of the response
    std::chrono::microseconds m_grpcTimeout{0}; // what the caller asked for; 0 = nothing
};

} // namespace meshyard::proxy
