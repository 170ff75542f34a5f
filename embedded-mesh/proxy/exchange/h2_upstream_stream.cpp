// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/h2_upstream_stream.h"

#include "embedded-mesh/proxy/exchange/h2_upstream_connection.h"
#include "embedded-mesh/proxy/exchange/h2_worker.h"

namespace meshyard::proxy {

void H2UpstreamStream::begin(H2UpstreamConnection& connection, bool reused)
{
    m_connection = &connection;
    m_reused = reused;
    m_bytesRead = 0;
}

void H2UpstreamStream::attach(UpstreamUser& user, http::Method method)
{
    m_user = &user;
    m_connection->session().open(*this, method);
}

bool H2UpstreamStream::isConnected() const
{
    return m_connection->isConnected();
}

void H2UpstreamStream::onConnected()
{
    if (m_user != nullptr)
        m_user->onUpstreamConnected();
}

void H2UpstreamStream::send(const RequestStart& start)
{
    m_tunnel = start.tunnel;
    const bool bare = start.complete && start.body.empty() && start.trailers.empty();
    sendHead(start.head, bare, start.upgrade);
    H2Stream::sendBody(start.body);
    if (start.complete && !bare)
        H2Stream::sendEnd(start.trailers);
}

void H2UpstreamStream::leave()
{
    if (H2UpstreamConnection* const connection = std::exchange(m_connection, nullptr))
        connection->onStreamLeft(*this);
}

void H2UpstreamStream::close()
{
    m_user = nullptr;
    letGo(http::H2Code::Cancel);
    leave();
}

void H2UpstreamStream::recycle(std::unique_ptr<UpstreamStream> self)
{
    m_user = nullptr;
    finish();
    leave();
    self.release(); // NOLINT(bugprone-unused-return-value): it is this, by its own type
    H2Worker::of(m_context).giveBack(std::unique_ptr<H2UpstreamStream>(this));
}

void H2UpstreamStream::flushHead()
{
    if (m_user != nullptr)
        m_user->onResponseFlush();
}

void H2UpstreamStream::onInterim(const http::ResponseHead& head)
{
    if (m_user != nullptr && head.status() != 100)
        m_user->onInterimHead(head);
}

void H2UpstreamStream::onResponse(const http::ResponseHead& head)
{
    if (m_user == nullptr)
        return;
    m_connection->flushHeads(this);
    m_bytesRead += head.size();
    m_tunnel = m_tunnel && head.status() / 100 == 2;
    m_user->onResponseHead(head);
}

void H2UpstreamStream::onBody(std::string_view bytes)
{
    if (m_user == nullptr)
        return;
    m_connection->flushHeads(this);
    m_bytesRead += bytes.size();
    m_user->onResponseBody(bytes);
}

void H2UpstreamStream::onEnd(std::string_view trailers)
{
    if (m_user == nullptr)
        return;
    m_connection->flushHeads(this);
    if (m_tunnel) // ours may go on
        return m_user->onResponseEnd(trailers);
    std::exchange(m_user, nullptr)->onResponseEnd(trailers);
}

void H2UpstreamStream::onWritable()
{
    if (m_user != nullptr)
        m_user->onUpstreamWritable();
}

void H2UpstreamStream::onStreamEnd(const http::H2StreamEnd& end)
{
    using Loss = UpstreamUser::Loss;
    const bool connected = m_connection != nullptr && m_connection->isConnected();
    Loss loss = connected ? Loss::Reset : Loss::Connect;
    if (m_connection != nullptr && m_connection->choseAnotherProtocol())
        loss = Loss::OtherProtocol;
    else if (end.malformed)
        loss = Loss::Malformed;
    else if (end.unprocessed)
        loss = Loss::Refused;
    if (m_connection != nullptr)
        m_connection->flushHeads(nullptr);
    leave();
    if (UpstreamUser* const user = std::exchange(m_user, nullptr))
        user->onUpstreamLost(loss);
}

} // namespace meshyard::proxy
