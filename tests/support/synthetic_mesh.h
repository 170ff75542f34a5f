// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/layout/layout_engine.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

namespace meshyard::tests {

/// A layered mesh for tests and figures: 6 tiers, callees drawn by Zipf within a tier so that hubs
/// arise, mostly one tier further, a few calls back. Same seed, same mesh.
inline layout::LayoutInput syntheticMesh(
    std::uint32_t nodes, std::uint32_t edges, std::uint64_t seed)
{
    constexpr std::uint32_t kTiers = 6;
    layout::LayoutInput input;
    std::mt19937_64 random(seed);
    const auto unit = [&random] { return static_cast<double>(random() >> 11) * 0x1p-53; };
    const std::uint32_t perTier = std::max<std::uint32_t>(1, nodes / kTiers);
    for (std::uint32_t i = 0; i < nodes; ++i) {
        layout::LayoutNode node;
        node.id = "service-" + std::to_string(i);
        input.nodes.push_back(node);
    }
    const auto tierOf = [&](std::uint32_t node) { return std::min(node / perTier, kTiers - 1); };
    const auto inTier = [&](std::uint32_t tier) {
        const std::uint32_t first = tier * perTier;
        const std::uint32_t count = tier + 1 == kTiers ? nodes - first : perTier;
        const double rank = std::pow(static_cast<double>(count), unit()) - 1; // Zipf, exponent 1
        return std::min(first + static_cast<std::uint32_t>(rank), nodes - 1);
    };
    for (std::uint32_t i = 0; i < edges; ++i) {
        layout::LayoutEdge edge;
        edge.source = static_cast<std::uint32_t>(unit() * nodes) % nodes;
        const std::uint32_t tier = tierOf(edge.source);
        const double kind = unit();
        std::uint32_t target = tier + (kind < 0.8 ? 1 : 2);
        if (kind > 0.99)
            target = tier == 0 ? 0 : tier - 1; // a few cycles
        edge.target = inTier(std::min(target, kTiers - 1));
        edge.weight = std::pow(10, 3 * unit());
        input.edges.push_back(edge);
    }
    return input;
}

} // namespace meshyard::tests
