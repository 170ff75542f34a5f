// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/body_decoder.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/exchange/upstream_stream.h"

namespace meshyard::proxy {

/// HTTP/1.1 client connection to one endpoint: one request at a time, then idle in its pool.
///
/// Thread: its worker's. Counts itself in its cluster as long as it lives.
class UpstreamConnection final : public UpstreamStream, private net::ConnectionHandler
{
public:
    UpstreamConnection(WorkerContext& context, std::shared_ptr<Cluster> cluster,
        std::shared_ptr<Endpoint> endpoint);
    ~UpstreamConnection() override;

    Result<void> connect();
    void attach(UpstreamUser& user, http::Method method) override;
    void detach() override { m_user = nullptr; }
    bool isConnected() const override { return m_connected; }

    void send(const RequestStart& start) override;
    void sendBody(std::string_view bytes) override;
    void sendEnd(std::string_view trailers) override;
    bool isBackedUp() const override { return m_io.isBackedUp(); }
    void pauseReading() override { m_io.pauseReading(); }
    void resumeReading() override { m_io.resumeReading(); }
    void close() override { m_io.close(); }
    void recycle(std::unique_ptr<UpstreamStream> self) override;

    bool isReused() const override { return m_requests > 1; }
    int socket() const override { return m_io.fd(); }
    bool hasResponseBytes() const override { return m_gotBytes; }
    std::uint64_t bytesReadThisRequest() const override { return m_bytesRead; }
    /// The peer has not closed it: fit to be taken from the pool.
    bool isAlive() const { return m_io.isOpen() && !m_io.hasHangup(); }
    TimePoint idleSince() const { return m_idleSince; }
    TimePoint openedAt() const { return m_openedAt; }

private:
    void onConnected() override;
    void onData(std::string_view bytes) override;
    void onPeerFinished() override;
    void onWritable() override;
    void onClosed(const std::optional<Error>& error) override;

    /// @return bytes taken; stops when the user changed.
    std::size_t takeHead(std::string_view bytes);
    std::size_t takeBody(std::string_view bytes);
    void consume(std::string_view bytes);
    void finishResponse(std::size_t leftover);
    void lose(UpstreamUser::Loss loss);
    void leavePool();

    WorkerContext& m_context;
    std::shared_ptr<Cluster> m_cluster;
    std::shared_ptr<Endpoint> m_endpoint;
    net::Connection m_io;
    UpstreamUser* m_user = nullptr;
    http::BodyDecoder m_body;
    http::Method m_method = http::Method::Get;
    bool m_inBody = false;
    std::uint32_t m_interims = 0; // before the answer that is awaited
    bool m_wantsTunnel = false;
    bool m_tunnel = false;
    bool m_chunks = false; // we put chunk framing on the request
    bool m_untilClose = false;
    bool m_keepAlive = true;
    bool m_reusable = false; // may carry another request
    bool m_gotBytes = false;
    std::uint64_t m_requests = 0;
    std::uint64_t m_bytesRead = 0; // this request
    bool m_connected = false;
    TimePoint m_idleSince{};
    const TimePoint m_openedAt;
    std::string m_partial; // a head that came in pieces
};

} // namespace meshyard::proxy
