// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/timer_wheel.h"
#include "embedded-mesh/proxy/exchange/downstream_stream.h"
#include "embedded-mesh/proxy/filter/gzip_stream.h"

#include <functional>
#include <optional>

namespace meshyard::proxy {

/// Stands between an exchange and the caller when the body of the answer is to be changed:
/// compressed, slowed down, or its end held back.
///
/// Follows Envoy's StreamRateLimiter: a twentieth of a second's bytes every 50 ms.
/// Thread: its worker's.
class ResponseTransform final
{
public:
    struct Plan
    {
        std::shared_ptr<CompressorSettings> compressor; // nullptr = as it is
        std::uint64_t bytesPerSecond = 0; // 0 = at once
        Micros holdsEnd{0};
    };

    struct Events
    {
        std::function<void()> onRoom; // go on reading the upstream
        std::function<void()> onDone; // everything has gone but the end itself
    };

    ResponseTransform(
        net::TimerWheel& timers, DownstreamStream& next, const Plan& plan, Events events);

    BodyForm bodyForm() const { return m_gzip ? BodyForm::Recoded : BodyForm::Decoded; }
    /// @param bytes content, without framing.
    void sendBody(std::string_view bytes);
    /// The upstream has ended; onDone follows, now or later.
    /// @param trailers field lines, for trailers().
    void end(std::string_view trailers);
    const std::string& trailers() const { return m_trailers; }
    bool isEnding() const { return m_ending; }
    bool isBackedUp() const;

private:
    void deliver(std::string_view bytes);
    void send(std::string_view bytes);
    void tick();
    void finishIfDrained();

    DownstreamStream& m_next;
    const Events m_events;
    std::optional<GzipStream> m_gzip;
    const std::uint64_t m_bytesPerTick; // 0 = no limit
    const Micros m_hold;
    net::Timer m_timer;
    std::string m_waiting; // what the limit has not let through
    std::string m_last; // the byte held back
    std::string m_trailers;
    bool m_ending = false;
    bool m_held = false;
};

} // namespace meshyard::proxy
