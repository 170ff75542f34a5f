// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/h2_upstream_connection.h"

#include "embedded-mesh/proxy/exchange/h2_pool.h"
#include "embedded-mesh/proxy/exchange/h2_worker.h"

namespace meshyard::proxy {

namespace {

http::H2Options optionsFor(const Cluster& cluster, const Endpoint& endpoint)
{
    http::H2Options options = cluster.spec().http2;
    const auto& labels = endpoint.spec().transportLabels;
    options.secure = cluster.spec().transport.choose(labels).settings != nullptr;
    return options;
}

} // namespace

H2UpstreamConnection::H2UpstreamConnection(WorkerContext& context, std::shared_ptr<Cluster> cluster,
    std::shared_ptr<Endpoint> endpoint, H2Pool& pool)
    : m_context(context)
    , m_cluster(std::move(cluster))
    , m_endpoint(std::move(endpoint))
    , m_pool(&pool)
    , m_io(context.loop, *this)
    , m_session(H2Worker::of(context).thread(), *this, http::H2Session::Role::Client,
          optionsFor(*m_cluster, *m_endpoint))
    , m_idleSince(context.loop.now())
{
    m_cluster->countConnection(*m_endpoint);
}

H2UpstreamConnection::~H2UpstreamConnection()
{
    m_pool = nullptr;
    m_session.abandon();
    uncount();
    m_cluster->wakeWaiter();
}

void H2UpstreamConnection::uncount()
{
    if (std::exchange(m_counted, false))
        m_cluster->uncountConnection(*m_endpoint);
}

Result<void> H2UpstreamConnection::connect()
{
    const EndpointSpec& to = m_endpoint->spec();
    return m_cluster->spec().transport.connect(m_io, to.address, to.transportLabels);
}

bool H2UpstreamConnection::isWorn() const
{
    const std::uint32_t limit = m_cluster->spec().maxRequestsPerConnection;
    return limit > 0 && m_served >= limit;
}

bool H2UpstreamConnection::hasRoom() const
{
    // Streams that were taken but not opened yet count too.
    return !m_retired && !isWorn() && !m_io.hasHangup() && m_session.hasRoom();
}

std::unique_ptr<H2UpstreamStream> H2UpstreamConnection::takeStream()
{
    std::unique_ptr<H2UpstreamStream> stream = H2Worker::of(m_context).takeUpstream();
    stream->begin(*this, m_served > 0);
    ++m_active;
    ++m_served;
    return stream;
}

void H2UpstreamConnection::onStreamLeft(const H2UpstreamStream& stream)
{
    if (m_withHead == &stream)
        m_withHead = nullptr;
    --m_active;
    m_idleSince = m_context.loop.now();
    closeIfDone();
    // Not now: whoever left may be half-way through its answer.
    if (m_cluster->hasWaiters())
        m_context.loop.atTurnEnd([cluster = m_cluster] { cluster->wakeWaiter(); });
}

void H2UpstreamConnection::flushHeads(H2UpstreamStream* next)
{
    H2UpstreamStream* const held = std::exchange(m_withHead, next);
    if (held != nullptr && held != next)
        held->flushHead();
}

bool H2UpstreamConnection::speaksAnother() const
{
    return m_cluster->spec().protocol == UpstreamProtocol::Negotiated
        && m_io.negotiatedProtocol() != "h2";
}

void H2UpstreamConnection::onConnected()
{
    if (speaksAnother()) {
        m_endpoint->speaksHttp1 = true;
        m_otherProtocol = true;
        return lose();
    }
    m_connected = true;
    const std::vector<http::H2Stream*> waiting(
        m_session.streams().begin(), m_session.streams().end());
    for (http::H2Stream* const stream : waiting) {
        if (stream->isBound()) // the one before may have ended it
            static_cast<H2UpstreamStream*>(stream)->onConnected();
    }
}

void H2UpstreamConnection::onData(std::string_view bytes)
{
    m_session.receive(bytes);
    flushHeads(nullptr);
}

void H2UpstreamConnection::onPeerSettings()
{
    flushHeads(nullptr);
    wakeWaiters();
}

void H2UpstreamConnection::wakeWaiters()
{
    // Those that wait for another endpoint queue again.
    for (std::size_t left = m_cluster->waiterCount(); left > 0 && hasRoom(); --left)
        m_cluster->wakeWaiter();
}

void H2UpstreamConnection::retire()
{
    m_retired = true;
    closeIfDone();
}

void H2UpstreamConnection::closeIfDone()
{
    if (m_active > 0 || m_pool == nullptr)
        return;
    if (!m_retired && !isWorn() && m_connected && !m_endpoint->removed)
        return;
    m_session.terminate(http::H2Code::NoError);
    uncount();
    std::exchange(m_pool, nullptr)->remove(*this);
}

void H2UpstreamConnection::onPeerFinished()
{
    lose();
}

void H2UpstreamConnection::onClosed(const std::optional<Error>& /*error*/)
{
    lose();
}

void H2UpstreamConnection::onSessionOver()
{
    lose();
}

void H2UpstreamConnection::lose()
{
    m_retired = true;
    uncount();
    if (H2Pool* const pool = std::exchange(m_pool, nullptr))
        pool->remove(*this);
    m_session.abandon();
    m_io.close();
}

} // namespace meshyard::proxy
