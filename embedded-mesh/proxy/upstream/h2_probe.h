// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_session.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/upstream/health_probe.h"

namespace meshyard::proxy {

/// Health checks over HTTP/2: plain requests, and gRPC's own service.
///
/// Follows gRPC: doc/health-checking.md (grpc.health.v1.Health/Check).
/// Thread: its loop's.
class H2Probe final : public HealthProbe,
                      private net::ConnectionHandler,
                      private http::H2SessionOwner
{
public:
    H2Probe(http::H2Thread& thread, const HealthCheckSpec& spec, Target target, Done done);
    ~H2Probe() override;

    void start() override;

private:
    /// The one request at a time.
    class Call final : public http::H2Stream
    {
    public:
        explicit Call(H2Probe& probe)
            : m_probe(probe)
        {
        }

        int status = 0;
        int grpcStatus = -1;
        bool degraded = false;
        std::string body;

    private:
        void onResponse(const http::ResponseHead& head) override;
        void onBody(std::string_view bytes) override;
        void onEnd(std::string_view trailers) override;
        void onWritable() override { }
        void onStreamEnd(const http::H2StreamEnd& end) override;

        H2Probe& m_probe;
    };

    bool isGrpc() const { return m_spec.kind == HealthCheckSpec::Kind::Grpc; }
    void ask();
    std::string headText() const;
    ProbeResult judge() const;
    ProbeResult judgeGrpc() const;
    void finish(ProbeResult result);
    void lose();

    void onConnected() override;
    void onData(std::string_view bytes) override { m_session->receive(bytes); }
    void onPeerFinished() override { lose(); }
    void onWritable() override { m_session->onWriteRoom(); }
    void onClosed(const std::optional<Error>& /*error*/) override { lose(); }
    void writeBytes(std::string_view bytes) override { m_io.write(bytes); }
    bool isWriteBackedUp() const override { return m_io.isBackedUp(); }
    void onSessionOver() override { m_io.finishWriting(); }

    http::H2Thread& m_thread;
    const HealthCheckSpec& m_spec;
    const Target m_target;
    const Done m_done;
    net::Connection m_io;
    net::Timer m_timer;
    std::unique_ptr<http::H2Session> m_session; // replaced in start() only: it may be on the stack
    Call m_call;
    bool m_waiting = false;
};

} // namespace meshyard::proxy
