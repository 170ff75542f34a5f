// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/proxy/config_snapshot.h"
#include "embedded-mesh/proxy/telemetry/span_exporter.h"
#include "embedded-mesh/proxy/telemetry/span_rules.h"

#include <map>

namespace meshyard::proxy {

/// What a request knows of its trace.
struct SpanState
{
    TraceContext own; // what goes on to the upstream
    std::array<std::uint8_t, 8> parent{};
    std::array<char, TraceContext::kTextSize> text{}; // traceparent for the upstream
    std::string traceState;
    bool keepsTraceState = false; // the one that came belongs to a valid traceparent

    std::string_view traceparent() const { return {text.data(), text.size()}; }
};

/// One worker's spans on their way to the collectors: gathered, so that a request takes no lock.
///
/// Thread: its worker's.
class SpanSink final
{
public:
    static constexpr std::size_t kFlushSpans = 64;

    /// @param exporters outlives us. @param config the worker's snapshot: where collectors are.
    SpanSink(net::EventLoop& loop, SpanExporters& exporters,
        const std::shared_ptr<const ConfigSnapshot>& config);
    ~SpanSink();

    void send(const SpanRules& rules, const SpanState& state, const LogEntry& entry,
        std::string_view nodeId);
    void flush();

private:
    using Key = std::pair<std::string, std::string>; // target, service

    std::string targetOf(const SpanRules& rules) const;

    SpanExporters& m_exporters;
    const std::shared_ptr<const ConfigSnapshot>& m_config;
    std::map<Key, std::vector<SpanRecord>> m_waiting;
    net::Timer m_timer;
};

/// Decides how a request goes on in its trace. @param random draws 64 bits.
template <typename Random>
void beginSpan(const SpanRules& rules, std::optional<std::string_view> traceparent,
    bool clientAsks, Random&& random, SpanState& state)
{
    const auto parent = traceparent ? TraceContext::parse(*traceparent) : std::nullopt;
    state.keepsTraceState = parent.has_value();
    if (parent) {
        state.own = *parent;
        state.parent = parent->spanId;
    } else {
        state.parent = {};
        fillId(state.own.traceId, random);
        const auto hits = [&](std::uint32_t perMillion) { return random() % 1000000 < perMillion; };
        const bool chosen
            = (clientAsks && hits(rules.clientPerMillion)) || hits(rules.randomPerMillion);
        state.own.sampled = chosen && hits(rules.overallPerMillion);
    }
    fillId(state.own.spanId, random);
    state.text = state.own.text();
}

} // namespace meshyard::proxy
