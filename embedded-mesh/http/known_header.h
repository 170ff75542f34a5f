// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace meshyard::http {

/// Fields that somebody on the data path looks at; found once by the parser.
enum class KnownHeader : std::uint8_t {
    Other,
    Accept,
    Authorization,
    Connection,
    ContentLength,
    ContentType,
    Cookie,
    Date,
    EndUser,
    Expect,
    Forwarded,
    GrpcStatus,
    Host,
    KeepAlive,
    MaxForwards,
    Origin,
    ProxyAuthenticate,
    ProxyAuthorization,
    ProxyConnection,
    RetryAfter,
    Server,
    Te,
    Traceparent,
    Tracestate,
    Trailer,
    TransferEncoding,
    Upgrade,
    UserAgent,
    Via,
    XEnvoy, // any x-envoy-…
    XForwardedClientCert,
    XForwardedFor,
    XForwardedProto,
    XMeshyardPeer,
    XRequestId,
};

KnownHeader knownHeader(std::string_view name);

/// Fields of one connection only (RFC 9110 7.6.1), never to be forwarded as they are.
bool isHopByHop(KnownHeader header);

/// Methods with rules of their own; any other token is Other and passes through.
enum class Method : std::uint8_t {
    Other,
    Get,
    Head,
    Post,
    Put,
    Delete,
    Patch,
    Options,
    Trace,
    Connect
};

/// Methods are case-sensitive.
Method knownMethod(std::string_view name);
/// RFC 9110 9.2.2: repeating has the effect of doing it once.
bool isIdempotent(Method method);

} // namespace meshyard::http
