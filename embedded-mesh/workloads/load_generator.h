// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/workloads/knob_set.h"
#include "embedded-mesh/workloads/request_counters.h"
#include "embedded-mesh/workloads/seeded_random.h"
#include "embedded-mesh/workloads/web_caller.h"

#include <string>

namespace meshyard::workloads {

/// How requests are spread over time.
enum class Arrival : std::uint8_t { Poisson, Even };

struct LoadOptions
{
    WebTarget target;
    std::string host; // of the Host field; empty = of the target
    double rate = 50; // requests per second
    double jasonPercent = 20; // requests that carry "end-user: jason"
    std::uint64_t seed = 1;
    Arrival arrival = Arrival::Poisson;
    std::size_t maxInFlight = 256;
    Duration timeout = std::chrono::seconds(10);
};

/// Open-loop load: each request is due at a drawn time whatever became of those before it, and its
/// latency counts from that time, so a slow mesh shows (no coordinated omission). Beyond
/// `maxInFlight` requests are dropped and counted.
///
/// Thread: its loop's.
class LoadGenerator final
{
public:
    LoadGenerator(net::EventLoop& loop, const LoadOptions& options, RequestCounters& counters,
        std::optional<WebProxy> proxy);

    void start();
    void stop() { m_timer.cancel(); }
    std::size_t inFlight() const { return m_inFlight; }

    /// rate, jason_percent.
    KnobSet& knobs() { return m_knobs; }
    /// Call after turning a knob: a new rate counts from now.
    void restart();

private:
    void onDue();
    void launch(TimePoint due);
    void scheduleNext();

    net::EventLoop& m_loop;
    const LoadOptions m_options;
    RequestCounters& m_counters;
    SeededRandom m_random;
    KnobSet m_knobs;
    double m_rate;
    double m_jasonPercent;
    std::size_t m_inFlight = 0;
    TimePoint m_due;
    net::Timer m_timer;
    WebCaller m_caller; // last: its callbacks use what stands above
};

} // namespace meshyard::workloads
