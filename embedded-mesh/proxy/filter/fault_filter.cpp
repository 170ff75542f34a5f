// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/fault_filter.h"

#include "embedded-mesh/proxy/exchange/grpc.h"
#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"

#include <charconv>

namespace meshyard::proxy {

namespace {

using Part = FaultSettings::Part;

constexpr std::string_view kDelayHeader = "x-envoy-fault-delay-request";
constexpr std::string_view kAbortHeader = "x-envoy-fault-abort-request";
constexpr std::string_view kGrpcAbortHeader = "x-envoy-fault-abort-grpc-request";
constexpr std::string_view kRateHeader = "x-envoy-fault-throughput-response";

void setShare(const envoy::type::v3::FractionalPercent& share, Part& part)
{
    envoy::type::v3::FractionalPercent one = share;
    one.set_numerator(1);
    part.active = true;
    part.numerator = share.numerator();
    part.toPerMillion = perMillion(one);
}

std::optional<std::uint64_t> numberIn(const RequestView& request, std::string_view name)
{
    const auto text = request.header(name);
    if (!text)
        return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size())
        return std::nullopt;
    return number;
}

/// Decides whether a part acts. The request may ask for a smaller share than configured.
bool strikes(const Part& part, RequestPass& pass, std::string_view header)
{
    std::uint64_t numerator = part.numerator;
    if (part.fromHeader) {
        const std::string name = std::string(header) + "-percentage";
        if (const auto asked = numberIn(pass.request, name))
            numerator = std::min(numerator, *asked);
    }
    return pass.happens(static_cast<std::uint32_t>(
        std::min<std::uint64_t>(numerator * part.toPerMillion, 1000000)));
}

Result<void> compileAbort(
    const envoy::extensions::filters::http::fault::v3::FaultAbort& abort, FaultSettings& settings)
{
    setShare(abort.percentage(), settings.abort);
    settings.abort.fromHeader = abort.has_header_abort();
    if (abort.has_grpc_status()) {
        settings.abortsWithGrpc = true;
        settings.abort.value = abort.grpc_status();
    } else if (!abort.has_header_abort()) {
        settings.abort.value = abort.http_status();
        if (abort.http_status() < 200 || abort.http_status() > 599)
            return failure(ErrorCode::InvalidArgument, "fault abort: http_status must be 200..599");
    }
    return {};
}

} // namespace

Result<std::shared_ptr<const FaultSettings>> FaultSettings::compile(
    const envoy::extensions::filters::http::fault::v3::HTTPFault& fault)
{
    auto settings = std::make_shared<FaultSettings>();
    if (fault.has_delay()) {
        setShare(fault.delay().percentage(), settings->delay);
        settings->delay.fromHeader = fault.delay().has_header_delay();
        const auto fixed = toMicros(fault.delay().fixed_delay()).count();
        if (!settings->delay.fromHeader && fixed <= 0)
            return failure(ErrorCode::InvalidArgument, "fault delay: fixed_delay must be above 0");
        settings->delay.value = static_cast<std::uint64_t>(fixed);
    }
    if (fault.has_abort()) {
        if (auto done = compileAbort(fault.abort(), *settings); !done)
            return tl::unexpected(done.error());
    }
    if (fault.has_response_rate_limit()) {
        const auto& limit = fault.response_rate_limit();
        setShare(limit.percentage(), settings->rate);
        settings->rate.fromHeader = limit.has_header_limit();
        settings->rate.value = limit.fixed_limit().limit_kbps() * 1024;
        if (!settings->rate.fromHeader && settings->rate.value == 0)
            return failure(
                ErrorCode::InvalidArgument, "response_rate_limit: limit_kbps must be above 0");
    }
    settings->upstreamCluster = fault.upstream_cluster();
    settings->downstreamNodes.assign(
        fault.downstream_nodes().begin(), fault.downstream_nodes().end());
    for (const auto& header : fault.headers()) {
        auto test = HeaderTest::compile(header);
        if (!test)
            return at("headers", test.error());
        settings->headers.push_back(std::move(*test));
    }
    if (fault.has_max_active_faults())
        settings->maxActive = fault.max_active_faults().value();
    return settings;
}

bool FaultSettings::concerns(const RequestPass& pass) const
{
    if (!upstreamCluster.empty() && pass.facts.cluster != upstreamCluster)
        return false;
    if (!downstreamNodes.empty()) {
        const auto node = pass.request.header("x-envoy-downstream-service-node").value_or("");
        if (std::ranges::find(downstreamNodes, node) == downstreamNodes.end())
            return false;
    }
    return matchesAll(headers, pass.request);
}

FaultFilter::FaultFilter(
    std::string name, std::shared_ptr<const FaultSettings> settings, std::string statPrefix)
    : HttpFilter(std::move(name))
    , m_settings(std::move(settings))
    , m_statPrefix(std::move(statPrefix))
    , m_active(std::make_shared<std::atomic<std::uint64_t>>(0))
{
}

HttpFilter::Verdict FaultFilter::onRequest(RequestPass& pass, const FilterSettings* own) const
{
    const auto* const ofRoute = dynamic_cast<const FaultSettings*>(own);
    const FaultSettings& settings = ofRoute == nullptr ? *m_settings : *ofRoute;
    if (!settings.delay.active && !settings.abort.active && !settings.rate.active)
        return Verdict::Continue;
    if (!settings.concerns(pass))
        return Verdict::Continue;
    limitRate(pass, settings);
    delay(pass, settings);
    return abort(pass, settings) ? Verdict::Reply : Verdict::Continue;
}

/// Takes a place under max_active_faults, once a request.
bool FaultFilter::begin(RequestPass& pass, const FaultSettings& settings) const
{
    if (pass.state.activeFault.isHeld())
        return true;
    if (m_active->fetch_add(1, std::memory_order_relaxed) >= settings.maxActive) {
        m_active->fetch_sub(1, std::memory_order_relaxed);
        m_overflow.add();
        return false;
    }
    pass.state.activeFault = ActiveGuard(m_active);
    return true;
}

void FaultFilter::limitRate(RequestPass& pass, const FaultSettings& settings) const
{
    if (!settings.rate.active)
        return;
    std::uint64_t rate = settings.rate.value;
    if (settings.rate.fromHeader)
        rate = numberIn(pass.request, kRateHeader).value_or(0) * 1024;
    if (rate == 0 || !strikes(settings.rate, pass, kRateHeader) || !begin(pass, settings))
        return;
    pass.state.bytesPerSecond = rate;
    m_limits.add();
}

void FaultFilter::delay(RequestPass& pass, const FaultSettings& settings) const
{
    if (!settings.delay.active)
        return;
    constexpr std::uint64_t kLongest = 24ULL * 3600 * 1000;
    std::uint64_t micros = settings.delay.value;
    if (settings.delay.fromHeader) {
        const auto asked = numberIn(pass.request, kDelayHeader).value_or(0);
        micros = std::min(asked, kLongest) * 1000;
    }
    if (micros == 0 || !strikes(settings.delay, pass, kDelayHeader) || !begin(pass, settings))
        return;
    pass.state.delay += Micros(micros);
    pass.state.reply.flag = "DI";
    m_delays.add();
}

bool FaultFilter::abort(RequestPass& pass, const FaultSettings& settings) const
{
    if (!settings.abort.active)
        return false;
    std::uint64_t value = settings.abort.value;
    bool grpc = settings.abortsWithGrpc;
    if (settings.abort.fromHeader) {
        const auto status = numberIn(pass.request, kAbortHeader);
        const auto code = numberIn(pass.request, kGrpcAbortHeader);
        if (!status && !code)
            return false;
        grpc = !status;
        value = status ? *status : *code;
        if (!grpc && (value < 200 || value > 599))
            return false;
    }
    if (!strikes(settings.abort, pass, grpc ? kGrpcAbortHeader : kAbortHeader)
        || !begin(pass, settings))
        return false;
    FilterReply& reply = pass.state.reply;
    const int code = static_cast<int>(std::min<std::uint64_t>(value, 999));
    reply.status = grpc ? httpStatusOfGrpc(code) : code;
    reply.grpcStatus = grpc ? code : -1;
    reply.body = "fault filter abort";
    reply.details = "fault_filter_abort";
    reply.flag = "FI";
    reply.isFault = true;
    m_aborts.add();
    return true;
}

void FaultFilter::visitStats(const StatSink& sink) const
{
    sink(m_statPrefix + "fault.delays_injected", m_delays.value());
    sink(m_statPrefix + "fault.aborts_injected", m_aborts.value());
    sink(m_statPrefix + "fault.response_rl_injected", m_limits.value());
    sink(m_statPrefix + "fault.faults_overflow", m_overflow.value());
    sink(m_statPrefix + "fault.active_faults", m_active->load(std::memory_order_relaxed));
}

} // namespace meshyard::proxy
