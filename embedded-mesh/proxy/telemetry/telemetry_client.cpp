// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/telemetry_client.h"

#include <random>

namespace meshyard::proxy {

namespace {

constexpr std::int64_t kKeepMs = 120'000;
constexpr std::size_t kMaxWaiting = 2000; // a storm of transitions must not fill the memory

} // namespace

TelemetryClient::TelemetryClient(
    const Clock& clock, std::shared_ptr<grpc::Channel> channel, std::string bootId)
    : m_clock(clock)
    , m_stub(v1::Telemetry::NewStub(channel))
    , m_bootId(std::move(bootId))
    , m_thread([this] { run(); })
{
}

TelemetryClient::~TelemetryClient()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        if (m_context != nullptr)
            m_context->TryCancel();
    }
    m_changed.notify_all();
    m_thread.join();
}

void TelemetryClient::push(v1::ProxyReport report)
{
    report.set_boot_id(m_bootId);
    {
        const std::lock_guard lock(m_mutex);
        report.set_sequence(m_nextSequence++);
        m_waiting.push_back(std::move(report));
        dropOld();
    }
    m_changed.notify_all();
}

void TelemetryClient::flush(std::chrono::milliseconds patience)
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, patience, [this] { return m_waiting.empty(); });
}

void TelemetryClient::dropOld()
{
    const std::int64_t now
        = std::chrono::duration_cast<std::chrono::milliseconds>(m_clock.system().time_since_epoch())
              .count();
    while (!m_waiting.empty()
        && (m_waiting.size() > kMaxWaiting || m_waiting.front().end_unix_ms() < now - kKeepMs))
        m_waiting.pop_front();
}

bool TelemetryClient::pause(std::chrono::milliseconds time)
{
    std::unique_lock lock(m_mutex);
    return !m_changed.wait_for(lock, time, [this] { return m_stopping; });
}

void TelemetryClient::run()
{
    std::minstd_rand random(std::random_device{}());
    std::chrono::milliseconds backOff(100);
    for (;;) {
        grpc::ClientContext context;
        context.set_wait_for_ready(true);
        {
            const std::lock_guard lock(m_mutex);
            if (m_stopping)
                return;
            m_context = &context;
            m_broken = false;
            m_sentUpTo = 0; // unacknowledged reports go again
        }
        const TimePoint begun = m_clock.now();
        const auto stream = m_stub->Report(&context);
        std::thread reader([this, &stream] { receive(*stream); });
        send(*stream);
        context.TryCancel();
        reader.join();
        stream->Finish();
        {
            const std::lock_guard lock(m_mutex);
            m_context = nullptr;
        }
        backOff = m_clock.now() - begun > std::chrono::seconds(5)
            ? std::chrono::milliseconds(100)
            : std::min(backOff * 2, std::chrono::milliseconds(2000));
        if (!pause(std::chrono::milliseconds(random() % static_cast<unsigned>(backOff.count()))))
            return;
    }
}

void TelemetryClient::send(Stream& stream)
{
    std::unique_lock lock(m_mutex);
    for (;;) {
        const auto next = [this] {
            return std::ranges::find_if(m_waiting,
                [this](const v1::ProxyReport& report) { return report.sequence() > m_sentUpTo; });
        };
        m_changed.wait(lock, [&] { return m_stopping || m_broken || next() != m_waiting.end(); });
        if (m_stopping || m_broken)
            return;
        const v1::ProxyReport report = *next();
        lock.unlock();
        const bool written = stream.Write(report);
        lock.lock();
        if (!written)
            return;
        m_sentUpTo = report.sequence();
    }
}

void TelemetryClient::receive(Stream& stream)
{
    v1::ReportAck ack;
    while (stream.Read(&ack)) {
        const std::lock_guard lock(m_mutex);
        while (!m_waiting.empty() && m_waiting.front().sequence() <= ack.sequence())
            m_waiting.pop_front();
        if (m_waiting.empty())
            m_changed.notify_all();
    }
    const std::lock_guard lock(m_mutex);
    m_broken = true;
    m_changed.notify_all();
}

} // namespace meshyard::proxy
