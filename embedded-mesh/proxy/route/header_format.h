// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/route/request_view.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::proxy {

/// What a header value may speak of once the request is routed.
struct RequestFacts
{
    const RequestView& request;
    std::string_view routeName;
    std::string_view cluster;
    std::string_view nodeId;
    WallTime startedAt;
};

/// What is known only when the answer is there.
struct ResponseFacts
{
    int status = 0;
    std::span<const HeaderView> headers;
    std::string_view upstreamAddress; // HOST:PORT; empty = no upstream answered
};

/// A compiled header value with Envoy's %COMMANDS%. What is missing gives no text.
///
/// Follows Envoy's substitution formatter, as far as commands make sense in headers.
class HeaderFormat final
{
public:
    HeaderFormat() = default;
    /// @return InvalidArgument naming an unknown or malformed command.
    static Result<HeaderFormat> compile(std::string_view text);

    /// No command in it: text() is the value.
    bool isLiteral() const { return m_parts.empty(); }
    const std::string& text() const { return m_text; }
    bool asksResponse() const;

    /// The same with everything filled in that the request tells.
    HeaderFormat bound(const RequestFacts& facts) const;
    /// @param facts nullptr: commands about the response give nothing.
    void append(const ResponseFacts* facts, std::string& out) const;
    std::string value(const RequestFacts& request) const;

private:
    enum class Command : std::uint8_t {
        Text,
        RequestHeader,
        ResponseHeader,
        RemoteAddress,
        RemoteHost,
        RemotePort,
        DirectAddress,
        DirectHost,
        DirectPort,
        LocalAddress,
        LocalHost,
        LocalPort,
        Protocol,
        StartTime,
        RouteName,
        UpstreamCluster,
        UpstreamAddress,
        UpstreamHost,
        ResponseCode,
        ServerName,
        PeerUriSan,
        Hostname,
        Scheme,
        Method,
        Path,
    };

    struct Part
    {
        Command command = Command::Text;
        std::string text; // literal, header name or time format
        std::string other; // alternative header name
        std::size_t maxLength = std::string::npos;
    };

    static Result<Part> compileCommand(std::string_view spelled);
    static bool isOfResponse(Command command);
    static void appendOfRequest(const Part& part, const RequestFacts& facts, std::string& out);
    static void appendOfResponse(const Part& part, const ResponseFacts& facts, std::string& out);

    std::string m_text;
    std::vector<Part> m_parts;
};

/// strftime with %f, %1f … %9f for fractions of a second and %s for the epoch, in UTC. An empty
/// format is Envoy's default, ISO 8601 with milliseconds.
std::string formatTime(WallTime time, std::string_view format);

} // namespace meshyard::proxy
