// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/socket_address.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace envoy::config::core::v3 {
class CidrRange;
}
namespace envoy::config::listener::v3 {
class FilterChainMatch;
}

namespace meshyard::proxy {

/// What is known of a connection before a filter chain takes it.
struct ConnectionFacts
{
    net::SocketAddress local; // as the caller meant it: before a REDIRECT
    net::SocketAddress remote;
    std::string_view serverName; // lower case
    std::string_view transportProtocol = "raw_buffer"; // or "tls"
    std::span<const std::string> applicationProtocols;
};

/// A block of IP addresses.
struct CidrBlock
{
    std::array<std::uint8_t, 16> bytes{};
    bool v6 = false;
    unsigned length = 0; // bits

    static Result<CidrBlock> compile(const envoy::config::core::v3::CidrRange& range);
    bool contains(const net::SocketAddress& address) const;
    bool operator==(const CidrBlock&) const = default;
};

/// A FilterChainMatch compiled.
struct FilterChainMatch
{
    std::optional<std::uint16_t> destinationPort;
    std::vector<CidrBlock> destinations;
    std::vector<std::string> serverNames; // lower case; "*.example.org" without the star
    std::string transportProtocol;
    std::vector<std::string> applicationProtocols;
    std::vector<CidrBlock> sources;
    std::vector<std::uint16_t> sourcePorts;

    bool operator==(const FilterChainMatch&) const = default;
    bool isEmpty() const { return *this == FilterChainMatch(); }
    bool needsFirstBytes() const
    {
        return !serverNames.empty() || !transportProtocol.empty() || !applicationProtocols.empty();
    }

    static Result<FilterChainMatch> compile(
        const envoy::config::listener::v3::FilterChainMatch& proto);
};

/// Which of the matches takes a connection: criterion by criterion, the most specific value wins
/// and is not taken back.
///
/// Follows listener_components.proto, FilterChainMatch.
/// @return index; nullopt = none.
std::optional<std::size_t> chooseFilterChain(
    std::span<const FilterChainMatch* const> matches, const ConnectionFacts& facts);

} // namespace meshyard::proxy
