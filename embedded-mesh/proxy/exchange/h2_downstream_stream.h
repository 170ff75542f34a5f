// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_stream.h"
#include "embedded-mesh/proxy/exchange/exchange.h"

namespace meshyard::proxy {

class H2Downstream;

/// One request of an HTTP/2 caller. An object serves one after another, on any connection.
///
/// Thread: its worker's.
class H2DownstreamStream final : public Disposable, public http::H2Stream, private DownstreamStream
{
public:
    explicit H2DownstreamStream(WorkerContext& context);

    void begin(H2Downstream& connection) { m_connection = &connection; }
    /// Nothing has moved for too long.
    void expire();

private:
    void onRequest(const http::RequestHead& head, http::HeadError error) override;
    void onBody(std::string_view bytes) override;
    void onEnd(std::string_view trailers) override;
    void onWritable() override;
    void onStreamEnd(const http::H2StreamEnd& end) override;

    void sendContinue() override;
    void sendInterim(const http::ResponseHead& head) override;
    void sendHead(const http::ResponseHead& head, const HeaderEdits* routeEdits,
        const HeaderEdits* filterEdits, BodyForm form) override;
    void sendTunnelHead(const http::ResponseHead& head, std::string_view upgrade,
        const HeaderEdits* routeEdits, const HeaderEdits* filterEdits) override;
    bool takesRawBody() const override { return false; }
    void sendBody(std::string_view bytes) override { H2Stream::sendBody(bytes); }
    void flushResponse() override { }
    void endResponse(std::string_view trailers) override;
    void answer(const LocalReply& reply) override;
    void cut() override;
    void pauseRequestBody() override { pauseReading(); }
    void resumeRequestBody() override { resumeReading(); }
    bool isBackedUp() const override { return H2Stream::isBackedUp(); }
    bool isHttp2() const override { return true; }

    WorkerContext& m_context;
    H2Downstream* m_connection = nullptr;
    Exchange m_exchange;
    bool m_withoutBody = false; // HEAD
    bool m_responding = false;
};

} // namespace meshyard::proxy
