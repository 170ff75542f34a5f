// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "test_upstream.h"

#include <atomic>

/// A TLS server behind a proxy under test. HTTP requests get a page that says who asked how
/// ("name=… sni=… alpn=… peer=…") and their body back; "/cut" gets half an answer without
/// close_notify; anything that is no HTTP is echoed.
class TlsUpstream : private meshyard::net::Acceptor
{
public:
    TlsUpstream(std::string name, const meshyard::net::TlsOptions& options);
    ~TlsUpstream() override;

    std::uint16_t port() const { return m_port; }
    int handshakes() const { return m_handshakes; }
    int resumed() const { return m_resumed; }
    int failures() const { return m_failures; }

private:
    class Session;
    void onAccepted(meshyard::net::Fd fd) override;

    const std::string m_name;
    std::shared_ptr<const meshyard::net::TlsContext> m_tls;
    std::atomic<int> m_handshakes{0};
    std::atomic<int> m_resumed{0};
    std::atomic<int> m_failures{0};
    std::uint16_t m_port = 0;
    LoopThread m_thread;
    std::unique_ptr<meshyard::net::Listener> m_listener;
    std::vector<std::unique_ptr<Session>> m_sessions;
};
