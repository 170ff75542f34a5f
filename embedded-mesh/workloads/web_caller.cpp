// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/web_caller.h"

#include "embedded-mesh/http/field_rules.h"

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

bool WebProxy::serves(const WebTarget& target) const
{
    std::string_view list = exceptions;
    while (const auto host = http::nextListElement(list)) {
        if (*host == target.server.host)
            return false;
    }
    return true;
}

std::optional<WebProxy> WebProxy::fromEnvironment()
{
    const char* const value = std::getenv("http_proxy");
    const char* const exceptions = std::getenv("no_proxy");
    const auto target = WebTarget::parse(value == nullptr ? "" : value);
    if (!target)
        return std::nullopt;
    return WebProxy{target->server, exceptions == nullptr ? "" : exceptions};
}

WebCaller::WebCaller(net::EventLoop& loop, std::optional<WebProxy> proxy)
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
    const bool proxied = m_proxy && m_proxy->serves(target);
    request.target = proxied ? "http://" + target.authority + target.path : target.path;
    const net::HostPort server = proxied ? m_proxy->server : target.server;
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

} // namespace meshyard::workloads
