// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/workloads/delayed_tasks.h"
#include "embedded-mesh/workloads/line/line_server.h"
#include "embedded-mesh/workloads/request_counters.h"
#include "embedded-mesh/workloads/service_behaviour.h"
#include "embedded-mesh/workloads/service_options.h"

namespace meshyard::workloads {

/// The demo mesh's database: "GET KEY" is answered by a line of JSON. Failing, it closes the
/// connection at once, without an answer.
///
/// Thread: its loop's.
class StoreService final : public LineHandler
{
public:
    StoreService(net::EventLoop& loop, const ServiceOptions& options, RequestCounters& counters);

    /// Those of ServiceBehaviour.
    KnobSet& knobs() { return m_behaviour.knobs(); }
    std::size_t inFlight() const { return m_waiting.count(); }

    void onConnection() override { m_counters.count("connections", "accepted"); }
    void onLine(std::string_view line, LineResponder responder) override;

private:
    std::string valueOf(const std::string& key) const;

    net::EventLoop& m_loop;
    const ServiceOptions m_options;
    RequestCounters& m_counters;
    ServiceBehaviour m_behaviour;
    DelayedTasks m_waiting;
};

} // namespace meshyard::workloads
