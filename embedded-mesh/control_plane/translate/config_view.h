// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "istio/kinds/v1/destination_rule.pb.h"
#include "istio/kinds/v1/edge.pb.h"
#include "istio/kinds/v1/resilience.pb.h"
#include "istio/kinds/v1/virtual_service.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// One stored document, parsed. `created` is the revision that created it: where Istio says "the
/// oldest wins", the smallest one does.
template <typename Spec> struct Document
{
    std::string ns;
    std::string name;
    Spec spec;
    std::uint64_t created = 0;
    std::uint64_t revision = 0; ///< that last changed it
};

/// The stored documents that translation reads, in any order.
struct ConfigView
{
    std::vector<Document<kinds::v1::VirtualService>> virtualServices;
    std::vector<Document<kinds::v1::DestinationRule>> destinationRules;
    std::vector<Document<kinds::v1::Gateway>> gateways;
    std::vector<Document<kinds::v1::CircuitBreaker>> circuitBreakers;
};

} // namespace meshyard::control_plane
