// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/grpc.h"

#include "embedded-mesh/http/field_rules.h"

#include <algorithm>
#include <array>

namespace meshyard::http {

namespace {

constexpr int kMaxCode = 16;

} // namespace

std::string_view grpcCodeName(int code)
{
    constexpr std::array<std::string_view, kMaxCode + 1> kNames{"OK", "CANCELLED", "UNKNOWN",
        "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
    return code >= 0 && code <= kMaxCode ? kNames[static_cast<std::size_t>(code)] : "UNKNOWN";
}

bool isGrpcContentType(std::string_view type)
{
    constexpr std::string_view kGrpc = "application/grpc";
    if (!type.starts_with(kGrpc))
        return false;
    type.remove_prefix(kGrpc.size());
    return type.empty() || type.front() == '+' || type.front() == ';';
}

int parseGrpcStatus(std::string_view text)
{
    const auto code = parseDecimal(trimmed(text));
    if (!code)
        return -1;
    // Codes that nobody knows mean UNKNOWN.
    return *code <= kMaxCode ? static_cast<int>(*code) : static_cast<int>(GrpcCode::Unknown);
}

int grpcStatusOf(std::string_view trailers)
{
    while (!trailers.empty()) {
        const std::size_t end = std::min(trailers.find("\r\n"), trailers.size());
        const std::string_view line = trailers.substr(0, end);
        const std::size_t colon = std::min(line.find(':'), line.size());
        if (equalsIgnoringCase(line.substr(0, colon), "grpc-status"))
            return parseGrpcStatus(line.substr(std::min(colon + 1, line.size())));
        trailers.remove_prefix(std::min(end + 2, trailers.size()));
    }
    return -1;
}

int httpStatusOfGrpc(int code)
{
    constexpr std::array kStatus{
        200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401};
    return code >= 0 && code <= kMaxCode ? kStatus[static_cast<std::size_t>(code)] : 500;
}

GrpcCode grpcCodeOfHttp(int status)
{
    switch (status) {
    case 400:
        return GrpcCode::Internal;
    case 401:
        return GrpcCode::Unauthenticated;
    case 403:
        return GrpcCode::PermissionDenied;
    case 404:
        return GrpcCode::Unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
        return GrpcCode::Unavailable;
    default:
        return GrpcCode::Unknown;
    }
}

std::optional<std::chrono::microseconds> parseGrpcTimeout(std::string_view text)
{
    constexpr std::size_t kMaxDigits = 8;
    if (text.size() < 2 || text.size() > kMaxDigits + 1)
        return std::nullopt;
    const auto amount = parseDecimal(text.substr(0, text.size() - 1));
    if (!amount)
        return std::nullopt;
    const auto count = static_cast<std::int64_t>(*amount);
    switch (text.back()) {
    case 'H':
        return std::chrono::hours(count);
    case 'M':
        return std::chrono::minutes(count);
    case 'S':
        return std::chrono::seconds(count);
    case 'm':
        return std::chrono::milliseconds(count);
    case 'u':
        return std::chrono::microseconds(count);
    case 'n':
        return std::chrono::ceil<std::chrono::microseconds>(std::chrono::nanoseconds(count));
    default:
        return std::nullopt;
    }
}

void appendGrpcMessage(std::string& out, std::string_view text)
{
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '%') {
            out.push_back(c);
            continue;
        }
        out.push_back('%');
        out.push_back(kHex[byte >> 4]);
        out.push_back(kHex[byte & 15]);
    }
}

} // namespace meshyard::http
