// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/side_call.h"

#include "embedded-mesh/proxy/exchange/h2_pool.h"
#include "embedded-mesh/proxy/exchange/h2_upstream_stream.h"
#include "embedded-mesh/proxy/exchange/upstream_connection.h"

namespace meshyard::proxy {

namespace {

constexpr std::size_t kMaxBuffered = 256 * 1024; // of a request body

} // namespace

SideCall::SideCall(
    WorkerContext& context, std::shared_ptr<Cluster> cluster, Request request, Done done)
    : m_context(context)
    , m_cluster(std::move(cluster))
    , m_request(std::move(request))
    , m_done(std::move(done))
    , m_timer(context.loop.timers(), [this] { finish({}); })
{
}

SideCall::~SideCall()
{
    if (m_connecting)
        m_cluster->endConnecting();
    if (m_stream != nullptr) {
        m_stream->detach();
        m_stream->close();
        m_context.dispose(std::move(m_stream));
    }
}

std::shared_ptr<SideCall> SideCall::begin(
    WorkerContext& context, std::shared_ptr<Cluster> cluster, Request request, Done done)
{
    auto call = std::make_shared<SideCall>(
        context, std::move(cluster), std::move(request), std::move(done));
    context.sideCalls.insert(call);
    call->m_timer.armAfter(call->m_request.timeout);
    call->connect();
    return call;
}

void SideCall::connect()
{
    m_endpoint = m_cluster->pick({});
    if (m_endpoint == nullptr || !openStream()) {
        m_timer.armAfter({}); // an answer never comes from inside begin()
        return;
    }
    m_stream->attach(*this, m_request.method);
    if (m_stream->isConnected())
        return send();
    m_connecting = m_cluster->beginConnecting();
    if (!m_connecting)
        m_timer.armAfter({});
}

Result<void> SideCall::openStream()
{
    const auto none = failure(ErrorCode::ResourceExhausted, "no connection is left");
    if (m_request.http2 && !m_endpoint->speaksHttp1) {
        H2Pool& pool = H2Pool::of(*m_endpoint, m_context);
        m_stream = pool.takeStream();
        if (m_stream != nullptr)
            return {};
        if (!pool.mayConnect() || !m_cluster->mayConnect())
            return none;
        auto stream = pool.connect(m_cluster, m_endpoint);
        if (!stream)
            return tl::unexpected(stream.error());
        m_stream = std::move(*stream);
        return {};
    }
    m_stream = m_endpoint->takeIdle();
    if (m_stream != nullptr)
        return {};
    if (!m_cluster->mayConnect())
        return none;
    auto connection = std::make_unique<UpstreamConnection>(m_context, m_cluster, m_endpoint);
    auto begun = connection->connect();
    if (begun)
        m_stream = std::move(connection);
    return begun;
}

void SideCall::onUpstreamConnected()
{
    if (std::exchange(m_connecting, false))
        m_cluster->endConnecting();
    send();
}

void SideCall::send()
{
    m_sent = true;
    m_stream->send(
        {m_request.head, m_body, m_trailers, false, m_request.chunked, m_request.complete});
    m_body.clear();
}

void SideCall::addBody(std::string_view bytes)
{
    if (m_over)
        return;
    if (!m_sent) {
        m_body.append(bytes);
    } else {
        m_stream->sendBody(bytes);
        if (m_stream->isBackedUp())
            m_overflow += bytes.size();
    }
    if (m_body.size() + m_overflow > kMaxBuffered)
        abandon();
}

void SideCall::endBody(std::string_view trailers)
{
    if (m_over || m_request.complete)
        return;
    m_request.complete = true;
    if (m_sent)
        m_stream->sendEnd(trailers);
    else
        m_trailers.assign(trailers);
}

void SideCall::onResponseHead(const http::ResponseHead& head)
{
    m_answer.status = head.status();
}

void SideCall::onResponseBody(std::string_view bytes)
{
    if (m_request.maxBody == 0)
        return;
    m_answer.body.append(bytes);
    if (m_answer.body.size() > m_request.maxBody)
        finish({});
}

void SideCall::onResponseEnd(std::string_view /*trailers*/)
{
    if (m_request.complete) {
        UpstreamStream& stream = *m_stream;
        stream.recycle(std::move(m_stream));
    }
    finish(std::move(m_answer));
}

void SideCall::onUpstreamLost(Loss /*loss*/)
{
    finish({});
}

void SideCall::finish(Answer answer)
{
    if (std::exchange(m_over, true))
        return;
    m_timer.cancel();
    if (std::exchange(m_connecting, false))
        m_cluster->endConnecting();
    if (m_stream != nullptr) {
        m_stream->detach();
        m_stream->close();
        m_context.dispose(std::move(m_stream));
    }
    // Whoever calls may be ours: we go at the end of the turn.
    const auto self = std::ranges::find_if(
        m_context.sideCalls, [this](const auto& call) { return call.get() == this; });
    if (self != m_context.sideCalls.end()) {
        m_context.loop.disposeLater(*self);
        m_context.sideCalls.erase(self);
    }
    m_cluster->wakeWaiter();
    m_done(std::move(answer));
}

} // namespace meshyard::proxy
