// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/body_decoder.h"
#include "embedded-mesh/http/http_client.h"
#include "embedded-mesh/net/connection.h"

#include <optional>
#include <string>

namespace meshyard::http {

/// One connection of an HttpClient and the exchange on it, if any.
class ClientSession final : public net::ConnectionHandler
{
public:
    ClientSession(HttpClient& client, const net::SocketAddress& address);

    Result<void> connect() { return m_connection.connect(m_address); }
    void exchange(ClientRequest request, HttpClient::Callback callback);
    /// Parks the connection; false = it cannot be reused.
    bool park();
    void close();
    bool isReusable() const { return m_connection.isOpen() && !m_connection.hasHangup(); }
    const net::SocketAddress& address() const { return m_address; }

    void onData(std::string_view bytes) override;
    void onPeerFinished() override;
    void onClosed(const std::optional<Error>& error) override;

private:
    bool readHead();
    void readBody();
    void finish();
    void fail(Error error);
    void onTimeout();

    HttpClient& m_client;
    const net::SocketAddress m_address;
    net::Connection m_connection;
    net::Timer m_timer;
    ClientRequest m_request;
    HttpClient::Callback m_callback; // empty = parked or over
    std::string m_input;
    bool m_haveHead = false;
    bool m_keepAlive = false;
    bool m_reused = false;
    Response m_response;
    BodyDecoder m_decoder;
};

} // namespace meshyard::http
