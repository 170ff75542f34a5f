// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/exchange/upstream_stream.h"

namespace meshyard::proxy {

/// Upstream of a CONNECT that ends here (connect_config): a plain connection, whose making is
/// answered with 200.
///
/// Thread: its worker's. Counts itself in its cluster as long as it lives.
class TunnelUpstream final : public UpstreamStream, private net::ConnectionHandler
{
public:
    TunnelUpstream(WorkerContext& context, std::shared_ptr<Cluster> cluster,
        std::shared_ptr<Endpoint> endpoint);
    ~TunnelUpstream() override;

    Result<void> connect();

    void attach(UpstreamUser& user, http::Method method) override;
    void detach() override { m_user = nullptr; }
    bool isConnected() const override { return m_io.isOpen(); }
    int socket() const override { return m_io.fd(); }
    void send(const RequestStart& start) override;
    void sendBody(std::string_view bytes) override { m_io.write(bytes); }
    void sendEnd(std::string_view /*trailers*/) override { m_io.finishWriting(); }
    bool isBackedUp() const override { return m_io.isBackedUp(); }
    void pauseReading() override { m_io.pauseReading(); }
    void resumeReading() override { m_io.resumeReading(); }
    void close() override { m_io.close(); }
    void recycle(std::unique_ptr<UpstreamStream> self) override;
    bool isReused() const override { return false; }
    bool hasResponseBytes() const override { return m_bytesRead > 0; }
    std::uint64_t bytesReadThisRequest() const override { return m_bytesRead; }

private:
    void onConnected() override;
    void onData(std::string_view bytes) override;
    void onPeerFinished() override;
    void onWritable() override;
    void onClosed(const std::optional<Error>& error) override;

    WorkerContext& m_context;
    std::shared_ptr<Cluster> m_cluster;
    std::shared_ptr<Endpoint> m_endpoint;
    net::Connection m_io;
    UpstreamUser* m_user = nullptr;
    std::uint64_t m_bytesRead = 0;
    bool m_connected = false;
};

} // namespace meshyard::proxy
