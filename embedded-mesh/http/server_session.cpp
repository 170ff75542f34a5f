// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/server_session.h"

#include "embedded-mesh/http/head_parser.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace meshyard::http {

namespace {

constexpr std::size_t kMaxWaitingInput = 128 * 1024;
constexpr Duration kLingerFor = std::chrono::seconds(2);

std::string dateNow(const Clock& clock)
{
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
        fmt::gmtime(std::chrono::system_clock::to_time_t(clock.system())));
}

} // namespace

ServerSession::ServerSession(HttpServer& server)
    : m_server(server)
    , m_connection(server.m_loop, *this)
    , m_timer(server.m_loop.timers(), [this] { onTimeout(); })
{
}

Result<void> ServerSession::start(net::Fd fd)
{
    m_timer.armAfter(m_server.m_options.idleTimeout);
    return m_connection.adopt(std::move(fd));
}

void ServerSession::onData(std::string_view bytes)
{
    if (m_state == State::Closing)
        return; // an answer is on its way out; closing with unread bytes would send RST
    const bool headGoesOn = m_state == State::Head && !isIdle();
    if (m_state == State::Head && !headGoesOn)
        m_timer.armAfter(m_server.m_options.headTimeout);
    m_input += bytes;
    // A head that drips in is parsed line by line, not byte by byte.
    if (headGoesOn && m_input.size() < HeadLimits().bytes && bytes.find('\n') == bytes.npos)
        return;
    process();
    if (m_state == State::Answering && m_input.size() > kMaxWaitingInput)
        m_connection.pauseReading();
}

void ServerSession::process()
{
    if (std::exchange(m_processing, true))
        return;
    while (!m_connection.isBackedUp()) {
        if (m_state == State::Head ? !readHead() : (m_state != State::Body || !readBody()))
            break;
    }
    m_processing = false;
    if (m_peerFinished && m_state != State::Answering && m_state != State::Closing
        && !m_connection.isBackedUp())
        closeAfterOutput();
}

bool ServerSession::readHead()
{
    m_input.erase(0, std::exchange(m_taken, 0));
    if (m_input.empty())
        return false;
    const ParseResult result = HeadParser().parseRequest(m_input, m_head);
    if (result.isInvalid())
        refuse(statusFor(result.error), describe(result.error));
    if (!result.isComplete())
        return false;
    m_keepAlive = m_head.keepAlive();
    m_decoder.start(m_head.framing());
    m_body.clear();
    if (m_head.framing().length > m_server.m_options.maxBody) {
        refuse(413, "body too large");
        return false;
    }
    if (m_head.expectsContinue() && !m_decoder.isDone() && m_input.size() == m_head.size())
        m_connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    m_state = State::Body;
    m_timer.armAfter(m_server.m_options.bodyTimeout);
    return true;
}

bool ServerSession::readBody()
{
    std::size_t consumed = m_head.size();
    while (m_decoder.state() == BodyDecoder::State::Reading) {
        const BodyDecoder::Step step = m_decoder.next(std::string_view(m_input).substr(consumed));
        m_body += step.data;
        consumed += step.consumed;
        if (step.consumed == 0)
            break;
    }
    m_input.erase(m_head.size(), consumed - m_head.size());
    m_head.rebase(m_input.data());
    if (m_decoder.state() == BodyDecoder::State::Invalid) {
        refuse(400, describe(m_decoder.error()));
        return false;
    }
    if (m_body.size() > m_server.m_options.maxBody) {
        refuse(413, "body too large");
        return false;
    }
    if (!m_decoder.isDone())
        return false;
    dispatch();
    return true;
}

void ServerSession::dispatch()
{
    m_state = State::Answering;
    m_taken = m_head.size();
    m_timer.cancel();
    const Request request{m_head, m_body, m_server.m_loop.clock().now()};
    m_server.m_handler.onRequest(request, Responder(weak_from_this()));
}

void ServerSession::send(Response&& response)
{
    if (m_state != State::Answering)
        return;
    m_keepAlive = m_keepAlive && !m_server.m_draining;
    const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
    std::string head = fmt::format("HTTP/1.1 {} {}\r\ndate: {}\r\n", response.status,
        reasonPhrase(response.status), dateNow(m_server.m_loop.clock()));
    for (const auto& [name, value] : response.headers)
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
    if (!bodiless)
        fmt::format_to(std::back_inserter(head), "content-length: {}\r\n", response.body.size());
    head += m_keepAlive ? "\r\n" : "connection: close\r\n\r\n";
    const bool withBody = !bodiless && m_head.method() != Method::Head;
    m_connection.write({head, withBody ? std::string_view(response.body) : std::string_view()});
    if (!m_keepAlive)
        return closeAfterOutput();
    m_state = State::Head;
    m_timer.armAfter(isIdle() ? m_server.m_options.idleTimeout : m_server.m_options.headTimeout);
    m_connection.resumeReading();
    process();
}

void ServerSession::reset()
{
    if (m_state != State::Answering)
        return;
    m_connection.abort();
    discard();
}

void ServerSession::drain()
{
    if (m_state == State::Head && isIdle())
        closeAfterOutput();
}

void ServerSession::refuse(int status, std::string_view why)
{
    const std::string body(why);
    m_connection.write(
        {fmt::format("HTTP/1.1 {} {}\r\ndate: {}\r\ncontent-type: text/plain\r\n"
                     "content-length: {}\r\nconnection: close\r\n\r\n",
             status, reasonPhrase(status), dateNow(m_server.m_loop.clock()), body.size()),
            body});
    closeAfterOutput();
}

void ServerSession::closeAfterOutput()
{
    m_state = State::Closing;
    m_connection.resumeReading();
    m_connection.finishWriting();
    m_timer.armAfter(kLingerFor);
}

void ServerSession::onPeerFinished()
{
    m_peerFinished = true;
    if ((m_state == State::Head || m_state == State::Body) && !m_connection.isBackedUp())
        closeAfterOutput(); // process() took every whole request already
}

void ServerSession::onClosed(const std::optional<Error>&)
{
    discard();
}

void ServerSession::onTimeout()
{
    const std::size_t unsent = m_connection.unsentBytes();
    if (m_state == State::Closing && unsent > 0 && unsent != std::exchange(m_lastUnsent, unsent)) {
        m_timer.armAfter(kLingerFor); // slow, but it moves
    } else if (m_state == State::Closing || (m_state == State::Head && isIdle())) {
        m_connection.close();
        discard();
    } else if (m_state != State::Answering) {
        refuse(408, "request took too long");
    }
}

void ServerSession::discard()
{
    m_state = State::Closing; // a Responder may still come by until the turn ends
    m_timer.cancel();
    m_server.remove(*this);
}

} // namespace meshyard::http
