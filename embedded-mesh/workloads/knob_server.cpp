// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/knob_server.h"

#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

namespace meshyard::workloads {

namespace {

bool namesLoopback(std::string_view authority)
{
    const std::string text(authority);
    const auto parts = net::HostPort::parse(text.find(':') == text.npos ? text + ":80" : text);
    if (!parts)
        return false;
    const auto address = net::SocketAddress::fromIp(parts->host, parts->port);
    return parts->host == "localhost" || (address && address->isLoopback());
}

http::Response refusal(int status, std::string_view why)
{
    return http::jsonResponse(status, fmt::format(R"({{"error":{}}})", quoted(why)));
}

} // namespace

Result<void> KnobServer::listen(net::EventLoop& loop, const net::SocketAddress& address)
{
    if (!address.isLoopback())
        return failure(ErrorCode::PermissionDenied,
            "knobs are served on loopback only, not on " + address.toString());
    auto server = http::HttpServer::listen(loop, address, *this);
    if (!server)
        return tl::unexpected(server.error());
    m_server = std::move(*server);
    return {};
}

void KnobServer::onRequest(const http::Request& request, http::Responder responder)
{
    responder.send(answer(request));
}

http::Response KnobServer::answer(const http::Request& request)
{
    using http::Method;
    if (!namesLoopback(request.head.authority()))
        return refusal(403, "the Host must be a loopback address");
    const auto [path, query] = http::splitTarget(request.head.path());
    const Method method = request.head.method();
    const bool reads = method == Method::Get;
    const bool writes = method == Method::Post || method == Method::Put;
    if (path == "/knobs" && reads && query.empty())
        return http::jsonResponse(200, m_knobs.json());
    if (path == "/knobs" && writes)
        return turn(query.empty() ? request.body : query);
    if (path == "/counters" && reads)
        return http::jsonResponse(200, m_counters.json());
    if (path == "/counters/reset" && writes) {
        m_counters.reset();
        return http::jsonResponse(200, m_counters.json());
    }
    if (path == "/ready" && reads)
        return http::textResponse(200, "ready\n");
    const bool known = path == "/knobs" || path == "/counters" || path == "/counters/reset";
    return known ? refusal(405, "GET reads; PUT or POST changes") : refusal(404, "no such path");
}

http::Response KnobServer::turn(std::string_view query)
{
    if (const Result<void> applied = m_knobs.apply(query); !applied)
        return refusal(400, applied.error().message);
    if (m_changed)
        m_changed();
    return http::jsonResponse(200, m_knobs.json());
}

} // namespace meshyard::workloads
