// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/compound.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace meshyard::layout {
namespace {

/// Makes blocks of nodes: what shares a frame stands together.
void addBlocks(const LayoutInput& input, std::uint32_t environment, LayeredGraph& graph,
    std::vector<std::pair<std::uint32_t, std::uint32_t>>& place)
{
    std::map<std::uint32_t, std::uint32_t> frames;
    for (std::uint32_t i = 0; i < input.nodes.size(); ++i) {
        const LayoutNode& node = input.nodes[i];
        if (node.environment != environment)
            continue;
        auto block = static_cast<std::uint32_t>(graph.blocks.size());
        if (node.frame != kNone)
            block = frames.try_emplace(node.frame, block).first->second;
        if (block == graph.blocks.size()) {
            graph.blocks.emplace_back();
            graph.blocks.back().kind = node.kind;
        }
        Block& home = graph.blocks[block];
        place[i] = {block, static_cast<std::uint32_t>(home.members.size())};
        home.members.push_back(i);
        if (node.previous && !home.hasPrevious) {
            home.previousY = node.previous->y;
            home.hasPrevious = true;
        }
    }
}

void measure(const LayoutInput& input, LayeredGraph& graph)
{
    const Spacing& spacing = input.spacing;
    for (Block& block : graph.blocks) {
        block.framed = block.members.size() > 1;
        double y = block.framed ? spacing.frameHeader : 0;
        for (const std::uint32_t member : block.members) {
            const Size size = input.nodes[member].size;
            block.centres.push_back(y + size.height / 2);
            y += size.height + spacing.rows;
            block.width = std::max(block.width, size.width);
        }
        block.height = y - spacing.rows + (block.framed ? spacing.frameFooter : 0);
        if (block.framed)
            block.width += 2 * spacing.framePadding;
    }
}

void addEdges(const LayoutInput& input, LayeredGraph& graph,
    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& place)
{
    std::map<std::uint32_t, std::size_t> splits;
    std::vector<bool> connected(graph.blocks.size(), false);
    for (std::uint32_t i = 0; i < input.edges.size(); ++i) {
        const LayoutEdge& edge = input.edges[i];
        const auto [from, fromMember] = place[edge.source];
        const auto [to, toMember] = place[edge.target];
        if (from == kNone || to == kNone || from == to)
            continue;
        connected[from] = true;
        connected[to] = true;
        if (edge.split != kNone) {
            const auto [it, fresh] = splits.try_emplace(edge.split, graph.edges.size());
            if (!fresh) {
                BlockEdge& trunk = graph.edges[it->second];
                trunk.weight += std::max(0.0, edge.weight);
                trunk.edges.push_back(i);
                continue;
            }
        }
        BlockEdge added;
        added.from = from;
        added.to = to;
        added.fromMember = fromMember;
        added.toMember = toMember;
        added.weight = std::max(0.0, edge.weight);
        added.edges.push_back(i);
        graph.edges.push_back(std::move(added));
    }
    for (const auto& [split, edge] : splits) // a trunk aims at the middle of the frame
        graph.edges[edge].toMember = static_cast<std::uint32_t>(
            (graph.blocks[graph.edges[edge].to].members.size() - 1) / 2);
    for (std::uint32_t i = 0; i < graph.blocks.size(); ++i) {
        if (!connected[i])
            graph.isolated.push_back(i);
    }
}

/// Left edges and widths of the columns all environments share.
struct Columns
{
    std::vector<double> left;
    std::vector<double> width;
};

std::size_t gridColumns(const LayeredGraph& graph)
{
    const auto lonely = static_cast<double>(graph.isolated.size());
    const auto wanted = static_cast<std::size_t>(std::ceil(std::sqrt(lonely * 1.6)));
    return std::max(graph.layers.size(), wanted);
}

Columns columnsOf(const LayoutInput& input, const std::vector<LayeredGraph>& graphs)
{
    Columns columns;
    std::set<std::size_t> divided; // columns that a split ends in
    for (const LayeredGraph& graph : graphs) {
        const std::size_t count = gridColumns(graph);
        columns.width.resize(std::max(columns.width.size(), count), 0);
        std::set<std::uint32_t> lonely(graph.isolated.begin(), graph.isolated.end());
        for (std::uint32_t i = 0; i < graph.blocks.size(); ++i) {
            const Block& block = graph.blocks[i];
            if (lonely.contains(i)) {
                for (std::size_t c = 0; c < count; ++c)
                    columns.width[c] = std::max(columns.width[c], block.width);
                continue;
            }
            double& width = columns.width[static_cast<std::size_t>(block.layer)];
            width = std::max(width, block.width);
        }
        for (const BlockEdge& edge : graph.edges) {
            if (input.edges[edge.edges.front()].split != kNone && !edge.reversed)
                divided.insert(static_cast<std::size_t>(graph.blocks[edge.to].layer));
        }
    }
    double x = 0;
    for (std::size_t i = 0; i < columns.width.size(); ++i) {
        if (i > 0)
            x += input.spacing.columns + (divided.contains(i) ? input.spacing.splitExtra : 0);
        columns.left.push_back(x);
        x += columns.width[i];
    }
    return columns;
}

/// Places the blocks of one environment from `top` on. @return the bottom of what it placed.
class EnvironmentPlacer final
{
public:
    EnvironmentPlacer(
        const LayoutInput& input, LayeredGraph& graph, const Columns& columns, LayoutResult& result)
        : m_input(input)
        , m_graph(graph)
        , m_columns(columns)
        , m_result(result)
    {
    }

    double run(double top)
    {
        const double bottom = placeLayers(top);
        addBends();
        return placeIsolated(bottom > top ? bottom + m_input.spacing.rows : top, bottom);
    }

private:
    double placeLayers(double top)
    {
        double highest = 0;
        bool any = false;
        for (const auto& layer : m_graph.layers) {
            for (const std::uint32_t v : layer) {
                highest = any ? std::min(highest, m_graph.vertices[v].y) : m_graph.vertices[v].y;
                any = true;
            }
        }
        double bottom = top;
        for (const auto& layer : m_graph.layers) {
            for (const std::uint32_t v : layer) {
                Vertex& vertex = m_graph.vertices[v];
                vertex.y = std::round(vertex.y - highest + top);
                bottom = std::max(bottom, vertex.y + vertex.height);
                if (vertex.block != kNone)
                    placeBlock(m_graph.blocks[vertex.block], static_cast<std::size_t>(vertex.layer),
                        vertex.y);
            }
        }
        return bottom;
    }

    void placeBlock(const Block& block, std::size_t column, double y)
    {
        const double middle = m_columns.left[column] + m_columns.width[column] / 2;
        for (std::size_t i = 0; i < block.members.size(); ++i) {
            const Size size = m_input.nodes[block.members[i]].size;
            m_result.nodes[block.members[i]] = {std::round(middle - size.width / 2),
                std::round(y + block.centres[i] - size.height / 2), size.width, size.height};
        }
    }

    void addBends()
    {
        std::map<std::uint32_t, int> lanes;
        for (const BlockEdge& edge : m_graph.edges) {
            std::vector<Bend> bends;
            for (const std::uint32_t v : edge.chain) {
                const Vertex& vertex = m_graph.vertices[v];
                const auto column = static_cast<std::size_t>(vertex.layer);
                const int lane = lanes[v]++ % 5; // bundled lines lie side by side
                const double offset = (lane % 2 == 0 ? 1 : -1) * (lane + 1) / 2 * 3.0;
                bends.push_back(
                    {m_columns.left[column], m_columns.left[column] + m_columns.width[column],
                        vertex.y + vertex.height / 2 + offset});
            }
            if (edge.reversed)
                std::ranges::reverse(bends);
            for (const std::uint32_t i : edge.edges)
                m_result.bends[i] = bends;
        }
    }

    double placeIsolated(double top, double bottom)
    {
        auto order = m_graph.isolated;
        std::ranges::stable_sort(order, [this](std::uint32_t a, std::uint32_t b) {
            return rank(m_graph.blocks[a].kind) < rank(m_graph.blocks[b].kind);
        });
        if (order.empty())
            return bottom;
        std::vector<double> next(gridColumns(m_graph), top);
        std::size_t column = 0;
        for (const std::uint32_t i : order) {
            const Block& block = m_graph.blocks[i];
            placeBlock(block, column, next[column]);
            bottom = std::max(bottom, next[column] + block.height);
            next[column] += block.height + m_input.spacing.rows;
            for (std::size_t c = next.size(); c-- > 0;) {
                if (next[c] <= next[column])
                    column = c;
            }
        }
        return bottom;
    }

    static int rank(NodeKind kind)
    {
        return kind == NodeKind::Gateway ? 0 : (kind == NodeKind::Service ? 1 : 2);
    }

    const LayoutInput& m_input;
    LayeredGraph& m_graph;
    const Columns& m_columns;
    LayoutResult& m_result;
};

} // namespace

std::vector<std::uint32_t> environmentOrder(const LayoutInput& input)
{
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < input.environments.size(); ++i)
        order.push_back(i);
    order.push_back(kNone);
    return order;
}

LayeredGraph collectBlocks(const LayoutInput& input, std::uint32_t environment)
{
    LayeredGraph graph;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> place(input.nodes.size(), {kNone, kNone});
    addBlocks(input, environment, graph, place);
    measure(input, graph);
    addEdges(input, graph, place);
    return graph;
}

void composeEnvironments(
    const LayoutInput& input, std::vector<LayeredGraph>& graphs, LayoutResult& result)
{
    result.nodes.assign(input.nodes.size(), {});
    result.bends.assign(input.edges.size(), {});
    const Columns columns = columnsOf(input, graphs);
    const Spacing& spacing = input.spacing;
    const auto order = environmentOrder(input);
    double top = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (graphs[i].blocks.empty())
            continue;
        const bool boxed = order[i] != kNone && input.environments[order[i]].boxed;
        const double header = boxed ? spacing.environmentHeader : 0;
        const double footer = boxed ? spacing.environmentPadding + 8 : 0;
        const double bottom
            = EnvironmentPlacer(input, graphs[i], columns, result).run(top + header);
        top = bottom + footer + spacing.environmentGap;
    }
    drawBoxes(input, result);
}

void drawBoxes(const LayoutInput& input, LayoutResult& result)
{
    const Spacing& spacing = input.spacing;
    result.frames.clear();
    result.environments.assign(input.environments.size(), {});
    std::map<std::uint32_t, std::vector<std::uint32_t>> members;
    for (std::uint32_t i = 0; i < input.nodes.size(); ++i) {
        if (input.nodes[i].frame != kNone)
            members[input.nodes[i].frame].push_back(i);
    }
    const auto framed = [&spacing](const Box& inner) {
        return Box{inner.x - spacing.framePadding, inner.y - spacing.frameHeader,
            inner.width + 2 * spacing.framePadding,
            inner.height + spacing.frameHeader + spacing.frameFooter};
    };
    const auto foreign = [&](const Box& box, std::uint32_t frame) {
        for (std::uint32_t i = 0; i < input.nodes.size(); ++i) {
            if (input.nodes[i].frame != frame && result.nodes[i].intersects(box))
                return true;
        }
        return false;
    };
    for (auto& [frame, nodes] : members) {
        if (nodes.size() < 2)
            continue;
        std::ranges::sort(nodes, [&result](std::uint32_t a, std::uint32_t b) {
            return std::tie(result.nodes[a].x, result.nodes[a].y)
                < std::tie(result.nodes[b].x, result.nodes[b].y);
        });
        Box inner = result.nodes[nodes.front()];
        for (std::size_t i = 1; i < nodes.size(); ++i) {
            const Box more = inner.united(result.nodes[nodes[i]]);
            if (foreign(framed(more), frame)) { // no room in one piece: a second part
                result.frames.push_back({frame, framed(inner)});
                inner = result.nodes[nodes[i]];
            } else {
                inner = more;
            }
        }
        result.frames.push_back({frame, framed(inner)});
    }
    result.extent = {};
    std::vector<Box> inner(input.environments.size());
    for (std::uint32_t i = 0; i < input.nodes.size(); ++i) {
        result.extent = result.extent.united(result.nodes[i]);
        if (input.nodes[i].environment != kNone) {
            Box& box = inner[input.nodes[i].environment];
            box = box.united(result.nodes[i]);
        }
    }
    for (const FramePart& part : result.frames) {
        result.extent = result.extent.united(part.box);
        const std::uint32_t home = input.nodes[members[part.frame].front()].environment;
        if (home != kNone)
            inner[home] = inner[home].united(part.box);
    }
    const Box content = result.extent;
    for (std::size_t i = 0; i < inner.size(); ++i) {
        if (inner[i].empty())
            continue;
        const double padding = spacing.environmentPadding;
        result.environments[i] = {content.x - padding, inner[i].y - spacing.environmentHeader,
            content.width + 2 * padding, inner[i].height + spacing.environmentHeader + padding + 8};
        result.extent = result.extent.united(result.environments[i]);
    }
}

} // namespace meshyard::layout
