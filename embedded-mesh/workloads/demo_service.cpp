// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/demo_service.h"

#include "embedded-mesh/workloads/demo_content.h"
#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace meshyard::workloads {

namespace {

/// Fields a service hands on, so that a request keeps its identity along its way.
constexpr std::array<std::string_view, 4> kPropagated
    = {"end-user", "traceparent", "tracestate", "x-request-id"};

} // namespace

struct DemoService::Exchange
{
    Exchange(DemoService& service, std::uint64_t exchangeId, http::Responder answerer)
        : id(exchangeId)
        , responder(std::move(answerer))
        , timer(service.m_loop.timers(), [this, &service] { service.serve(*this); })
    {
    }

    const std::uint64_t id;
    http::Responder responder;
    net::Timer timer;
    TimePoint receivedAt;
    http::HeaderList propagated;
    std::size_t waitingFor = 0;
    std::string parts; // ,"reviews":{…}
};

DemoService::DemoService(net::EventLoop& loop, ServiceOptions options, RequestCounters& counters,
    std::optional<WebProxy> proxy)
    : m_loop(loop)
    , m_options(std::move(options))
    , m_content(demoContent(m_options.name, m_options.version, m_options.payloadBytes))
    , m_counters(counters)
    , m_random(m_options.seed)
    , m_caller(loop, std::move(proxy))
{
    constexpr double kHourMs = 3'600'000;
    m_knobs.add("latency_ms", m_latencyMs, 0, kHourMs);
    m_knobs.add("jitter_ms", m_jitterMs, 0, kHourMs);
    m_knobs.add("failure_percent", m_failurePercent, 0, 100);
    m_knobs.add("failure_status", m_failureStatus, 400, 599);
    m_knobs.add("reset_percent", m_resetPercent, 0, 100);
}

DemoService::~DemoService() = default;

Duration DemoService::drawLatency()
{
    const double base = std::min(
        m_random.logNormal(m_options.medianMs, m_options.sigma), 20 * m_options.medianMs);
    const std::chrono::duration<double, std::milli> total(
        base + m_latencyMs + m_jitterMs * m_random.uniform());
    return std::chrono::duration_cast<Duration>(total);
}

void DemoService::onRequest(const http::Request& request, http::Responder responder)
{
    const auto caller = request.head.find(http::KnownHeader::UserAgent);
    m_counters.count("byPath", http::splitTarget(request.head.path()).first);
    m_counters.count("byCaller", caller.value_or("(none)"));
    const std::uint64_t id = m_nextExchange++;
    auto& exchange
        = *m_exchanges.emplace(id, std::make_unique<Exchange>(*this, id, std::move(responder)))
               .first->second;
    exchange.receivedAt = request.receivedAt;
    for (const std::string_view name : kPropagated) {
        if (const auto value = request.head.find(name))
            exchange.propagated.emplace_back(name, *value);
    }
    exchange.timer.arm(request.receivedAt + drawLatency());
}

void DemoService::serve(Exchange& exchange)
{
    if (m_random.chance(m_resetPercent)) {
        m_counters.count("outcomes", "reset");
        exchange.responder.reset();
        m_exchanges.erase(exchange.id);
    } else if (m_random.chance(m_failurePercent)) {
        const int status = static_cast<int>(m_failureStatus);
        finish(exchange,
            http::jsonResponse(status,
                fmt::format(
                    R"({{"service":{},"error":"failing on request"}})", quoted(m_options.name))));
    } else if (m_options.dependencies.empty()) {
        finish(exchange, assemble(exchange));
    } else {
        callDependencies(exchange);
    }
}

void DemoService::callDependencies(Exchange& exchange)
{
    exchange.waitingFor = m_options.dependencies.size();
    for (const Dependency& dependency : m_options.dependencies) {
        http::ClientRequest request;
        request.headers = exchange.propagated;
        request.headers.emplace_back(
            "user-agent", fmt::format("{}/{}", m_options.name, m_options.version));
        request.timeout = m_options.callTimeout;
        m_caller.call(dependency.target, std::move(request),
            [this, id = exchange.id, &dependency](const Result<http::Response>& answer) {
                Exchange& waiting = *m_exchanges.at(id);
                waiting.parts += dependencyPart(dependency, answer);
                if (--waiting.waitingFor == 0)
                    finish(waiting, assemble(waiting));
            });
    }
}

std::string DemoService::dependencyPart(
    const Dependency& dependency, const Result<http::Response>& answer)
{
    const std::string key = quoted(dependency.name);
    m_counters.count("calls." + dependency.name, answer ? std::to_string(answer->status) : "error");
    const bool json = answer && answer->body.starts_with('{')
        && http::findHeader(answer->headers, "content-type").value_or("") == "application/json";
    if (json && answer->status == 200)
        return fmt::format(R"(,{}:{{"status":200,"answer":{}}})", key, answer->body);
    return fmt::format(R"(,{}:{{"status":{},"error":{}}})", key, answer ? answer->status : 0,
        quoted(dependency.name + " unavailable"));
}

http::Response DemoService::assemble(const Exchange& exchange) const
{
    return http::jsonResponse(200,
        fmt::format(R"({{"service":{},"version":{},"instance":{},{}{}}})", quoted(m_options.name),
            quoted(m_options.version), quoted(m_options.instance), m_content, exchange.parts));
}

void DemoService::finish(Exchange& exchange, http::Response response)
{
    const int status = response.status;
    if (exchange.responder.isAbandoned()) {
        m_counters.count("outcomes", "abandoned");
    } else {
        exchange.responder.send(std::move(response));
        m_counters.record(status, m_loop.clock().now() - exchange.receivedAt);
    }
    m_exchanges.erase(exchange.id);
}

} // namespace meshyard::workloads
