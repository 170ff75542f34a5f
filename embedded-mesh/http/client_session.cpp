// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/client_session.h"

#include "embedded-mesh/http/head_parser.h"

#include <fmt/format.h>

#include <utility>

namespace meshyard::http {

ClientSession::ClientSession(HttpClient& client, const net::SocketAddress& address)
    : m_client(client)
    , m_address(address)
    , m_connection(client.m_loop, *this)
    , m_timer(client.m_loop.timers(), [this] { onTimeout(); })
{
}

void ClientSession::exchange(ClientRequest request, HttpClient::Callback callback)
{
    m_reused = m_connection.isOpen();
    m_request = std::move(request);
    m_callback = std::move(callback);
    m_timer.armAfter(m_request.timeout);
    std::string head = fmt::format(
        "{} {} HTTP/1.1\r\nhost: {}\r\n", m_request.method, m_request.target, m_request.host);
    for (const auto& [name, value] : m_request.headers)
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
    if (!m_request.body.empty() || m_request.method == "POST" || m_request.method == "PUT")
        fmt::format_to(std::back_inserter(head), "content-length: {}\r\n", m_request.body.size());
    head += "\r\n";
    m_connection.write({head, m_request.body});
}

bool ClientSession::park()
{
    m_haveHead = false;
    m_input.clear();
    m_timer.armAfter(m_client.m_options.idleTimeout);
    return m_keepAlive && isReusable();
}

void ClientSession::close()
{
    m_timer.cancel();
    m_connection.close();
}

void ClientSession::onData(std::string_view bytes)
{
    if (!m_callback) { // nobody asked: whatever it is, it belongs to no request of ours
        m_connection.close();
        m_client.remove(*this);
        return;
    }
    m_input += bytes;
    while (!m_haveHead) {
        if (!readHead())
            return;
    }
    readBody();
}

bool ClientSession::readHead()
{
    ResponseHead head;
    const ParseResult result
        = HeadParser().parseResponse(m_input, knownMethod(m_request.method), head);
    if (result.isInvalid())
        fail({ErrorCode::Internal, "malformed answer: " + std::string(describe(result.error))});
    if (!result.isComplete())
        return false;
    if (!head.isInterim()) {
        m_haveHead = true;
        m_keepAlive = head.keepAlive();
        m_decoder.start(head.framing());
        m_response = {head.status(), {}, {}};
        for (const Field& field : head.fields())
            m_response.headers.emplace_back(head.name(field), head.value(field));
    }
    m_input.erase(0, head.size());
    return true;
}

void ClientSession::readBody()
{
    std::string_view rest = m_input;
    while (m_decoder.state() == BodyDecoder::State::Reading && !rest.empty()) {
        const BodyDecoder::Step step = m_decoder.next(rest);
        m_response.body += step.data;
        rest.remove_prefix(step.consumed);
    }
    m_input.erase(0, m_input.size() - rest.size());
    if (m_decoder.state() == BodyDecoder::State::Invalid)
        return fail(
            {ErrorCode::Internal, "malformed answer: " + std::string(describe(m_decoder.error()))});
    if (m_response.body.size() > m_client.m_options.maxBody)
        return fail({ErrorCode::ResourceExhausted, "the answer is larger than allowed"});
    if (m_decoder.isDone())
        finish();
}

void ClientSession::finish()
{
    m_keepAlive = m_keepAlive && m_input.empty();
    const HttpClient::Callback callback = std::exchange(m_callback, nullptr);
    Response response = std::move(m_response);
    m_client.release(*this);
    callback(std::move(response));
}

void ClientSession::fail(Error error)
{
    m_connection.close();
    const HttpClient::Callback callback = std::exchange(m_callback, nullptr);
    m_client.remove(*this);
    if (callback)
        callback(tl::unexpected(std::move(error)));
}

void ClientSession::onPeerFinished()
{
    if (m_callback && m_haveHead && m_decoder.finish())
        finish();
    else
        onClosed(std::nullopt);
}

void ClientSession::onClosed(const std::optional<Error>& error)
{
    const bool untouched = m_reused && !m_haveHead && m_input.empty();
    if (m_callback && untouched && isIdempotent(knownMethod(m_request.method))) {
        // The peer let the idle connection go just as we took it: nothing was processed.
        m_connection.close();
        auto fresh = std::make_shared<ClientSession>(m_client, m_address);
        m_client.begin(std::move(fresh), std::move(m_request), std::exchange(m_callback, nullptr));
        m_client.remove(*this);
        return;
    }
    fail(error.value_or(Error{ErrorCode::Unavailable, "the connection closed before the answer"}));
}

void ClientSession::onTimeout()
{
    fail({ErrorCode::DeadlineExceeded, "no answer in time"});
}

} // namespace meshyard::http
