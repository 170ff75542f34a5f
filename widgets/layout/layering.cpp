// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/layered_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <queue>

namespace meshyard::layout {
namespace {

constexpr std::size_t kBundleFrom = 150; // edges; fewer keep a bend each, they are told apart
constexpr double kDummyHeight = 8;

std::vector<std::uint32_t> topologicalOrder(const LayeredGraph& graph)
{
    std::vector<int> waiting(graph.blocks.size(), 0);
    std::vector<std::vector<std::uint32_t>> next(graph.blocks.size());
    for (const BlockEdge& edge : graph.edges) {
        ++waiting[edge.to];
        next[edge.from].push_back(edge.to);
    }
    std::vector<std::uint32_t> order;
    order.reserve(graph.blocks.size());
    for (std::uint32_t i = 0; i < graph.blocks.size(); ++i) {
        if (waiting[i] == 0)
            order.push_back(i);
    }
    for (std::size_t at = 0; at < order.size(); ++at) {
        for (const std::uint32_t other : next[order[at]]) {
            if (--waiting[other] == 0)
                order.push_back(other);
        }
    }
    return order;
}

/// Rows a layer may hold so that a big picture stays between 1:3 and 3:1.
int rowLimit(const LayeredGraph& graph)
{
    const std::size_t blocks = graph.blocks.size();
    if (blocks < 60)
        return std::numeric_limits<int>::max();
    double height = 0;
    for (const Block& block : graph.blocks)
        height += block.height + 40;
    constexpr double kColumn = 300;
    constexpr double kTallest = 2.4;
    const double mean = height / static_cast<double>(blocks);
    return std::max(8, static_cast<int>(std::sqrt(height * kTallest * kColumn) / mean));
}

void longestPath(LayeredGraph& graph, const std::vector<std::uint32_t>& order)
{
    const int limit = rowLimit(graph);
    std::vector<std::vector<std::uint32_t>> incoming(graph.blocks.size());
    for (const BlockEdge& edge : graph.edges)
        incoming[edge.to].push_back(edge.from);
    std::vector<int> filled;
    for (const std::uint32_t block : order) {
        int layer = 0;
        for (const std::uint32_t before : incoming[block])
            layer = std::max(layer, graph.blocks[before].layer + 1);
        while (static_cast<std::size_t>(layer) < filled.size()
            && filled[static_cast<std::size_t>(layer)] >= limit)
            ++layer;
        filled.resize(std::max(filled.size(), static_cast<std::size_t>(layer) + 1), 0);
        ++filled[static_cast<std::size_t>(layer)];
        graph.blocks[block].layer = layer;
    }
}

/// Moves blocks within their slack to where their edges are shortest (the weighted median side).
class Tightening final
{
public:
    explicit Tightening(LayeredGraph& graph)
        : m_graph(graph)
        , m_edges(graph.blocks.size())
    {
        for (std::uint32_t i = 0; i < graph.edges.size(); ++i) {
            m_edges[graph.edges[i].from].push_back(i);
            m_edges[graph.edges[i].to].push_back(i);
        }
        for (const Block& block : graph.blocks) {
            m_filled.resize(
                std::max(m_filled.size(), static_cast<std::size_t>(block.layer) + 1), 0);
            ++m_filled[static_cast<std::size_t>(block.layer)];
        }
        m_limit = rowLimit(graph);
    }

    void run(const std::vector<std::uint32_t>& order)
    {
        for (int round = 0; round < 8; ++round) {
            bool moved = false;
            for (auto it = order.rbegin(); it != order.rend(); ++it)
                moved |= settle(*it);
            for (const std::uint32_t block : order)
                moved |= settle(block);
            if (!moved)
                return;
        }
    }

private:
    bool settle(std::uint32_t index)
    {
        int low = 0;
        int high = static_cast<int>(m_filled.size()) - 1;
        int pull = 0; // edges to the right minus edges to the left
        for (const std::uint32_t i : m_edges[index]) {
            const BlockEdge& edge = m_graph.edges[i];
            if (edge.from == index) {
                high = std::min(high, m_graph.blocks[edge.to].layer - 1);
                ++pull;
            } else {
                low = std::max(low, m_graph.blocks[edge.from].layer + 1);
                --pull;
            }
        }
        Block& block = m_graph.blocks[index];
        int wanted = block.layer;
        if (pull > 0)
            wanted = high;
        else if (pull < 0)
            wanted = low;
        const int step = wanted > block.layer ? -1 : 1;
        while (wanted != block.layer && m_filled[static_cast<std::size_t>(wanted)] >= m_limit)
            wanted += step;
        if (wanted == block.layer)
            return false;
        --m_filled[static_cast<std::size_t>(block.layer)];
        ++m_filled[static_cast<std::size_t>(wanted)];
        block.layer = wanted;
        return true;
    }

    LayeredGraph& m_graph;
    std::vector<std::vector<std::uint32_t>> m_edges;
    std::vector<int> m_filled;
    int m_limit = 0;
};

void dropEmptyLayers(LayeredGraph& graph)
{
    std::vector<int> used;
    for (const Block& block : graph.blocks) {
        used.resize(std::max(used.size(), static_cast<std::size_t>(block.layer) + 1), 0);
        used[static_cast<std::size_t>(block.layer)] = 1;
    }
    std::vector<int> renumbered(used.size(), 0);
    int next = 0;
    for (std::size_t i = 0; i < used.size(); ++i)
        renumbered[i] = used[i] != 0 ? next++ : next;
    for (Block& block : graph.blocks)
        block.layer = renumbered[static_cast<std::size_t>(block.layer)];
}

/// Adds vertices and links for one environment; bends of many edges to one block are shared.
class LayerBuilder final
{
public:
    explicit LayerBuilder(LayeredGraph& graph)
        : m_graph(graph)
        , m_bundle(graph.edges.size() >= kBundleFrom)
    {
    }

    void run()
    {
        addBlocks();
        for (BlockEdge& edge : m_graph.edges)
            addEdge(edge);
        m_graph.linksLeft.assign(m_graph.vertices.size(), {});
        m_graph.linksRight.assign(m_graph.vertices.size(), {});
        for (std::uint32_t i = 0; i < m_graph.links.size(); ++i) {
            m_graph.linksRight[m_graph.links[i].left].push_back(i);
            m_graph.linksLeft[m_graph.links[i].right].push_back(i);
        }
    }

private:
    void addBlocks()
    {
        for (std::uint32_t i = 0; i < m_graph.blocks.size(); ++i) {
            const Block& block = m_graph.blocks[i];
            Vertex vertex;
            vertex.block = i;
            vertex.layer = block.layer;
            vertex.height = block.height;
            vertex.slots = static_cast<std::uint32_t>(block.members.size());
            m_graph.vertices.push_back(vertex);
        }
        std::vector<bool> lonely(m_graph.blocks.size(), false);
        for (const std::uint32_t block : m_graph.isolated)
            lonely[block] = true;
        for (std::uint32_t i = 0; i < m_graph.blocks.size(); ++i) {
            if (!lonely[i])
                place(i, m_graph.blocks[i].layer);
        }
    }

    void place(std::uint32_t vertex, int layer)
    {
        const auto at = static_cast<std::size_t>(layer);
        m_graph.layers.resize(std::max(m_graph.layers.size(), at + 1));
        m_graph.layers[at].push_back(vertex);
    }

    std::uint32_t addDummy(int layer)
    {
        Vertex vertex;
        vertex.layer = layer;
        vertex.height = kDummyHeight;
        m_graph.vertices.push_back(vertex);
        const auto index = static_cast<std::uint32_t>(m_graph.vertices.size() - 1);
        place(index, layer);
        return index;
    }

    void addEdge(BlockEdge& edge)
    {
        const Block& from = m_graph.blocks[edge.from];
        const Block& to = m_graph.blocks[edge.to];
        std::uint32_t left = edge.from;
        bool linked = false; // the rest of the way is shared with an earlier edge
        for (int layer = from.layer + 1; layer < to.layer; ++layer) {
            bool fresh = true;
            const std::uint32_t bend = bendFor(edge, layer, fresh);
            edge.chain.push_back(bend);
            if (!linked)
                addLink(edge, left, bend);
            linked = !fresh;
            left = bend;
        }
        if (!linked)
            addLink(edge, left, edge.to);
    }

    std::uint32_t bendFor(const BlockEdge& edge, int layer, bool& fresh)
    {
        if (!m_bundle || edge.reversed)
            return addDummy(layer);
        const auto [it, inserted] = m_shared.try_emplace({edge.to, layer}, 0);
        fresh = inserted;
        if (inserted)
            it->second = addDummy(layer);
        return it->second;
    }

    void addLink(const BlockEdge& edge, std::uint32_t left, std::uint32_t right)
    {
        const bool bendLeft = m_graph.vertices[left].block == kNone;
        const bool bendRight = m_graph.vertices[right].block == kNone;
        Link link;
        link.left = left;
        link.right = right;
        const double straight = bendLeft && bendRight ? 8 : (bendLeft || bendRight ? 2 : 1);
        link.weight = straight * (1 + std::log10(1 + std::max(0.0, edge.weight)));
        link.leftSlot = bendLeft ? 0 : edge.fromMember;
        link.rightSlot = bendRight ? 0 : edge.toMember;
        link.leftOffset
            = bendLeft ? kDummyHeight / 2 : m_graph.blocks[edge.from].centres[edge.fromMember];
        link.rightOffset
            = bendRight ? kDummyHeight / 2 : m_graph.blocks[edge.to].centres[edge.toMember];
        m_graph.links.push_back(link);
    }

    LayeredGraph& m_graph;
    bool m_bundle;
    std::map<std::pair<std::uint32_t, int>, std::uint32_t> m_shared;
};

} // namespace

void assignLayers(LayeredGraph& graph)
{
    const std::vector<std::uint32_t> order = topologicalOrder(graph);
    longestPath(graph, order);
    Tightening(graph).run(order);
    dropEmptyLayers(graph);
}

void buildLayers(LayeredGraph& graph)
{
    LayerBuilder(graph).run();
}

} // namespace meshyard::layout
