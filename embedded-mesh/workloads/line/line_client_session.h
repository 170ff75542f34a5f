// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/workloads/line/line_client.h"

namespace meshyard::workloads {

/// One question of a LineClient.
class LineClientSession final : public net::ConnectionHandler
{
public:
    LineClientSession(LineClient& client, LineClient::Callback callback);

    Result<void> start(
        const net::SocketAddress& address, const std::string& question, Duration timeout);
    void close();
    const LineClient::Callback& callback() const { return m_callback; }

    void onData(std::string_view bytes) override;
    void onPeerFinished() override { fail("closed before it answered"); }
    void onClosed(const std::optional<Error>& error) override;

private:
    void fail(const std::string& why);

    LineClient& m_client;
    const LineClient::Callback m_callback;
    net::Connection m_io;
    net::Timer m_timer;
    std::string m_line;
};

} // namespace meshyard::workloads
