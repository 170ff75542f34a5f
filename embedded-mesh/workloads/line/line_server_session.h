// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/workloads/line/line_server.h"

#include <string>

namespace meshyard::workloads {

/// One accepted connection of a LineServer: one line at a time, the rest waits.
class LineServerSession final : public net::ConnectionHandler,
                                public std::enable_shared_from_this<LineServerSession>
{
public:
    explicit LineServerSession(LineServer& server);

    Result<void> start(net::Fd fd) { return m_io.adopt(std::move(fd)); }
    void send(std::string_view line);
    void close();
    void reset();
    void drain();

    void onData(std::string_view bytes) override;
    void onPeerFinished() override;
    void onWritable() override { process(); }
    void onClosed(const std::optional<Error>& /*error*/) override { m_server.remove(*this); }

private:
    void process();
    void finishAfterOutput();

    LineServer& m_server;
    net::Connection m_io;
    std::string m_input;
    bool m_answering = false;
    bool m_processing = false;
    bool m_peerFinished = false;
    bool m_finishing = false;
};

} // namespace meshyard::workloads
