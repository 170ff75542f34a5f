// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/tunnel_upstream.h"

namespace meshyard::proxy {

TunnelUpstream::TunnelUpstream(
    WorkerContext& context, std::shared_ptr<Cluster> cluster, std::shared_ptr<Endpoint> endpoint)
    : m_context(context)
    , m_cluster(std::move(cluster))
    , m_endpoint(std::move(endpoint))
    , m_io(context.loop, *this)
{
    m_cluster->countConnection(*m_endpoint);
}

TunnelUpstream::~TunnelUpstream()
{
    m_cluster->uncountConnection(*m_endpoint);
    m_cluster->wakeWaiter();
}

Result<void> TunnelUpstream::connect()
{
    const EndpointSpec& to = m_endpoint->spec();
    return m_cluster->spec().transport.connect(m_io, to.address, to.transportLabels);
}

void TunnelUpstream::attach(UpstreamUser& user, http::Method /*method*/)
{
    m_user = &user;
}

void TunnelUpstream::send(const RequestStart& start)
{
    static constexpr std::string_view kEstablished = "HTTP/1.1 200 OK\r\n\r\n";
    const std::string_view early = start.body; // sent before the answer, meant for the tunnel
    m_context.parser.parseResponse(kEstablished, http::Method::Connect, m_context.responseHead);
    m_io.write(early);
    if (m_user != nullptr)
        m_user->onResponseHead(m_context.responseHead);
}

void TunnelUpstream::recycle(std::unique_ptr<UpstreamStream> self)
{
    m_user = nullptr;
    m_io.close();
    m_context.dispose(std::move(self));
}

void TunnelUpstream::onConnected()
{
    m_connected = true;
    if (m_user != nullptr)
        m_user->onUpstreamConnected();
}

void TunnelUpstream::onData(std::string_view bytes)
{
    m_bytesRead += bytes.size();
    if (m_user == nullptr)
        return;
    m_user->onResponseBody(bytes);
    if (m_user != nullptr)
        m_user->onResponseFlush();
}

void TunnelUpstream::onPeerFinished()
{
    if (m_user != nullptr)
        m_user->onResponseEnd({});
}

void TunnelUpstream::onWritable()
{
    if (m_user != nullptr)
        m_user->onUpstreamWritable();
}

void TunnelUpstream::onClosed(const std::optional<Error>& /*error*/)
{
    if (UpstreamUser* const user = std::exchange(m_user, nullptr))
        user->onUpstreamLost(m_connected ? UpstreamUser::Loss::Reset : UpstreamUser::Loss::Connect);
}

} // namespace meshyard::proxy
