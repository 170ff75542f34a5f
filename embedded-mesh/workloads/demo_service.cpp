// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/demo_service.h"

#include "embedded-mesh/workloads/demo_content.h"
#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

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
    , m_behaviour(m_options.seed, m_options.medianMs, m_options.sigma)
    , m_caller(loop, m_options.name, m_options.version, std::move(proxy))
{
    knobs().add("failure_status", m_failureStatus, 400, 599);
}

DemoService::~DemoService() = default;

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
    exchange.timer.arm(request.receivedAt + m_behaviour.drawLatency());
}

void DemoService::serve(Exchange& exchange)
{
    const Fate fate = m_behaviour.drawFate();
    if (fate == Fate::Reset) {
        m_counters.count("outcomes", "reset");
        exchange.responder.reset();
        m_exchanges.erase(exchange.id);
    } else if (fate == Fate::Fail) {
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
        m_caller.call(dependency, exchange.propagated, m_options.callTimeout,
            [this, id = exchange.id, &dependency](const DependencyAnswer& answer) {
                m_counters.count("calls." + dependency.name, answer.outcome);
                Exchange& waiting = *m_exchanges.at(id);
                waiting.parts += fmt::format(",{}:{}", quoted(dependency.name), answer.json);
                if (--waiting.waitingFor == 0)
                    finish(waiting, assemble(waiting));
            });
    }
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
