// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/telemetry/log_entry.h"

#include <memory>

namespace google::protobuf {
class Struct;
class Value;
} // namespace google::protobuf

namespace meshyard::proxy {

/// One %COMMAND% or a literal text of a log format.
struct LogCommand
{
    enum class Kind : std::uint8_t {
        Text,
        StartTime,
        RequestHeader,
        ResponseHeader,
        Protocol,
        ResponseCode,
        ResponseCodeDetails,
        ConnectionTerminationDetails,
        ResponseFlags,
        ResponseFlagsLong,
        BytesReceived,
        BytesSent,
        Duration,
        RequestDuration,
        ResponseDuration,
        ResponseTxDuration,
        UpstreamHost,
        UpstreamCluster,
        UpstreamLocal,
        UpstreamFailure,
        UpstreamAttempts,
        DownstreamLocal,
        DownstreamRemote,
        ServerName,
        RouteName,
        TraceId,
        GrpcStatus,
        GrpcStatusNumber,
        Nothing, // understood, but never known here
    };
    enum class AddressPart : std::uint8_t { Whole, Host, Port };

    Kind kind = Kind::Text;
    AddressPart part = AddressPart::Whole;
    std::string text; // literal, or time format
    std::size_t place = 0; // of the header in the plan
    std::optional<std::size_t> otherPlace; // header to take when the first is missing
    std::size_t maxLength = std::string::npos;
    bool redacted = false; // a secret: only its presence is told
    bool isPath = false; // token-like query values are taken out
    bool isServiceTime = false; // x-envoy-upstream-service-time: ours when the upstream said none

    bool isNumber() const;
    /// @return false = there is no such value; nothing was appended.
    bool append(const LogEntry& entry, std::string& out) const;

private:
    bool appendHeader(const CapturedHeaders* headers, const LogEntry& entry, std::string& out) const;
    bool appendNumber(const LogEntry& entry, std::string& out) const;
    bool appendAddress(const net::SocketAddress* address, std::string& out) const;
};

/// Splits a format into commands. @param plan gets the headers it asks for.
/// @return InvalidArgument naming the unknown or malformed command.
Result<std::vector<LogCommand>> compileLogCommands(std::string_view format, CapturePlan& plan);

/// A compiled access log format: text or JSON. Control bytes of values are escaped in both, secrets
/// are never written (reference/reliability.md §5).
///
/// Follows Envoy's substitution formatter: a missing value is "-" in text and null in JSON; a JSON
/// value that is one command of numeric kind is a number.
class LogFormat final
{
public:
    /// @param omitEmpty a missing value is empty text, or no member in JSON.
    static Result<LogFormat> text(std::string_view format, bool omitEmpty, CapturePlan& plan);
    static Result<LogFormat> json(
        const google::protobuf::Struct& format, bool omitEmpty, CapturePlan& plan);
    /// Envoy's default text.
    static LogFormat standard(CapturePlan& plan);

    void append(const LogEntry& entry, std::string& out) const;

private:
    struct Node // of a JSON value
    {
        enum class Kind : std::uint8_t { Object, List, Value, Literal };

        Kind kind = Kind::Value;
        std::string key; // quoted, with its colon
        std::string literal; // JSON
        std::vector<LogCommand> commands;
        std::vector<Node> children;
    };

    static Result<Node> compileNode(const google::protobuf::Value& value, CapturePlan& plan);
    static Result<Node> compileObject(const google::protobuf::Struct& object, CapturePlan& plan);
    bool appendNode(const Node& node, const LogEntry& entry, std::string& out) const;
    bool appendValue(const Node& node, const LogEntry& entry, std::string& out) const;

    bool m_omitEmpty = false;
    bool m_isJson = false;
    std::vector<LogCommand> m_commands;
    Node m_root;
};

} // namespace meshyard::proxy
