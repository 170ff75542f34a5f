// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/request_counters.h"

#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace meshyard::workloads {

namespace {

constexpr std::size_t kMaxNames = 64;

std::string millis(const LatencySketch& sketch, double quantile)
{
    const auto micros = sketch.quantileMicros(quantile);
    return micros ? fmt::format("{:.3f}", *micros / 1000.0) : "null";
}

std::string latencyObject(const LatencySketch& sketch)
{
    if (sketch.isEmpty())
        return R"({"p50":null,"p90":null,"p99":null,"mean":null,"max":null})";
    const double mean
        = static_cast<double>(sketch.sumMicros()) / static_cast<double>(sketch.count());
    return fmt::format(R"({{"p50":{},"p90":{},"p99":{},"mean":{:.3f},"max":{:.3f}}})",
        millis(sketch, 0.5), millis(sketch, 0.9), millis(sketch, 0.99), mean / 1000.0,
        sketch.maxMicros() / 1000.0);
}

} // namespace

RequestCounters::RequestCounters(const Clock& clock)
    : m_clock(clock)
    , m_since(clock.now())
{
}

void RequestCounters::record(int status, Duration latency)
{
    record(std::to_string(status), latency);
}

void RequestCounters::record(std::string_view outcome, Duration latency)
{
    ++m_requests;
    ++m_byStatus[std::string(outcome)];
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
    m_latency.record(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)));
}

void RequestCounters::count(const std::string& group, std::string_view name)
{
    auto& names = m_groups[group];
    const auto known = names.find(std::string(name));
    if (known != names.end())
        ++known->second;
    else
        ++names[names.size() < kMaxNames ? std::string(name) : "(others)"];
}

void RequestCounters::reset()
{
    m_since = m_clock.now();
    m_requests = 0;
    m_byStatus.clear();
    m_groups.clear();
    m_latency.clear();
}

std::string RequestCounters::json() const
{
    const std::chrono::duration<double> since = m_clock.now() - m_since;
    std::string json = fmt::format(R"({{"sinceS":{:.3f},"requests":{},"byStatus":{})",
        since.count(), m_requests, countsObject(m_byStatus));
    for (const auto& [group, names] : m_groups)
        json += fmt::format(",{}:{}", quoted(group), countsObject(names));
    return json + fmt::format(R"(,"latencyMs":{}}})", latencyObject(m_latency));
}

} // namespace meshyard::workloads
