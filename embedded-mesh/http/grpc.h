// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// gRPC over HTTP as far as it is text in fields: statuses, timeouts, messages.
/// Follows gRPC's PROTOCOL-HTTP2 and Envoy's mappings between HTTP and gRPC statuses.
namespace meshyard::http {

enum class GrpcCode : int {
    None = -1, // no gRPC call, or its status has not come
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
};

/// "UNAVAILABLE"; "UNKNOWN" for what is no code.
std::string_view grpcCodeName(int code);
/// "application/grpc", alone or with a suffix; not gRPC-Web.
bool isGrpcContentType(std::string_view type);
/// -1 when it is no code at all.
int parseGrpcStatus(std::string_view text);
/// From trailer lines; -1 when it is not among them.
int grpcStatusOf(std::string_view trailers);
/// What an HTTP caller would see of a gRPC status; 200 for OK.
int httpStatusOfGrpc(int code);
/// What a gRPC caller sees of an HTTP answer of ours.
GrpcCode grpcCodeOfHttp(int status);
/// Value of grpc-timeout, e.g. "100m"; nullopt when it is malformed.
std::optional<std::chrono::microseconds> parseGrpcTimeout(std::string_view text);
/// grpc-message: percent-encoded.
void appendGrpcMessage(std::string& out, std::string_view text);

} // namespace meshyard::http
