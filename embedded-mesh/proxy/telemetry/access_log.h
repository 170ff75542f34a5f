// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/telemetry/log_filter.h"
#include "embedded-mesh/proxy/telemetry/log_format.h"
#include "embedded-mesh/proxy/telemetry/span_rules.h"

namespace envoy::config::accesslog::v3 {
class AccessLog;
}
namespace google::protobuf {
template <typename T> class RepeatedPtrField;
}

namespace meshyard::proxy {

/// One compiled access logger.
struct AccessLogRules
{
    std::string path; // "/dev/stdout", "/dev/stderr" or a file
    LogFormat format;
    LogFilter filter;
};

/// What a listener's requests or connections leave behind: logs, and how they are traced.
/// nullptr in a listener's specification: nothing is kept of a request.
///
/// Thread: immutable; shared by workers.
struct TelemetryRules
{
    using Logs = google::protobuf::RepeatedPtrField<envoy::config::accesslog::v3::AccessLog>;

    CapturePlan plan;
    std::vector<HeaderTest> headerTests;
    std::vector<AccessLogRules> logs;
    std::shared_ptr<const SpanRules> spans; // nullptr = no tracing

    /// @return InvalidArgument naming the logger, command or filter that is not supported.
    Result<void> addLogs(const Logs& logs);
};

} // namespace meshyard::proxy
