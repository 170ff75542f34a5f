// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/filter_chain_match.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/listener/v3/listener_components.pb.h"

#include <algorithm>
#include <cstring>

namespace meshyard::proxy {

namespace {

constexpr int kMismatch = -1;
constexpr int kUnset = 0;

std::string lowered(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return result;
}

Result<std::string> compileServerName(const std::string& name)
{
    std::string text = lowered(name);
    if (text == "*")
        return failure(ErrorCode::InvalidArgument,
            "server_names: '*' stands for nothing; leave the field out");
    if (text.starts_with("*."))
        text.erase(0, 1);
    if (text.empty() || text.find('*') != std::string::npos) {
        return failure(ErrorCode::InvalidArgument,
            "server_names: '" + name + "' may have a '*' as its first label only");
    }
    return text;
}

int scorePort(const FilterChainMatch& match, const ConnectionFacts& facts)
{
    if (!match.destinationPort)
        return kUnset;
    return *match.destinationPort == facts.local.port() ? 1 : kMismatch;
}

int scoreBlocks(const std::vector<CidrBlock>& blocks, const net::SocketAddress& address)
{
    int best = blocks.empty() ? kUnset : kMismatch;
    for (const CidrBlock& block : blocks) {
        if (block.contains(address))
            best = std::max(best, static_cast<int>(block.length) + 1);
    }
    return best;
}

int scoreServerName(const FilterChainMatch& match, const ConnectionFacts& facts)
{
    int best = match.serverNames.empty() ? kUnset : kMismatch;
    for (const std::string& name : match.serverNames) {
        if (name.front() != '.' && name == facts.serverName)
            return 1000; // names have 255 bytes at most
        const bool below = name.front() == '.' && facts.serverName.size() > name.size()
            && facts.serverName.ends_with(name);
        if (below)
            best = std::max(best, static_cast<int>(name.size()));
    }
    return best;
}

int scoreTransport(const FilterChainMatch& match, const ConnectionFacts& facts)
{
    if (match.transportProtocol.empty())
        return kUnset;
    return match.transportProtocol == facts.transportProtocol ? 1 : kMismatch;
}

int scoreApplication(const FilterChainMatch& match, const ConnectionFacts& facts)
{
    if (match.applicationProtocols.empty())
        return kUnset;
    for (std::size_t i = 0; i < facts.applicationProtocols.size(); ++i) {
        if (std::ranges::find(match.applicationProtocols, facts.applicationProtocols[i])
            != match.applicationProtocols.end())
            return static_cast<int>(facts.applicationProtocols.size() - i); // the first one counts
    }
    return kMismatch;
}

int scoreSourcePort(const FilterChainMatch& match, const ConnectionFacts& facts)
{
    if (match.sourcePorts.empty())
        return kUnset;
    const bool found
        = std::ranges::find(match.sourcePorts, facts.remote.port()) != match.sourcePorts.end();
    return found ? 1 : kMismatch;
}

int score(int criterion, const FilterChainMatch& match, const ConnectionFacts& facts)
{
    switch (criterion) {
    case 0:
        return scorePort(match, facts);
    case 1:
        return scoreBlocks(match.destinations, facts.local);
    case 2:
        return scoreServerName(match, facts);
    case 3:
        return scoreTransport(match, facts);
    case 4:
        return scoreApplication(match, facts);
    case 5:
        return scoreBlocks(match.sources, facts.remote);
    default:
        return scoreSourcePort(match, facts);
    }
}

Result<void> compileBlocks(
    const google::protobuf::RepeatedPtrField<envoy::config::core::v3::CidrRange>& ranges,
    std::vector<CidrBlock>& blocks, const char* field)
{
    for (const auto& range : ranges) {
        auto block = CidrBlock::compile(range);
        if (!block)
            return at(field, block.error());
        blocks.push_back(*block);
    }
    return {};
}

Result<std::uint16_t> compilePort(std::uint32_t port, const char* field)
{
    if (port == 0 || port > 65535)
        return failure(ErrorCode::InvalidArgument, std::string(field) + " must be 1..65535");
    return static_cast<std::uint16_t>(port);
}

} // namespace

Result<CidrBlock> CidrBlock::compile(const envoy::config::core::v3::CidrRange& range)
{
    const auto address = net::SocketAddress::fromIp(range.address_prefix(), 0);
    if (!address)
        return tl::unexpected(address.error());
    CidrBlock block;
    block.v6 = address->family() == AF_INET6;
    if (block.v6)
        std::memcpy(block.bytes.data(),
            &reinterpret_cast<const sockaddr_in6*>(address->data())->sin6_addr, 16);
    else
        std::memcpy(block.bytes.data(),
            &reinterpret_cast<const sockaddr_in*>(address->data())->sin_addr, 4);
    block.length = range.prefix_len().value();
    if (block.length > (block.v6 ? 128U : 32U))
        return failure(ErrorCode::InvalidArgument, "prefix_len is too long");
    for (unsigned bit = block.length; bit < 128; ++bit) // so that equal blocks are equal
        block.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    return block;
}

bool CidrBlock::contains(const net::SocketAddress& address) const
{
    const bool matches = address.family() == (v6 ? AF_INET6 : AF_INET);
    if (!matches)
        return false;
    std::array<std::uint8_t, 16> other{};
    if (v6)
        std::memcpy(
            other.data(), &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr, 16);
    else
        std::memcpy(
            other.data(), &reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
    for (unsigned bit = 0; bit < length; bit += 8) {
        const unsigned rest = length - bit;
        const auto mask = static_cast<std::uint8_t>(rest >= 8 ? 0xFFU : 0xFFU << (8 - rest));
        if ((other[bit / 8] & mask) != bytes[bit / 8])
            return false;
    }
    return true;
}

Result<FilterChainMatch> FilterChainMatch::compile(
    const envoy::config::listener::v3::FilterChainMatch& proto)
{
    FilterChainMatch match;
    if (proto.has_destination_port()) {
        auto port = compilePort(proto.destination_port().value(), "destination_port");
        if (!port)
            return tl::unexpected(port.error());
        match.destinationPort = *port;
    }
    for (const std::uint32_t number : proto.source_ports()) {
        auto port = compilePort(number, "source_ports");
        if (!port)
            return tl::unexpected(port.error());
        match.sourcePorts.push_back(*port);
    }
    if (auto done = compileBlocks(proto.prefix_ranges(), match.destinations, "prefix_ranges");
        !done)
        return tl::unexpected(done.error());
    if (auto done
        = compileBlocks(proto.source_prefix_ranges(), match.sources, "source_prefix_ranges");
        !done)
        return tl::unexpected(done.error());
    for (const std::string& name : proto.server_names()) {
        auto text = compileServerName(name);
        if (!text)
            return tl::unexpected(text.error());
        match.serverNames.push_back(std::move(*text));
    }
    match.transportProtocol = proto.transport_protocol();
    const bool known = match.transportProtocol.empty() || match.transportProtocol == "tls"
        || match.transportProtocol == "raw_buffer";
    if (!known)
        return failure(
            ErrorCode::InvalidArgument, "transport_protocol must be 'tls' or 'raw_buffer'");
    match.applicationProtocols.assign(
        proto.application_protocols().begin(), proto.application_protocols().end());
    return match;
}

std::optional<std::size_t> chooseFilterChain(
    std::span<const FilterChainMatch* const> matches, const ConnectionFacts& facts)
{
    std::vector<std::size_t> left(matches.size());
    for (std::size_t i = 0; i < left.size(); ++i)
        left[i] = i;
    for (int criterion = 0; criterion < 7 && !left.empty(); ++criterion) {
        int best = kMismatch;
        for (const std::size_t i : left)
            best = std::max(best, score(criterion, *matches[i], facts));
        if (best == kMismatch)
            return std::nullopt;
        std::erase_if(
            left, [&](std::size_t i) { return score(criterion, *matches[i], facts) != best; });
    }
    return left.empty() ? std::nullopt : std::optional(left.front());
}

} // namespace meshyard::proxy
