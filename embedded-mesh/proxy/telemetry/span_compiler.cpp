// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/span_compiler.h"

#include "envoy/config/trace/v3/opentelemetry.pb.h"

#include <algorithm>
#include <cmath>

namespace meshyard::proxy {

namespace {

using Tracing = envoy::extensions::filters::network::http_connection_manager::v3::
    HttpConnectionManager::Tracing;
using Provider = envoy::config::trace::v3::OpenTelemetryConfig;

std::uint32_t perMillionOf(const envoy::type::v3::Percent& percent)
{
    return static_cast<std::uint32_t>(std::lround(std::clamp(percent.value(), 0.0, 100.0) * 10000));
}

} // namespace

void SpanRules::capture(CapturePlan& plan)
{
    places.method = CapturePlan::place(plan.request, ":method");
    places.path = CapturePlan::place(plan.request, ":path");
    places.authority = CapturePlan::place(plan.request, ":authority");
    places.requestId = CapturePlan::place(plan.request, "x-request-id");
    places.userAgent = CapturePlan::place(plan.request, "user-agent");
}

Result<std::shared_ptr<const SpanRules>> compileSpanRules(
    const Tracing& tracing, bool inbound, CapturePlan& plan)
{
    auto rules = std::make_shared<SpanRules>();
    rules->inbound = inbound;
    if (tracing.has_client_sampling())
        rules->clientPerMillion = perMillionOf(tracing.client_sampling());
    if (tracing.has_random_sampling())
        rules->randomPerMillion = perMillionOf(tracing.random_sampling());
    if (tracing.has_overall_sampling())
        rules->overallPerMillion = perMillionOf(tracing.overall_sampling());
    if (tracing.has_max_path_tag_length())
        rules->maxPathLength = tracing.max_path_tag_length().value();
    rules->capture(plan);
    if (!tracing.has_provider())
        return rules;
    Provider provider;
    const auto& config = tracing.provider().typed_config();
    if (!config.Is<Provider>() || !config.UnpackTo(&provider))
        return failure(ErrorCode::InvalidArgument,
            "tracing.provider '" + tracing.provider().name()
                + "' is not supported: only envoy.tracers.opentelemetry is");
    rules->serviceName = provider.service_name();
    rules->collectorCluster = provider.grpc_service().envoy_grpc().cluster_name();
    rules->collectorTarget = provider.grpc_service().google_grpc().target_uri();
    if (!rules->sends())
        return failure(
            ErrorCode::InvalidArgument, "tracing.provider: grpc_service names no collector");
    return rules;
}

} // namespace meshyard::proxy
