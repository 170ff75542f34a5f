// SPDX-License-Identifier: GPL-3.0-or-later
// The upstream half of Exchange: connections, attempts, retries, timeouts.
#include "embedded-mesh/http/field_rules.h"
#include "embedded-mesh/proxy/exchange/exchange.h"
#include "embedded-mesh/proxy/exchange/h2_pool.h"
#include "embedded-mesh/proxy/exchange/tunnel_upstream.h"
#include "embedded-mesh/proxy/exchange/upstream_connection.h"

namespace meshyard::proxy {

namespace {

constexpr std::size_t kMaxKeptBody = 64 * 1024;

CallResult resultOfEnd(CallOutcome::End end)
{
    switch (end) {
    case CallOutcome::End::Timeout:
        return CallResult::Timeout;
    case CallOutcome::End::NoEndpoint:
        return CallResult::NoEndpoint;
    case CallOutcome::End::Cancelled:
        return CallResult::Cancelled;
    default:
        return CallResult::ConnectError;
    }
}

LocalReply answerFor(CallOutcome::End end)
{
    LocalReply reply;
    switch (end) {
    case CallOutcome::End::Timeout:
        reply.status = 504;
        reply.body = "upstream request timeout\n";
        reply.flag = ResponseFlag::UpstreamRequestTimeout;
        reply.details = "upstream_per_try_timeout";
        break;
    case CallOutcome::End::NoEndpoint:
        reply.body = "no healthy upstream\n";
        reply.flag = ResponseFlag::NoHealthyUpstream;
        reply.details = "no_healthy_upstream";
        break;
    case CallOutcome::End::ConnectError:
        reply.body = "cannot connect to the upstream\n";
        reply.flag = ResponseFlag::UpstreamConnectionFailure;
        reply.details = "upstream_reset_before_response_started{connection_failure}";
        break;
    default:
        reply.body = "the upstream closed the connection before it answered\n";
        reply.flag = ResponseFlag::UpstreamConnectionTermination;
        reply.details = "upstream_reset_before_response_started{connection_termination}";
        break;
    }
    return reply;
}

/// A gRPC call whose status has not come this long after the head is a stream, to be judged by it.
constexpr auto kUnaryPatience = std::chrono::seconds(1);

bool isJudgedEarly(const http::ResponseHead& head)
{
    const auto type = head.find(http::KnownHeader::ContentType);
    return type && type->starts_with("text/event-stream");
}

} // namespace

void Exchange::attempt()
{
    m_attemptStarted = m_context.now();
    m_sent = false;
    m_reconnected = false;
    m_endpoint = m_cluster->spec().usesOriginalDestination
        ? m_cluster->originalDestination(m_originalDestination)
        : m_cluster->pick(choiceNow());
    m_retry.noteAttempt(m_endpoint.get());
    if (m_endpoint == nullptr)
        return fail(CallOutcome::End::NoEndpoint);
    if (m_forward->sendsAttemptCount)
        countAttempt();
    if (m_forward->host.kind == HostRewrite::Kind::Upstream)
        takeUpstreamHost();
    m_attemptOpen = true;
    ++m_endpoint->active;
    noteProtocol(m_endpoint->counters); // a report may fall between begin and end
    m_endpoint->counters.begin();
    if (m_retry.attempts() > 1)
        m_endpoint->counters.retry();
    acquire();
}

void Exchange::acquire()
{
    H2Pool* const http2 = usesHttp2() ? &H2Pool::of(*m_endpoint, m_context) : nullptr;
    if (http2 != nullptr)
        m_upstream = http2->takeStream();
    else if (!usesPlainTunnel())
        m_upstream = m_endpoint->takeIdle();
    if (m_upstream != nullptr && m_upstream->isConnected()) {
        m_upstream->attach(*this, m_method);
        return sendRequest();
    }
    const RoutingPriority priority = m_forward->priority;
    const bool mayConnect = m_upstream != nullptr // somebody else's connection is being made
        || ((http2 == nullptr || http2->mayConnect()) && m_cluster->mayConnectTo(*m_endpoint)
            && (m_cluster->mayConnect(priority) || m_cluster->closeSomeIdle(priority)));
    if (mayConnect)
        return openConnection();
    if (!m_cluster->wait(*this, priority))
        return limit();
    m_state = State::Queued;
}

void Exchange::onConnectionFree()
{
    acquire();
}

void Exchange::openConnection()
{
    if (!m_cluster->beginConnecting(m_forward->priority))
        return limit();
    m_state = State::Connecting;
    if (m_upstream == nullptr && !connectUpstream())
        return fail(CallOutcome::End::ConnectError);
    m_upstream->attach(*this, m_method);
    m_stepTimer.armAfter(m_cluster->spec().connectTimeout);
}

Result<void> Exchange::connectUpstream()
{
    if (usesPlainTunnel()) {
        auto tunnel = std::make_unique<TunnelUpstream>(m_context, m_cluster, m_endpoint);
        auto begun = tunnel->connect();
        m_upstream = std::move(tunnel);
        return begun;
    }
    if (usesHttp2()) {
        auto stream = H2Pool::of(*m_endpoint, m_context).connect(m_cluster, m_endpoint);
        if (!stream)
            return tl::unexpected(stream.error());
        m_upstream = std::move(*stream);
        return {};
    }
    auto connection = std::make_unique<UpstreamConnection>(m_context, m_cluster, m_endpoint);
    auto begun = connection->connect();
    m_upstream = std::move(connection);
    return begun;
}

void Exchange::onUpstreamConnected()
{
    m_cluster->endConnecting();
    m_stepTimer.cancel();
    sendRequest();
}

void Exchange::sendRequest()
{
    m_state = State::AwaitingHead;
    m_sent = true;
    m_log.upstreamChosen(m_upstream->socket());
    RequestStart start;
    start.head = m_head;
    if (!m_wantsTunnel)
        start.body = m_body;
    start.trailers = m_trailers;
    start.rawBody = m_rawBody;
    start.chunked = m_chunked;
    start.complete = m_requestDone && !m_wantsTunnel;
    start.tunnel = m_wantsTunnel;
    if (m_wantsTunnel && m_method != http::Method::Connect)
        start.upgrade = m_upgrade;
    m_upstream->send(start);
    m_endpoint->counters.bytesOut += start.head.size() + start.body.size();
    if (!m_keepsBody && !m_wantsTunnel)
        m_body.clear();
    m_downstream.resumeRequestBody();
    armTryTimer();
}

void Exchange::armTryTimer()
{
    if (const Micros limit = m_retry.tryPatience(); limit.count() > 0)
        m_stepTimer.armAfter(limit);
}

void Exchange::addRequestBody(std::string_view bytes)
{
    m_requestBytes += bytes.size();
    m_log.count(bytes.size(), 0);
    if (m_inbound != nullptr)
        m_inbound->bytesIn += bytes.size();
    if (!isActive())
        return;
    if (m_mirrors != nullptr)
        m_mirrors->addBody(bytes);
    // Bytes for a tunnel wait until there is one: in a connection that refuses they would be the
    // next request.
    const bool flowing = m_sent && m_upstream != nullptr && m_wantsTunnel == m_tunnel;
    if (m_tunnel)
        m_stepTimer.armAfter(m_idleLimit);
    if (flowing) {
        m_upstream->sendBody(bytes);
        m_endpoint->counters.bytesOut += bytes.size();
        if (m_upstream->isBackedUp())
            m_downstream.pauseRequestBody();
    }
    if (flowing && (!m_retry.mayRetry() || m_body.size() + bytes.size() > kMaxKeptBody)) {
        m_keepsBody = false; // too much to send again
        m_body.clear();
    }
    if (!flowing || m_keepsBody)
        m_body.append(bytes);
    if (!flowing && m_body.size() > kMaxKeptBody)
        m_downstream.pauseRequestBody();
}

void Exchange::endRequest(std::string_view trailers)
{
    m_requestDone = true;
    m_log.requestEnds(m_context.loop.clock());
    if (!isActive() || (m_rawBody && !m_tunnel))
        return;
    m_trailers.assign(trailers);
    if (m_mirrors != nullptr)
        m_mirrors->endBody(trailers);
    if (m_sent && m_upstream != nullptr)
        m_upstream->sendEnd(trailers);
}

void Exchange::onUpstreamWritable()
{
    m_downstream.resumeRequestBody();
}

void Exchange::onDownstreamWritable()
{
    if (m_upstream != nullptr)
        m_upstream->resumeReading();
}

void Exchange::onStepTimer()
{
    switch (m_state) {
    case State::Delaying:
        if (m_parked != nullptr)
            return unpark();
        if (m_filters != nullptr && m_filters->endsRequest())
            return replyForFilter();
        return admitFirst();
    case State::Connecting:
        return fail(CallOutcome::End::ConnectError);
    case State::AwaitingHead:
        return fail(CallOutcome::End::Timeout);
    case State::BackingOff:
        return attempt();
    case State::Responding:
        if (m_tunnel)
            return cutTunnel();
        return m_retry.perTryIdleTimeout().count() > 0 ? onRouteTimeout() : judgeNow();
    default:
        return;
    }
}

void Exchange::onRouteTimeout()
{
    if (m_state == State::Idle)
        return;
    const bool begun = m_state == State::Responding;
    if (m_attemptOpen)
        endAttempt(outcomeNow(CallOutcome::End::Timeout, 0));
    if (!begun) {
        LocalReply late = timeoutAnswer();
        if (m_limitsDuration) {
            late.status = 408;
            late.body = "downstream duration timeout\n";
            late.flag = ResponseFlag::UpstreamMaxStreamDurationReached;
            late.details = "upstream_max_stream_duration_reached";
            late.grpcStatus = m_grpc ? static_cast<int>(GrpcCode::DeadlineExceeded) : -1;
        }
        return reply(CallResult::Timeout, late);
    }
    m_routeTimer.cancel();
    m_stepTimer.cancel();
    dropUpstream();
    m_log.note(ResponseFlag::UpstreamRequestTimeout, "response_timeout");
    account(CallResult::Timeout);
    clear();
    dropTransform();
    m_downstream.cut();
}

CallOutcome Exchange::outcomeNow(CallOutcome::End end, int status) const
{
    CallOutcome outcome;
    outcome.end = end;
    outcome.status = status;
    outcome.grpcStatus = end == CallOutcome::End::Response ? m_grpcStatus : -1;
    outcome.latency
        = std::chrono::duration_cast<std::chrono::microseconds>(m_context.now() - m_attemptStarted);
    return outcome;
}

void Exchange::endAttempt(const CallOutcome& outcome)
{
    const TimePoint now = m_context.now();
    if (std::exchange(m_permitHeld, false))
        m_cluster->breaker().finish(m_permit, outcome, Cluster::breakerTime(now));
    if (!std::exchange(m_attemptOpen, false))
        return;
    m_upstreamTime += outcome.latency;
    m_endpoint->active -= m_endpoint->active > 0 ? 1U : 0U;
    m_endpoint->counters.end();
    if (outcome.end == CallOutcome::End::Cancelled)
        return;
    int status = outcome.end == CallOutcome::End::Response ? outcome.status : 0;
    if (status != 0 && outcome.grpcStatus > 0)
        status = httpStatusOfGrpc(outcome.grpcStatus);
    m_cluster->recordAttempt(*m_endpoint, status, now);
}

CallResult Exchange::resultNow() const
{
    return resultOfStatus(m_grpcStatus > 0 ? httpStatusOfGrpc(m_grpcStatus) : m_status);
}

void Exchange::fail(CallOutcome::End end)
{
    if (end == CallOutcome::End::ConnectError)
        return lose(end, AttemptLoss::Connect);
    if (end == CallOutcome::End::Timeout)
        return lose(end, AttemptLoss::Timeout);
    m_stepTimer.cancel();
    dropUpstream();
    endAttempt(outcomeNow(end, 0));
    reply(resultOfEnd(end), answerFor(end));
}

void Exchange::lose(CallOutcome::End end, AttemptLoss loss)
{
    m_stepTimer.cancel();
    dropUpstream();
    endAttempt(outcomeNow(end, 0));
    if (retriesLoss(loss) && beginRetry())
        return backOff();
    LocalReply answer = end == CallOutcome::End::Timeout ? timeoutAnswer() : answerFor(end);
    if (end == CallOutcome::End::Timeout)
        answer.details = "upstream_per_try_timeout";
    reply(resultOfEnd(end), answer);
}

void Exchange::limit()
{
    if (std::exchange(m_attemptOpen, false)) {
        m_endpoint->active -= m_endpoint->active > 0 ? 1U : 0U;
        m_endpoint->counters.end();
    }
    m_endpoint.reset();
    LocalReply refusal;
    refusal.breaker = "limited";
    refusal.retryAfter = 1;
    refusal.body = "a connection pool limit of this edge is reached\n";
    refusal.flag = ResponseFlag::UpstreamOverflow;
    refusal.details = "overflow";
    reply(CallResult::Limited, refusal); // gives the permit back
}

bool Exchange::maySendAgain() const
{
    return m_keepsBody || !m_sent;
}

void Exchange::dropUpstream()
{
    if (m_state == State::Queued)
        m_cluster->stopWaiting(*this);
    if (m_state == State::Connecting)
        m_cluster->endConnecting();
    if (m_state != State::Idle)
        m_state = State::BetweenAttempts;
    if (m_upstream == nullptr)
        return;
    m_upstream->detach();
    m_upstream->close();
    m_context.dispose(std::move(m_upstream));
}

void Exchange::releaseUpstream()
{
    if (m_upstream == nullptr)
        return;
    m_endpoint->counters.bytesIn += m_upstream->bytesReadThisRequest();
    if (!m_requestDone)
        return dropUpstream();
    UpstreamStream& stream = *m_upstream;
    stream.recycle(std::move(m_upstream));
}

void Exchange::judgeEarly(const http::ResponseHead& head)
{
    if (isJudgedEarly(head))
        judgeNow();
    else if (m_grpc && m_grpcStatus < 0 && m_permitHeld)
        m_stepTimer.armAfter(kUnaryPatience);
}

void Exchange::judgeNow()
{
    if (std::exchange(m_permitHeld, false))
        m_cluster->breaker().finish(m_permit, outcomeNow(CallOutcome::End::Response, m_status),
            Cluster::breakerTime(m_context.now()));
}

void Exchange::onInterimHead(const http::ResponseHead& head)
{
    m_downstream.sendInterim(head);
}

void Exchange::onResponseHead(const http::ResponseHead& head)
{
    m_stepTimer.cancel();
    m_status = head.status();
    m_grpcStatus = -1;
    if (m_grpc) { // trailers-only, or no gRPC at all
        if (const auto status = head.find(http::KnownHeader::GrpcStatus))
            m_grpcStatus = parseGrpcStatus(*status);
        else if (m_status != 200)
            m_grpcStatus = static_cast<int>(grpcCodeOfHttp(m_status));
    }
    if (opensTunnel(m_status))
        return m_requestDone ? beginTunnel(head) : onUpstreamLost(Loss::Malformed);
    if (retriesHead(head)) {
        CallOutcome outcome = outcomeNow(CallOutcome::End::Response, m_status);
        endAttempt(outcome);
        if (beginRetry()) {
            dropUpstream();
            return backOff();
        }
    }
    judgeEarly(head);
    m_log.responseBegins(head, m_context.loop.clock());
    m_state = State::Responding;
    sendResponseHead(head);
    if (m_retry.perTryIdleTimeout().count() > 0)
        m_stepTimer.armAfter(m_retry.perTryIdleTimeout());
}

void Exchange::onResponseBody(std::string_view bytes)
{
    m_log.count(0, bytes.size());
    if (m_transform != nullptr)
        m_transform->sendBody(bytes);
    else
        m_downstream.sendBody(bytes);
    if (m_tunnel)
        m_stepTimer.armAfter(m_idleLimit);
    else if (m_retry.perTryIdleTimeout().count() > 0)
        m_stepTimer.armAfter(m_retry.perTryIdleTimeout());
    if (m_inbound != nullptr)
        m_inbound->bytesOut += bytes.size();
    const bool full
        = m_transform != nullptr ? m_transform->isBackedUp() : m_downstream.isBackedUp();
    if (full && m_upstream != nullptr)
        m_upstream->pauseReading();
}

void Exchange::onResponseEnd(std::string_view trailers)
{
    if (m_tunnel)
        return endTunnelHalf();
    m_routeTimer.cancel();
    if (m_grpc && m_grpcStatus < 0) {
        const int code = grpcStatusOf(trailers);
        m_grpcStatus = code >= 0 ? code : static_cast<int>(GrpcCode::Unknown);
    }
    m_stepTimer.cancel();
    endAttempt(outcomeNow(CallOutcome::End::Response, m_status));
    releaseUpstream();
    m_log.note("via_upstream");
    account(resultNow());
    const auto cluster = m_cluster;
    clear();
    if (m_transform != nullptr)
        m_transform->end(trailers);
    else
        m_downstream.endResponse(trailers);
    cluster->wakeWaiter();
}

void Exchange::onUpstreamLost(Loss loss)
{
    const auto end
        = loss == Loss::Connect ? CallOutcome::End::ConnectError : CallOutcome::End::Reset;
    if (m_tunnel)
        return m_requestDone && m_responseDone ? finishTunnel() : cutTunnel();
    if (loss == Loss::OtherProtocol && !std::exchange(m_reconnected, true)) {
        m_stepTimer.cancel();
        dropUpstream();
        return acquire();
    }
    if (m_state == State::Responding && !m_downstream.takeBackHead()) {
        endAttempt(outcomeNow(end, 0));
        m_routeTimer.cancel();
        m_stepTimer.cancel();
        dropUpstream();
        m_log.note(ResponseFlag::UpstreamConnectionTermination,
            "upstream_reset_after_response_started{connection_termination}");
        account(CallResult::ConnectError);
        clear();
        dropTransform();
        return m_downstream.cut();
    }
    // Closed while we took it, or never looked at: not an attempt.
    const bool stale = !m_reconnected && m_keepsBody
        && ((loss == Loss::Reset && m_upstream->isReused() && !m_upstream->hasResponseBytes()
                && http::isIdempotent(m_method))
            || loss == Loss::Refused);
    if (stale) { // the peer closed an idle connection while we took it: not an attempt
        m_reconnected = true;
        m_stepTimer.cancel();
        dropUpstream();
        if (loss == Loss::Refused)
            return acquire();
        m_endpoint->closeIdle();
        return openConnection();
    }
    if (loss == Loss::Refused)
        return lose(end, AttemptLoss::RefusedStream);
    if (loss == Loss::Reset)
        return lose(end, m_sent ? AttemptLoss::Reset : AttemptLoss::ResetBeforeRequest);
    if (loss != Loss::Malformed)
        return fail(end);
    m_stepTimer.cancel();
    dropUpstream();
    endAttempt(outcomeNow(CallOutcome::End::Reset, 0));
    if (retriesLoss(AttemptLoss::Reset) && beginRetry())
        return backOff();
    LocalReply malformed;
    malformed.status = 502;
    malformed.body = "the upstream's answer is not valid HTTP\n";
    malformed.flag = ResponseFlag::UpstreamProtocolError;
    malformed.details = "upstream_reset_before_response_started{protocol_error}";
    reply(CallResult::ServerError, malformed);
}

} // namespace meshyard::proxy
