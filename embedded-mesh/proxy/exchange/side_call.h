// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/timer_wheel.h"
#include "embedded-mesh/proxy/exchange/upstream_stream.h"

#include <functional>
#include <memory>
#include <string>

namespace meshyard::proxy {

/// A request of our own to a cluster, in the pools of its edge but outside its numbers, breaker and
/// outlier detection: mirrored requests, key sets. No retries; one try within a time.
///
/// Thread: its worker's. Lives until it is over; who began it may hold it longer.
class SideCall final : public Disposable, private UpstreamUser
{
public:
    struct Request
    {
        std::string head; // HTTP/1.1 text
        http::Method method = http::Method::Get;
        bool http2 = false; // the protocol to speak
        bool chunked = false; // the body has no length
        bool complete = true; // nothing follows
        std::chrono::microseconds timeout = std::chrono::seconds(15);
        std::size_t maxBody = 0; // of the answer to keep; 0 = throw it away
    };

    struct Answer
    {
        int status = 0; // 0 = none came, or it was too large
        std::string body;
    };

    using Done = std::function<void(Answer)>;

    /// @param done called once, never from inside this call.
    static std::shared_ptr<SideCall> begin(
        WorkerContext& context, std::shared_ptr<Cluster> cluster, Request request, Done done);
    ~SideCall() override;

    /// More of the request's body, content alone. Gives up when the peer can't keep up.
    void addBody(std::string_view bytes);
    void endBody(std::string_view trailers);
    /// The request will not be completed.
    void abandon() { finish({}); }

    SideCall(WorkerContext& context, std::shared_ptr<Cluster> cluster, Request request, Done done);

private:
    void connect();
    Result<void> openStream();
    void send();
    void finish(Answer answer);

    void onUpstreamConnected() override;
    void onResponseHead(const http::ResponseHead& head) override;
    bool wantsRawBody() const override { return false; }
    void onResponseBody(std::string_view bytes) override;
    void onResponseEnd(std::string_view trailers) override;
    void onResponseFlush() override { }
    void onUpstreamLost(Loss loss) override;
    void onUpstreamWritable() override { m_overflow = 0; }

    WorkerContext& m_context;
    const std::shared_ptr<Cluster> m_cluster;
    Request m_request;
    Done m_done;
    net::Timer m_timer;
    std::shared_ptr<Endpoint> m_endpoint;
    std::unique_ptr<UpstreamStream> m_stream;
    std::string m_body; // not sent yet
    std::string m_trailers;
    std::size_t m_overflow = 0; // sent while the peer was behind
    Answer m_answer;
    bool m_connecting = false;
    bool m_sent = false;
    bool m_over = false;
};

} // namespace meshyard::proxy
