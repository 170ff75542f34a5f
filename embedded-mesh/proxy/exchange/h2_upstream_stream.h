// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_stream.h"
#include "embedded-mesh/proxy/exchange/upstream_stream.h"

namespace meshyard::proxy {

class H2UpstreamConnection;

/// One request on an HTTP/2 connection to an endpoint. An object serves one after another.
///
/// Thread: its worker's.
class H2UpstreamStream final : public UpstreamStream, public http::H2Stream
{
public:
    explicit H2UpstreamStream(WorkerContext& context)
        : m_context(context)
    {
    }
    ~H2UpstreamStream() override { H2UpstreamStream::close(); }

    void begin(H2UpstreamConnection& connection, bool reused);
    void onConnected();
    /// A head waits for the body bytes that come with it.
    void flushHead();

    void attach(UpstreamUser& user, http::Method method) override;
    void detach() override { m_user = nullptr; }
    bool isConnected() const override;
    void send(const RequestStart& start) override;
    void sendBody(std::string_view bytes) override { H2Stream::sendBody(bytes); }
    void sendEnd(std::string_view trailers) override { H2Stream::sendEnd(trailers); }
    bool isBackedUp() const override { return H2Stream::isBackedUp(); }
    void pauseReading() override { H2Stream::pauseReading(); }
    void resumeReading() override { H2Stream::resumeReading(); }
    void close() override;
    void recycle(std::unique_ptr<UpstreamStream> self) override;
    bool isReused() const override { return m_reused; }
    bool hasResponseBytes() const override { return m_bytesRead > 0; }
    std::uint64_t bytesReadThisRequest() const override { return m_bytesRead; }

private:
    void onInterim(const http::ResponseHead& head) override;
    void onResponse(const http::ResponseHead& head) override;
    void onBody(std::string_view bytes) override;
    void onEnd(std::string_view trailers) override;
    void onWritable() override;
    void onStreamEnd(const http::H2StreamEnd& end) override;
    void leave();

    WorkerContext& m_context;
    H2UpstreamConnection* m_connection = nullptr;
    UpstreamUser* m_user = nullptr;
    std::uint64_t m_bytesRead = 0;
    bool m_reused = false;
    bool m_tunnel = false;
};

} // namespace meshyard::proxy
