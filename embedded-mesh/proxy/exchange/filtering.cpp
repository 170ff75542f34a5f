// SPDX-License-Identifier: GPL-3.0-or-later
// What policies do to one request of an Exchange: path rules, filters, rewrites, header edits.
#include "embedded-mesh/http/field_rules.h"
#include "embedded-mesh/proxy/exchange/exchange.h"
#include "embedded-mesh/proxy/filter/filter_chain.h"

#include <re2/re2.h>

namespace meshyard::proxy {

namespace {

constexpr auto kAskAgain = std::chrono::milliseconds(10);

} // namespace

bool Exchange::followPathRules(const PathRules& rules, RequestView& view)
{
    std::string& target = m_context.pathScratch;
    LocalReply answer;
    switch (rules.apply(view.target(), target)) {
    case PathRules::Verdict::Same:
        return true;
    case PathRules::Verdict::Reject:
        answer.status = 400;
        reply(CallResult::ClientError, answer);
        return false;
    case PathRules::Verdict::Redirect: {
        const std::string location = target;
        answer.status = 307;
        answer.location = location;
        reply(CallResult::Ok, answer);
        return false;
    }
    case PathRules::Verdict::Changed:
        break;
    }
    const std::string_view text = target;
    const std::size_t mark = text.find('?');
    view.path = text.substr(0, mark);
    view.query = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
    return true;
}

RequestFacts Exchange::factsOf(const RequestView& view) const
{
    return {view, m_route == nullptr ? std::string_view() : std::string_view(m_route->name),
        m_cluster == nullptr ? std::string_view() : std::string_view(m_cluster->name()),
        m_context.nodeId, m_context.loop.clock().system()};
}

bool Exchange::passFilters(
    const http::RequestHead& head, RequestView& view, const RequestOrigin& origin)
{
    if (m_filters == nullptr)
        m_filters = std::make_unique<FilterState>();
    const FilterOverrides* overrides = nullptr;
    if (m_target != nullptr)
        overrides = &m_target->filters;
    else if (m_route != nullptr)
        overrides = &m_route->filters;
    const RequestFacts facts = factsOf(view);
    RequestPass pass{view, m_context.headerViews, facts, m_context.random, m_started, *m_filters};
    switch (origin.listener.filters->decide(pass, overrides)) {
    case HttpFilter::Verdict::Continue:
        if (m_filters->rematches)
            findRoute(view);
        return true;
    case HttpFilter::Verdict::Wait: // nothing of this pass counts
        m_filters->clear();
        park(head, origin);
        m_stepTimer.armAfter(kAskAgain);
        return false;
    case HttpFilter::Verdict::Reply:
        break;
    }
    if (m_filters->delay.count() > 0)
        delayByFilter();
    else
        replyForFilter();
    return false;
}

void Exchange::park(const http::RequestHead& head, const RequestOrigin& origin)
{
    auto parked = std::make_unique<ParkedRequest>(ParkedRequest{
        std::string(head.bytes()), head, origin.listener.shared_from_this(), origin, false});
    parked->head.rebase(parked->bytes.data());
    m_parked = std::move(parked);
}

void Exchange::unpark()
{
    const auto parked = std::move(m_parked);
    RequestView view;
    readRequest(parked->head, parked->origin, view);
    const PathRules& rules = parked->listener->pathRules;
    if (!parked->passedFilters)
        route(parked->head, view, parked->origin);
    else if (!rules.act() || followPathRules(rules, view))
        forward(parked->head, view, parked->origin);
}

void Exchange::delayByFilter()
{
    m_log.flag(ResponseFlag::DelayInjected);
    m_stepTimer.armAfter(m_filters->delay);
}

void Exchange::replyForFilter()
{
    const FilterReply& wanted = m_filters->reply;
    if (m_filters->resets) {
        m_routeTimer.cancel();
        m_stepTimer.cancel();
        m_log.note(ResponseFlag::FaultInjected, "fault_filter_reset");
        account(CallResult::Fault);
        clear();
        return m_downstream.cut();
    }
    LocalReply answer;
    answer.status = wanted.status;
    answer.body = wanted.body;
    answer.flag = ResponseFlags::byCode(wanted.flag);
    answer.details = wanted.details;
    if (m_grpc)
        answer.grpcStatus = wanted.grpcStatus;
    reply(wanted.isFault ? CallResult::Fault : resultOfStatus(wanted.status), answer);
}

/// Decides which copies there will be, while the request's headers are at hand.
void Exchange::planMirrors(const RequestView& view)
{
    for (const MirrorRules& rules : m_forward->mirrors) {
        if (m_context.nextRandom() % 1000000 >= rules.perMillion)
            continue;
        const std::string name = rules.clusterHeader.empty()
            ? rules.cluster
            : std::string(view.header(rules.clusterHeader).value_or(""));
        const auto* const found = m_context.findCluster(name);
        if (found == nullptr && rules.cluster.empty())
            continue; // a name of the caller's making is not worth a counter
        if (m_mirrors == nullptr)
            m_mirrors = std::make_unique<Mirrors>(m_context);
        m_mirrors->plan(rules, name, found == nullptr ? nullptr : *found);
    }
}

void Exchange::beginMirrors()
{
    m_mirrors->begin(
        {m_head, m_method, m_downstream.isHttp2(), m_chunked, m_requestDone, m_forward->timeout});
    if (!m_body.empty())
        m_mirrors->addBody(m_body); // came while a fault delayed the request
}

void Exchange::sendResponseHead(const http::ResponseHead& head)
{
    const HeaderEdits* const route = responseEdits(&head);
    if (m_filters == nullptr)
        return m_downstream.sendHead(head, route, nullptr, BodyForm::AsSent);
    ResponseTransform::Plan plan;
    if (m_filters->compressor != nullptr
        && m_filters->compressor->prepare(head, m_filters->acceptsGzip, m_filters->responseEdits))
        plan.compressor = m_filters->compressor;
    plan.bytesPerSecond = m_filters->bytesPerSecond;
    plan.holdsEnd = m_filters->holdsEnd;
    const bool acts
        = plan.compressor != nullptr || plan.bytesPerSecond > 0 || plan.holdsEnd.count() > 0;
    BodyForm form = BodyForm::AsSent;
    if (acts && head.framing().kind != http::BodyKind::None) {
        m_transform
            = std::make_unique<ResponseTransform>(m_context.loop.timers(), m_downstream, plan,
                ResponseTransform::Events{
                    [this] { onDownstreamWritable(); }, [this] { finishTransformed(); }});
        form = m_transform->bodyForm();
    }
    m_downstream.sendHead(head, route, &m_filters->responseEdits, form);
}

void Exchange::finishTransformed()
{
    const std::string trailers = m_transform->trailers();
    dropTransform();
    m_downstream.endResponse(trailers);
}

/// It may be the one that is calling.
void Exchange::dropTransform()
{
    if (m_transform != nullptr)
        m_context.loop.disposeLater(std::shared_ptr<ResponseTransform>(std::move(m_transform)));
}

/// Path and authority for the upstream.
void Exchange::rewriteTarget(const RequestView& view, RequestRewrite& rewrite)
{
    rewrite.path = view.target();
    if (m_forward->rewritesPath()) {
        std::string& path = m_context.rewriteScratch;
        path.clear();
        m_forward->appendPath(factsOf(view), m_route->match.matchedSize(view.path), path);
        if (path != view.target())
            rewrite.originalPath = view.target();
        rewrite.path = path;
    }
    rewrite.authority = view.authority;
    if (m_target != nullptr && !m_target->hostRewrite.empty())
        rewrite.authority = m_target->hostRewrite;
    else if (m_forward->host.kind != HostRewrite::Kind::None)
        rewrite.authority = rewrittenHost(view);
    const bool willChange = m_forward->host.kind == HostRewrite::Kind::Upstream;
    if (!m_forward->host.keepsOriginal || (rewrite.authority == view.authority && !willChange))
        return;
    std::string& hosts = m_context.hostsScratch;
    hosts.clear();
    if (const auto earlier = view.header("x-forwarded-host"))
        hosts.append(*earlier).append(", ");
    hosts.append(view.authority);
    rewrite.forwardedHost = hosts;
}

std::string_view Exchange::rewrittenHost(const RequestView& view)
{
    const HostRewrite& rule = m_forward->host;
    std::string& host = m_context.hostScratch;
    switch (rule.kind) {
    case HostRewrite::Kind::Literal:
        return rule.text;
    case HostRewrite::Kind::Header: {
        const std::string_view named = view.header(rule.text).value_or("");
        return named.empty() ? view.authority : named;
    }
    case HostRewrite::Kind::PathRegex:
        host.assign(view.path);
        re2::RE2::Replace(&host, *rule.regex, rule.text);
        break;
    case HostRewrite::Kind::Format:
        host = rule.format->value(factsOf(view));
        break;
    case HostRewrite::Kind::Upstream: // once the endpoint is chosen
    case HostRewrite::Kind::None:
        return view.authority;
    }
    // Nothing but an authority may stand in a Host line, whatever the caller's path was.
    return host.empty() || !http::isAuthority(host) ? view.authority : std::string_view(host);
}

void Exchange::takeUpstreamHost()
{
    const std::string& name = m_endpoint->spec().hostname;
    if (name.empty())
        return;
    const std::string_view host = hostIn(m_head);
    m_head.replace(static_cast<std::size_t>(host.data() - m_head.data()), host.size(), name);
}

const HeaderEdits* Exchange::requestEdits() const
{
    if (m_bound != nullptr)
        return &m_bound->request;
    return m_target == nullptr ? &m_route->requestEdits : &m_target->requestEdits;
}

const HeaderEdits* Exchange::responseEdits(const http::ResponseHead* head)
{
    return withOwnEdits(routeResponseEdits(head));
}

const HeaderEdits* Exchange::routeResponseEdits(const http::ResponseHead* head)
{
    if (m_bound == nullptr)
        return m_target == nullptr ? &m_route->responseEdits : &m_target->responseEdits;
    ResponseFacts facts;
    std::vector<HeaderView> headers;
    const std::string upstream = m_endpoint ? m_endpoint->spec().address.toString() : std::string();
    facts.upstreamAddress = upstream;
    if (head != nullptr) {
        facts.status = head->status();
        for (const http::Field& field : head->fields())
            headers.push_back({head->name(field), head->value(field)});
        facts.headers = headers;
    }
    m_bound->response.finish(head == nullptr ? nullptr : &facts);
    return &m_bound->response;
}

/// Fills in what the request tells, while it is still there. Nothing to do for plain edits.
void Exchange::bindEdits(const RequestView& view)
{
    const HeaderEdits& request
        = m_target == nullptr ? m_route->requestEdits : m_target->requestEdits;
    const HeaderEdits& response
        = m_target == nullptr ? m_route->responseEdits : m_target->responseEdits;
    if (!request.isDynamic() && !response.isDynamic())
        return;
    const RequestFacts facts = factsOf(view);
    m_bound = std::make_unique<BoundEdits>();
    m_bound->request = request.bound(facts);
    m_bound->request.finish(nullptr);
    m_bound->response = response.bound(facts);
}

} // namespace meshyard::proxy
