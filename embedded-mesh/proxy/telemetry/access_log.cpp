// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/access_log.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/extensions/access_loggers/file/v3/file.pb.h"
#include "envoy/extensions/access_loggers/stream/v3/stream.pb.h"

#include <sstream>

namespace meshyard::proxy {

namespace {

using Proto = envoy::config::accesslog::v3::AccessLog;
using Format = envoy::config::core::v3::SubstitutionFormatString;
using FileLog = envoy::extensions::access_loggers::file::v3::FileAccessLog;
using StdoutLog = envoy::extensions::access_loggers::stream::v3::StdoutAccessLog;
using StderrLog = envoy::extensions::access_loggers::stream::v3::StderrAccessLog;

Result<LogFormat> compileFormat(const Format& format, CapturePlan& plan)
{
    switch (format.format_case()) {
    case Format::kTextFormat:
        return LogFormat::text(format.text_format(), format.omit_empty_values(), plan);
    case Format::kJsonFormat:
        return LogFormat::json(format.json_format(), format.omit_empty_values(), plan);
    case Format::kTextFormatSource: {
        const auto& source = format.text_format_source();
        if (!source.inline_string().empty())
            return LogFormat::text(source.inline_string(), format.omit_empty_values(), plan);
        if (!source.inline_bytes().empty())
            return LogFormat::text(source.inline_bytes(), format.omit_empty_values(), plan);
        return failure(ErrorCode::InvalidArgument,
            "text_format_source: only inline_string and inline_bytes are supported");
    }
    default:
        return LogFormat::standard(plan);
    }
}

Result<LogFormat> compileFileFormat(const FileLog& log, CapturePlan& plan)
{
    switch (log.access_log_format_case()) {
    case FileLog::kFormat:
        return LogFormat::text(log.format(), false, plan);
    case FileLog::kJsonFormat:
        return LogFormat::json(log.json_format(), false, plan);
    case FileLog::kTypedJsonFormat:
        return LogFormat::json(log.typed_json_format(), false, plan);
    default:
        return compileFormat(log.log_format(), plan);
    }
}

Result<AccessLogRules> compileLog(const Proto& proto, TelemetryRules& rules)
{
    AccessLogRules made;
    Result<LogFormat> format = LogFormat();
    FileLog file;
    StdoutLog out;
    StderrLog err;
    if (proto.typed_config().Is<FileLog>() && proto.typed_config().UnpackTo(&file)) {
        made.path = file.path();
        if (made.path.empty())
            return failure(ErrorCode::InvalidArgument, "path is empty");
        format = compileFileFormat(file, rules.plan);
    } else if (proto.typed_config().Is<StdoutLog>() && proto.typed_config().UnpackTo(&out)) {
        made.path = "/dev/stdout";
        format = compileFormat(out.log_format(), rules.plan);
    } else if (proto.typed_config().Is<StderrLog>() && proto.typed_config().UnpackTo(&err)) {
        made.path = "/dev/stderr";
        format = compileFormat(err.log_format(), rules.plan);
    } else {
        return failure(ErrorCode::InvalidArgument,
            "'" + proto.typed_config().type_url() + "' is not a supported access logger");
    }
    if (!format)
        return tl::unexpected(format.error());
    made.format = std::move(*format);
    if (proto.has_filter()) {
        auto filter = LogFilter::compile(proto.filter(), rules.headerTests);
        if (!filter)
            return tl::unexpected(filter.error());
        made.filter = std::move(*filter);
    }
    return made;
}

} // namespace

Result<void> TelemetryRules::addLogs(const Logs& protos)
{
    for (const Proto& proto : protos) {
        auto compiled = compileLog(proto, *this);
        if (!compiled)
            return at("access_log '" + proto.name() + "'", compiled.error());
        logs.push_back(std::move(*compiled));
    }
    return {};
}

} // namespace meshyard::proxy
