// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace meshyard::document {

/// The candidate nearest to what was typed (edit distance with swaps, case ignored), if it is near
/// enough to be meant; empty otherwise.
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

/// "; did you mean "weight"?" or nothing.
std::string didYouMean(std::string_view typed, const std::vector<std::string>& candidates);

/// Typed text made safe for a one-line message: control bytes escaped, cut at 60 bytes, quoted.
std::string quoted(std::string_view typed);

} // namespace meshyard::document
