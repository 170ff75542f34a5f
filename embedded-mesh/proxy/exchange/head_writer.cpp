// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/head_writer.h"

#include "embedded-mesh/http/field_rules.h"
#include "embedded-mesh/proxy/exchange/grpc.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace meshyard::proxy {

namespace {

using http::BodyKind;
using http::KnownHeader;

void appendField(std::string& out, std::string_view name, std::string_view value)
{
    out.append(name).append(": ").append(value).append("\r\n");
}

void appendNumber(std::string& out, std::int64_t number)
{
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// Copies the fields that `keep` lets through, neighbours in one go.
template <typename Keep>
void copyFields(const http::MessageHead& head, std::string& out, Keep&& keep)
{
    const std::string_view bytes = head.bytes();
    const auto fields = head.fields();
    std::size_t runStart = 0;
    std::size_t runEnd = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (!keep(fields[i]))
            continue;
        if (runEnd != fields[i].nameAt) {
            out.append(bytes.substr(runStart, runEnd - runStart));
            runStart = fields[i].nameAt;
        }
        runEnd = head.lineEnd(i);
    }
    out.append(bytes.substr(runStart, runEnd - runStart));
}

bool touches(const HeaderEdits* edits, std::string_view name)
{
    return edits != nullptr && !edits->isEmpty()
        && (edits->removes(name) || edits->overwrites(name));
}

void addEdits(const http::MessageHead& head, const HeaderEdits* edits, std::string& out)
{
    if (edits == nullptr)
        return;
    for (const HeaderEdits::Addition& addition : edits->additions) {
        if (addition.action == HeaderEdits::Action::AddIfAbsent
            || addition.action == HeaderEdits::Action::OverwriteIfExists) {
            const bool exists = std::ranges::any_of(head.fields(), [&](const http::Field& field) {
                return equalsIgnoreCase(head.name(field), addition.name);
            });
            if (exists == (addition.action == HeaderEdits::Action::AddIfAbsent))
                continue;
        }
        if (equalsIgnoreCase(addition.name, "host") || addition.name.front() == ':')
            continue; // the authority is rewritten by its own rule
        appendField(out, addition.name, addition.value);
    }
}

constexpr std::string_view kVia = " meshyard\r\n";

/// RFC 9110 7.6.2: of these two an intermediary counts Max-Forwards down.
std::optional<std::uint64_t> hopsLeft(const http::RequestHead& head)
{
    if (head.method() != http::Method::Options && head.method() != http::Method::Trace)
        return std::nullopt;
    const auto value = head.find(KnownHeader::MaxForwards);
    return value ? http::parseDecimal(*value) : std::nullopt;
}

/// Fields by which a caller tells the router what to do; they end here.
bool isForRouter(std::string_view name)
{
    constexpr std::string_view kNames[] = {"x-envoy-retry-on", "x-envoy-retry-grpc-on",
        "x-envoy-max-retries", "x-envoy-retriable-status-codes", "x-envoy-retriable-header-names",
        "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms",
        "x-envoy-upstream-rq-timeout-alt-response", "x-envoy-hedge-on-per-try-timeout"};
    return std::ranges::any_of(
        kNames, [name](std::string_view one) { return equalsIgnoreCase(one, name); });
}

void addFramingFields(const ResponseFraming& framing, std::string& out)
{
    if (!framing.upgrade.empty()) {
        out.append("connection: upgrade\r\nupgrade: ").append(framing.upgrade).append("\r\n");
        return;
    }
    if (framing.chunked)
        out.append("transfer-encoding: chunked\r\n");
    else if (framing.saysEmpty)
        out.append("content-length: 0\r\n");
    if (framing.close)
        out.append("connection: close\r\n");
    else if (framing.saysKeepAlive)
        out.append("connection: keep-alive\r\n");
}

int statusOf(const http::ResponseHead& head, const ResponseFraming& framing)
{
    if (!framing.upgrade.empty())
        return 101;
    return framing.tunnel ? 200 : head.status();
}

/// The rest of a trailers-only response.
void writeGrpcEnd(const LocalReply& reply, const ResponseFraming& framing, std::string& out)
{
    out.append("content-type: application/grpc\r\ngrpc-status: ");
    appendNumber(out, reply.grpcStatus);
    std::string_view message = reply.body;
    while (message.ends_with('\n'))
        message.remove_suffix(1);
    if (!message.empty()) {
        out.append("\r\ngrpc-message: ");
        appendGrpcMessage(out, message);
    }
    out.append(framing.http2 ? "\r\n" : "\r\ncontent-length: 0\r\n");
    addFramingFields(framing, out);
    out.append("\r\n");
}

} // namespace

void writeRequestHead(
    const http::RequestHead& head, const RequestRewrite& rewrite, std::string& out)
{
    out.append(head.methodText()).append(" ").append(rewrite.path).append(" HTTP/1.1\r\nhost: ");
    out.append(rewrite.authority).append("\r\n");
    bool hasRequestId = false;
    bool wantsTrailers = false;
    std::string_view forwardedFor;
    const auto hops = hopsLeft(head);
    const bool edited = (rewrite.targetEdits != nullptr && !rewrite.targetEdits->isEmpty())
        || (rewrite.routeEdits != nullptr && !rewrite.routeEdits->isEmpty());
    copyFields(head, out, [&](const http::Field& field) {
        switch (field.known) {
        case KnownHeader::Host:
        case KnownHeader::Expect:
        case KnownHeader::XForwardedClientCert:
        case KnownHeader::XMeshyardPeer:
        case KnownHeader::TransferEncoding:
            return false;
        case KnownHeader::Te:
            wantsTrailers = wantsTrailers || http::listContains(head.value(field), "trailers");
            return false;
        case KnownHeader::MaxForwards:
            if (hops)
                return false;
            break;
        case KnownHeader::XRequestId:
            hasRequestId = true;
            break;
        case KnownHeader::Traceparent:
            if (!rewrite.traceparent.empty())
                return false;
            break;
        case KnownHeader::Tracestate:
            if (rewrite.dropsTraceState)
                return false;
            break;
        case KnownHeader::XForwardedFor:
            if (!rewrite.forwardedFor.empty()) {
                forwardedFor = head.value(field);
                return false;
            }
            break;
        case KnownHeader::Other:
            if (!rewrite.forwardedHost.empty()
                && equalsIgnoreCase(head.name(field), "x-forwarded-host"))
                return false;
            break;
        case KnownHeader::XEnvoy:
            if ((!rewrite.originalPath.empty()
                    && equalsIgnoreCase(head.name(field), "x-envoy-original-path"))
                || (rewrite.dropsRouterHeaders && isForRouter(head.name(field)))
                || (rewrite.countsAttempts
                    && equalsIgnoreCase(head.name(field), "x-envoy-attempt-count")))
                return false;
            break;
        case KnownHeader::XForwardedProto:
            if (rewrite.fromOutside)
                return false;
            break;
        default:
            break;
        }
        return !field.hopByHop
            && !(edited
                && (touches(rewrite.targetEdits, head.name(field))
                    || touches(rewrite.routeEdits, head.name(field))));
    });
    if (!rewrite.forwardedFor.empty()) {
        out.append("x-forwarded-for: ");
        if (!forwardedFor.empty())
            out.append(forwardedFor).append(", ");
        out.append(rewrite.forwardedFor).append("\r\n");
    }
    if (!rewrite.originalPath.empty())
        appendField(out, "x-envoy-original-path", rewrite.originalPath);
    if (!rewrite.forwardedHost.empty())
        appendField(out, "x-forwarded-host", rewrite.forwardedHost);
    if (rewrite.fromOutside)
        appendField(out, "x-forwarded-proto", rewrite.scheme);
    if (!rewrite.clientCert.empty())
        appendField(out, "x-forwarded-client-cert", rewrite.clientCert);
    if (!hasRequestId && !rewrite.requestId.empty())
        appendField(out, "x-request-id", rewrite.requestId);
    if (!rewrite.traceparent.empty())
        appendField(out, "traceparent", rewrite.traceparent);
    if (!rewrite.peer.empty())
        appendField(out, "x-meshyard-peer", rewrite.peer);
    out.append(head.minorVersion() == 0 ? "via: 1.0" : "via: 1.1").append(kVia);
    if (hops) {
        out.append("max-forwards: ");
        appendNumber(out, static_cast<std::int64_t>(*hops) - 1);
        out.append("\r\n");
    }
    if (head.framing().kind == BodyKind::Chunked)
        out.append("transfer-encoding: chunked\r\n");
    if (!rewrite.upgrade.empty())
        out.append("connection: upgrade\r\nupgrade: ").append(rewrite.upgrade).append("\r\n");
    if (wantsTrailers && rewrite.keepsTrailersWish)
        out.append("te: trailers\r\n");
    addEdits(head, rewrite.targetEdits, out);
    addEdits(head, rewrite.routeEdits, out);
    out.append("\r\n");
}

std::string_view hostIn(std::string_view head)
{
    constexpr std::string_view kLine = "\r\nhost: ";
    const std::size_t start = head.find(kLine) + kLine.size();
    return head.substr(start, head.find("\r\n", start) - start);
}

void writeResponseHead(const http::ResponseHead& head, const ResponseFraming& framing,
    const HeaderEdits* targetEdits, const HeaderEdits* routeEdits, std::string& out)
{
    const int status = statusOf(head, framing);
    out.append("HTTP/1.1 ");
    appendNumber(out, status);
    // HTTP/2 has no reasons.
    const bool known = status == head.status() && !head.reason().empty();
    out.append(" ").append(known ? head.reason() : reasonPhrase(status)).append("\r\n");
    const bool edited = (targetEdits != nullptr && !targetEdits->isEmpty())
        || (routeEdits != nullptr && !routeEdits->isEmpty());
    copyFields(head, out, [&](const http::Field& field) {
        if (field.hopByHop || field.known == KnownHeader::TransferEncoding
            || field.known == KnownHeader::XMeshyardPeer)
            return false;
        return !(edited
            && (touches(targetEdits, head.name(field)) || touches(routeEdits, head.name(field))));
    });
    if (!head.find(KnownHeader::Date))
        appendField(out, "date", framing.date);
    out.append(head.minorVersion() == 0 ? "via: 1.0" : "via: 1.1").append(kVia);
    addFramingFields(framing, out);
    addEdits(head, targetEdits, out);
    addEdits(head, routeEdits, out);
    out.append("\r\n");
}

void writeInterimHead(const http::ResponseHead& head, std::string& out)
{
    out.append("HTTP/1.1 ");
    appendNumber(out, head.status());
    out.append(" ").append(head.reason()).append("\r\n");
    copyFields(head, out, [](const http::Field& field) { return !field.hopByHop; });
    out.append("\r\n");
}

void writeLocalReply(
    const LocalReply& reply, const ResponseFraming& framing, bool withoutBody, std::string& out)
{
    const bool grpc = reply.grpcStatus >= 0;
    const int status = grpc ? 200 : reply.status;
    out.append("HTTP/1.1 ");
    appendNumber(out, status);
    out.append(" ").append(reasonPhrase(status)).append("\r\n");
    if (!reply.breaker.empty())
        appendField(out, "x-meshyard-breaker", reply.breaker);
    if (reply.retryAfter > 0) {
        out.append("retry-after: ");
        appendNumber(out, reply.retryAfter);
        out.append("\r\n");
    }
    if (!reply.location.empty())
        appendField(out, "location", reply.location);
    bool typed = grpc;
    for (const HeaderEdits* edits : {reply.edits, reply.filterEdits}) {
        if (edits == nullptr)
            continue;
        for (const HeaderEdits::Addition& addition : edits->additions) {
            if (addition.action == HeaderEdits::Action::OverwriteIfExists)
                continue; // there is nothing yet
            appendField(out, addition.name, addition.value);
            typed = typed || equalsIgnoreCase(addition.name, "content-type");
        }
    }
    if (grpc)
        return writeGrpcEnd(reply, framing, out);
    if (!reply.body.empty() && !typed)
        out.append("content-type: text/plain\r\n");
    if (reply.status != 204 && reply.status != 304) {
        out.append("content-length: ");
        appendNumber(out, static_cast<std::int64_t>(reply.body.size()));
        out.append("\r\n");
    }
    appendField(out, "date", framing.date);
    addFramingFields(framing, out);
    out.append("\r\n");
    if (!withoutBody && reply.status != 204 && reply.status != 304)
        out.append(reply.body);
}

bool endsHere(const http::RequestHead& head)
{
    return hopsLeft(head) == 0U;
}

std::string_view reasonPhrase(int status)
{
    switch (status) {
    case 101:
        return "Switching Protocols";
    case 200:
        return "OK";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 418:
        return "I'm a teapot";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Status";
    }
}

} // namespace meshyard::proxy
