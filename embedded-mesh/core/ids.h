// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace meshyard {

/// Application protocol of an edge; values equal meshyard.v1.Protocol.
enum class Protocol : std::uint8_t {
    Unspecified = 0,
    Http1 = 1,
    Http2 = 2,
    Grpc = 3,
    Tcp = 4,
};

/// "http", "http2", "grpc", "tcp"; "" for Unspecified.
std::string_view protocolName(Protocol protocol);

/// A node of the graph: one version of one service. An empty version is "no version label".
struct NodeKey
{
    std::string ns;
    std::string service;
    std::string version;

    auto operator<=>(const NodeKey&) const = default;
    bool operator==(const NodeKey&) const = default;
};

/// "production/reviews@v2"; without version "production/reviews".
std::string toString(const NodeKey& key);

/// An edge of the graph. subset is "*" where the cluster has none.
struct EdgeKey
{
    NodeKey source;
    NodeKey destination;
    std::string subset = "*";
    Protocol protocol = Protocol::Http1;

    auto operator<=>(const EdgeKey&) const = default;
    bool operator==(const EdgeKey&) const = default;
};

/// "production/reviews@v2->production/ratings@v1/*/http": stable, usable as an id in files.
std::string toString(const EdgeKey& key);

/// What an xDS cluster name says. Names are `namespace/service/subset-or-*/port`.
struct ClusterName
{
    std::string ns;
    std::string service;
    std::string subset = "*";
    std::uint16_t port = 0;

    auto operator<=>(const ClusterName&) const = default;
    bool operator==(const ClusterName&) const = default;

    std::string toString() const;
    /// @return InvalidArgument unless the name has the four parts and a port of 1..65535.
    static Result<ClusterName> parse(std::string_view name);
};

namespace detail {
inline std::size_t hashCombine(std::size_t seed, std::size_t value)
{
    return seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}
} // namespace detail

} // namespace meshyard

template <> struct std::hash<meshyard::NodeKey>
{
    std::size_t operator()(const meshyard::NodeKey& key) const noexcept
    {
        const std::hash<std::string> h;
        using meshyard::detail::hashCombine;
        return hashCombine(hashCombine(h(key.ns), h(key.service)), h(key.version));
    }
};

template <> struct std::hash<meshyard::EdgeKey>
{
    std::size_t operator()(const meshyard::EdgeKey& key) const noexcept
    {
        const std::hash<meshyard::NodeKey> h;
        using meshyard::detail::hashCombine;
        const std::size_t ends = hashCombine(h(key.source), h(key.destination));
        return hashCombine(hashCombine(ends, std::hash<std::string>()(key.subset)),
            static_cast<std::size_t>(key.protocol));
    }
};
