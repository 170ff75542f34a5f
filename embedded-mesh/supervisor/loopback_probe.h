// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace meshyard::supervisor {

/// Whether something accepts connections on 127.0.0.1:`port` right now. Waits at most 50 ms.
bool portAccepts(std::uint32_t port);

} // namespace meshyard::supervisor
