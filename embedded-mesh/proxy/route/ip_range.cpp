// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/ip_range.h"

#include "envoy/config/core/v3/address.pb.h"

#include <algorithm>
#include <cstring>

namespace meshyard::proxy {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// @return bytes in use: 4, 16, or 0 for what is no IP address.
std::size_t bytesOf(const net::SocketAddress& address, std::array<std::uint8_t, 16>& bytes)
{
    if (address.isEmpty())
        return 0;
    if (address.family() == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address.data(), sizeof v4);
        std::memcpy(bytes.data(), &v4.sin_addr, 4);
        return 4;
    }
    if (address.family() != AF_INET6)
        return 0;
    sockaddr_in6 v6{};
    std::memcpy(&v6, address.data(), sizeof v6);
    std::memcpy(bytes.data(), &v6.sin6_addr, 16);
    if (!std::equal(kMapped.begin(), kMapped.end(), bytes.begin()))
        return 16;
    std::copy(bytes.begin() + 12, bytes.end(), bytes.begin());
    return 4;
}

} // namespace

Result<IpRange> IpRange::compile(const envoy::config::core::v3::CidrRange& range)
{
    const auto address = net::SocketAddress::fromIp(range.address_prefix(), 0);
    if (!address) {
        return failure(ErrorCode::InvalidArgument,
            "address_prefix '" + range.address_prefix() + "' is no IP address");
    }
    IpRange made;
    made.m_size = bytesOf(*address, made.m_bytes);
    made.m_bits = range.prefix_len().value();
    if (made.m_bits > made.m_size * 8) {
        return failure(ErrorCode::InvalidArgument,
            "prefix_len " + std::to_string(made.m_bits) + " is too long for "
                + range.address_prefix());
    }
    return made;
}

bool IpRange::contains(const net::SocketAddress& address) const
{
    std::array<std::uint8_t, 16> bytes{};
    if (bytesOf(address, bytes) != m_size)
        return false;
    const unsigned whole = m_bits / 8;
    if (!std::equal(bytes.begin(), bytes.begin() + whole, m_bytes.begin()))
        return false;
    const unsigned rest = m_bits % 8;
    if (rest == 0)
        return true;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
    return ((bytes[whole] ^ m_bytes[whole]) & mask) == 0;
}

} // namespace meshyard::proxy
