// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/worker_context.h"

#include "meshyard/v1/telemetry.pb.h"

namespace meshyard::proxy {

/// Makes the report of the second that ends now, and starts the next one in every counter.
///
/// Thread: the worker's. Allocates, once a second.
class ReportBuilder final
{
public:
    v1::ProxyReport take(WorkerContext& context);

private:
    void addCluster(Cluster& cluster, TimePoint now, v1::ProxyReport& report) const;

    TimePoint m_last{};
};

/// A report that carries one transition, to be sent at once.
v1::ProxyReport transitionReport(const std::string& nodeId, const Clock& clock,
    const std::string& cluster, const BreakerEvent& event);

} // namespace meshyard::proxy
