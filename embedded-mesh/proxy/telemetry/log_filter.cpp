// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/log_filter.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/accesslog/v3/accesslog.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

using Proto = envoy::config::accesslog::v3::AccessLogFilter;

} // namespace

void LogFilter::compare(const envoy::config::accesslog::v3::ComparisonFilter& comparison)
{
    m_operation = static_cast<Operation>(comparison.op());
    m_value = comparison.value().default_value();
}

Result<LogFilter> LogFilter::compile(const Proto& proto, std::vector<HeaderTest>& tests)
{
    LogFilter filter;
    const auto children = [&](Kind kind, const auto& protos) -> Result<LogFilter> {
        filter.m_kind = kind;
        for (const Proto& child : protos) {
            auto compiled = compile(child, tests);
            if (!compiled)
                return compiled;
            filter.m_children.push_back(std::move(*compiled));
        }
        return filter;
    };
    switch (proto.filter_specifier_case()) {
    case Proto::kStatusCodeFilter:
        filter.m_kind = Kind::Status;
        filter.compare(proto.status_code_filter().comparison());
        return filter;
    case Proto::kDurationFilter:
        filter.m_kind = Kind::Duration;
        filter.compare(proto.duration_filter().comparison());
        return filter;
    case Proto::kNotHealthCheckFilter: // no health check filter here: nothing is one
        return filter;
    case Proto::kTraceableFilter:
        filter.m_kind = Kind::Traced;
        return filter;
    case Proto::kRuntimeFilter:
        filter.m_kind = Kind::Share;
        filter.m_perMillion = perMillion(proto.runtime_filter().percent_sampled());
        return filter;
    case Proto::kAndFilter:
        return children(Kind::And, proto.and_filter().filters());
    case Proto::kOrFilter:
        return children(Kind::Or, proto.or_filter().filters());
    case Proto::kHeaderFilter: {
        auto test = HeaderTest::compile(proto.header_filter().header());
        if (!test)
            return tl::unexpected(test.error());
        if (tests.size() == kMaxHeaderTests)
            return failure(ErrorCode::InvalidArgument, "header_filter: more than 64 on a listener");
        filter.m_kind = Kind::Header;
        filter.m_headerTest = tests.size();
        tests.push_back(std::move(*test));
        return filter;
    }
    case Proto::kResponseFlagFilter:
        filter.m_kind = Kind::Flags;
        filter.m_anyFlag = proto.response_flag_filter().flags().empty();
        for (const std::string& code : proto.response_flag_filter().flags()) {
            const auto flag = ResponseFlags::byCode(code);
            if (!flag)
                return failure(
                    ErrorCode::InvalidArgument, "response_flag_filter: unknown flag '" + code + "'");
            filter.m_flags.set(*flag);
        }
        return filter;
    case Proto::kGrpcStatusFilter:
        filter.m_kind = Kind::Grpc;
        for (const int status : proto.grpc_status_filter().statuses())
            filter.m_grpc.set(static_cast<std::size_t>(std::clamp(status, 0, 16)));
        if (proto.grpc_status_filter().exclude())
            filter.m_grpc.flip();
        return filter;
    default:
        return failure(ErrorCode::InvalidArgument,
            "access log filter: this kind of filter is not supported");
    }
}

bool LogFilter::compares(std::int64_t value) const
{
    switch (m_operation) {
    case Operation::AtLeast:
        return value >= m_value;
    case Operation::AtMost:
        return value <= m_value;
    case Operation::NotEqual:
        return value != m_value;
    default:
        return value == m_value;
    }
}

bool LogFilter::takes(const LogEntry& entry) const
{
    switch (m_kind) {
    case Kind::All:
        return true;
    case Kind::Status:
        return compares(entry.status);
    case Kind::Duration:
        return compares(entry.duration.count() / 1000);
    case Kind::Share:
        return entry.random % 1000000 < m_perMillion;
    case Kind::And:
        return std::ranges::all_of(
            m_children, [&](const LogFilter& child) { return child.takes(entry); });
    case Kind::Or:
        return std::ranges::any_of(
            m_children, [&](const LogFilter& child) { return child.takes(entry); });
    case Kind::Header:
        return (entry.headerTests >> m_headerTest & 1U) != 0;
    case Kind::Flags:
        return m_anyFlag ? !entry.flags.isEmpty() : entry.flags.overlaps(m_flags);
    case Kind::Grpc: {
        // Envoy judges a plain response by what its status would be in gRPC.
        const int status = entry.grpcStatus >= 0 ? entry.grpcStatus : (entry.status == 200 ? 0 : 2);
        return status <= 16 && m_grpc.test(static_cast<std::size_t>(status));
    }
    case Kind::Traced:
        return entry.sampled;
    }
    return true;
}

} // namespace meshyard::proxy
