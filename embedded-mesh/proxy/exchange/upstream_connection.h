// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/body_decoder.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/worker_context.h"

namespace meshyard::proxy {

/// Gets what one attempt's upstream says. Callbacks may dispose of the connection.
class UpstreamUser
{
public:
    enum class Loss : std::uint8_t { Connect, Reset, Malformed };

    virtual ~UpstreamUser() = default;

    virtual void onUpstreamConnected() = 0;
    /// @param head in the worker's scratch: valid during the call.
    virtual void onResponseHead(const http::ResponseHead& head) = 0;
    /// Whether body bytes should come with their chunk framing.
    virtual bool wantsRawBody() const = 0;
    virtual void onResponseBody(std::string_view bytes) = 0;
    /// @param reusable the connection may carry another request.
    virtual void onResponseEnd(bool reusable) = 0;
    /// All bytes that came with this event have been delivered.
    virtual void onResponseFlush() = 0;
    virtual void onUpstreamLost(Loss loss) = 0;
    virtual void onUpstreamWritable() = 0;
};

/// HTTP/1.1 client connection to one endpoint: one request at a time, then idle in its pool.
///
/// Thread: its worker's. Counts itself in its cluster as long as it lives.
class UpstreamConnection final : public Disposable, private net::ConnectionHandler
{
public:
    UpstreamConnection(WorkerContext& context, std::shared_ptr<Cluster> cluster,
        std::shared_ptr<Endpoint> endpoint);
    ~UpstreamConnection() override;

    Result<void> connect();
    void attach(UpstreamUser& user, http::Method method);
    /// The user is gone; only close() or the pool may follow.
    void detach() { m_user = nullptr; }
    net::Connection& io() { return m_io; }
    const net::Connection& io() const { return m_io; }
    void close() { m_io.close(); }

    bool isReused() const { return m_requests > 1; }
    bool hasResponseBytes() const { return m_gotBytes; }
    std::uint64_t requests() const { return m_requests; }
    std::uint64_t bytesReadThisRequest() const { return m_bytesRead; }
    TimePoint idleSince() const { return m_idleSince; }
    void markIdle(TimePoint now) { m_idleSince = now; }
    const std::shared_ptr<Endpoint>& endpoint() const { return m_endpoint; }

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
    bool m_untilClose = false;
    bool m_keepAlive = true;
    bool m_gotBytes = false;
    std::uint64_t m_requests = 0;
    std::uint64_t m_bytesRead = 0; // this request
    bool m_connected = false;
    TimePoint m_idleSince{};
    std::string m_partial; // a head that came in pieces
};

} // namespace meshyard::proxy
