// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace meshyard::config {

/// Lower-case letters, digits, '-' and '.', each part beginning and ending with a letter or digit.
bool isDnsName(std::string_view name);

/// As isDnsName, and also "*" and a leading "*." (hosts of routes and gateways), any case.
bool isHostPattern(std::string_view host);

/// Whether a host pattern ("*", "*.example.org", exact) covers a host.
bool hostMatches(std::string_view pattern, std::string_view host);

} // namespace meshyard::config
