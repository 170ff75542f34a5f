// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "test_upstream.h"

#include "embedded-mesh/http/h2_session.h"

#include <deque>
#include <map>

/// What an HTTP/2 caller got for one request.
struct H2Reply
{
    int status = 0;
    std::string head; // field lines
    std::string body;
    std::string trailers;
    bool headEnded = false; // nothing followed the head
    bool ended = false;
    bool reset = false;
    meshyard::http::H2Code code = meshyard::http::H2Code::NoError;

    bool isOver() const { return ended || reset; }
    bool says(std::string_view line) const { return head.find(line) != std::string::npos; }
};

/// HTTP/2 client that runs its loop on the thread of the test, while it waits.
class H2Client : private meshyard::net::ConnectionHandler, private meshyard::http::H2SessionOwner
{
public:
    explicit H2Client(std::uint16_t port, const meshyard::http::H2Options& options = {},
        const meshyard::net::TlsContext* tls = nullptr);
    ~H2Client() override;

    class Call;
    /// @param head "GET /path HTTP/1.1\r\nhost: …\r\n…\r\n" @param end nothing follows it.
    /// @param upgrade protocol of an extended CONNECT.
    Call& begin(std::string_view head, bool end, std::string_view upgrade = {});
    /// A whole request, to its end.
    H2Reply request(
        std::string_view head, std::string_view body = {}, std::string_view trailers = {});
    H2Reply get(std::string_view target, std::string_view headers = {});
    /// Runs until it holds. @return false = not within 5 s.
    bool runUntil(const std::function<bool()>& condition);
    bool isClosed() const { return m_closed; }
    std::string_view negotiatedProtocol() const { return m_io.negotiatedProtocol(); }
    bool sawGoAway() const { return m_goAway; }
    void close() { m_io.close(); }

private:
    void onData(std::string_view bytes) override { m_session.receive(bytes); }
    void onPeerFinished() override { m_closed = true; }
    void onWritable() override { m_session.onWriteRoom(); }
    void onClosed(const std::optional<meshyard::Error>& /*error*/) override { m_closed = true; }
    void writeBytes(std::string_view bytes) override { m_io.write(bytes); }
    bool isWriteBackedUp() const override { return m_io.isBackedUp(); }
    void onGoAway() override { m_goAway = true; }
    void onSessionOver() override { m_closed = true; }

    meshyard::SteadyClock m_clock;
    meshyard::net::EventLoop m_loop{m_clock, std::chrono::milliseconds(1)};
    meshyard::http::H2Thread m_thread{m_loop};
    meshyard::net::Connection m_io{m_loop, *this};
    meshyard::http::H2Session m_session;
    std::deque<std::unique_ptr<Call>> m_calls;
    bool m_closed = false;
    bool m_goAway = false;
};

class H2Client::Call final : public meshyard::http::H2Stream
{
public:
    H2Reply reply;
    bool holds = false; // takes no body bytes

private:
    void onResponse(const meshyard::http::ResponseHead& head) override;
    void onBody(std::string_view bytes) override;
    void onEnd(std::string_view trailers) override;
    void onWritable() override { }
    void onStreamEnd(const meshyard::http::H2StreamEnd& end) override;
};

/// HTTP/2 server behind a proxy under test. By path: "/echo" gives the body back, "/trailers" and
/// "/grpc/<code>" end with trailers, "/only/<code>" is trailers-only, "/refuse" refuses the first
/// stream, "/reset" resets, "/hold" never answers, "/stall" takes no body until "/release", "/away"
/// says GOAWAY, "/big/<bytes>"; else it tells what it got.
class H2Upstream : private meshyard::net::Acceptor
{
public:
    explicit H2Upstream(const meshyard::http::H2Options& options = {},
        std::shared_ptr<const meshyard::net::TlsContext> tls = {});
    ~H2Upstream() override;
    std::uint16_t port() const { return m_port; }
    int calls() const { return m_calls; }
    int connections() const { return m_connections; }
    int resets() const { return m_resets; }
    std::uint64_t received() const { return m_received; }

    class Session;
    class Stream;

private:
    friend class Session;
    friend class Stream;
    void onAccepted(meshyard::net::Fd fd) override;
    void release();

    const meshyard::http::H2Options m_options;
    const std::shared_ptr<const meshyard::net::TlsContext> m_tls; // nullptr = plain
    std::atomic<int> m_calls{0};
    std::atomic<int> m_connections{0};
    std::atomic<int> m_resets{0};
    std::atomic<std::uint64_t> m_received{0};
    std::uint16_t m_port = 0;
    LoopThread m_thread;
    meshyard::http::H2Thread m_http2{m_thread.loop};
    std::unique_ptr<meshyard::net::Listener> m_listener; // the loop's
    std::vector<std::unique_ptr<Session>> m_sessions;
};

/// Text of a cluster that is spoken to by HTTP/2.
std::string http2ClusterText(
    std::string_view name, const std::vector<std::uint16_t>& ports, std::string_view extra = {});
