// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_client.h"
#include "embedded-mesh/net/host_resolver.h"

#include <optional>
#include <string>
#include <string_view>

namespace meshyard::workloads {

/// "http://HOST[:PORT]/path" taken apart.
struct WebTarget
{
    net::HostPort server;
    std::string authority; // as written, for the Host field
    std::string path;

    static Result<WebTarget> parse(std::string_view url);
};

/// What $http_proxy and $no_proxy say.
struct WebProxy
{
    net::HostPort server;
    std::string exceptions; // comma-separated host names that are called directly

    bool serves(const WebTarget& target) const;
    /// nullopt when $http_proxy is unset or not understood.
    static std::optional<WebProxy> fromEnvironment();
};

/// Calls URLs the way an ordinary program does: by name through the system's resolver, or through
/// $http_proxy where that is set (so both kinds of capture work).
///
/// Thread: its loop's.
class WebCaller final
{
public:
    WebCaller(net::EventLoop& loop, std::optional<WebProxy> proxy);

    /// @param request its host is filled in from the target unless set; its target likewise.
    void call(
        const WebTarget& target, http::ClientRequest request, http::HttpClient::Callback callback);

private:
    net::HostResolver m_resolver;
    http::HttpClient m_client;
    const std::optional<WebProxy> m_proxy;
};

} // namespace meshyard::workloads
