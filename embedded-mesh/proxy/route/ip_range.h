// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/socket_address.h"

#include <array>
#include <cstdint>

namespace envoy::config::core::v3 {
class CidrRange;
}

namespace meshyard::proxy {

/// A CIDR block. IPv4 addresses mapped into IPv6 count as IPv4.
class IpRange final
{
public:
    /// @return InvalidArgument for a bad address or a prefix longer than it.
    static Result<IpRange> compile(const envoy::config::core::v3::CidrRange& range);

    bool contains(const net::SocketAddress& address) const;

private:
    std::array<std::uint8_t, 16> m_bytes{};
    std::size_t m_size = 4; // 4 or 16
    unsigned m_bits = 0;
};

} // namespace meshyard::proxy
