// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/edit_gesture.h"

#include <QLineF>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace meshyard::widgets {

std::vector<int> currentWeights(const scene::PlacedScene& placed, int split)
{
    const auto index = static_cast<std::size_t>(split);
    const scene::SplitShape& shape = placed.splits[index];
    std::vector<int> weights = placed.model->splits[index].weights;
    if (weights.size() == shape.branches.size())
        return weights;
    double total = 0;
    for (const int branch : shape.branches)
        total += placed.model->edges[static_cast<std::size_t>(branch)].rate;
    weights.assign(shape.branches.size(), 0);
    int rest = 100;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double rate = placed.model->edges[static_cast<std::size_t>(shape.branches[i])].rate;
        const double share = total > 0 ? rate / total : 1.0 / static_cast<double>(weights.size());
        weights[i] = i + 1 == weights.size() ? rest : static_cast<int>(std::lround(share * 100));
        rest -= weights[i];
    }
    return weights;
}

QList<int> withWeight(const std::vector<int>& weights, std::size_t branch, int value)
{
    value = std::clamp(value, 0, 100);
    QList<int> changed(weights.begin(), weights.end());
    if (weights.size() < 2 || branch >= weights.size())
        return changed;
    const int others = std::accumulate(weights.begin(), weights.end(), 0) - weights[branch];
    int rest = 100 - value;
    std::size_t last = weights.size();
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (i == branch)
            continue;
        const double share = others > 0 ? static_cast<double>(weights[i]) / others
                                        : 1.0 / static_cast<double>(weights.size() - 1);
        const int part = std::min(rest, static_cast<int>(std::lround(share * (100 - value))));
        changed[static_cast<qsizetype>(i)] = part;
        rest -= part;
        if (others == 0 || weights[i] > 0)
            last = i;
    }
    changed[static_cast<qsizetype>(branch)] = value;
    if (last < weights.size())
        changed[static_cast<qsizetype>(last)] += rest; // rounding
    return changed;
}

QList<int> pulledWeights(const scene::PlacedScene& placed, int split, QPointF pointer, int step)
{
    const scene::SplitShape& shape = placed.splits[static_cast<std::size_t>(split)];
    const std::vector<int> weights = currentWeights(placed, split);
    std::size_t towards = 0;
    double nearest = -2;
    const QLineF pull(shape.diamond, pointer);
    for (std::size_t i = 0; i < shape.branches.size(); ++i) {
        const auto& edge = placed.edges[static_cast<std::size_t>(shape.branches[i])];
        const QLineF way(shape.diamond, edge.points.back());
        const double along = QPointF::dotProduct(pull.p2() - pull.p1(), way.p2() - way.p1())
            / std::max(1.0, way.length() * std::max(1.0, pull.length()));
        if (along > nearest) {
            nearest = along;
            towards = i;
        }
    }
    if (shape.branches.empty() || pull.length() < 4)
        return {weights.begin(), weights.end()};
    const auto& edge = placed.edges[static_cast<std::size_t>(shape.branches[towards])];
    const QPointF way = edge.points.back() - shape.diamond;
    const double share = std::clamp(
        QPointF::dotProduct(pointer - shape.diamond, way) / QPointF::dotProduct(way, way), 0.0,
        1.0);
    const double exact = weights[towards] + share * (100 - weights[towards]);
    const int value = static_cast<int>(std::lround(exact / step)) * step;
    return withWeight(weights, towards, std::max(value, weights[towards]));
}

QPointF targetPort(const scene::PlacedScene& placed, const QString& node)
{
    const int index = placed.nodeIndex.value(node, -1);
    if (index < 0)
        return {};
    const QRectF& rect = placed.nodes[static_cast<std::size_t>(index)];
    return {rect.left() - 8, rect.center().y() + 12};
}

} // namespace meshyard::widgets
