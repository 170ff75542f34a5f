// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/line/store_service.h"

#include "embedded-mesh/workloads/demo_content.h"
#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

namespace meshyard::workloads {

StoreService::StoreService(
    net::EventLoop& loop, const ServiceOptions& options, RequestCounters& counters)
    : m_loop(loop)
    , m_options(options)
    , m_counters(counters)
    , m_behaviour(options.seed, options.medianMs, options.sigma)
    , m_waiting(loop)
{
}

void StoreService::onLine(std::string_view line, LineResponder responder)
{
    constexpr std::string_view kGet = "GET ";
    const TimePoint receivedAt = m_loop.clock().now();
    const auto done = [this, receivedAt](std::string_view outcome) {
        m_counters.record(outcome, m_loop.clock().now() - receivedAt);
    };
    if (!line.starts_with(kGet) || line.size() == kGet.size()) {
        responder.send(R"({"error":"write GET and a key"})");
        return done("refused");
    }
    const Fate fate = m_behaviour.drawFate();
    if (fate == Fate::Reset) {
        m_counters.count("outcomes", "reset");
        return responder.reset();
    }
    if (fate == Fate::Fail) {
        responder.close();
        return done("closed");
    }
    m_waiting.runAt(receivedAt + m_behaviour.drawLatency(),
        [this, key = std::string(line.substr(kGet.size())), responder, done] {
            if (responder.isAbandoned()) {
                m_counters.count("outcomes", "abandoned");
                return;
            }
            responder.send(valueOf(key));
            done("answered");
        });
}

std::string StoreService::valueOf(const std::string& key) const
{
    return fmt::format(R"({{"service":{},"version":{},"instance":{},"key":{},{}}})",
        quoted(m_options.name), quoted(m_options.version), quoted(m_options.instance), quoted(key),
        demoContent(key, m_options.version, m_options.payloadBytes));
}

} // namespace meshyard::workloads
