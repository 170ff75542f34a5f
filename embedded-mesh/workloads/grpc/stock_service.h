// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/workloads/delayed_tasks.h"
#include "embedded-mesh/workloads/grpc/grpc_server.h"
#include "embedded-mesh/workloads/request_counters.h"
#include "embedded-mesh/workloads/service_behaviour.h"
#include "embedded-mesh/workloads/service_options.h"

namespace meshyard::workloads {

/// meshyard.demo.Stock: how many copies of a book there are. Failing, it answers UNAVAILABLE
/// (trailers only); a reset is one of the stream.
///
/// Thread: its loop's.
class StockService final : public GrpcHandler
{
public:
    StockService(net::EventLoop& loop, const ServiceOptions& options, RequestCounters& counters);

    /// Those of ServiceBehaviour.
    KnobSet& knobs() { return m_behaviour.knobs(); }
    std::size_t inFlight() const { return m_waiting.count(); }

    void onCall(const GrpcRequest& request, GrpcResponder responder) override;

private:
    void serve(const std::string& item, const GrpcResponder& responder, TimePoint receivedAt);

    net::EventLoop& m_loop;
    const ServiceOptions m_options;
    RequestCounters& m_counters;
    ServiceBehaviour m_behaviour;
    DelayedTasks m_waiting;
};

} // namespace meshyard::workloads
