// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message_head.h"

#include <cstdint>
#include <string_view>

namespace meshyard::http {

/// Error codes of RFC 9113 7.
enum class H2Code : std::uint32_t {
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    FlowControlError = 3,
    SettingsTimeout = 4,
    StreamClosed = 5,
    FrameSizeError = 6,
    RefusedStream = 7,
    Cancel = 8,
    CompressionError = 9,
    ConnectError = 10,
    EnhanceYourCalm = 11,
    InadequateSecurity = 12,
    Http11Required = 13,
};

/// What we announce to the peer of an HTTP/2 session, and take from it.
struct H2Options
{
    std::uint32_t maxConcurrentStreams = 100; // of the peer's
    std::uint32_t streamWindow = 64 * 1024;
    std::uint32_t connectionWindow = 1024 * 1024;
    std::uint32_t headerTable = 4096;
    HeadLimits limits;
    bool extendedConnect = false; // RFC 8441; server
    bool secure = false; // :scheme we send; client

    bool operator==(const H2Options&) const = default;
};

/// What a client sends first.
inline constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

} // namespace meshyard::http
