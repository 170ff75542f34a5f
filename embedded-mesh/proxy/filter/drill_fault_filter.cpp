// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/drill_fault_filter.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "meshyard/v1/drill_fault.pb.h"

namespace meshyard::proxy {

Result<std::shared_ptr<const DrillFaultSettings>> DrillFaultSettings::compile(
    const v1::DrillFault& fault, const Clock& clock)
{
    auto settings = std::make_shared<DrillFaultSettings>();
    switch (fault.kind_case()) {
    case v1::DrillFault::kConnectionReset:
        settings->kind = Kind::Reset;
        break;
    case v1::DrillFault::kBlackHole:
        settings->kind = Kind::BlackHole;
        break;
    case v1::DrillFault::kBandwidthCap:
        settings->kind = Kind::Bandwidth;
        settings->bytesPerSecond = fault.bandwidth_cap().bytes_per_second();
        if (settings->bytesPerSecond == 0)
            return failure(
                ErrorCode::InvalidArgument, "bandwidth_cap.bytes_per_second must be above 0");
        break;
    case v1::DrillFault::kSlowClose:
        settings->kind = Kind::SlowClose;
        settings->hold = toMicros(fault.slow_close().hold());
        if (settings->hold.count() <= 0)
            return failure(ErrorCode::InvalidArgument, "slow_close.hold must be above 0");
        break;
    case v1::DrillFault::KIND_NOT_SET:
        return settings; // the filter itself: routes say what
    }
    if (!(fault.percent() >= 0 && fault.percent() <= 100))
        return failure(ErrorCode::InvalidArgument, "percent must be 0 to 100");
    settings->perMillion = static_cast<std::uint32_t>(fault.percent() * 10000 + 0.5);
    const auto ttl = toMicros(fault.ttl());
    if (ttl.count() <= 0)
        return failure(ErrorCode::InvalidArgument, "ttl must be above 0: a drill has an end");
    auto left = ttl;
    if (fault.deadline_unix_ms() != 0) {
        const WallTime end{std::chrono::milliseconds(fault.deadline_unix_ms())};
        left = std::min(left, std::chrono::duration_cast<Micros>(end - clock.system()));
    }
    settings->deadline = clock.now() + left;
    return settings;
}

DrillFaultFilter::DrillFaultFilter(
    std::string name, std::shared_ptr<const DrillFaultSettings> settings, std::string statPrefix)
    : HttpFilter(std::move(name))
    , m_settings(std::move(settings))
    , m_statPrefix(std::move(statPrefix))
{
}

HttpFilter::Verdict DrillFaultFilter::onRequest(RequestPass& pass, const FilterSettings* own) const
{
    using Kind = DrillFaultSettings::Kind;
    const auto* const ofRoute = dynamic_cast<const DrillFaultSettings*>(own);
    const DrillFaultSettings& settings = ofRoute == nullptr ? *m_settings : *ofRoute;
    if (settings.kind == Kind::None || pass.now >= settings.deadline
        || !pass.happens(settings.perMillion))
        return Verdict::Continue;
    m_injected.add();
    FilterState& state = pass.state;
    switch (settings.kind) {
    case Kind::BlackHole: // until the drill is over; then the connection goes, too
        state.delay = std::chrono::duration_cast<Micros>(settings.deadline - pass.now);
        [[fallthrough]];
    case Kind::Reset:
        state.resets = true;
        state.reply.isFault = true;
        state.reply.flag = "FI";
        state.reply.details = "drill_fault";
        return Verdict::Reply;
    case Kind::Bandwidth:
        state.bytesPerSecond = state.bytesPerSecond == 0
            ? settings.bytesPerSecond
            : std::min(state.bytesPerSecond, settings.bytesPerSecond);
        break;
    case Kind::SlowClose:
        state.holdsEnd = settings.hold;
        break;
    case Kind::None:
        break;
    }
    return Verdict::Continue;
}

void DrillFaultFilter::visitStats(const StatSink& sink) const
{
    sink(m_statPrefix + "drill_fault.injected", m_injected.value());
}

} // namespace meshyard::proxy
