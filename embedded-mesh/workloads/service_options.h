// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/workloads/dependency.h"

#include <cstdint>
#include <string>
#include <vector>

namespace meshyard::workloads {

struct ServiceOptions
{
    std::string name;
    std::string version;
    std::string instance; // shown in answers
    std::vector<Dependency> dependencies; // of an HTTP service
    std::uint64_t seed = 1;
    double medianMs = 3; // of the base latency, lognormal
    double sigma = 0.5;
    std::size_t payloadBytes = 1500;
    Duration callTimeout = std::chrono::seconds(3);
};

} // namespace meshyard::workloads
