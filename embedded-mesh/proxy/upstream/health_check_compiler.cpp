// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/health_check_spec.h"

#include "envoy/config/core/v3/health_check.pb.h"

#include <optional>

namespace meshyard::proxy {

namespace {

using Proto = envoy::config::core::v3::HealthCheck;

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Payloads are hexadecimal text, or bytes as they are.
Result<std::string> bytesOf(const Proto::Payload& payload)
{
    if (payload.payload_case() == Proto::Payload::kBinary)
        return payload.binary();
    const std::string& text = payload.text();
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const int high = hexDigit(text[i]);
        const int low = hexDigit(text[i + 1]);
        if (high < 0 || low < 0)
            return failure(ErrorCode::InvalidArgument, "payload '" + text + "' is not hexadecimal");
        bytes.push_back(static_cast<char>(high * 16 + low));
    }
    if (text.empty() || text.size() % 2 != 0)
        return failure(ErrorCode::InvalidArgument, "payload '" + text + "' is not hexadecimal");
    return bytes;
}

template <typename Options> Result<void> takeHeaders(const Options& options, HealthCheckSpec& spec)
{
    for (const auto& option : options) {
        if (!isHeaderName(option.header().key()) || !isHeaderValue(option.header().value()))
            return failure(ErrorCode::InvalidArgument,
                "health_checks: '" + option.header().key() + "' is no valid header line");
        spec.headersToAdd.emplace_back(option.header().key(), option.header().value());
    }
    return {};
}

Result<void> takeGrpc(const Proto::GrpcHealthCheck& proto, HealthCheckSpec& spec)
{
    spec.kind = HealthCheckSpec::Kind::Grpc;
    spec.service = proto.service_name();
    spec.host = proto.authority();
    return takeHeaders(proto.initial_metadata(), spec);
}

Result<void> takeHttp(const Proto::HttpHealthCheck& proto, HealthCheckSpec& spec)
{
    if (proto.path().empty() || proto.path().front() != '/')
        return failure(ErrorCode::InvalidArgument, "http_health_check.path must begin with '/'");
    spec.host = proto.host();
    spec.path = proto.path();
    if (proto.codec_client_type() == envoy::type::v3::HTTP3)
        return failure(ErrorCode::InvalidArgument, "http_health_check.codec_client_type: no HTTP3");
    spec.http2 = proto.codec_client_type() == envoy::type::v3::HTTP2;
    if (proto.method() == envoy::config::core::v3::CONNECT)
        return failure(ErrorCode::InvalidArgument, "http_health_check.method may not be CONNECT");
    if (proto.method() != envoy::config::core::v3::METHOD_UNSPECIFIED)
        spec.method = envoy::config::core::v3::RequestMethod_Name(proto.method());
    if (auto done = takeHeaders(proto.request_headers_to_add(), spec); !done)
        return done;
    const auto ranges = [](const auto& protos, std::vector<HealthCheckSpec::StatusRange>& taken) {
        if (!protos.empty())
            taken.clear();
        for (const auto& range : protos) {
            if (range.start() < 100 || range.end() > 600 || range.start() >= range.end())
                return false;
            taken.push_back({range.start(), range.end()});
        }
        return true;
    };
    if (!ranges(proto.expected_statuses(), spec.expected)
        || !ranges(proto.retriable_statuses(), spec.retriable))
        return failure(
            ErrorCode::InvalidArgument, "http_health_check: a status range must lie in [100, 600)");
    return {};
}

Result<void> takeTcp(const Proto::TcpHealthCheck& proto, HealthCheckSpec& spec)
{
    spec.kind = HealthCheckSpec::Kind::Tcp;
    if (proto.has_send()) {
        auto bytes = bytesOf(proto.send());
        if (!bytes)
            return at("tcp_health_check.send", bytes.error());
        spec.send = std::move(*bytes);
    }
    for (const auto& payload : proto.receive()) {
        auto bytes = bytesOf(payload);
        if (!bytes)
            return at("tcp_health_check.receive", bytes.error());
        spec.receive.push_back(std::move(*bytes));
    }
    return {};
}

Result<void> takeKind(const Proto& check, HealthCheckSpec& spec)
{
    switch (check.health_checker_case()) {
    case Proto::kHttpHealthCheck:
        return takeHttp(check.http_health_check(), spec);
    case Proto::kTcpHealthCheck:
        return takeTcp(check.tcp_health_check(), spec);
    case Proto::kGrpcHealthCheck:
        return takeGrpc(check.grpc_health_check(), spec);
    default:
        return failure(ErrorCode::InvalidArgument, "health_checks: a check has no kind");
    }
}

void takeTimes(const Proto& check, HealthCheckSpec& spec)
{
    using Micros = HealthCheckSpec::Micros;
    const auto orElse = [](bool has, const google::protobuf::Duration& value, Micros otherwise) {
        return has ? toMicros(value) : otherwise;
    };
    spec.timeout = toMicros(check.timeout());
    spec.interval = toMicros(check.interval());
    spec.initialJitter = toMicros(check.initial_jitter());
    spec.intervalJitter = toMicros(check.interval_jitter());
    spec.intervalJitterPercent = check.interval_jitter_percent();
    spec.noTrafficInterval = orElse(
        check.has_no_traffic_interval(), check.no_traffic_interval(), spec.noTrafficInterval);
    spec.noTrafficHealthyInterval = orElse(check.has_no_traffic_healthy_interval(),
        check.no_traffic_healthy_interval(), spec.noTrafficInterval);
    spec.unhealthyInterval
        = orElse(check.has_unhealthy_interval(), check.unhealthy_interval(), spec.interval);
    spec.unhealthyEdgeInterval = orElse(check.has_unhealthy_edge_interval(),
        check.unhealthy_edge_interval(), spec.unhealthyInterval);
    spec.healthyEdgeInterval
        = orElse(check.has_healthy_edge_interval(), check.healthy_edge_interval(), spec.interval);
}

} // namespace

Result<HealthCheckSpec> HealthCheckSpec::compile(const Proto& check)
{
    HealthCheckSpec spec;
    takeTimes(check, spec);
    if (spec.timeout.count() <= 0 || spec.interval.count() <= 0)
        return failure(
            ErrorCode::InvalidArgument, "health_checks: timeout and interval must be above 0");
    if (!check.has_healthy_threshold() || !check.has_unhealthy_threshold())
        return failure(ErrorCode::InvalidArgument,
            "health_checks: healthy_threshold and unhealthy_threshold are required");
    spec.healthyThreshold = std::max(check.healthy_threshold().value(), 1U);
    spec.unhealthyThreshold = std::max(check.unhealthy_threshold().value(), 1U);
    if (check.alt_port().value() > 65535)
        return failure(ErrorCode::InvalidArgument, "health_checks: alt_port is above 65535");
    spec.altPort = static_cast<std::uint16_t>(check.alt_port().value());
    spec.reusesConnection = !check.has_reuse_connection() || check.reuse_connection().value();
    if (auto taken = takeKind(check, spec); !taken)
        return tl::unexpected(taken.error());
    return spec;
}

} // namespace meshyard::proxy
