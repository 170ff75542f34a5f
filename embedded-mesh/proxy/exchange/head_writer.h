// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message_head.h"
#include "embedded-mesh/proxy/exchange/response_flags.h"
#include "embedded-mesh/proxy/route/policies.h"

#include <optional>
#include <string>

namespace meshyard::proxy {

/// What a request head becomes on its way to the upstream.
struct RequestRewrite
{
    std::string_view path; // with query
    std::string_view authority;
    std::string_view peer; // our node id for x-meshyard-peer; empty = none (to the app)
    std::string_view forwardedFor; // gateway: address to append; empty = leave alone
    std::string_view requestId; // to add where there is none
    std::string_view traceparent; // replaces the one that came; empty = leave alone
    bool dropsTraceState = false; // it belongs to no valid traceparent
    std::string_view upgrade; // protocol to change to; empty = none
    bool keepsTrailersWish = false; // "te: trailers" goes on: an HTTP/2 upstream
    std::string_view clientCert; // x-forwarded-client-cert in place of what came; empty = none
    std::string_view scheme = "http"; // gateway: for x-forwarded-proto
    std::string_view originalPath; // x-envoy-original-path; empty = it is the same
    std::string_view forwardedHost; // for x-forwarded-host; empty = leave alone
    bool dropsRouterHeaders = false; // x-envoy-… fields meant for us
    bool countsAttempts = false; // x-envoy-attempt-count is ours to say
    bool fromOutside = false; // gateway: what outsiders may not say is dropped
    const HeaderEdits* targetEdits = nullptr;
    const HeaderEdits* routeEdits = nullptr;
};

/// Serialises an HTTP/1.1 request head anew: own start line and framing, hop-by-hop fields cut out,
/// unchanged runs of fields copied at once.
void writeRequestHead(
    const http::RequestHead& head, const RequestRewrite& rewrite, std::string& out);

/// The host in a head of writeRequestHead(): its second line.
std::string_view hostIn(std::string_view head);

/// How a response is framed towards the caller.
struct ResponseFraming
{
    bool chunked = false;
    std::string_view upgrade{}; // protocol changed to: 101
    bool tunnel = false; // 200 in place of what the head says: a tunnel over HTTP/2
    bool saysEmpty = false; // no content, and nothing in the head that says so
    bool close = false; // say and do close
    bool saysKeepAlive = false; // HTTP/1.0 caller that asked for it
    bool stripPeer = true;
    bool http2 = false; // its frames say where the content ends
    std::string_view date; // for messages that have none
};

void writeResponseHead(const http::ResponseHead& head, const ResponseFraming& framing,
    const HeaderEdits* targetEdits, const HeaderEdits* routeEdits, std::string& out);

/// Without our own fields: what goes with the final head.
void writeInterimHead(const http::ResponseHead& head, std::string& out);

/// An answer of our own.
struct LocalReply
{
    int status = 503;
    std::string_view body; // one line of text
    std::string_view breaker; // x-meshyard-breaker
    std::int64_t retryAfter = 0; // seconds; 0 = none
    std::string_view location; // redirects
    std::optional<ResponseFlag> flag{}; // for logs and metrics, like
    std::string_view details{}; // RESPONSE_CODE_DETAILS
    const HeaderEdits* edits = nullptr; // the route's additions
    const HeaderEdits* filterEdits = nullptr;
    int grpcStatus = -1; // to a gRPC caller: 200 with this status; the body becomes grpc-message
};

void writeLocalReply(
    const LocalReply& reply, const ResponseFraming& framing, bool withoutBody, std::string& out);

/// An OPTIONS or TRACE that may not travel further: it is answered here (RFC 9110 7.6.2).
bool endsHere(const http::RequestHead& head);

std::string_view reasonPhrase(int status);

} // namespace meshyard::proxy
