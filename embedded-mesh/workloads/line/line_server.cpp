// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/line/line_server.h"

#include "embedded-mesh/workloads/line/line_server_session.h"

#include <vector>

namespace meshyard::workloads {

namespace {

constexpr std::size_t kMaxWaitingInput = 64 * LineServer::kMaxLine;

} // namespace

void LineResponder::send(std::string_view line) const
{
    if (const auto session = m_session.lock())
        session->send(line);
}

void LineResponder::close() const
{
    if (const auto session = m_session.lock())
        session->close();
}

void LineResponder::reset() const
{
    if (const auto session = m_session.lock())
        session->reset();
}

Result<std::unique_ptr<LineServer>> LineServer::listen(
    net::EventLoop& loop, const net::SocketAddress& address, LineHandler& handler)
{
    std::unique_ptr<LineServer> server(new LineServer(loop, handler));
    auto listener = net::Listener::listen(loop, *server, address);
    if (!listener)
        return tl::unexpected(listener.error());
    server->m_listener = std::move(*listener);
    server->m_address = server->m_listener->address();
    return server;
}

LineServer::LineServer(net::EventLoop& loop, LineHandler& handler)
    : m_loop(loop)
    , m_handler(handler)
{
}

LineServer::~LineServer() = default;

void LineServer::onAccepted(net::Fd fd)
{
    auto session = std::make_shared<LineServerSession>(*this);
    LineServerSession* const key = session.get();
    if (!session->start(std::move(fd)))
        return;
    m_sessions.emplace(key, std::move(session));
    m_handler.onConnection();
}

void LineServer::drain()
{
    m_draining = true;
    m_listener.reset();
    std::vector<std::shared_ptr<LineServerSession>> sessions;
    for (const auto& [key, session] : m_sessions)
        sessions.push_back(session);
    for (const auto& session : sessions)
        session->drain();
}

void LineServer::remove(LineServerSession& session)
{
    auto node = m_sessions.extract(&session);
    if (!node.empty())
        m_loop.disposeLater(std::move(node.mapped()));
}

LineServerSession::LineServerSession(LineServer& server)
    : m_server(server)
    , m_io(server.m_loop, *this)
{
}

void LineServerSession::onData(std::string_view bytes)
{
    if (m_finishing)
        return;
    m_input += bytes;
    process();
    if (m_input.size() > kMaxWaitingInput)
        m_io.pauseReading();
}

void LineServerSession::process()
{
    if (std::exchange(m_processing, true))
        return;
    while (!m_answering && !m_finishing && !m_io.isClosed() && !m_io.isBackedUp()) {
        const std::size_t end = m_input.find('\n');
        if (end > LineServer::kMaxLine && m_input.size() > LineServer::kMaxLine) {
            close();
            break;
        }
        if (end == std::string::npos)
            break;
        std::string line = m_input.substr(0, end);
        m_input.erase(0, end + 1);
        if (line.ends_with('\r'))
            line.pop_back();
        m_answering = true;
        m_server.m_handler.onLine(line, LineResponder(weak_from_this()));
    }
    m_processing = false;
    if (m_peerFinished && !m_answering)
        finishAfterOutput();
}

void LineServerSession::send(std::string_view line)
{
    if (!m_answering || m_io.isClosed())
        return;
    m_answering = false;
    m_io.write({line, "\n"});
    if (m_server.m_draining)
        return finishAfterOutput();
    m_io.resumeReading();
    process();
}

void LineServerSession::close()
{
    m_io.close();
    m_server.remove(*this);
}

void LineServerSession::reset()
{
    m_io.abort();
    m_server.remove(*this);
}

void LineServerSession::drain()
{
    if (!m_answering)
        finishAfterOutput();
}

void LineServerSession::finishAfterOutput()
{
    if (m_io.isClosed() || std::exchange(m_finishing, true))
        return;
    m_io.finishWriting();
}

void LineServerSession::onPeerFinished()
{
    m_peerFinished = true;
    if (!m_answering)
        finishAfterOutput();
}

} // namespace meshyard::workloads
