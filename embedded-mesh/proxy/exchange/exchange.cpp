// SPDX-License-Identifier: GPL-3.0-or-later
// Routing, faults, admission and answers; the attempts are in attempts.cpp.
#include "embedded-mesh/proxy/exchange/exchange.h"
#include "embedded-mesh/proxy/exchange/client_cert.h"

#include "embedded-mesh/http/field_rules.h"
#include "embedded-mesh/proxy/filter/filter_chain.h"

#include <array>
#include <charconv>

namespace meshyard::proxy {

namespace {

using http::KnownHeader;

/// Random id in the form of a UUID v4, for requests that enter the mesh without one.
std::string_view makeRequestId(WorkerContext& context, std::array<char, 36>& text)
{
    constexpr std::string_view kHex = "0123456789abcdef";
    const std::uint64_t halves[] = {context.nextRandom(), context.nextRandom()};
    std::size_t digit = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            text[i] = '-';
            continue;
        }
        text[i] = kHex[(halves[digit / 16] >> (4 * (digit % 16))) & 15];
        ++digit;
    }
    text[14] = '4';
    return {text.data(), text.size()};
}

} // namespace

Exchange::Exchange(WorkerContext& context, DownstreamStream& downstream)
    : m_context(context)
    , m_downstream(downstream)
    , m_routeTimer(context.loop.timers(), [this] { onRouteTimeout(); })
    , m_stepTimer(context.loop.timers(), [this] { onStepTimer(); })
{
}

Exchange::~Exchange()
{
    if (isActive())
        cancel();
}

void Exchange::readRequest(
    const http::RequestHead& head, const RequestOrigin& origin, RequestView& view)
{
    const std::string_view target = head.path();
    const std::size_t mark = target.find('?');
    view.method = head.methodText();
    view.authority = head.authority();
    view.path = head.targetForm() == http::TargetForm::Authority ? std::string_view()
                                                                 : target.substr(0, mark);
    if (mark != std::string_view::npos)
        view.query = target.substr(mark + 1);
    m_context.headerViews.clear();
    for (const http::Field& field : head.fields()) {
        m_context.headerViews.push_back({head.name(field), head.value(field)});
        view.hasEnvoyHeaders = view.hasEnvoyHeaders || field.known == KnownHeader::XEnvoy;
    }
    view.headers = m_context.headerViews;
    view.http10 = head.minorVersion() == 0;
    view.connection = origin.connection;
    if (origin.isTls)
        view.scheme = "https";
    view.http2 = m_downstream.isHttp2();
    view.trust = origin.listener.trust;
    view.trustedHops = origin.listener.trustedHops;
}

void Exchange::start(const http::RequestHead& head, const RequestOrigin& origin)
{
    m_started = m_context.now();
    m_method = head.method();
    m_requestDone = head.framing().kind == http::BodyKind::None
        || (head.framing().kind == http::BodyKind::Length && head.framing().length == 0);
    m_chunked = head.framing().kind == http::BodyKind::Chunked;
    m_rawBody = true;
    m_keepsBody = true;
    m_continueWanted = head.expectsContinue() && !m_requestDone;
    m_state = State::Delaying; // active from here on
    if (origin.listener.role == ListenerSpec::Role::Inbound) {
        const auto peer = head.find(KnownHeader::XMeshyardPeer);
        m_inbound = &m_context.inbound.row(origin.listener.servicePort, peer.value_or(""));
        m_inbound->begin();
        m_inbound->bytesIn += head.size();
    }
    m_hash = m_context.nextRandom();
    m_originalDestination = origin.originalDestination;
    m_idleLimit = origin.listener.streamIdleTimeout;
    m_tunnel = m_responseDone = false;
    readGrpc(head);
    readUpgrade(head);
    RequestView view;
    readRequest(head, origin, view);
    m_log.begin(origin, view, m_context.loop.clock(), m_hash);
    if (m_requestDone)
        m_log.requestEnds(m_context.loop.clock());
    route(head, view, origin);
}

void Exchange::readUpgrade(const http::RequestHead& head)
{
    m_upgrade.clear();
    if (m_method == http::Method::Connect)
        m_upgrade = "CONNECT";
    else if (head.wantsUpgrade())
        m_upgrade = http::trimmed(*head.find(KnownHeader::Upgrade));
    // HTTP/2 is begun with its preface; whoever offers it this way takes HTTP/1.1 as well.
    if (http::equalsIgnoringCase(m_upgrade, "h2c"))
        m_upgrade.clear();
    m_wantsTunnel = !m_upgrade.empty();
}

bool Exchange::mayUpgrade(const FilterChainSpec& listener) const
{
    static const UpgradeRules none;
    const auto* const forward
        = m_route == nullptr ? nullptr : std::get_if<ForwardAction>(&m_route->action);
    return UpgradeRules::allow(
        listener.upgrades, forward == nullptr ? none : forward->upgrades, m_upgrade);
}

void Exchange::readGrpc(const http::RequestHead& head)
{
    const auto type
        = m_method == http::Method::Post ? head.find(KnownHeader::ContentType) : std::nullopt;
    m_grpc = type && isGrpcContentType(*type);
    m_grpcTimeout = {};
    if (!m_grpc)
        return;
    if (const auto timeout = head.find("grpc-timeout"))
        m_grpcTimeout = parseGrpcTimeout(*timeout).value_or(std::chrono::microseconds(0));
}

void Exchange::route(const http::RequestHead& head, RequestView& view, const RequestOrigin& origin)
{
    const FilterChainSpec& listener = origin.listener;
    if (endsHere(head)) {
        LocalReply last;
        last.status = m_method == http::Method::Options ? 200 : 501;
        return reply(CallResult::Ok, last);
    }
    if (listener.pathRules.act() && m_method != http::Method::Connect
        && !followPathRules(listener.pathRules, view))
        return;
    m_table = listener.inlineRoutes ? listener.inlineRoutes
                                    : m_context.findRoutes(listener.routeConfigName);
    findRoute(view);
    if (listener.filters == nullptr || passFilters(head, view, origin))
        forward(head, view, origin);
}

void Exchange::findRoute(const RequestView& view)
{
    m_target = nullptr;
    m_cluster.reset();
    m_route = m_table ? m_table->match(view, m_hash) : nullptr;
    m_forward = m_route == nullptr ? nullptr : std::get_if<ForwardAction>(&m_route->action);
    if (m_forward != nullptr)
        chooseCluster(view);
}

void Exchange::forward(
    const http::RequestHead& head, const RequestView& view, const RequestOrigin& origin)
{
    const bool reaches = m_forward != nullptr && m_cluster != nullptr;
    if (!reaches && m_filters != nullptr && m_filters->delay.count() > 0) { // as if it did
        park(head, origin);
        m_parked->passedFilters = true;
        return m_stepTimer.armAfter(std::exchange(m_filters->delay, {}));
    }
    if (m_wantsTunnel && !mayUpgrade(origin.listener)) {
        LocalReply forbidden;
        forbidden.status = 403;
        forbidden.body = "this upgrade is not allowed here\n";
        return reply(CallResult::ClientError, forbidden);
    }
    if (m_route == nullptr) {
        LocalReply none;
        none.status = 404;
        none.body = "no route for this host and path\n";
        none.flag = ResponseFlag::NoRouteFound;
        none.details = "route_not_found";
        return reply(CallResult::ClientError, none);
    }
    if (m_forward == nullptr)
        return answerDirectly(view);
    if (m_cluster == nullptr) {
        LocalReply missing;
        missing.status = m_forward->missingClusterStatus;
        missing.body = "the cluster of this route does not exist\n";
        missing.flag = ResponseFlag::NoClusterFound;
        missing.details = "cluster_not_found";
        bindEdits(view);
        return reply(CallResult::NoEndpoint, missing);
    }
    m_retry.begin(*m_forward, view, origin.listener.role != ListenerSpec::Role::Gateway);
    if (!m_forward->hashPolicies.isEmpty())
        hashRequest(view);
    writeHead(head, view, origin);
    if (!m_forward->mirrors.empty() && !m_wantsTunnel)
        planMirrors(view);
    if (m_filters != nullptr && m_filters->delay.count() > 0)
        delayByFilter();
    else
        admitFirst();
}

void Exchange::answerDirectly(const RequestView& view)
{
    LocalReply direct;
    direct.details = "direct_response";
    if (const auto* redirect = std::get_if<RedirectRules>(&m_route->action)) {
        direct.status = redirect->status;
        const std::string location
            = redirect->location(view, m_route->match.matchedSize(view.path));
        direct.location = location;
        bindEdits(view);
        direct.edits = responseEdits(nullptr);
        return reply(CallResult::Ok, direct);
    }
    const DirectAnswer& answer = std::get<DirectAnswer>(m_route->action);
    direct.status = answer.status;
    direct.body = answer.body;
    bindEdits(view);
    direct.edits = responseEdits(nullptr);
    reply(resultOfStatus(answer.status), direct);
}

void Exchange::chooseCluster(const RequestView& view)
{
    std::string_view name;
    if (!m_forward->clusterHeader.empty()) {
        name = view.header(m_forward->clusterHeader).value_or("");
    } else {
        m_target = m_forward->pick(view, m_context.nextRandom());
        if (m_target != nullptr)
            name = m_target->clusterHeader.empty()
                ? std::string_view(m_target->cluster)
                : view.header(m_target->clusterHeader).value_or("");
    }
    const auto* const found = m_context.findCluster(name);
    if (found == nullptr)
        return;
    m_cluster = *found;
    m_http2 = speaksHttp2(*m_cluster, m_downstream.isHttp2());
    const bool raw = !m_http2 && !m_downstream.isHttp2() && m_forward->mirrors.empty();
    if (raw != m_rawBody && !m_body.empty()) // chosen anew, while a body has come the other way
        m_cluster.reset();
    m_rawBody = raw;
}

void Exchange::writeHead(
    const http::RequestHead& head, const RequestView& view, const RequestOrigin& origin)
{
    using Role = ListenerSpec::Role;
    RequestRewrite rewrite;
    std::array<char, 36> requestId;
    rewriteTarget(view, rewrite);
    bindEdits(view);
    if (origin.listener.role != Role::Inbound)
        rewrite.peer = m_context.nodeId;
    if (origin.listener.role == Role::Gateway) {
        rewrite.fromOutside = true;
        rewrite.forwardedFor = origin.remoteHost;
    }
    rewrite.keepsTrailersWish = m_http2;
    if (m_method == http::Method::Connect)
        rewrite.path = head.path(); // the authority, as it came
    else
        rewrite.upgrade = m_upgrade;
    std::string clientCert;
    if (origin.listener.clientCert.mode != ClientCertRules::Mode::Sanitize) {
        clientCert = forwardedClientCert(origin.listener, head, origin.peer);
        rewrite.clientCert = clientCert;
    }
    rewrite.scheme = view.scheme;
    if (origin.listener.makesRequestIds && !head.find(KnownHeader::XRequestId)) {
        rewrite.requestId = makeRequestId(m_context, requestId);
        m_log.requestIdMade(rewrite.requestId);
    }
    if (m_log.isTraced()) {
        rewrite.traceparent = m_log.kept().span.traceparent();
        rewrite.dropsTraceState = !m_log.kept().span.keepsTraceState;
    }
    rewrite.targetEdits = m_filters == nullptr ? nullptr : &m_filters->requestEdits;
    rewrite.routeEdits = requestEdits();
    rewrite.dropsRouterHeaders = view.hasEnvoyHeaders;
    rewrite.countsAttempts = m_forward->sendsAttemptCount;
    m_head.clear();
    writeRequestHead(head, rewrite, m_head);
    m_requestBytes = m_head.size();
}

void Exchange::admitFirst()
{
    const BreakerDecision decision = m_cluster->breaker().admit(
        {m_hash >> 8, m_retry.timeout()}, Cluster::breakerTime(m_context.now()));
    if (decision.admission != Admission::Admitted)
        return reject(decision.admission);
    m_permit = decision.permit;
    m_permitHeld = true;
    if (!m_cluster->beginRequest(m_forward->priority))
        return limit();
    m_countsRequest = true;
    armRouteTimer();
    if (m_continueWanted)
        m_downstream.sendContinue();
    if (m_mirrors != nullptr)
        beginMirrors();
    attempt();
}

void Exchange::armRouteTimer()
{
    std::chrono::microseconds limit = m_retry.timeout();
    std::chrono::microseconds duration = m_forward->maxDuration;
    if (m_forward->grpcTimeoutMax && m_grpcTimeout.count() > 0) {
        duration = m_grpcTimeout;
        if (m_forward->grpcTimeoutMax->count() > 0)
            duration = std::min(duration, *m_forward->grpcTimeoutMax);
    }
    m_limitsDuration = duration.count() > 0 && (limit.count() == 0 || duration <= limit);
    if (m_limitsDuration)
        limit = duration;
    if (limit.count() > 0)
        m_routeTimer.armAfter(limit);
}

void Exchange::reject(Admission admission)
{
    const EdgeBreaker& breaker = m_cluster->breaker();
    LocalReply refusal;
    refusal.status = breaker.policy().rejectStatus;
    refusal.breaker = admissionHeader(admission);
    refusal.retryAfter = breaker.retryAfter(Cluster::breakerTime(m_context.now())).count();
    refusal.body = "rejected by the circuit breaker of this edge\n";
    refusal.flag = ResponseFlag::UpstreamOverflow;
    refusal.details = "breaker_open";
    reply(CallResult::Rejected, refusal);
}

void Exchange::reply(CallResult result, LocalReply answer)
{
    m_routeTimer.cancel();
    m_stepTimer.cancel();
    dropUpstream();
    m_status = answer.status;
    m_log.note(answer.details);
    if (answer.flag)
        m_log.flag(*answer.flag);
    if (m_grpc && answer.grpcStatus < 0)
        answer.grpcStatus = static_cast<int>(grpcCodeOfHttp(answer.status));
    // What the router itself says carries the route's headers (as in Envoy); a filter's word not.
    const bool ofFilter = m_filters != nullptr && m_filters->endsRequest();
    if (answer.edits == nullptr && m_forward != nullptr && !ofFilter)
        answer.edits = responseEdits(nullptr);
    account(result);
    const auto table = m_table; // the answer may point into these
    const auto filters = std::move(m_filters);
    const auto bound = std::move(m_bound);
    const auto own = std::move(m_ownEdits);
    if (filters != nullptr)
        answer.filterEdits = &filters->responseEdits;
    clear();
    m_downstream.answer(answer);
}

void Exchange::noteProtocol(CallCounters& counters) const
{
    if (m_grpc || m_http2)
        counters.protocol = m_grpc ? Protocol::Grpc : Protocol::Http2;
}

void Exchange::clear()
{
    if (m_countsRetry)
        m_cluster->endRetry(m_forward->priority);
    if (m_countsRequest)
        m_cluster->endRequest(m_forward->priority);
    if (m_permitHeld)
        m_cluster->breaker().release(m_permit, Cluster::breakerTime(m_context.now()));
    m_state = State::Idle;
    m_table.reset();
    m_route = nullptr;
    m_forward = nullptr;
    m_target = nullptr;
    m_bound.reset();
    m_parked.reset();
    if (m_mirrors != nullptr) {
        m_mirrors->release();
        m_mirrors.reset();
    }
    if (m_filters != nullptr)
        m_filters->clear();
    m_cluster.reset();
    m_inbound = nullptr;
    m_endpoint.reset();
    m_retry.clear();
    m_requestHash.reset();
    m_newCookie.clear();
    m_ownEdits.reset();
    m_permitHeld = m_countsRequest = m_countsRetry = m_reconnected = m_sent = false;
    m_upstreamTime = {};
    m_status = 0;
    m_grpcStatus = -1;
    m_grpc = m_wantsTunnel = m_tunnel = m_responseDone = false;
    m_body.clear();
    if (m_body.capacity() > 0)
        m_body.shrink_to_fit();
    if (!m_trailers.empty())
        m_trailers.clear();
    if (m_head.capacity() > 1024) {
        m_head.clear();
        m_head.shrink_to_fit();
    }
}

void Exchange::cancel()
{
    if (!isActive())
        return;
    if (m_tunnel)
        return finishTunnel();
    dropTransform();
    if (m_state == State::Idle)
        return; // counted when the upstream had ended
    m_routeTimer.cancel();
    m_stepTimer.cancel();
    if (m_attemptOpen)
        endAttempt(outcomeNow(CallOutcome::End::Cancelled, 0));
    dropUpstream();
    m_log.note(ResponseFlag::DownstreamConnectionTermination, "downstream_remote_disconnect");
    account(CallResult::Cancelled);
    clear();
}

} // namespace meshyard::proxy
