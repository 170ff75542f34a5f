// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "istio/kinds/v1/workload.pb.h"
#include "meshyard/v1/supervision.pb.h"

#include <cstdint>
#include <string>

namespace meshyard::control_plane {

/// A Workload document as the registry runs it.
struct WorkloadPlan
{
    std::string ns;
    std::string name;
    std::uint32_t replicas = 1;
    bool inPlace = false; ///< has fixed ports, so two of a replica cannot run side by side
    v1::InstanceSpec spec; ///< without id, slot and hosts

    std::string key() const { return ns + "/" + name; }
};

WorkloadPlan planWorkload(
    const std::string& ns, const std::string& name, const kinds::v1::Workload& workload);

/// "reviews-v2-a" for replica 0 in production, "staging-reviews-v3-a" elsewhere; after z comes aa.
std::string instanceId(const std::string& ns, const std::string& workload, std::uint32_t replica);

} // namespace meshyard::control_plane
