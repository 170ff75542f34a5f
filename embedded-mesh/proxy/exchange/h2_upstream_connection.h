// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_session.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/exchange/h2_upstream_stream.h"

namespace meshyard::proxy {

class H2Pool;

/// HTTP/2 client connection to one endpoint: many requests at a time.
///
/// Thread: its worker's. Counts itself in its cluster as long as it lives.
class H2UpstreamConnection final : public Disposable,
                                   private net::ConnectionHandler,
                                   private http::H2SessionOwner
{
public:
    H2UpstreamConnection(WorkerContext& context, std::shared_ptr<Cluster> cluster,
        std::shared_ptr<Endpoint> endpoint, H2Pool& pool);
    ~H2UpstreamConnection() override;

    Result<void> connect();
    bool isConnected() const { return m_connected; }
    bool choseAnotherProtocol() const { return m_otherProtocol; }
    /// Whether another stream may begin.
    bool hasRoom() const;
    std::unique_ptr<H2UpstreamStream> takeStream();
    bool isIdle() const { return m_active == 0; }
    TimePoint idleSince() const { return m_idleSince; }
    /// Serves what it has and takes no more.
    void retire();

    http::H2Session& session() { return m_session; }
    void onStreamLeft(const H2UpstreamStream& stream);
    /// Heads not sent yet go out before another stream has its say; then this one may hold one.
    void flushHeads(H2UpstreamStream* next);

private:
    void onConnected() override;
    void onData(std::string_view bytes) override;
    void onPeerFinished() override;
    void onWritable() override { m_session.onWriteRoom(); }
    void onClosed(const std::optional<Error>& error) override;

    void writeBytes(std::string_view bytes) override { m_io.write(bytes); }
    bool isWriteBackedUp() const override { return m_io.isBackedUp(); }
    void onPeerSettings() override;
    void onGoAway() override { retire(); }
    void onSessionOver() override;

    bool isWorn() const;
    void wakeWaiters();
    void uncount();
    bool speaksAnother() const;
    void lose();
    /// Out of the pool and away, when nothing needs it.
    void closeIfDone();

    WorkerContext& m_context;
    std::shared_ptr<Cluster> m_cluster;
    std::shared_ptr<Endpoint> m_endpoint;
    H2Pool* m_pool; // nullptr once out of it
    net::Connection m_io;
    http::H2Session m_session;
    H2UpstreamStream* m_withHead = nullptr;
    std::size_t m_active = 0;
    std::uint64_t m_served = 0;
    TimePoint m_idleSince;
    bool m_connected = false;
    bool m_retired = false;
    bool m_otherProtocol = false; // chosen by ALPN
    bool m_counted = true;
};

} // namespace meshyard::proxy
