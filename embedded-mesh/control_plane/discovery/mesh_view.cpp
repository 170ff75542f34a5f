// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/discovery/mesh_view.h"

#include <arpa/inet.h>

#include <array>

namespace meshyard::control_plane {

std::string captureAddress(
    const std::string& captureBase, std::uint32_t instanceSlot, std::uint32_t serviceSlot)
{
    in_addr base{};
    if (inet_pton(AF_INET, captureBase.c_str(), &base) != 1)
        return {};
    in_addr address{};
    address.s_addr = htonl(ntohl(base.s_addr) + (instanceSlot << 10U) + serviceSlot);
    std::array<char, INET_ADDRSTRLEN> text{};
    return inet_ntop(AF_INET, &address, text.data(), text.size()) != nullptr ? text.data() : "";
}

} // namespace meshyard::control_plane
