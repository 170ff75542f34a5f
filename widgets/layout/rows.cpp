// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/layered_graph.h"

#include <algorithm>

namespace meshyard::layout {
namespace {

/// Gives every vertex its y: each layer in turn moves to where its neighbours want it, as near as
/// the order and the distances allow (weighted isotonic regression, pool adjacent violators).
class Rows final
{
public:
    Rows(LayeredGraph& graph, const Spacing& spacing)
        : m_graph(graph)
        , m_spacing(spacing)
    {
    }

    void run(const std::stop_token& stop)
    {
        for (const auto& layer : m_graph.layers)
            stack(layer);
        const int rounds = m_graph.links.size() > 20000 ? 5 : 10;
        for (int round = 0; round < rounds && !stop.stop_requested(); ++round) {
            const bool both = round + 2 >= rounds;
            for (std::size_t i = 0; i < m_graph.layers.size(); ++i)
                settle(m_graph.layers[i], true, both && i > 0);
            for (std::size_t i = m_graph.layers.size(); i-- > 0;)
                settle(m_graph.layers[i], both && round + 1 < rounds, true);
        }
        m_leavesOnly = true; // ends of the way settle last, the others stay
        for (const auto& layer : m_graph.layers)
            settle(layer, true, false);
    }

private:
    double gap(std::uint32_t upper, std::uint32_t lower) const
    {
        const bool bendAbove = m_graph.vertices[upper].block == kNone;
        const bool bendBelow = m_graph.vertices[lower].block == kNone;
        if (bendAbove && bendBelow)
            return 10;
        return bendAbove || bendBelow ? 24 : m_spacing.rows;
    }

    void stack(const std::vector<std::uint32_t>& layer)
    {
        double y = 0;
        for (std::size_t i = 0; i < layer.size(); ++i) {
            if (i > 0)
                y += m_graph.vertices[layer[i - 1]].height + gap(layer[i - 1], layer[i]);
            m_graph.vertices[layer[i]].y = y;
        }
    }

    struct Wish
    {
        double y;
        double weight;
    };

    /// The weighted median: one neighbour is met straight instead of all being missed a little.
    Wish wish(std::uint32_t vertex, bool left, bool right)
    {
        m_votes.clear();
        if (m_leavesOnly && !m_graph.linksRight[vertex].empty())
            return {m_graph.vertices[vertex].y, 1e6};
        if (left) {
            for (const std::uint32_t i : m_graph.linksLeft[vertex]) {
                const Link& link = m_graph.links[i];
                m_votes.push_back(
                    {m_graph.vertices[link.left].y + link.leftOffset - link.rightOffset,
                        link.weight});
            }
        }
        if (right) {
            for (const std::uint32_t i : m_graph.linksRight[vertex]) {
                const Link& link = m_graph.links[i];
                m_votes.push_back(
                    {m_graph.vertices[link.right].y + link.rightOffset - link.leftOffset,
                        link.weight});
            }
        }
        if (m_votes.empty())
            return {m_graph.vertices[vertex].y, 0.01};
        std::ranges::sort(m_votes, {}, &Wish::y);
        double total = 0;
        for (const Wish& vote : m_votes)
            total += vote.weight;
        double sum = 0;
        for (const Wish& vote : m_votes) {
            sum += vote.weight;
            if (sum >= total * 0.495) // near ties go up: the first line stays straight
                return {vote.y, total};
        }
        return {m_votes.back().y, total};
    }

    struct Pool
    {
        double y;
        double weight;
        std::size_t first;
    };

    void settle(const std::vector<std::uint32_t>& layer, bool left, bool right)
    {
        std::vector<double> offset(layer.size(), 0);
        m_pools.clear();
        for (std::size_t i = 0; i < layer.size(); ++i) {
            if (i > 0)
                offset[i] = offset[i - 1] + m_graph.vertices[layer[i - 1]].height
                    + gap(layer[i - 1], layer[i]);
            const Wish wanted = wish(layer[i], left, right);
            m_pools.push_back({wanted.y - offset[i], wanted.weight, i});
            while (m_pools.size() > 1 && m_pools[m_pools.size() - 2].y >= m_pools.back().y)
                merge();
        }
        for (std::size_t p = 0; p < m_pools.size(); ++p) {
            const std::size_t end = p + 1 < m_pools.size() ? m_pools[p + 1].first : layer.size();
            for (std::size_t i = m_pools[p].first; i < end; ++i)
                m_graph.vertices[layer[i]].y = m_pools[p].y + offset[i];
        }
    }

    void merge()
    {
        const Pool last = m_pools.back();
        m_pools.pop_back();
        Pool& pool = m_pools.back();
        const double weight = pool.weight + last.weight;
        pool.y = (pool.y * pool.weight + last.y * last.weight) / weight;
        pool.weight = weight;
    }

    LayeredGraph& m_graph;
    const Spacing& m_spacing;
    std::vector<Wish> m_votes;
    bool m_leavesOnly = false;
    std::vector<Pool> m_pools;
};

} // namespace

void assignRows(LayeredGraph& graph, const Spacing& spacing, const std::stop_token& stop)
{
    Rows(graph, spacing).run(stop);
}

} // namespace meshyard::layout
