// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the control plane spends on telemetry: 10,000 edges at one report a second, every call with
// a sketch and a breaker, closed and cut into frames. Prints the share of a core.
// Usage: bench_hub [EDGES] [SECONDS]
#include "embedded-mesh/control_plane/telemetry/hub.h"
#include "tests/support/fake_clock.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

using namespace meshyard;
using namespace meshyard::control_plane;

namespace {

constexpr std::size_t kRowsOfAProxy = 40;

double cpuSeconds()
{
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

v1::ProxyReport reportOf(std::size_t proxy)
{
    v1::ProxyReport report;
    report.set_node_id("caller-" + std::to_string(proxy) + "-a");
    report.set_boot_id("boot");
    report.set_span_ms(1000);
    for (std::size_t i = 0; i < kRowsOfAProxy; ++i) {
        const std::string service = "service-" + std::to_string(i);
        v1::OutboundSecond& row = *report.add_outbound();
        row.set_cluster("production/" + service + "/*/9080");
        row.set_endpoint(service + "-a");
        row.set_protocol(v1::HTTP1);
        row.mutable_outcomes()->set_ok(50);
        row.mutable_outcomes()->set_server_errors(1);
        row.set_bytes_in(60'000);
        row.set_bytes_out(9'000);
        for (std::uint32_t bucket = 0; bucket < 20; ++bucket) {
            row.mutable_latency()->add_bucket_deltas(bucket == 0 ? 120 : 1);
            row.mutable_latency()->add_counts(2 + bucket % 3);
        }
        v1::BreakerSecond& breaker = *report.add_breakers();
        breaker.set_cluster(row.cluster());
        breaker.set_state(v1::CLOSED);
        breaker.set_window_failures(10);
    }
    return report;
}

} // namespace

int main(int argc, char** argv)
{
    const std::size_t edges = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 20;
    test::FakeClock clock;
    TelemetryHub hub(clock);
    std::vector<v1::ProxyReport> reports;
    Topology topology;
    for (std::size_t i = 0; i < kRowsOfAProxy; ++i)
        topology.nodesById["service-" + std::to_string(i) + "-a"]
            = {"production", "service-" + std::to_string(i), "v1"};
    for (std::size_t proxy = 0; proxy * kRowsOfAProxy < edges; ++proxy) {
        reports.push_back(reportOf(proxy));
        topology.nodesById[reports.back().node_id()]
            = {"production", "caller-" + std::to_string(proxy), "v1"};
    }
    for (const auto& [id, node] : topology.nodesById)
        topology.live.insert(id);
    hub.setTopology(topology);

    double ingesting = 0;
    double closing = 0;
    std::size_t frameBytes = 0;
    auto cursor = hub.next(0, std::chrono::milliseconds(0)).cursor;
    for (int second = 1; second <= seconds; ++second) {
        clock.advance(std::chrono::seconds(1));
        const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
            clock.system().time_since_epoch());
        for (v1::ProxyReport& report : reports) {
            report.set_sequence(static_cast<std::uint64_t>(second));
            report.set_end_unix_ms(now.count());
            for (v1::BreakerSecond& breaker : *report.mutable_breakers())
                breaker.set_window_calls(500 + static_cast<std::uint32_t>(second));
        }
        const double before = cpuSeconds();
        for (const v1::ProxyReport& report : reports)
            hub.ingest(report);
        const double between = cpuSeconds();
        hub.tick({});
        closing += cpuSeconds() - between;
        ingesting += between - before;
        const TelemetryHub::Batch batch = hub.next(cursor, std::chrono::milliseconds(0));
        cursor = batch.cursor;
        for (const FramePtr& frame : batch.frames)
            frameBytes += frame->ByteSizeLong();
    }
    const double total = (ingesting + closing) / seconds;
    std::printf("%zu edges x 1 Hz: %.1f %% of a core (ingest %.1f %%, close %.1f %%), %.0f B an "
                "edge-second on the wire\n",
        reports.size() * kRowsOfAProxy, total * 100, ingesting / seconds * 100,
        closing / seconds * 100,
        static_cast<double>(frameBytes) / seconds
            / static_cast<double>(reports.size() * kRowsOfAProxy));
    return 0;
}
