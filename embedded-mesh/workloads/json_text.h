// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace meshyard::workloads {

/// A JSON string with its quotes.
std::string quoted(std::string_view text);

/// {"name": count, …}
std::string countsObject(const std::map<std::string, std::uint64_t>& counts);

} // namespace meshyard::workloads
