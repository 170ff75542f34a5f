// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/proxy/telemetry/trace_context.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace grpc {
class ClientContext;
}

namespace meshyard::proxy {

/// One finished, sampled span on its way out.
struct SpanRecord
{
    TraceContext context;
    std::array<std::uint8_t, 8> parent{}; // zero = root
    std::string traceState;
    std::string name;
    bool server = false;
    bool failed = false;
    WallTime start{};
    WallTime end{};
    std::vector<std::pair<std::string, std::string>> attributes;
};

/// Sends spans to one OTLP/gRPC collector, in batches, on a thread of its own. What does not fit
/// the queue, or can't be sent, is dropped and counted.
///
/// Thread: push() from any.
class SpanExporter final
{
public:
    static constexpr std::size_t kMaxWaiting = 4096;
    static constexpr std::size_t kBatch = 512;

    /// @param target of gRPC: "ipv4:127.0.0.1:4317".
    SpanExporter(const std::string& target, std::string serviceName);
    ~SpanExporter();
    SpanExporter(const SpanExporter&) = delete;
    SpanExporter& operator=(const SpanExporter&) = delete;

    void push(std::vector<SpanRecord> spans);
    void flush(std::chrono::milliseconds patience);
    std::uint64_t sent() const;
    std::uint64_t dropped() const;

private:
    class Stub;

    void run();
    bool send(const std::vector<SpanRecord>& batch);

    const std::unique_ptr<Stub> m_stub;
    const std::string m_serviceName;

    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_changed;
    std::deque<SpanRecord> m_waiting;
    std::size_t m_sending = 0;
    grpc::ClientContext* m_context = nullptr;
    std::uint64_t m_sent = 0;
    std::uint64_t m_dropped = 0;
    bool m_stopping = false;

    std::thread m_thread;
};

/// The collectors of the process.
///
/// Thread: any.
class SpanExporters final
{
public:
    std::shared_ptr<SpanExporter> find(const std::string& target, const std::string& serviceName);
    void flush(std::chrono::milliseconds patience);
    std::uint64_t sent() const;
    std::uint64_t dropped() const;

private:
    mutable std::mutex m_mutex; // guards m_exporters
    std::map<std::pair<std::string, std::string>, std::shared_ptr<SpanExporter>> m_exporters;
};

} // namespace meshyard::proxy
