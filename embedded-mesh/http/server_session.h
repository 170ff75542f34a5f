// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/body_decoder.h"
#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/net/connection.h"

#include <memory>
#include <optional>
#include <string>

namespace meshyard::http {

/// One accepted connection of an HttpServer: one request at a time, the rest waits unread.
class ServerSession final : public net::ConnectionHandler,
                            public std::enable_shared_from_this<ServerSession>
{
public:
    explicit ServerSession(HttpServer& server);

    Result<void> start(net::Fd fd);
    void send(Response&& response);
    void reset();
    /// Closes now when idle, else behind the answer.
    void drain();

    void onData(std::string_view bytes) override;
    void onPeerFinished() override;
    void onWritable() override { process(); }
    void onClosed(const std::optional<Error>& error) override;

private:
    enum class State : std::uint8_t { Head, Body, Answering, Closing };

    bool isIdle() const { return m_input.size() == m_taken; }
    void process();
    bool readHead();
    bool readBody();
    void dispatch();
    void refuse(int status, std::string_view why);
    void closeAfterOutput();
    void onTimeout();
    void discard();

    HttpServer& m_server;
    net::Connection m_connection;
    net::Timer m_timer;
    State m_state = State::Head;
    bool m_processing = false;
    bool m_peerFinished = false;
    bool m_keepAlive = true;
    std::string m_input; // begins with the current head
    std::size_t m_taken = 0; // bytes of it that are answered; kept so that handlers may read on
    std::size_t m_lastUnsent = 0;
    RequestHead m_head;
    BodyDecoder m_decoder;
    std::string m_body;
};

} // namespace meshyard::http
