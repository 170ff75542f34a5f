// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of log formats: reading and filling in.
#include "embedded-mesh/proxy/telemetry/log_format.h"

#include "embedded-mesh/proxy/telemetry/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace meshyard::proxy {

namespace {

using Kind = LogCommand::Kind;
using Part = LogCommand::AddressPart;

struct KnownCommand
{
    std::string_view name;
    Kind kind;
    Part part = Part::Whole;
};

constexpr auto kCommands = std::to_array<KnownCommand>({
    {"START_TIME", Kind::StartTime},
    {"PROTOCOL", Kind::Protocol},
    {"RESPONSE_CODE", Kind::ResponseCode},
    {"RESPONSE_CODE_DETAILS", Kind::ResponseCodeDetails},
    {"CONNECTION_TERMINATION_DETAILS", Kind::ConnectionTerminationDetails},
    {"RESPONSE_FLAGS", Kind::ResponseFlags},
    {"RESPONSE_FLAGS_LONG", Kind::ResponseFlagsLong},
    {"BYTES_RECEIVED", Kind::BytesReceived},
    {"BYTES_SENT", Kind::BytesSent},
    {"DURATION", Kind::Duration},
    {"REQUEST_DURATION", Kind::RequestDuration},
    {"RESPONSE_DURATION", Kind::ResponseDuration},
    {"RESPONSE_TX_DURATION", Kind::ResponseTxDuration},
    {"UPSTREAM_HOST", Kind::UpstreamHost},
    {"UPSTREAM_REMOTE_ADDRESS", Kind::UpstreamHost},
    {"UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Kind::UpstreamHost, Part::Host},
    {"UPSTREAM_REMOTE_PORT", Kind::UpstreamHost, Part::Port},
    {"UPSTREAM_CLUSTER", Kind::UpstreamCluster},
    {"UPSTREAM_CLUSTER_RAW", Kind::UpstreamCluster},
    {"UPSTREAM_LOCAL_ADDRESS", Kind::UpstreamLocal},
    {"UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", Kind::UpstreamLocal, Part::Host},
    {"UPSTREAM_LOCAL_PORT", Kind::UpstreamLocal, Part::Port},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", Kind::UpstreamFailure},
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", Kind::UpstreamAttempts},
    {"DOWNSTREAM_LOCAL_ADDRESS", Kind::DownstreamLocal},
    {"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", Kind::DownstreamLocal, Part::Host},
    {"DOWNSTREAM_LOCAL_PORT", Kind::DownstreamLocal, Part::Port},
    {"DOWNSTREAM_REMOTE_ADDRESS", Kind::DownstreamRemote},
    {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Kind::DownstreamRemote, Part::Host},
    {"DOWNSTREAM_REMOTE_PORT", Kind::DownstreamRemote, Part::Port},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS", Kind::DownstreamRemote},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", Kind::DownstreamRemote, Part::Host},
    {"DOWNSTREAM_DIRECT_REMOTE_PORT", Kind::DownstreamRemote, Part::Port},
    {"REQUESTED_SERVER_NAME", Kind::ServerName},
    {"ROUTE_NAME", Kind::RouteName},
    {"TRACE_ID", Kind::TraceId},
    {"GRPC_STATUS", Kind::GrpcStatus},
    {"GRPC_STATUS_NUMBER", Kind::GrpcStatusNumber},
    {"VIRTUAL_CLUSTER_NAME", Kind::Nothing},
    {"DOWNSTREAM_TRANSPORT_FAILURE_REASON", Kind::Nothing},
    {"DOWNSTREAM_PEER_URI_SAN", Kind::Nothing},
    {"DYNAMIC_METADATA", Kind::Nothing},
    {"CLUSTER_METADATA", Kind::Nothing},
    {"FILTER_STATE", Kind::Nothing},
    {"METADATA", Kind::Nothing},
});

constexpr std::array<std::string_view, 17> kGrpcNames{"OK", "Canceled", "Unknown",
    "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
    "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal",
    "Unavailable", "DataLoss", "Unauthenticated"};

constexpr std::array<std::string_view, 6> kSecrets{"authorization", "cookie", "set-cookie",
    "proxy-authorization", "x-api-key", "x-auth-token"};

std::string lower(std::string_view text)
{
    std::string out(text);
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; });
    return out;
}

bool isSecretParameter(std::string_view name)
{
    constexpr auto kWords = std::to_array<std::string_view>(
        {"token", "secret", "password", "passwd", "api_key", "apikey", "api-key", "signature",
            "credential"});
    const std::string small = lower(name);
    return std::ranges::any_of(kWords,
        [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

/// Copies a path without the values of parameters that look like secrets.
void appendPath(std::string_view path, std::string& out)
{
    const std::size_t mark = path.find('?');
    out.append(path.substr(0, mark));
    if (mark == std::string_view::npos)
        return;
    char separator = '?';
    for (std::string_view rest = path.substr(mark + 1);;) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        const std::size_t equals = pair.find('=');
        out += separator;
        separator = '&';
        if (equals != std::string_view::npos && isSecretParameter(pair.substr(0, equals)))
            out.append(pair.substr(0, equals + 1)).append("[redacted]");
        else
            out.append(pair);
        if (pair.size() == rest.size())
            return;
        rest.remove_prefix(pair.size() + 1);
    }
}

void appendInteger(std::int64_t number, std::string& out)
{
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

Result<void> compileHeader(std::string_view argument, std::vector<std::string>& names,
    std::string_view spelled, LogCommand& command)
{
    const std::size_t mark = argument.find('?');
    const std::string first = lower(argument.substr(0, mark));
    if (first.empty())
        return failure(ErrorCode::InvalidArgument, "%" + std::string(spelled) + "% has no name");
    command.place = CapturePlan::place(names, first);
    std::string other;
    if (mark != std::string_view::npos) {
        other = lower(argument.substr(mark + 1));
        command.otherPlace = CapturePlan::place(names, other);
    }
    command.redacted = std::ranges::find(kSecrets, first) != kSecrets.end()
        || std::ranges::find(kSecrets, other) != kSecrets.end();
    command.isPath = first == ":path" || other == ":path" || first == "x-envoy-original-path";
    command.isServiceTime = first == "x-envoy-upstream-service-time";
    return {};
}

/// @param spelled what stands between the percent signs.
Result<LogCommand> compileCommand(std::string_view spelled, CapturePlan& plan)
{
    LogCommand command;
    std::string_view name = spelled;
    std::string_view argument;
    std::string_view length;
    if (const std::size_t open = spelled.find('('); open != std::string_view::npos) {
        const std::size_t close = spelled.rfind(')');
        if (close == std::string_view::npos || close < open)
            return failure(
                ErrorCode::InvalidArgument, "%" + std::string(spelled) + "%: ')' is missing");
        name = spelled.substr(0, open);
        argument = spelled.substr(open + 1, close - open - 1);
        length = spelled.substr(close + 1);
    } else if (const std::size_t colon = spelled.find(':'); colon != std::string_view::npos) {
        name = spelled.substr(0, colon);
        length = spelled.substr(colon);
    }
    if (!length.empty()) {
        const char* const end = length.data() + length.size();
        const auto parsed = std::from_chars(length.data() + 1, end, command.maxLength);
        if (length.front() != ':' || parsed.ec != std::errc() || parsed.ptr != end)
            return failure(ErrorCode::InvalidArgument,
                "%" + std::string(spelled) + "%: the length is not ':NUMBER'");
    }
    if (name == "REQ" || name == "RESP") {
        const bool request = name == "REQ";
        command.kind = request ? Kind::RequestHeader : Kind::ResponseHeader;
        if (auto done = compileHeader(
                argument, request ? plan.request : plan.response, spelled, command);
            !done)
            return tl::unexpected(done.error());
        return command;
    }
    const auto* const known = std::ranges::find(kCommands, name, &KnownCommand::name);
    if (known == kCommands.end())
        return failure(ErrorCode::InvalidArgument,
            "%" + std::string(name) + "% is not a supported command of access logs");
    command.kind = known->kind;
    command.part = known->part;
    command.text = argument;
    return command;
}

} // namespace

std::size_t CapturePlan::place(std::vector<std::string>& names, std::string_view name)
{
    const auto found = std::ranges::find(names, name);
    if (found != names.end())
        return static_cast<std::size_t>(found - names.begin());
    names.emplace_back(name);
    return names.size() - 1;
}

Result<std::vector<LogCommand>> compileLogCommands(std::string_view format, CapturePlan& plan)
{
    std::vector<LogCommand> commands;
    const auto literal = [&]() -> std::string& {
        if (commands.empty() || commands.back().kind != Kind::Text)
            commands.emplace_back();
        return commands.back().text;
    };
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            literal() += format[i];
            continue;
        }
        if (i + 1 < format.size() && format[i + 1] == '%') {
            literal() += '%';
            ++i;
            continue;
        }
        // A time format has percent signs of its own: the end is the one behind ")" or ":N".
        const std::size_t open = format.find('(', i);
        std::size_t end = format.find('%', i + 1);
        if (open != std::string_view::npos && open < end) {
            const std::size_t close = format.find(')', open);
            end = close == std::string_view::npos ? close : format.find('%', close);
        }
        if (end == std::string_view::npos)
            return failure(ErrorCode::InvalidArgument,
                "format: no '%' ends the command at '" + std::string(format.substr(i, 30)) + "'");
        auto command = compileCommand(format.substr(i + 1, end - i - 1), plan);
        if (!command)
            return tl::unexpected(command.error());
        commands.push_back(std::move(*command));
        i = end;
    }
    return commands;
}

bool LogCommand::isNumber() const
{
    switch (kind) {
    case Kind::ResponseCode:
    case Kind::BytesReceived:
    case Kind::BytesSent:
    case Kind::Duration:
    case Kind::RequestDuration:
    case Kind::ResponseDuration:
    case Kind::ResponseTxDuration:
    case Kind::UpstreamAttempts:
    case Kind::GrpcStatusNumber:
        return true;
    default:
        return part == AddressPart::Port;
    }
}

bool LogCommand::appendHeader(
    const CapturedHeaders* headers, const LogEntry& entry, std::string& out) const
{
    std::optional<std::string_view> value;
    if (headers != nullptr) {
        value = headers->value(place);
        if (!value && otherPlace)
            value = headers->value(*otherPlace);
    }
    if (!value && isServiceTime && entry.responseDuration) {
        appendInteger(entry.responseDuration->count() / 1000, out);
        return true;
    }
    if (!value)
        return false;
    if (redacted) {
        out.append("[redacted]");
        return true;
    }
    if (!isPath) {
        out.append(value->substr(0, maxLength));
        return true;
    }
    const std::size_t begin = out.size();
    appendPath(*value, out);
    if (out.size() - begin > maxLength)
        out.resize(begin + maxLength);
    return true;
}

bool LogCommand::appendNumber(const LogEntry& entry, std::string& out) const
{
    const auto millis = [&out](std::chrono::microseconds time) {
        appendInteger(time.count() / 1000, out);
        return true;
    };
    switch (kind) {
    case Kind::ResponseCode:
        appendInteger(entry.status, out);
        return true;
    case Kind::BytesReceived:
        appendInteger(static_cast<std::int64_t>(entry.bytesReceived), out);
        return true;
    case Kind::BytesSent:
        appendInteger(static_cast<std::int64_t>(entry.bytesSent), out);
        return true;
    case Kind::Duration:
        return millis(entry.duration);
    case Kind::RequestDuration:
        return entry.requestDuration && millis(*entry.requestDuration);
    case Kind::ResponseDuration:
        return entry.responseDuration && millis(*entry.responseDuration);
    case Kind::ResponseTxDuration:
        return entry.responseDuration && millis(entry.duration - *entry.responseDuration);
    case Kind::UpstreamAttempts:
        appendInteger(entry.attempts, out);
        return true;
    default: // GrpcStatusNumber
        if (entry.grpcStatus < 0)
            return false;
        appendInteger(entry.grpcStatus, out);
        return true;
    }
}

bool LogCommand::appendAddress(const net::SocketAddress* address, std::string& out) const
{
    if (address == nullptr)
        return false;
    if (part == AddressPart::Whole || address->isUnix())
        out.append(address->toString());
    else if (part == AddressPart::Host)
        out.append(address->host());
    else
        appendInteger(address->port(), out);
    return true;
}

bool LogCommand::append(const LogEntry& entry, std::string& out) const
{
    const auto words = [&](std::string_view value) {
        out.append(value.substr(0, maxLength));
        return !value.empty();
    };
    switch (kind) {
    case Kind::Text:
        return words(text);
    case Kind::StartTime:
        appendTime(entry.startedAt, text, out);
        return true;
    case Kind::RequestHeader:
        return appendHeader(entry.request, entry, out);
    case Kind::ResponseHeader:
        return appendHeader(entry.response, entry, out);
    case Kind::Protocol:
        return words(entry.protocol);
    case Kind::ResponseCodeDetails:
        return words(entry.details);
    case Kind::ConnectionTerminationDetails:
        return words(entry.connectionDetails);
    case Kind::ResponseFlags:
    case Kind::ResponseFlagsLong: {
        const std::size_t begin = out.size();
        entry.flags.forEach([&](const ResponseFlagName& name) {
            if (out.size() > begin)
                out += ',';
            out.append(kind == Kind::ResponseFlags ? name.code : name.word);
        });
        return out.size() > begin;
    }
    case Kind::UpstreamHost:
        return appendAddress(entry.upstreamHost, out);
    case Kind::UpstreamCluster:
        return words(entry.cluster);
    case Kind::UpstreamLocal:
        return appendAddress(entry.upstreamLocal, out);
    case Kind::UpstreamFailure:
        return words(entry.upstreamFailure);
    case Kind::DownstreamLocal:
        return appendAddress(entry.downstreamLocal, out);
    case Kind::DownstreamRemote:
        return appendAddress(entry.downstreamRemote, out);
    case Kind::ServerName:
        return words(entry.serverName);
    case Kind::RouteName:
        return words(entry.routeName);
    case Kind::TraceId:
        return words(entry.traceId);
    case Kind::GrpcStatus:
        return entry.grpcStatus >= 0
            && words(entry.grpcStatus < static_cast<int>(kGrpcNames.size())
                    ? kGrpcNames[static_cast<std::size_t>(entry.grpcStatus)]
                    : "InvalidCode");
    case Kind::Nothing:
        return false;
    default:
        return appendNumber(entry, out);
    }
}

} // namespace meshyard::proxy
