// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/h2_downstream.h"

#include "embedded-mesh/proxy/exchange/downstream_connection.h"
#include "embedded-mesh/proxy/exchange/h2_worker.h"

namespace meshyard::proxy {

namespace {

constexpr auto kDrainNotice = std::chrono::seconds(1); // when the peer answers no PING

} // namespace

H2Downstream::H2Downstream(WorkerContext& context, ConnectionOwner& owner, net::Connection& io,
    std::string_view remoteHost, const ConnectionInfo& info, std::function<void()> over)
    : m_context(context)
    , m_owner(owner)
    , m_io(io)
    , m_remoteHost(remoteHost)
    , m_info(info)
    , m_over(std::move(over))
    , m_session(H2Worker::of(context).thread(), *this, http::H2Session::Role::Server,
          owner.spec().http2)
    , m_timer(context.loop.timers(), [this] { onTimer(); })
    , m_idleSince(context.loop.now())
{
    armTimer();
    if (owner.isLeaving() || context.draining)
        leave();
}

H2Downstream::~H2Downstream()
{
    m_session.abandon();
}

RequestOrigin H2Downstream::origin() const
{
    RequestOrigin origin = originOf(m_owner.spec(), m_remoteHost, m_io);
    origin.connection = &m_info;
    return origin;
}

void H2Downstream::receive(std::string_view bytes)
{
    m_session.receive(bytes);
}

http::H2Stream* H2Downstream::openStream()
{
    std::unique_ptr<H2DownstreamStream> stream = H2Worker::of(m_context).takeDownstream();
    stream->begin(*this);
    if (++m_streams == m_owner.spec().maxRequestsPerConnection)
        leave();
    if (!m_timer.isArmed())
        armTimer();
    return stream.release(); // back in onStreamDone()
}

void H2Downstream::onStreamDone(H2DownstreamStream& stream)
{
    H2Worker::of(m_context).giveBack(std::unique_ptr<H2DownstreamStream>(&stream));
}

void H2Downstream::onIdle()
{
    m_idleSince = m_context.loop.now();
}

void H2Downstream::onSessionOver()
{
    m_timer.cancel();
    m_over();
}

void H2Downstream::leave()
{
    if (std::exchange(m_leaving, true))
        return;
    m_session.announceShutdown();
    m_timer.armAfter(kDrainNotice);
}

void H2Downstream::armTimer()
{
    const FilterChainSpec& spec = m_owner.spec();
    const auto wait = m_session.streamCount() == 0 || spec.streamIdleTimeout.count() <= 0
        ? spec.idleTimeout
        : std::min(spec.idleTimeout, spec.streamIdleTimeout);
    if (wait.count() > 0)
        m_timer.armAfter(wait);
}

void H2Downstream::onTimer()
{
    const TimePoint now = m_context.loop.now();
    const bool idle = m_session.streamCount() == 0;
    if (m_leaving || (idle && now - m_idleSince >= m_owner.spec().idleTimeout))
        m_session.shutdown();
    expireStreams();
    if (!m_session.isOver())
        armTimer();
}

void H2Downstream::expireStreams()
{
    const auto limit = m_owner.spec().streamIdleTimeout;
    if (limit.count() <= 0)
        return;
    std::vector<H2DownstreamStream*> late;
    for (http::H2Stream* const stream : m_session.streams()) {
        if (m_context.loop.now() - stream->lastActive() >= limit)
            late.push_back(static_cast<H2DownstreamStream*>(stream));
    }
    for (H2DownstreamStream* const stream : late)
        stream->expire();
}

} // namespace meshyard::proxy
