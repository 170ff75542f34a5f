// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/workloads/request_counters.h"
#include "embedded-mesh/workloads/service_behaviour.h"
#include "embedded-mesh/workloads/service_options.h"

#include <map>
#include <memory>
#include <string>

namespace meshyard::workloads {

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

    /// Those of ServiceBehaviour, and failure_status.
    KnobSet& knobs() { return m_behaviour.knobs(); }
    std::size_t inFlight() const { return m_exchanges.size(); }

    void onRequest(const http::Request& request, http::Responder responder) override;

private:
    struct Exchange;

    void serve(Exchange& exchange);
    void callDependencies(Exchange& exchange);
    void finish(Exchange& exchange, http::Response response);
    http::Response assemble(const Exchange& exchange) const;

    net::EventLoop& m_loop;
    const ServiceOptions m_options;
    const std::string m_content;
    RequestCounters& m_counters;
    ServiceBehaviour m_behaviour;
    double m_failureStatus = 503;
    std::uint64_t m_nextExchange = 0;
    std::map<std::uint64_t, std::unique_ptr<Exchange>> m_exchanges;
    DependencyCaller m_caller; // last: its callbacks use what stands above
};

} // namespace meshyard::workloads
