// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/layout/layout_engine.h"

#include <array>
#include <cstdint>
#include <vector>

namespace meshyard::layout {

/// The nodes of one environment as blocks: a lone node, or a frame with its versions stacked.
struct Block
{
    std::vector<std::uint32_t> members; // node indices, top to bottom
    std::vector<double> centres; // of the members, from the block's top
    double width = 0;
    double height = 0;
    bool framed = false;
    NodeKind kind = NodeKind::Service;
    double previousY = 0;
    bool hasPrevious = false;
    int layer = 0;
};

/// One edge, or all edges of one split, between two blocks; direction as drawn left to right.
struct BlockEdge
{
    std::uint32_t from = 0; // left block
    std::uint32_t to = 0;
    std::uint32_t fromMember = 0;
    std::uint32_t toMember = 0;
    double weight = 1;
    bool reversed = false; // the calls run right to left
    std::vector<std::uint32_t> edges; // indices into LayoutInput::edges
    std::vector<std::uint32_t> chain; // dummy vertices from left to right
};

/// A place in a layer: a block or a bend of long edges.
struct Vertex
{
    std::uint32_t block = kNone; // kNone = dummy
    int layer = 0;
    double height = 0;
    double y = 0; // top
    std::uint32_t slots = 1; // members of a block: ports that links tell apart
};

struct Link
{
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    std::uint32_t leftSlot = 0;
    std::uint32_t rightSlot = 0;
    double leftOffset = 0; // of the port, from the vertex' top
    double rightOffset = 0;
    double weight = 1; // how much it wants to be straight
};

/// Everything about one environment between the steps.
struct LayeredGraph
{
    std::vector<Block> blocks;
    std::vector<BlockEdge> edges;
    std::vector<std::uint32_t> isolated; // blocks without any edge to another block
    std::vector<Vertex> vertices; // the first blocks.size() are the blocks
    std::vector<Link> links;
    std::vector<std::vector<std::uint32_t>> layers; // vertices top to bottom
    std::vector<std::vector<std::uint32_t>> linksRight; // per vertex: links to the next layer
    std::vector<std::vector<std::uint32_t>> linksLeft; // per vertex: links to the layer before
    std::uint64_t crossings = 0;
};

/// Turns as few calls as possible around so that no cycle is left: heavy traffic keeps its way.
void removeCycles(LayeredGraph& graph);

/// Sets Block::layer: longest path, pulled tight; no layer much taller than the width asks for.
void assignLayers(LayeredGraph& graph);

/// Adds the bends of long edges and fills vertices, links and layers.
void buildLayers(LayeredGraph& graph);

/// Orders each layer for few crossings. Deterministic: effort depends on size, not on time.
void orderLayers(LayeredGraph& graph, std::uint64_t seed, const std::stop_token& stop);

/// Sets Vertex::y: straight edges first, heavy ones before light ones, no overlaps.
void assignRows(LayeredGraph& graph, const Spacing& spacing, const std::stop_token& stop);

} // namespace meshyard::layout
