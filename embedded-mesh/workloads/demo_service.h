// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/workloads/knob_set.h"
#include "embedded-mesh/workloads/request_counters.h"
#include "embedded-mesh/workloads/seeded_random.h"
#include "embedded-mesh/workloads/web_caller.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace meshyard::workloads {

struct Dependency
{
    std::string name;
    WebTarget target;
};

struct ServiceOptions
{
    std::string name;
    std::string version;
    std::string instance; // shown in answers
    std::vector<Dependency> dependencies;
    std::uint64_t seed = 1;
    double medianMs = 3; // of the base latency, lognormal
    double sigma = 0.5;
    std::size_t payloadBytes = 1500;
    Duration callTimeout = std::chrono::seconds(3);
};

/// A demo service of bookinfo's kind: takes its time, calls its dependencies all at once, and
/// answers 200 even when one of them is unavailable, saying so in that part of the answer.
///
/// Thread: its loop's.
class DemoService final : public http::RequestHandler
{
public:
    DemoService(net::EventLoop& loop, ServiceOptions options, RequestCounters& counters,
        std::optional<WebProxy> proxy);
    ~DemoService() override;

    /// latency_ms, jitter_ms, failure_percent, failure_status, reset_percent.
    KnobSet& knobs() { return m_knobs; }
    std::size_t inFlight() const { return m_exchanges.size(); }

    void onRequest(const http::Request& request, http::Responder responder) override;

private:
    struct Exchange;

    void serve(Exchange& exchange);
    void callDependencies(Exchange& exchange);
    void finish(Exchange& exchange, http::Response response);
    http::Response assemble(const Exchange& exchange) const;
    std::string dependencyPart(const Dependency& dependency, const Result<http::Response>& answer);
    Duration drawLatency();

    net::EventLoop& m_loop;
    const ServiceOptions m_options;
    const std::string m_content;
    RequestCounters& m_counters;
    SeededRandom m_random;
    KnobSet m_knobs;
    double m_latencyMs = 0;
    double m_jitterMs = 0;
    double m_failurePercent = 0;
    double m_failureStatus = 503;
    double m_resetPercent = 0;
    std::uint64_t m_nextExchange = 0;
    std::map<std::uint64_t, std::unique_ptr<Exchange>> m_exchanges;
    WebCaller m_caller; // last: its callbacks use what stands above
};

} // namespace meshyard::workloads
