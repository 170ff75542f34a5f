// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace meshyard::proxy {

/// XXH64, so that a key lands on the same endpoint here as behind an Envoy.
///
/// Follows xxHash specification, algorithm XXH64.
std::uint64_t xxHash64(std::string_view text, std::uint64_t seed = 0);

/// MurmurHash64A with Envoy's seed (the one of libstdc++'s std::hash).
std::uint64_t murmurHash2(std::string_view text, std::uint64_t seed = 0xc70f6907ULL);

} // namespace meshyard::proxy
