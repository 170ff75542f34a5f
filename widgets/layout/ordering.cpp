// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/layered_graph.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace meshyard::layout {
namespace {

using Layers = std::vector<std::vector<std::uint32_t>>;

/// Orders the layers of one graph; all its buffers live as long as the search.
class Ordering final
{
public:
    Ordering(LayeredGraph& graph, const std::stop_token& stop)
        : m_graph(graph)
        , m_stop(stop)
        , m_layers(graph.layers)
        , m_base(graph.vertices.size(), 0)
        , m_rank(graph.vertices.size(), 0)
    {
        for (std::size_t layer = 0; layer < m_layers.size(); ++layer)
            renumber(layer);
    }

    void run(std::uint64_t seed)
    {
        const std::size_t links = std::max<std::size_t>(m_graph.links.size(), 1);
        const int starts = static_cast<int>(std::clamp<std::size_t>(6000 / links, 1, 24));
        const int sweeps = static_cast<int>(std::clamp<std::size_t>(90000 / links, 6, 24));
        std::mt19937_64 random(seed);
        m_bestCrossings = ~std::uint64_t{0};
        for (int start = 0; start < starts && m_bestCrossings > 0; ++start) {
            begin(start, random);
            search(sweeps, start);
            if (m_stop.stop_requested())
                return;
        }
        m_graph.layers = m_best;
        m_graph.crossings = m_bestCrossings;
    }

private:
    void renumber(std::size_t layer)
    {
        std::uint32_t base = 0;
        std::uint32_t rank = 0;
        for (const std::uint32_t vertex : m_layers[layer]) {
            m_base[vertex] = base;
            m_rank[vertex] = rank++;
            base += m_graph.vertices[vertex].slots;
        }
    }

    void begin(int start, std::mt19937_64& random)
    {
        for (std::size_t layer = 0; layer < m_layers.size(); ++layer) {
            auto& order = m_layers[layer];
            if (start == 0) {
                std::ranges::sort(order);
                sortByPrevious(order);
            } else {
                for (std::size_t i = order.size(); i > 1; --i)
                    std::swap(order[i - 1], order[random() % i]); // std::shuffle differs by library
            }
            renumber(layer);
        }
        if (start == 0)
            depthFirst();
    }

    void sortByPrevious(std::vector<std::uint32_t>& order)
    {
        std::ranges::stable_sort(order, [this](std::uint32_t a, std::uint32_t b) {
            const Block* first = blockOf(a);
            const Block* second = blockOf(b);
            return first && second && first->hasPrevious && second->hasPrevious
                && first->previousY < second->previousY;
        });
    }

    const Block* blockOf(std::uint32_t vertex) const
    {
        const std::uint32_t block = m_graph.vertices[vertex].block;
        return block == kNone ? nullptr : &m_graph.blocks[block];
    }

    /// Frames first, then as given: what people read first does not hang on this second's rates.
    std::uint32_t rank(std::uint32_t vertex) const
    {
        const Block* block = blockOf(vertex);
        return block != nullptr && block->framed
            ? vertex
            : vertex + static_cast<std::uint32_t>(m_rank.size());
    }

    /// Callees follow their callers.
    void depthFirst()
    {
        std::vector<bool> seen(m_graph.vertices.size(), false);
        Layers ordered(m_layers.size());
        std::vector<std::uint32_t> stack;
        for (const auto& layer : m_layers) {
            for (const std::uint32_t root : layer) {
                stack.push_back(root);
                while (!stack.empty()) {
                    const std::uint32_t vertex = stack.back();
                    stack.pop_back();
                    if (seen[vertex])
                        continue;
                    seen[vertex] = true;
                    ordered[static_cast<std::size_t>(m_graph.vertices[vertex].layer)].push_back(
                        vertex);
                    auto links = m_graph.linksRight[vertex];
                    std::ranges::stable_sort(links, [this](std::uint32_t a, std::uint32_t b) {
                        return rank(m_graph.links[a].right) > rank(m_graph.links[b].right);
                    });
                    for (const std::uint32_t link : links)
                        stack.push_back(m_graph.links[link].right);
                }
            }
        }
        const bool known = std::ranges::any_of(
            m_graph.blocks, [](const Block& block) { return block.hasPrevious; });
        if (known)
            return; // what people have seen comes first
        m_layers = std::move(ordered);
        for (std::size_t layer = 0; layer < m_layers.size(); ++layer)
            renumber(layer);
    }

    void search(int sweeps, int start)
    {
        keepIfBetter();
        int idle = 0;
        for (int sweep = 0; sweep < sweeps && idle < 5 && m_bestCrossings > 0; ++sweep) {
            if (m_stop.stop_requested())
                return;
            const bool median = (sweep + start) % 4 >= 2;
            const bool toRight = sweep % 2 == 0;
            for (std::size_t i = 1; i < m_layers.size(); ++i)
                sortLayer(toRight ? i : m_layers.size() - 1 - i, toRight, median);
            idle = keepIfBetter() ? 0 : idle + 1;
        }
        m_layers = m_best;
        for (std::size_t layer = 0; layer < m_layers.size(); ++layer)
            renumber(layer);
        for (int round = 0; round < 6 && exchange(); ++round) { }
        keepIfBetter();
    }

    bool keepIfBetter()
    {
        const std::uint64_t crossings = countAll();
        if (crossings >= m_bestCrossings)
            return false;
        m_bestCrossings = crossings;
        m_best = m_layers;
        return true;
    }

    void sortLayer(std::size_t layer, bool byLeft, bool median)
    {
        auto& order = m_layers[layer];
        m_keys.assign(order.size(), 0);
        m_free.assign(order.size(), false);
        for (std::size_t i = 0; i < order.size(); ++i) {
            double key = 0;
            if (wish(order[i], byLeft, median, key))
                m_keys[i] = key;
            else
                m_free[i] = true;
        }
        std::vector<std::size_t> movable;
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (!m_free[i])
                movable.push_back(i);
        }
        std::vector<std::size_t> sorted = movable;
        std::ranges::stable_sort(
            sorted, [this](std::size_t a, std::size_t b) { return m_keys[a] < m_keys[b]; });
        const std::vector<std::uint32_t> before = order;
        for (std::size_t i = 0; i < movable.size(); ++i)
            order[movable[i]] = before[sorted[i]];
        renumber(layer);
    }

    bool wish(std::uint32_t vertex, bool byLeft, bool median, double& key)
    {
        const auto& links = byLeft ? m_graph.linksLeft[vertex] : m_graph.linksRight[vertex];
        if (links.empty())
            return false;
        m_positions.clear();
        for (const std::uint32_t index : links) {
            const Link& link = m_graph.links[index];
            m_positions.push_back(
                byLeft ? m_base[link.left] + link.leftSlot : m_base[link.right] + link.rightSlot);
        }
        if (!median) {
            const double sum = std::accumulate(m_positions.begin(), m_positions.end(), 0.0);
            key = sum / static_cast<double>(m_positions.size());
            return true;
        }
        std::ranges::sort(m_positions);
        const std::size_t middle = m_positions.size() / 2;
        key = m_positions.size() % 2 == 1
            ? m_positions[middle]
            : (static_cast<double>(m_positions[middle - 1]) + m_positions[middle]) / 2;
        return true;
    }

    std::uint64_t countAll()
    {
        std::uint64_t sum = 0;
        for (std::size_t layer = 0; layer + 1 < m_layers.size(); ++layer)
            sum += countBetween(layer);
        return sum;
    }

    /// Crossings between a layer and the next: inversions, counted by a Fenwick tree.
    std::uint64_t countBetween(std::size_t layer)
    {
        m_ends.clear();
        std::uint32_t width = 0;
        for (const std::uint32_t vertex : m_layers[layer + 1])
            width += m_graph.vertices[vertex].slots;
        for (const std::uint32_t vertex : m_layers[layer]) {
            const std::size_t first = m_ends.size();
            for (const std::uint32_t index : m_graph.linksRight[vertex]) {
                const Link& link = m_graph.links[index];
                m_ends.push_back({link.leftSlot, m_base[link.right] + link.rightSlot});
            }
            std::sort(m_ends.begin() + static_cast<std::ptrdiff_t>(first), m_ends.end());
        }
        m_tree.assign(width + 1, 0);
        std::uint64_t crossings = 0;
        std::uint64_t placed = 0;
        for (const auto& [slot, end] : m_ends) {
            std::uint64_t notAfter = 0;
            for (std::uint32_t i = end + 1; i > 0; i &= i - 1)
                notAfter += m_tree[i];
            crossings += placed - notAfter;
            for (std::uint32_t i = end + 1; i <= width; i += i & (~i + 1))
                ++m_tree[i];
            ++placed;
        }
        return crossings;
    }

    /// Swaps neighbours wherever that saves crossings. @return whether any swap was made.
    bool exchange()
    {
        bool any = false;
        for (std::size_t layer = 0; layer < m_layers.size(); ++layer) {
            if (m_stop.stop_requested())
                return false;
            auto& order = m_layers[layer];
            for (std::size_t i = 0; i + 1 < order.size(); ++i) {
                if (gain(order[i], order[i + 1]) <= 0)
                    continue;
                std::swap(order[i], order[i + 1]);
                any = true;
                m_rank[order[i]] = static_cast<std::uint32_t>(i);
                m_rank[order[i + 1]] = static_cast<std::uint32_t>(i + 1);
                m_base[order[i]] = m_base[order[i + 1]];
                m_base[order[i + 1]] = m_base[order[i]] + m_graph.vertices[order[i]].slots;
            }
        }
        return any;
    }

    std::int64_t gain(std::uint32_t upper, std::uint32_t lower)
    {
        return gainOnSide(upper, lower, true) + gainOnSide(upper, lower, false);
    }

    std::int64_t gainOnSide(std::uint32_t upper, std::uint32_t lower, bool left)
    {
        collect(upper, left, m_upper);
        collect(lower, left, m_lower);
        std::int64_t now = 0; // pairs where upper's end lies below lower's
        std::int64_t swapped = 0;
        std::size_t below = 0;
        std::size_t notAbove = 0;
        for (const std::uint32_t end : m_upper) {
            while (below < m_lower.size() && m_lower[below] < end)
                ++below;
            while (notAbove < m_lower.size() && m_lower[notAbove] <= end)
                ++notAbove;
            now += static_cast<std::int64_t>(below);
            swapped += static_cast<std::int64_t>(m_lower.size() - notAbove);
        }
        return now - swapped;
    }

    void collect(std::uint32_t vertex, bool left, std::vector<std::uint32_t>& ends)
    {
        ends.clear();
        for (const std::uint32_t index :
            left ? m_graph.linksLeft[vertex] : m_graph.linksRight[vertex]) {
            const Link& link = m_graph.links[index];
            ends.push_back(
                left ? m_base[link.left] + link.leftSlot : m_base[link.right] + link.rightSlot);
        }
        std::ranges::sort(ends);
    }

    LayeredGraph& m_graph;
    const std::stop_token& m_stop;
    Layers m_layers;
    Layers m_best;
    std::uint64_t m_bestCrossings = 0;
    std::vector<std::uint32_t> m_base; // first slot of a vertex within its layer
    std::vector<std::uint32_t> m_rank;
    std::vector<double> m_keys;
    std::vector<bool> m_free;
    std::vector<std::uint32_t> m_positions;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> m_ends;
    std::vector<std::uint64_t> m_tree;
    std::vector<std::uint32_t> m_upper;
    std::vector<std::uint32_t> m_lower;
};

} // namespace

void orderLayers(LayeredGraph& graph, std::uint64_t seed, const std::stop_token& stop)
{
    if (graph.layers.empty())
        return;
    Ordering(graph, stop).run(seed);
}

} // namespace meshyard::layout
