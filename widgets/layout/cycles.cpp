// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/layered_graph.h"

#include <queue>

namespace meshyard::layout {
namespace {

/// Eades, Lin, Smyth: sinks to the right, sources to the left, else the node with the largest
/// surplus of traffic going out; gateways win ties because calls start there.
class GreedyOrder final
{
public:
    explicit GreedyOrder(const LayeredGraph& graph)
        : m_graph(graph)
        , m_out(graph.blocks.size())
        , m_in(graph.blocks.size())
        , m_outWeight(graph.blocks.size(), 0)
        , m_inWeight(graph.blocks.size(), 0)
        , m_outCount(graph.blocks.size(), 0)
        , m_inCount(graph.blocks.size(), 0)
        , m_taken(graph.blocks.size(), false)
    {
        for (std::uint32_t i = 0; i < graph.edges.size(); ++i) {
            const BlockEdge& edge = graph.edges[i];
            m_out[edge.from].push_back(i);
            m_in[edge.to].push_back(i);
            m_outWeight[edge.from] += edge.weight;
            m_inWeight[edge.to] += edge.weight;
            ++m_outCount[edge.from];
            ++m_inCount[edge.to];
        }
    }

    std::vector<std::uint32_t> positions()
    {
        const auto count = static_cast<std::uint32_t>(m_graph.blocks.size());
        for (std::uint32_t i = 0; i < count; ++i)
            enqueue(i);
        std::vector<std::uint32_t> position(count, 0);
        std::uint32_t left = 0;
        std::uint32_t right = count;
        while (left < right) {
            bool atLeft = true;
            const std::uint32_t next = take(atLeft);
            position[next] = atLeft ? left++ : --right;
        }
        return position;
    }

private:
    struct Entry
    {
        double surplus;
        std::uint32_t block;
        bool operator<(const Entry& other) const
        {
            return surplus != other.surplus ? surplus < other.surplus : block > other.block;
        }
    };

    double surplus(std::uint32_t block) const
    {
        const double gateway = m_graph.blocks[block].kind == NodeKind::Gateway ? 1e6 : 0;
        return gateway + m_outWeight[block] - m_inWeight[block];
    }

    void enqueue(std::uint32_t block)
    {
        if (m_outCount[block] == 0)
            m_sinks.push(block);
        else if (m_inCount[block] == 0)
            m_sources.push(block);
        else
            m_rest.push({surplus(block), block});
    }

    std::uint32_t take(bool& atLeft)
    {
        for (auto* queue : {&m_sinks, &m_sources}) {
            while (!queue->empty()) {
                const std::uint32_t block = queue->front();
                queue->pop();
                if (!m_taken[block]) {
                    atLeft = queue != &m_sinks;
                    release(block);
                    return block;
                }
            }
        }
        atLeft = true;
        while (true) {
            const Entry entry = m_rest.top();
            m_rest.pop();
            if (!m_taken[entry.block] && entry.surplus == surplus(entry.block)) {
                release(entry.block);
                return entry.block;
            }
        }
    }

    void release(std::uint32_t block)
    {
        m_taken[block] = true;
        for (const std::uint32_t i : m_out[block]) {
            const std::uint32_t other = m_graph.edges[i].to;
            m_inWeight[other] -= m_graph.edges[i].weight;
            --m_inCount[other];
            if (!m_taken[other])
                enqueue(other);
        }
        for (const std::uint32_t i : m_in[block]) {
            const std::uint32_t other = m_graph.edges[i].from;
            m_outWeight[other] -= m_graph.edges[i].weight;
            --m_outCount[other];
            if (!m_taken[other])
                enqueue(other);
        }
    }

    const LayeredGraph& m_graph;
    std::vector<std::vector<std::uint32_t>> m_out;
    std::vector<std::vector<std::uint32_t>> m_in;
    std::vector<double> m_outWeight;
    std::vector<double> m_inWeight;
    std::vector<int> m_outCount;
    std::vector<int> m_inCount;
    std::vector<bool> m_taken;
    std::queue<std::uint32_t> m_sinks;
    std::queue<std::uint32_t> m_sources;
    std::priority_queue<Entry> m_rest;
};

} // namespace

void removeCycles(LayeredGraph& graph)
{
    if (graph.edges.empty())
        return;
    const std::vector<std::uint32_t> position = GreedyOrder(graph).positions();
    for (BlockEdge& edge : graph.edges) {
        if (position[edge.from] < position[edge.to])
            continue;
        std::swap(edge.from, edge.to);
        std::swap(edge.fromMember, edge.toMember);
        edge.reversed = true;
    }
}

} // namespace meshyard::layout
