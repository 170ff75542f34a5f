// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/telemetry/span_rules.h"

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

namespace meshyard::proxy {

/// @param inbound the listener takes calls for the service itself.
/// @return InvalidArgument when the provider is not OpenTelemetry over gRPC.
Result<std::shared_ptr<const SpanRules>> compileSpanRules(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager::
        Tracing& tracing,
    bool inbound, CapturePlan& plan);

} // namespace meshyard::proxy
