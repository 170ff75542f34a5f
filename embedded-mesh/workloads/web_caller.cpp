// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/web_caller.h"

#include <cstdlib>

namespace meshyard::workloads {

namespace {

constexpr Duration kKeepAddressFor = std::chrono::seconds(5);

} // namespace

Result<WebTarget> WebTarget::parse(std::string_view url)
{
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme))
        return failure(ErrorCode::InvalidArgument,
            "'" + std::string(url) + "' is no target: write http://HOST[:PORT]/path");
    const std::string_view rest = url.substr(kScheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    WebTarget target;
    target.authority = rest.substr(0, slash);
    target.path = slash == rest.size() ? "/" : std::string(rest.substr(slash));
    const bool hasPort
        = target.authority.rfind(':') != std::string::npos && !target.authority.ends_with(']');
    return net::HostPort::parse(hasPort ? target.authority : target.authority + ":80")
        .map([&target](const net::HostPort& server) {
            target.server = server;
            return target;
        });
}

WebCaller::WebCaller(net::EventLoop& loop, std::optional<net::HostPort> proxy)
    : m_resolver(loop, kKeepAddressFor)
    , m_client(loop)
    , m_proxy(std::move(proxy))
{
}

void WebCaller::call(
    const WebTarget& target, http::ClientRequest request, http::HttpClient::Callback callback)
{
    if (request.host.empty())
        request.host = target.authority;
    request.target = m_proxy ? "http://" + target.authority + target.path : target.path;
    const net::HostPort server = m_proxy.value_or(target.server);
    m_resolver.resolve(server,
        [this, server, request = std::move(request), callback = std::move(callback)](
            const Result<net::SocketAddress>& address) mutable {
            if (!address)
                return callback(tl::unexpected(address.error()));
            m_client.send(*address, std::move(request),
                [this, server, callback = std::move(callback)](Result<http::Response> answer) {
                    if (!answer)
                        m_resolver.forget(server);
                    callback(std::move(answer));
                });
        });
}

std::optional<net::HostPort> WebCaller::proxyFromEnvironment()
{
    const char* const value = std::getenv("http_proxy");
    if (value == nullptr || *value == '\0')
        return std::nullopt;
    const auto target = WebTarget::parse(value);
    return target ? std::optional(target->server) : std::nullopt;
}

} // namespace meshyard::workloads
