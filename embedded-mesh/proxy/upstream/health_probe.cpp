// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/health_probe.h"

#include "embedded-mesh/proxy/upstream/h2_probe.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024;

bool contains(const std::vector<HealthCheckSpec::StatusRange>& ranges, int status)
{
    return std::ranges::any_of(ranges, [status](const HealthCheckSpec::StatusRange& range) {
        return status >= range.start && status < range.end;
    });
}

class HttpProbe final : public HealthProbe
{
public:
    HttpProbe(http::HttpClient& http, const HealthCheckSpec& spec, Target target, Done done)
        : m_http(http)
        , m_spec(spec)
        , m_target(std::move(target))
        , m_done(std::make_shared<Done>(std::move(done)))
    {
    }

    void start() override
    {
        http::ClientRequest request;
        request.method = m_spec.method;
        request.target = m_spec.path;
        request.host = m_target.host;
        request.headers = m_spec.headersToAdd;
        if (!http::findHeader(request.headers, "user-agent"))
            request.headers.emplace_back("user-agent", "Meshyard/HC");
        if (!m_spec.reusesConnection)
            request.headers.emplace_back("connection", "close");
        request.timeout = m_spec.timeout;
        m_http.send(m_target.address, std::move(request),
            [this, done = std::weak_ptr(m_done)](const Result<http::Response>& response) {
                if (const auto alive = done.lock())
                    (*alive)(judge(response));
            });
    }

private:
    ProbeResult judge(const Result<http::Response>& response) const
    {
        if (!response)
            return ProbeResult::Lost;
        return judgeStatus(m_spec, response->status,
            http::findHeader(response->headers, "x-envoy-degraded").has_value());
    }

    http::HttpClient& m_http;
    const HealthCheckSpec& m_spec;
    const Target m_target;
    const std::shared_ptr<Done> m_done;
};

/// Connects; sends and waits for the payloads where there are any.
class TcpProbe final : public HealthProbe, private net::ConnectionHandler
{
public:
    TcpProbe(net::EventLoop& loop, const HealthCheckSpec& spec, Target target, Done done)
        : m_spec(spec)
        , m_target(std::move(target))
        , m_done(std::move(done))
        , m_io(loop, *this)
        , m_timer(loop.timers(), [this] { finish(ProbeResult::Lost); })
    {
    }

    void start() override
    {
        m_waiting = true;
        m_answer.clear();
        m_timer.armAfter(m_spec.timeout);
        m_reused = m_io.isOpen() && !m_io.hasHangup();
        if (m_reused)
            return ask();
        connect();
    }

private:
    void connect()
    {
        m_io.close();
        const auto begun
            = m_target.connect ? m_target.connect(m_io) : m_io.connect(m_target.address);
        if (!begun)
            m_timer.armAfter(std::chrono::milliseconds(1)); // not from inside start()
    }

    void onConnected() override { ask(); }

    void ask()
    {
        if (m_spec.receive.empty() && m_spec.send.empty())
            return finish(ProbeResult::Passed);
        m_io.write(m_spec.send);
        if (m_spec.receive.empty())
            finish(ProbeResult::Passed);
    }

    void onData(std::string_view bytes) override
    {
        if (!m_waiting)
            return;
        m_answer.append(bytes);
        if (hasAll())
            finish(ProbeResult::Passed);
        else if (m_answer.size() > kMaxAnswer)
            finish(ProbeResult::Lost);
    }

    bool hasAll() const
    {
        std::size_t from = 0;
        for (const std::string& part : m_spec.receive) {
            const std::size_t found = m_answer.find(part, from);
            if (found == std::string::npos)
                return false;
            from = found + part.size();
        }
        return true;
    }

    void onPeerFinished() override { lose(); }
    void onClosed(const std::optional<Error>& /*error*/) override { lose(); }

    void lose()
    {
        // A kept connection may have ended just now: that says nothing about the endpoint.
        if (m_waiting && m_answer.empty() && std::exchange(m_reused, false))
            return connect();
        m_io.close();
        if (m_waiting)
            finish(ProbeResult::Lost);
    }

    void finish(ProbeResult result)
    {
        m_waiting = false;
        m_timer.cancel();
        const bool talks = !m_spec.receive.empty();
        if (result == ProbeResult::Lost || !m_spec.reusesConnection || !talks)
            m_io.close();
        m_done(result);
    }

    const HealthCheckSpec& m_spec;
    const Target m_target;
    const Done m_done;
    net::Connection m_io;
    net::Timer m_timer;
    std::string m_answer;
    bool m_waiting = false;
    bool m_reused = false; // the connection, from an earlier probe
};

} // namespace

ProbeResult HealthProbe::judgeStatus(const HealthCheckSpec& spec, int status, bool degraded)
{
    if (contains(spec.expected, status))
        return degraded ? ProbeResult::Degraded : ProbeResult::Passed;
    return contains(spec.retriable, status) ? ProbeResult::RetriableRefused : ProbeResult::Refused;
}

std::unique_ptr<HealthProbe> HealthProbe::make(
    Clients& clients, const HealthCheckSpec& spec, Target target, Done done)
{
    if (spec.kind == HealthCheckSpec::Kind::Tcp)
        return std::make_unique<TcpProbe>(
            clients.http2.loop(), spec, std::move(target), std::move(done));
    if (spec.kind == HealthCheckSpec::Kind::Grpc || spec.http2)
        return std::make_unique<H2Probe>(clients.http2, spec, std::move(target), std::move(done));
    return std::make_unique<HttpProbe>(clients.http1, spec, std::move(target), std::move(done));
}

} // namespace meshyard::proxy
