// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/load_generator.h"

namespace meshyard::workloads {

namespace {

std::string_view errorName(ErrorCode code)
{
    switch (code) {
    case ErrorCode::DeadlineExceeded:
        return "timeout";
    case ErrorCode::Unavailable:
        return "connection";
    default:
        return "protocol";
    }
}

} // namespace

LoadGenerator::LoadGenerator(net::EventLoop& loop, const LoadOptions& options,
    RequestCounters& counters, std::optional<WebProxy> proxy)
    : m_loop(loop)
    , m_options(options)
    , m_counters(counters)
    , m_random(options.seed)
    , m_rate(options.rate)
    , m_jasonPercent(options.jasonPercent)
    , m_timer(loop.timers(), [this] { onDue(); })
    , m_caller(loop, std::move(proxy))
{
    m_knobs.add("rate", m_rate, 0, 100'000);
    m_knobs.add("jason_percent", m_jasonPercent, 0, 100);
}

void LoadGenerator::start()
{
    restart();
}

void LoadGenerator::restart()
{
    m_timer.cancel();
    m_due = m_loop.clock().now();
    if (m_rate > 0)
        scheduleNext();
}

void LoadGenerator::scheduleNext()
{
    const double mean = 1.0 / m_rate;
    // Evenly spaced with a jitter of a tenth, so that nothing locks step with the mesh's own beats.
    const double gap = m_options.arrival == Arrival::Poisson
        ? m_random.exponential(mean)
        : mean * (0.95 + 0.1 * m_random.uniform());
    m_due += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(gap));
    m_timer.arm(m_due);
}

void LoadGenerator::onDue()
{
    const TimePoint now = m_loop.clock().now();
    while (m_due <= now) {
        launch(m_due);
        scheduleNext();
    }
}

void LoadGenerator::launch(TimePoint due)
{
    const bool jason
        = m_random.chance(m_jasonPercent); // drawn even if dropped: same seed, same users
    if (m_inFlight >= m_options.maxInFlight) {
        m_counters.count("outcomes", "dropped");
        return;
    }
    http::ClientRequest request;
    request.host = m_options.host;
    request.timeout = m_options.timeout;
    request.headers = {{"user-agent", "load/1"}, {"accept", "*/*"}};
    if (jason)
        request.headers.emplace_back("end-user", "jason");
    ++m_inFlight;
    m_counters.count("outcomes", "sent");
    m_caller.call(m_options.target, std::move(request),
        [this, due, jason](const Result<http::Response>& answer) {
            --m_inFlight;
            m_counters.record(answer ? answer->status : 0, m_loop.clock().now() - due);
            if (!answer)
                m_counters.count("errors", errorName(answer.error().code));
            else
                m_counters.count("byUser", jason ? "jason" : "(none)");
        });
}

} // namespace meshyard::workloads
