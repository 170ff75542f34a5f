// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/ids.h"

#include <array>
#include <charconv>

namespace meshyard {

std::string_view protocolName(Protocol protocol)
{
    switch (protocol) {
    case Protocol::Http1:
        return "http";
    case Protocol::Http2:
        return "http2";
    case Protocol::Grpc:
        return "grpc";
    case Protocol::Tcp:
        return "tcp";
    case Protocol::Unspecified:
        break;
    }
    return {};
}

std::string toString(const NodeKey& key)
{
    std::string text = key.ns + '/' + key.service;
    if (!key.version.empty())
        text += '@' + key.version;
    return text;
}

std::string toString(const EdgeKey& key)
{
    std::string text = toString(key.source) + "->" + toString(key.destination) + '/' + key.subset;
    text += '/';
    text += protocolName(key.protocol);
    return text;
}

std::string ClusterName::toString() const
{
    return ns + '/' + service + '/' + subset + '/' + std::to_string(port);
}

Result<ClusterName> ClusterName::parse(std::string_view name)
{
    const auto bad = [&] {
        return failure(ErrorCode::InvalidArgument,
            "cluster name '" + std::string(name) + "' is not namespace/service/subset/port");
    };
    std::array<std::string_view, 4> parts;
    std::string_view rest = name;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t slash = i + 1 < parts.size() ? rest.find('/') : rest.size();
        if (slash == std::string_view::npos || slash == 0)
            return bad();
        parts[i] = rest.substr(0, slash);
        rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    std::uint16_t port = 0;
    const char* end = parts[3].data() + parts[3].size();
    const auto [stop, error] = std::from_chars(parts[3].data(), end, port);
    if (error != std::errc() || stop != end || port == 0)
        return bad();
    return ClusterName{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), port};
}

} // namespace meshyard
