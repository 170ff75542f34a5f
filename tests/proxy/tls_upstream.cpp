// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_upstream.h"

#include "embedded-mesh/http/head_parser.h"

#include <sys/socket.h>

using namespace meshyard;

class TlsUpstream::Session : public net::ConnectionHandler
{
public:
    explicit Session(TlsUpstream& owner)
        : io(owner.m_thread.loop, *this)
        , m_owner(owner)
    {
    }
    void onConnected() override
    {
        ++m_owner.m_handshakes;
        m_owner.m_resumed += io.isTlsResumed() ? 1 : 0;
        m_connected = true;
    }
    void onData(std::string_view bytes) override
    {
        m_received += bytes;
        const auto parsed = http::HeadParser().parseRequest(m_received, m_head);
        if (parsed.isInvalid()) {
            io.write(m_received);
            return m_received.clear();
        }
        const std::size_t whole = parsed.isComplete() ? m_head.size() + bodySize() : 0;
        if (whole == 0 || m_received.size() < whole)
            return;
        answer();
        m_received.clear();
    }
    void onPeerFinished() override { io.finishWriting(); }
    void onClosed(const std::optional<Error>&) override
    {
        m_owner.m_failures += m_connected ? 0 : 1;
    }

    net::Connection io;

private:
    std::size_t bodySize() const
    {
        return m_head.framing().kind == http::BodyKind::Length
            ? static_cast<std::size_t>(m_head.framing().length)
            : 0;
    }
    void answer()
    {
        if (m_head.path() == "/cut") {
            io.write("HTTP/1.1 200 OK\r\n\r\nhalf of the");
            ::shutdown(io.fd(), SHUT_WR); // an attacker's FIN
            return;
        }
        const net::PeerIdentity* const peer = io.peerIdentity();
        std::string body = "name=" + m_owner.m_name + " sni=" + std::string(io.serverName())
            + " alpn=" + std::string(io.negotiatedProtocol())
            + " peer=" + (peer != nullptr && !peer->uriSans.empty() ? peer->uriSans.front() : "-")
            + "\n" + m_received.substr(m_head.size());
        io.write("HTTP/1.1 200 OK\r\nx-upstream: " + m_owner.m_name
            + "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }

    TlsUpstream& m_owner;
    std::string m_received;
    http::RequestHead m_head;
    bool m_connected = false;
};

TlsUpstream::TlsUpstream(std::string name, const net::TlsOptions& options)
    : m_name(std::move(name))
    , m_tls(*net::TlsContext::make(net::TlsContext::Side::Server, options))
{
    m_thread.call([this] {
        m_listener = *net::Listener::listen(m_thread.loop, *this, net::SocketAddress::loopback(0));
        m_port = m_listener->address().port();
    });
}

TlsUpstream::~TlsUpstream()
{
    m_thread.call([this] {
        m_sessions.clear();
        m_listener.reset();
    });
}

void TlsUpstream::onAccepted(net::Fd fd)
{
    m_sessions.push_back(std::make_unique<Session>(*this));
    if (!m_sessions.back()->io.adopt(std::move(fd), *m_tls))
        m_sessions.pop_back();
}
