// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"

#include "meshyard/v1/telemetry.grpc.pb.h"

#include <grpcpp/channel.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace meshyard::proxy {

/// Sends reports to the control plane and keeps what it has not acknowledged for 120 s.
///
/// Thread: push() from any; sending and receiving happen on threads of its own.
class TelemetryClient final
{
public:
    TelemetryClient(const Clock& clock, std::shared_ptr<grpc::Channel> channel, std::string bootId);
    ~TelemetryClient();
    TelemetryClient(const TelemetryClient&) = delete;
    TelemetryClient& operator=(const TelemetryClient&) = delete;

    void push(v1::ProxyReport report);
    /// Waits until everything is acknowledged, at most `patience`: for the last report before the
    /// end.
    void flush(std::chrono::milliseconds patience);

private:
    using Stream = grpc::ClientReaderWriter<v1::ProxyReport, v1::ReportAck>;

    void run();
    void send(Stream& stream);
    void receive(Stream& stream);
    void dropOld();
    bool pause(std::chrono::milliseconds time);

    const Clock& m_clock;
    std::unique_ptr<v1::Telemetry::Stub> m_stub;
    const std::string m_bootId;

    std::mutex m_mutex; // guards what follows
    std::condition_variable m_changed;
    std::deque<v1::ProxyReport> m_waiting; // unacknowledged, by sequence
    std::uint64_t m_nextSequence = 1;
    std::uint64_t m_sentUpTo = 0; // on the stream that is open
    grpc::ClientContext* m_context = nullptr;
    bool m_broken = false;
    bool m_stopping = false;

    std::thread m_thread;
};

} // namespace meshyard::proxy
