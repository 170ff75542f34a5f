// SPDX-License-Identifier: GPL-3.0-or-later
// Prints layout times and crossings for the synthetic family; --short stops at 500 nodes.
#include "tests/support/synthetic_mesh.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

using namespace meshyard;

namespace {

double millisecondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

void run(std::uint32_t nodes, std::uint32_t edges, std::uint64_t seed)
{
    auto input = tests::syntheticMesh(nodes, edges, seed);
    auto start = std::chrono::steady_clock::now();
    const auto result = layout::LayoutEngine::layout(input);
    const double full = millisecondsSince(start);

    for (std::size_t i = 0; i < input.nodes.size(); ++i)
        input.nodes[i].previous = layout::Point{result.nodes[i].x, result.nodes[i].y};
    for (std::size_t i = 0; i < input.edges.size(); ++i)
        input.edges[i].bends = result.bends[i];
    layout::LayoutNode added;
    added.id = "added";
    input.nodes.push_back(added);
    for (std::uint32_t i = 0; i < 5; ++i)
        input.edges.push_back({i * 3, nodes, 10, layout::kNone, {}});
    start = std::chrono::steady_clock::now();
    const auto grown = layout::LayoutEngine::insertLocally(input);
    const double insertion = millisecondsSince(start);
    int moved = 0;
    for (std::size_t i = 0; i < result.nodes.size(); ++i)
        moved += grown.nodes[i] == result.nodes[i] ? 0 : 1;
    std::printf("%6u %7u %5llu %10.1f %12llu %7.0f x %-7.0f %10.1f %6d\n", nodes, edges,
        static_cast<unsigned long long>(seed), full,
        static_cast<unsigned long long>(result.crossings), result.extent.width,
        result.extent.height, insertion, moved);
}

} // namespace

int main(int argc, char** argv)
{
    const bool brief = argc > 1 && std::strcmp(argv[1], "--short") == 0;
    std::printf("%6s %7s %5s %10s %12s %17s %10s %6s\n", "nodes", "edges", "seed", "layout ms",
        "crossings", "extent", "insert ms", "moved");
    for (const std::uint64_t seed : {1U, 2U, 3U})
        run(500, 2500, seed);
    if (brief)
        return 0;
    run(100, 500, 1);
    run(2000, 10000, 1);
    run(5000, 25000, 1);
    return 0;
}
