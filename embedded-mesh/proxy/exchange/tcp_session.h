// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/exchange/downstream_connection.h"

namespace meshyard::proxy {

/// A plain TCP connection through the proxy. To the breaker a connect is the call.
///
/// Thread: its worker's.
class TcpSession final : public Disposable
{
public:
    TcpSession(WorkerContext& context, ConnectionOwner& owner, net::Fd fd);
    ~TcpSession() override;

    /// May end at once.
    void start();

private:
    /// One side; forwards what it reads to the other.
    class Side final : public net::ConnectionHandler
    {
    public:
        Side(TcpSession& session, net::EventLoop& loop)
            : io(loop, *this)
            , m_session(session)
        {
        }
        void onConnected() override { m_session.onConnected(*this); }
        void onData(std::string_view bytes) override { m_session.onData(*this, bytes); }
        void onPeerFinished() override { m_session.other(*this).io.finishWriting(); }
        void onWritable() override { m_session.other(*this).io.resumeReading(); }
        void onClosed(const std::optional<Error>& error) override
        {
            m_session.onClosed(*this, error.has_value());
        }

        net::Connection io;

    private:
        TcpSession& m_session;
    };

    Side& other(const Side& side) { return &side == &m_down ? m_up : m_down; }
    Result<void> adopt();
    void begin();
    bool chooseCluster();
    bool admit();
    bool chooseEndpoint();
    void connect();
    void onConnectFailed();
    void leaveEndpoint();
    void armIdle();
    void onConnected(const Side& side);
    void onData(Side& from, std::string_view bytes);
    void onClosed(const Side& side, bool failed);
    void onTimer();
    void judge(CallOutcome::End end);
    void finish(CallResult result);
    IstioSeries& istioSeries(CallResult result);
    void writeLog(CallResult result, TimePoint now);

    WorkerContext& m_context;
    ConnectionOwner& m_owner;
    net::Fd m_fd; // until start()
    Side m_down;
    Side m_up;
    net::Timer m_timer; // connect, then idle
    std::shared_ptr<Cluster> m_cluster;
    std::shared_ptr<Endpoint> m_endpoint;
    InboundRow* m_inbound = nullptr;
    BreakerPermit m_permit;
    std::vector<Endpoint*> m_tried;
    bool m_permitHeld = false;
    bool m_countsRequest = false;
    bool m_limited = false; // why admit() said no
    bool m_connected = false;
    bool m_done = false;
    TimePoint m_started{};
    std::uint64_t m_received = 0; // from the caller
    std::uint64_t m_sent = 0;
};

} // namespace meshyard::proxy
