// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace meshyard::proxy {

/// Of HOST:PORT or [V6]:PORT the host, with its brackets.
inline std::string_view withoutPort(std::string_view authority)
{
    const std::size_t colon = authority.rfind(':');
    if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos)
        return authority;
    return authority.substr(0, colon);
}

} // namespace meshyard::proxy
