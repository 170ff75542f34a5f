// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/response_transform.h"

namespace meshyard::proxy {

namespace {

constexpr auto kTick = std::chrono::milliseconds(50);
constexpr std::uint64_t kTicksPerSecond = 20;
constexpr std::size_t kMaxWaiting = 64 * 1024;

} // namespace

ResponseTransform::ResponseTransform(
    net::TimerWheel& timers, DownstreamStream& next, const Plan& plan, Events events)
    : m_next(next)
    , m_events(std::move(events))
    , m_bytesPerTick(plan.bytesPerSecond == 0
              ? 0
              : std::max<std::uint64_t>(plan.bytesPerSecond / kTicksPerSecond, 1))
    , m_hold(plan.holdsEnd)
    , m_timer(timers, [this] { tick(); })
{
    if (plan.compressor != nullptr)
        m_gzip.emplace(*plan.compressor);
}

void ResponseTransform::sendBody(std::string_view bytes)
{
    if (!m_gzip)
        return deliver(bytes);
    std::string packed;
    m_gzip->add(bytes, packed);
    deliver(packed);
}

void ResponseTransform::deliver(std::string_view bytes)
{
    if (bytes.empty())
        return;
    if (m_bytesPerTick == 0)
        return send(bytes);
    m_waiting.append(bytes);
    if (!m_timer.isArmed())
        m_timer.armAfter(kTick);
}

/// Past the limit; of a held end the last byte stays.
void ResponseTransform::send(std::string_view bytes)
{
    if (m_hold.count() == 0)
        return m_next.sendBody(bytes);
    std::string all = std::exchange(m_last, {});
    all.append(bytes);
    m_last.assign(1, all.back());
    all.pop_back();
    if (!all.empty())
        m_next.sendBody(all);
}

void ResponseTransform::end(std::string_view trailers)
{
    m_trailers.assign(trailers);
    if (m_gzip) {
        std::string packed;
        m_gzip->finish(packed);
        deliver(packed);
    }
    m_ending = true;
    m_next.flushResponse();
    finishIfDrained();
}

void ResponseTransform::tick()
{
    if (m_held) { // the hold is over
        m_next.sendBody(m_last);
        return m_events.onDone();
    }
    if (!m_next.isBackedUp()) {
        const std::size_t count = std::min<std::size_t>(m_waiting.size(), m_bytesPerTick);
        send(std::string_view(m_waiting).substr(0, count));
        m_next.flushResponse();
        m_waiting.erase(0, count);
    }
    if (!m_waiting.empty())
        m_timer.armAfter(kTick);
    if (m_ending)
        finishIfDrained();
    else if (m_waiting.size() < kMaxWaiting / 2)
        m_events.onRoom();
}

void ResponseTransform::finishIfDrained()
{
    if (!m_waiting.empty())
        return;
    if (m_hold.count() == 0)
        return m_events.onDone();
    m_held = true;
    m_timer.armAfter(m_hold);
}

bool ResponseTransform::isBackedUp() const
{
    return m_waiting.size() > kMaxWaiting || m_next.isBackedUp();
}

} // namespace meshyard::proxy
