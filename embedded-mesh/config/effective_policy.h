// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace meshyard::kinds::v1 {
class DestinationRule;
class TrafficPolicy;
} // namespace meshyard::kinds::v1

namespace meshyard::config {

/// A DestinationRule's traffic policy as it acts on one subset and port. Subset blocks replace the
/// rule's block by block; a matching port-level setting replaces all blocks it could hold, given
/// or not. For embedded-mesh only: the caller includes the generated header.
/// @param subset empty or "*" = none. @param port 0 = any.
kinds::v1::TrafficPolicy effectiveTrafficPolicy(
    const kinds::v1::DestinationRule& rule, std::string_view subset, std::uint16_t port);

} // namespace meshyard::config
