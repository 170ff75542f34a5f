// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/downstream_connection.h"

#include "embedded-mesh/net/sockets.h"
#include "embedded-mesh/proxy/filter/rbac_filter.h"
#include "embedded-mesh/proxy/telemetry/log_sink.h"

namespace meshyard::proxy {

namespace {

using http::BodyKind;

constexpr std::size_t kMaxAhead = 64 * 1024;
constexpr auto kLeaveGrace = std::chrono::milliseconds(300);
constexpr auto kLinger = std::chrono::seconds(1);

} // namespace

std::unique_ptr<net::SocketAddress> meantDestination(int fd)
{
    net::SocketAddress meant = net::originalDestination(fd);
    if (meant.isUnix() || meant == net::localAddress(fd))
        return nullptr;
    return std::make_unique<net::SocketAddress>(meant);
}

DownstreamConnection::DownstreamConnection(WorkerContext& context, ConnectionOwner& owner)
    : m_context(context)
    , m_owner(owner)
    , m_io(context.loop, *this)
    , m_info(m_io)
    , m_exchange(context, *this)
    , m_idleTimer(context.loop.timers(), [this] { onIdle(); })
    , m_requestTimer(context.loop.timers(), [this] { onRequestTimeout(); })
    , m_lifeTimer(context.loop.timers(), [this] { leave(); })
{
    ++m_context.downstreamConnections;
}

DownstreamConnection::~DownstreamConnection()
{
    --m_context.downstreamConnections;
}

Result<void> DownstreamConnection::adopt(net::Fd fd)
{
    if (m_owner.spec().role == ListenerSpec::Role::Gateway)
        m_remoteHost = net::peerAddress(fd.get()).host();
    const FilterChainSpec& spec = m_owner.spec();
    if (spec.findsOriginalDestination)
        m_originalDestination = meantDestination(fd.get());
    auto adopted = spec.tls == nullptr
        ? m_io.adopt(std::move(fd))
        : m_io.adopt(std::move(fd), *spec.tls, spec.handshakeTimeout);
    if (adopted) {
        armIdle();
        if (m_owner.spec().maxConnectionDuration.count() > 0)
            m_lifeTimer.armAfter(m_owner.spec().maxConnectionDuration);
    }
    return adopted;
}

void DownstreamConnection::armIdle()
{
    const FilterChainSpec& spec = m_owner.spec();
    const auto wait
        = m_pending.empty() || spec.headTimeout.count() == 0 ? spec.idleTimeout : spec.headTimeout;
    if (wait.count() > 0)
        m_idleTimer.armAfter(wait);
}

void DownstreamConnection::onIdle()
{
    if (m_state != State::Head && m_state != State::Closing) {
        LocalReply expired;
        expired.status = 408;
        expired.body = "stream timeout\n";
        expired.flag = ResponseFlag::StreamIdleTimeout;
        expired.details = "stream_idle_timeout";
        m_keepAlive = false;
        return m_exchange.expire(expired);
    }
    m_io.close();
    done();
}

void DownstreamConnection::armStreamIdle()
{
    const auto patience = m_owner.spec().streamIdleTimeout;
    if (m_state == State::Tunnel)
        return; // the exchange watches both directions
    if (patience.count() > 0)
        m_idleTimer.armAfter(patience);
}

void DownstreamConnection::onRequestTimeout()
{
    if (m_state != State::Body)
        return;
    LocalReply expired;
    expired.status = 408;
    expired.body = "request timeout\n";
    expired.details = "request_overall_timeout";
    m_exchange.expire(expired);
}

void DownstreamConnection::leave()
{
    m_closeAfter = true;
    if (m_http2 != nullptr)
        return m_http2->leave();
    if (m_state == State::Head && m_pending.empty()) // a request may be on its way
        m_idleTimer.armAfter(kLeaveGrace);
}

void DownstreamConnection::done()
{
    if (std::exchange(m_done, true))
        return;
    m_idleTimer.cancel();
    m_requestTimer.cancel();
    m_lifeTimer.cancel();
    m_owner.onConnectionDone(*this);
}

void DownstreamConnection::onData(std::string_view bytes)
{
    if (m_state == State::Closing)
        return; // lingering
    if (m_http2 != nullptr)
        return m_http2->receive(bytes);
    const NetworkRbac* const rbac = m_fresh ? m_owner.spec().networkRbac.get() : nullptr;
    if (rbac != nullptr && !rbac->allows(m_info))
        return cut();
    if (m_fresh && sniff(bytes))
        return;
    if (m_state == State::Tunnel && !m_consuming)
        return m_exchange.addRequestBody(bytes);
    if (m_state == State::Waiting || m_consuming) {
        m_pending.append(bytes);
        if (m_pending.size() > kMaxAhead)
            m_io.pauseReading();
        return;
    }
    if (m_pending.empty())
        return consume(bytes);
    std::string joined = std::move(m_pending);
    m_pending.clear();
    joined.append(bytes);
    consume(joined);
}

bool DownstreamConnection::sniff(std::string_view bytes)
{
    using Codec = FilterChainSpec::Codec;
    const Codec codec = m_owner.spec().codec;
    m_fresh = false;
    if (codec == Codec::Http1
        || (codec == Codec::Auto && m_pending.empty() && bytes.front() != 'P'))
        return false;
    m_pending.append(bytes);
    const std::string_view start = std::string_view(m_pending).substr(0, http::kH2Preface.size());
    if (codec == Codec::Auto && !http::kH2Preface.starts_with(start)) {
        const std::string all = std::exchange(m_pending, {});
        consume(all);
        return true;
    }
    if (codec == Codec::Auto && start.size() < http::kH2Preface.size()) {
        m_fresh = true;
        armIdle();
        return true;
    }
    m_idleTimer.cancel();
    m_http2 = std::make_unique<H2Downstream>(
        m_context, m_owner, m_io, m_remoteHost, m_info, [this] { closeGently(); });
    const std::string all = std::exchange(m_pending, {});
    m_http2->receive(all);
    return true;
}

void DownstreamConnection::consume(std::string_view bytes)
{
    m_consuming = true;
    while (!bytes.empty() && !m_io.isClosed()) {
        std::size_t taken = 0;
        if (m_state == State::Head)
            taken = takeHead(bytes);
        else if (m_state == State::Body)
            taken = takeBody(bytes);
        bytes.remove_prefix(std::min(taken, bytes.size()));
        if (taken == 0)
            break;
    }
    m_consuming = false;
    if (m_io.isClosed() || m_state == State::Closing)
        return;
    if (m_state == State::Tunnel) {
        if (!bytes.empty())
            m_exchange.addRequestBody(bytes);
        return;
    }
    m_pending.assign(bytes);
    if (m_state == State::Waiting && m_pending.size() > kMaxAhead)
        m_io.pauseReading();
    if (m_state == State::Head && m_peerFinished)
        closeGently();
}

std::size_t DownstreamConnection::takeHead(std::string_view bytes)
{
    http::RequestHead& head = m_context.requestHead;
    const http::ParseResult parsed = m_context.parser.parseRequest(bytes, head);
    if (parsed.isInvalid()) {
        refuse(parsed.error);
        return 0;
    }
    if (!parsed.isComplete()) {
        armIdle();
        return 0;
    }
    const std::size_t size = head.size();
    startRequest(head);
    return size;
}

void DownstreamConnection::startRequest(const http::RequestHead& head)
{
    m_idleTimer.cancel();
    armStreamIdle();
    const std::uint32_t maxRequests = m_owner.spec().maxRequestsPerConnection;
    m_closeAfter = m_closeAfter || ++m_requests == maxRequests;
    m_method = head.method();
    m_http10 = head.minorVersion() == 0;
    m_keepAlive = head.keepAlive();
    m_body.start(head.framing());
    m_requestComplete = m_body.isDone();
    m_state = m_requestComplete ? State::Waiting : State::Body;
    m_rawBody = m_chunks = false;
    if (!m_requestComplete && m_owner.spec().requestTimeout.count() > 0)
        m_requestTimer.armAfter(m_owner.spec().requestTimeout);
    RequestOrigin origin = originOf(m_owner.spec(), m_remoteHost, m_io);
    origin.originalDestination = m_originalDestination.get();
    origin.connection = &m_info;
    m_exchange.start(head, origin);
}

std::size_t DownstreamConnection::takeBody(std::string_view bytes)
{
    std::size_t consumed = 0;
    const bool raw = m_exchange.takesRawBody();
    while (consumed < bytes.size() && m_body.state() == http::BodyDecoder::State::Reading) {
        const auto step = m_body.next(bytes.substr(consumed));
        if (step.consumed == 0)
            break;
        consumed += step.consumed;
        if (!raw && !step.data.empty())
            m_exchange.addRequestBody(step.data);
    }
    armStreamIdle();
    if (m_body.state() == http::BodyDecoder::State::Invalid) {
        m_exchange.cancel();
        refuse(m_body.error());
        return 0;
    }
    if (m_body.isDone()) { // before the bytes go on: the answer may come at once
        m_requestComplete = true;
        m_exchange.endRequest(raw ? std::string_view() : std::string_view(m_body.trailers()));
    }
    if (raw)
        m_exchange.addRequestBody(bytes.substr(0, consumed));
    if (m_requestComplete && m_state == State::Body) {
        m_state = State::Waiting;
        if (!m_exchange.isActive())
            nextRequest();
    }
    return consumed;
}

/// There is no exchange for what is no request: the line is written here.
void DownstreamConnection::logRefusal(int status)
{
    const TelemetryRules* const rules = m_owner.spec().telemetry.get();
    if (rules == nullptr || rules->logs.empty() || m_context.logs == nullptr)
        return;
    LogEntry entry;
    entry.startedAt = m_context.loop.clock().system();
    entry.protocol = "HTTP/1.1";
    entry.status = status;
    entry.flags.set(ResponseFlag::DownstreamProtocolError);
    entry.details = "http1.codec_error";
    entry.downstreamLocal = &m_info.localAddress();
    entry.downstreamRemote = &m_info.remoteAddress();
    m_context.logs->log(*rules, entry);
}

void DownstreamConnection::refuse(http::HeadError error)
{
    logRefusal(http::statusFor(error));
    m_keepAlive = false;
    if (error == http::HeadError::NotHttp)
        return closeGently(); // whoever it is would not understand an answer
    LocalReply reply;
    reply.status = http::statusFor(error);
    const std::string body = "malformed request: " + std::string(http::describe(error)) + "\n";
    reply.body = body;
    std::string& out = m_context.headScratch;
    out.clear();
    writeLocalReply(
        reply, ResponseFraming{.close = true, .date = m_context.httpDate()}, false, out);
    m_io.write(out);
    closeGently();
}

void DownstreamConnection::sendInterim(const http::ResponseHead& head)
{
    if (m_http10)
        return; // RFC 9110 15.2: it has no word for them
    std::string text;
    writeInterimHead(head, text);
    m_io.write(text);
}

void DownstreamConnection::sendContinue()
{
    if (!m_http10)
        m_io.write("HTTP/1.1 100 Continue\r\n\r\n");
}

ResponseFraming DownstreamConnection::framingFor(const http::ResponseHead& head, BodyForm form)
{
    ResponseFraming framing;
    BodyKind kind = head.framing().kind;
    if (form == BodyForm::Recoded || (form == BodyForm::Decoded && kind == BodyKind::Chunked))
        kind = BodyKind::UntilClose; // the framing will be ours
    m_chunks = kind == BodyKind::UntilClose && !m_http10;
    m_rawBody = kind == BodyKind::Length || (kind == BodyKind::Chunked && !m_http10);
    framing.chunked = m_chunks || (kind == BodyKind::Chunked && !m_http10);
    const int status = head.status();
    framing.saysEmpty = kind == BodyKind::None && m_method != http::Method::Head && status >= 200
        && status != 204 && status != 304 && !head.find(http::KnownHeader::ContentLength);
    const bool byClose = m_http10 && (kind == BodyKind::UntilClose || kind == BodyKind::Chunked);
    m_closeAfter = m_closeAfter || byClose || !m_keepAlive || !m_requestComplete
        || m_owner.isLeaving() || m_context.draining;
    framing.close = m_closeAfter;
    framing.saysKeepAlive = m_http10 && !framing.close;
    framing.date = m_context.httpDate();
    return framing;
}

void DownstreamConnection::sendHead(const http::ResponseHead& head, const HeaderEdits* routeEdits,
    const HeaderEdits* filterEdits, BodyForm form)
{
    std::string& out = m_context.headScratch;
    out.clear();
    const ResponseFraming framing = framingFor(head, form);
    writeResponseHead(head, framing, routeEdits, filterEdits, out);
}

void DownstreamConnection::sendTunnelHead(const http::ResponseHead& head, std::string_view upgrade,
    const HeaderEdits* routeEdits, const HeaderEdits* filterEdits)
{
    std::string& out = m_context.headScratch;
    out.clear();
    ResponseFraming framing;
    framing.upgrade = upgrade;
    m_chunks = false;
    m_rawBody = true;
    m_closeAfter = true;
    writeResponseHead(head, framing, routeEdits, filterEdits, out);
    flushResponse();
    m_state = State::Tunnel;
    m_idleTimer.cancel();
    m_io.resumeReading();
    const std::string early = std::exchange(m_pending, {});
    if (!early.empty())
        m_exchange.addRequestBody(early);
    if (m_peerFinished)
        m_exchange.endRequest({});
}

void DownstreamConnection::sendBody(std::string_view bytes)
{
    armStreamIdle();
    std::string& head = m_context.headScratch;
    if (m_chunks) {
        const http::ChunkHeader chunk(bytes.size());
        m_io.write({head, chunk.text(), bytes, "\r\n"});
    } else {
        m_io.write({head, bytes});
    }
    head.clear();
}

void DownstreamConnection::flushResponse()
{
    std::string& head = m_context.headScratch;
    if (head.empty())
        return;
    m_io.write(head);
    head.clear();
}

void DownstreamConnection::endResponse(std::string_view trailers)
{
    if (m_state == State::Tunnel) {
        if (m_exchange.isActive())
            return m_io.finishWriting(); // the other direction goes on
        return m_io.isClosed() ? done() : closeGently();
    }
    if (m_chunks)
        m_context.headScratch.append("0\r\n").append(trailers).append("\r\n");
    flushResponse();
    finishRequest();
}

void DownstreamConnection::answer(const LocalReply& reply)
{
    std::string& out = m_context.headScratch;
    out.clear();
    m_closeAfter = m_closeAfter || !m_keepAlive || !m_requestComplete || m_owner.isLeaving()
        || m_context.draining;
    ResponseFraming framing;
    framing.close = m_closeAfter;
    framing.saysKeepAlive = m_http10 && !framing.close;
    framing.date = m_context.httpDate();
    writeLocalReply(reply, framing, m_method == http::Method::Head, out);
    flushResponse();
    finishRequest();
}

void DownstreamConnection::finishRequest()
{
    m_requestTimer.cancel();
    if (m_closeAfter)
        return closeGently();
    if (m_state == State::Waiting)
        nextRequest();
}

void DownstreamConnection::nextRequest()
{
    m_state = State::Head;
    if (m_consuming)
        return; // the loop up there goes on
    if (m_peerFinished && m_pending.empty())
        return closeGently();
    armIdle();
    m_io.resumeReading();
    if (!m_pending.empty()) {
        const std::string ahead = std::move(m_pending);
        m_pending.clear();
        consume(ahead);
    }
}

void DownstreamConnection::closeGently()
{
    m_state = State::Closing;
    m_pending.clear();
    m_io.resumeReading(); // what still comes is thrown away, so that our answer is not lost to a
                          // RST
    m_io.finishWriting();
    m_idleTimer.armAfter(kLinger);
}

bool DownstreamConnection::takeBackHead()
{
    return !std::exchange(m_context.headScratch, {}).empty();
}

void DownstreamConnection::cut()
{
    m_context.headScratch.clear();
    m_io.abort();
    done();
}

void DownstreamConnection::pauseRequestBody()
{
    m_io.pauseReading();
}

void DownstreamConnection::resumeRequestBody()
{
    m_io.resumeReading();
}

void DownstreamConnection::onWritable()
{
    if (m_http2 != nullptr)
        return m_http2->onWritable();
    m_exchange.onDownstreamWritable();
}

void DownstreamConnection::onPeerFinished()
{
    m_peerFinished = true;
    if (m_state == State::Tunnel)
        return m_exchange.endRequest({});
    if (m_http2 != nullptr)
        m_http2->onLost();
    m_exchange.cancel(); // who leaves before the answer frees the upstream (as in Envoy and nginx)
    if (m_state != State::Closing)
        closeGently();
}

void DownstreamConnection::onClosed(const std::optional<Error>& /*error*/)
{
    if (m_http2 != nullptr)
        m_http2->onLost();
    m_exchange.cancel();
    done();
}

} // namespace meshyard::proxy
