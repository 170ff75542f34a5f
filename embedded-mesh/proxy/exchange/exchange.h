// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/timer_wheel.h"
#include "embedded-mesh/proxy/exchange/head_writer.h"
#include "embedded-mesh/proxy/exchange/request_log.h"
#include "embedded-mesh/proxy/exchange/upstream_connection.h"

namespace meshyard::proxy {

/// The caller's side of one exchange; HTTP/1 today, a stream of HTTP/2 tomorrow.
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
    virtual void endResponse() = 0;
    /// A whole answer of our own, ending the exchange.
    virtual void answer(const LocalReply& reply) = 0;
    /// A response that has begun can't be finished.
    virtual void cut() = 0;
    virtual void pauseRequestBody() = 0;
    virtual void resumeRequestBody() = 0;
    virtual bool isBackedUp() const = 0;
};

/// What the listener and connection say about a request.
struct RequestOrigin
{
    const ListenerSpec& listener;
    std::string_view remoteHost; // gateways: for x-forwarded-for
    int socket = -1; // asked for its addresses when they are logged
};

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
    /// @param bytes with the framing they came with.
    void addRequestBody(std::string_view bytes);
    void endRequest();
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
    void openConnection();
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
    void onResponseEnd(bool reusable) override;
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
    InboundRow* m_inbound = nullptr;
    http::Method m_method = http::Method::Get;
    TimePoint m_started{};
    std::uint64_t m_hash = 0;
    std::string m_head; // as it goes upstream
    std::string m_body; // not sent yet, or kept for another attempt
    std::uint64_t m_requestBytes = 0;
    bool m_requestDone = false;
    bool m_keepsBody = false; // m_body still holds everything: another attempt is possible
    bool m_continueWanted = false;
    bool m_countsRequest = false; // holds a place under max_requests

    // the attempt
    std::unique_ptr<UpstreamConnection> m_upstream;
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
    int m_status = 0;
    bool m_reusable = false;
};

} // namespace meshyard::proxy
