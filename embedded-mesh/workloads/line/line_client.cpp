// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/line/line_client.h"

#include "embedded-mesh/workloads/line/line_client_session.h"

namespace meshyard::workloads {

LineClient::LineClient(net::EventLoop& loop)
    : m_loop(loop)
    , m_alive(std::make_shared<bool>(true))
{
}

LineClient::~LineClient()
{
    *m_alive = false;
}

void LineClient::ask(const net::SocketAddress& address, const std::string& question,
    Duration timeout, Callback callback)
{
    auto session = std::make_shared<LineClientSession>(*this, std::move(callback));
    LineClientSession& started = *session;
    const Result<void> begun = started.start(address, question, timeout);
    m_sessions.emplace(&started, std::move(session));
    if (!begun)
        m_loop.atTurnEnd([this, alive = m_alive, &started, error = begun.error()] {
            if (*alive)
                finish(started, tl::unexpected(error));
        });
}

void LineClient::finish(LineClientSession& session, const Result<std::string>& answer)
{
    auto node = m_sessions.extract(&session);
    if (node.empty())
        return;
    session.close(); // until the turn ends it may still be on the stack, but hears nothing
    m_loop.disposeLater(node.mapped());
    session.callback()(answer);
}

LineClientSession::LineClientSession(LineClient& client, LineClient::Callback callback)
    : m_client(client)
    , m_callback(std::move(callback))
    , m_io(client.m_loop, *this)
    , m_timer(client.m_loop.timers(), [this] {
        m_client.finish(*this, failure(ErrorCode::DeadlineExceeded, "no answer in time"));
    })
{
}

Result<void> LineClientSession::start(
    const net::SocketAddress& address, const std::string& question, Duration timeout)
{
    if (Result<void> begun = m_io.connect(address); !begun)
        return begun;
    m_timer.armAfter(timeout);
    m_io.write({question, "\n"});
    return {};
}

void LineClientSession::close()
{
    m_timer.cancel();
    m_io.close();
}

void LineClientSession::onData(std::string_view bytes)
{
    m_line += bytes;
    const std::size_t end = m_line.find('\n', m_line.size() - bytes.size());
    if (end != std::string::npos)
        m_client.finish(*this, m_line.substr(0, end));
    else if (m_line.size() > LineClient::kMaxLine)
        m_client.finish(
            *this, failure(ErrorCode::ResourceExhausted, "the line is longer than allowed"));
}

void LineClientSession::onClosed(const std::optional<Error>& error)
{
    fail(error ? error->message : "closed before it answered");
}

void LineClientSession::fail(const std::string& why)
{
    m_client.finish(*this, failure(ErrorCode::Unavailable, why));
}

} // namespace meshyard::workloads
