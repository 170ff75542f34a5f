// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/dependency.h"

#include "embedded-mesh/workloads/grpc/stock_messages.h"
#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

#include <array>

namespace meshyard::workloads {

namespace {

constexpr Duration kKeepAddressFor = std::chrono::seconds(5);
constexpr std::string_view kItem = "0"; // the one book of the shop, as in /details/0

struct Scheme
{
    std::string_view start;
    CallKind kind;
};
constexpr std::array<Scheme, 3> kSchemes{
    {{"http://", CallKind::Http}, {"grpc://", CallKind::Grpc}, {"tcp://", CallKind::Tcp}}};

std::string unavailable(const Dependency& dependency)
{
    return quoted(dependency.name + " unavailable");
}

DependencyAnswer httpAnswer(const Dependency& dependency, const Result<http::Response>& answer)
{
    const bool json = answer && answer->body.starts_with('{')
        && http::findHeader(answer->headers, "content-type").value_or("") == "application/json";
    const int status = answer ? answer->status : 0;
    if (json && status == 200)
        return {"200", fmt::format(R"({{"status":200,"answer":{}}})", answer->body)};
    return {answer ? std::to_string(status) : "error",
        fmt::format(R"({{"status":{},"error":{}}})", status, unavailable(dependency))};
}

DependencyAnswer grpcAnswer(const Dependency& dependency, const GrpcAnswer& answer)
{
    const std::string code(http::grpcCodeName(static_cast<int>(answer.code)));
    const auto reply = CountReply::decode(answer.message);
    if (answer.code != http::GrpcCode::Ok || !reply)
        return {code,
            fmt::format(R"({{"grpcStatus":"{}","error":{}}})", code, unavailable(dependency))};
    return {code,
        fmt::format(R"({{"grpcStatus":"OK","answer":{{"service":{},"version":{},"instance":{},)"
                    R"("item":{},"copies":{}}}}})",
            quoted(dependency.name), quoted(reply->version), quoted(reply->instance),
            quoted(reply->item), reply->copies)};
}

DependencyAnswer tcpAnswer(const Dependency& dependency, const Result<std::string>& line)
{
    if (line && line->starts_with('{') && line->ends_with('}'))
        return {"answered", fmt::format(R"({{"answer":{}}})", *line)};
    return {"error", fmt::format(R"({{"error":{}}})", unavailable(dependency))};
}

} // namespace

Result<Dependency> Dependency::parse(std::string_view text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return failure(ErrorCode::InvalidArgument,
            fmt::format("'{}': write NAME=http://HOST:PORT/path", text));
    const std::string_view url = text.substr(equals + 1);
    for (const auto& [start, kind] : kSchemes) {
        if (!url.starts_with(start))
            continue;
        auto target = WebTarget::parse(std::string("http://").append(url.substr(start.size())));
        if (!target)
            return tl::unexpected(target.error());
        if (kind == CallKind::Grpc && target->path != kStockCount)
            return failure(ErrorCode::InvalidArgument,
                fmt::format("'{}': the only method known is {}", url, kStockCount));
        if (kind == CallKind::Tcp && target->path != "/")
            return failure(
                ErrorCode::InvalidArgument, fmt::format("'{}': tcp:// has no path", url));
        return Dependency{std::string(text.substr(0, equals)), kind, std::move(*target)};
    }
    return failure(ErrorCode::InvalidArgument,
        fmt::format("'{}': write http://, grpc:// or tcp:// and HOST:PORT", url));
}

DependencyCaller::DependencyCaller(
    net::EventLoop& loop, std::string name, std::string version, std::optional<WebProxy> proxy)
    : m_name(std::move(name))
    , m_userAgent(m_name + "/" + version)
    , m_proxy(std::move(proxy))
    , m_resolver(loop, kKeepAddressFor)
    , m_web(loop, m_proxy)
    , m_grpc(loop)
    , m_line(loop)
{
}

void DependencyCaller::call(const Dependency& dependency, const http::HeaderList& fields,
    Duration timeout, Callback callback)
{
    if (dependency.kind == CallKind::Tcp)
        return callTcp(dependency, timeout, std::move(callback));
    http::HeaderList own = fields;
    own.emplace_back("user-agent", m_userAgent);
    if (dependency.kind == CallKind::Grpc)
        return callGrpc(dependency, std::move(own), timeout, std::move(callback));
    callHttp(dependency, std::move(own), timeout, std::move(callback));
}

void DependencyCaller::callHttp(
    const Dependency& dependency, http::HeaderList fields, Duration timeout, Callback callback)
{
    http::ClientRequest request;
    request.headers = std::move(fields);
    request.timeout = timeout;
    m_web.call(dependency.target, std::move(request),
        [&dependency, callback = std::move(callback)](
            const Result<http::Response>& answer) { callback(httpAnswer(dependency, answer)); });
}

void DependencyCaller::callGrpc(
    const Dependency& dependency, http::HeaderList fields, Duration timeout, Callback callback)
{
    const WebTarget& target = dependency.target;
    // The sidecar's outbound listener routes HTTP/2 by :authority, as it does HTTP/1 by Host.
    const bool proxied = m_proxy && m_proxy->serves(target);
    const net::HostPort server = proxied ? m_proxy->server : target.server;
    GrpcCall call{target.authority, target.path, CountRequest{std::string(kItem)}.encode(),
        std::move(fields), timeout};
    m_resolver.resolve(server,
        [this, &dependency, server, call = std::move(call), callback = std::move(callback)](
            const Result<net::SocketAddress>& address) mutable {
            if (!address)
                return callback(grpcAnswer(
                    dependency, {http::GrpcCode::Unavailable, {}, address.error().message}));
            m_grpc.call(*address, std::move(call),
                [this, &dependency, server, callback = std::move(callback)](
                    const GrpcAnswer& answer) {
                    if (answer.code == http::GrpcCode::Unavailable)
                        m_resolver.forget(server);
                    callback(grpcAnswer(dependency, answer));
                });
        });
}

void DependencyCaller::callTcp(const Dependency& dependency, Duration timeout, Callback callback)
{
    m_resolver.resolve(dependency.target.server,
        [this, &dependency, timeout, callback = std::move(callback)](
            const Result<net::SocketAddress>& address) mutable {
            if (!address)
                return callback(tcpAnswer(dependency, tl::unexpected(address.error())));
            m_line.ask(*address, "GET " + m_name, timeout,
                [this, &dependency, callback = std::move(callback)](
                    const Result<std::string>& line) {
                    if (!line)
                        m_resolver.forget(dependency.target.server);
                    callback(tcpAnswer(dependency, line));
                });
        });
}

} // namespace meshyard::workloads
