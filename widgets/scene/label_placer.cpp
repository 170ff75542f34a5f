// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/label_placer.h"

#include "widgets/scene/fonts.h"

#include <algorithm>
#include <cmath>

namespace meshyard::scene {
namespace {

constexpr double kPillHeight = 20;
constexpr double kWordsHeight = 18;
constexpr double kWeightsRow = 16;
constexpr double kCell = 256;
constexpr double kImpossible = 1000;
constexpr double kForeignLine = 40;
constexpr std::size_t kBig = 300; // edges

/// Widths in steps: a figure that grows by a digit does not make its pill move.
double pillWidth(const QFontMetricsF& metrics, const QString& text)
{
    return std::ceil((metrics.horizontalAdvance(text) + 16) / 8) * 8;
}

QRectF around(QPointF centre, double width, double height)
{
    return {centre.x() - width / 2, centre.y() - height / 2, width, height};
}

template <typename Visit> void eachCell(const QRectF& rect, Visit visit)
{
    const auto left = static_cast<qint64>(std::floor(rect.left() / kCell));
    const auto right = static_cast<qint64>(std::floor(rect.right() / kCell));
    const auto top = static_cast<qint64>(std::floor(rect.top() / kCell));
    const auto bottom = static_cast<qint64>(std::floor(rect.bottom() / kCell));
    for (qint64 row = top; row <= bottom; ++row) {
        for (qint64 column = left; column <= right; ++column)
            visit(row * 1000003 + column);
    }
}

bool meetsAny(const QHash<qint64, std::vector<QRectF>>& cells, const QRectF& rect)
{
    bool meets = false;
    eachCell(rect, [&](qint64 cell) {
        const auto found = cells.constFind(cell);
        if (found != cells.constEnd())
            meets = meets || std::ranges::any_of(*found, [&rect](const QRectF& other) {
                return other.intersects(rect);
            });
    });
    return meets;
}

} // namespace

bool isSmallBadge(BadgeKind kind)
{
    return kind == BadgeKind::Closed;
}

std::vector<QRectF> titleRects(const PlacedScene& scene)
{
    const QFontMetricsF title(textFont(13, QFont::DemiBold));
    const QFontMetricsF frameWords(textFont(11));
    const QFontMetricsF environmentWords(textFont(12));
    std::vector<QRectF> rects;
    for (const FrameShape& shape : scene.frames) {
        const SceneFrame& frame = scene.model->frames[static_cast<std::size_t>(shape.frame)];
        const double width = title.horizontalAdvance(frame.title) + 10
            + frameWords.horizontalAdvance(frame.subtitle);
        rects.emplace_back(shape.rect.topLeft() + QPointF(14, 9), QSizeF(width, 18));
    }
    for (std::size_t i = 0; i < scene.environments.size(); ++i) {
        if (scene.environments[i].isEmpty())
            continue;
        const SceneEnvironment& environment = scene.model->environments[i];
        const double width = title.horizontalAdvance(environment.title) + 14
            + environmentWords.horizontalAdvance(environment.subtitle);
        rects.emplace_back(scene.environments[i].topLeft() + QPointF(16, 12),
            QSizeF(std::ceil(width / 16) * 16, 18));
    }
    return rects;
}

LabelPlacer::LabelPlacer(PlacedScene& scene, const PlacedScene* before)
    : m_scene(scene)
    , m_before(before)
    , m_big(scene.edges.size() > kBig)
    , m_label(textFont(11))
    , m_words(textFont(11, QFont::DemiBold))
{
    for (const QRectF& node : scene.nodes)
        eachCell(node, [&](qint64 cell) { m_nodes[cell].push_back(node.adjusted(-2, -2, 2, 2)); });
}

void LabelPlacer::run()
{
    for (const QRectF& title : titleRects(m_scene))
        occupy(title);
    for (const SplitShape& split : m_scene.splits) {
        if (!split.diamondRect.isNull())
            occupy(split.diamondRect);
    }
    placeBadges();
    for (std::size_t i = 0; i < m_scene.splits.size(); ++i)
        placeWeights(i);
    for (std::size_t i = 0; i < m_scene.edges.size(); ++i)
        placeWords(i);
    placeLabels();
}

void LabelPlacer::placeLabels()
{
    const auto& model = *m_scene.model;
    for (std::size_t i = 0; i < m_scene.splits.size(); ++i) {
        SplitShape& shape = m_scene.splits[i];
        const QRectF before = m_before != nullptr ? m_before->splits[i].labelRect : QRectF();
        const auto line = static_cast<std::uint32_t>(m_scene.edges.size() + i);
        placeLabel(model.splits[i].label, shape.points, shape.length, shape.width, line, before,
            shape.labelRect);
    }
    std::vector<std::size_t> order(m_scene.edges.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::ranges::stable_sort(order, [&model](std::size_t a, std::size_t b) {
        return model.edges[a].health > model.edges[b].health; // trouble finds a place first
    });
    for (const std::size_t i : order) {
        EdgeShape& shape = m_scene.edges[i];
        const QRectF before = m_before != nullptr ? m_before->edges[i].labelRect : QRectF();
        const bool hopeless = m_big && m_before != nullptr && before.isNull()
            && !m_before->model->edges[i].label.isEmpty();
        if (hopeless)
            continue; // found no place a second ago, and nothing has moved
        placeLabel(model.edges[i].label, shape.points, shape.length, shape.width,
            static_cast<std::uint32_t>(i), before, shape.labelRect);
    }
}

void LabelPlacer::occupy(const QRectF& rect)
{
    const QRectF wide = rect.adjusted(-2, -2, 2, 2);
    eachCell(wide, [&](qint64 cell) { m_occupied[cell].push_back(wide); });
}

bool LabelPlacer::taken(const QRectF& rect) const
{
    return meetsAny(m_nodes, rect) || meetsAny(m_occupied, rect);
}

double LabelPlacer::obstruction(const QRectF& rect, std::uint32_t line) const
{
    if (taken(rect))
        return kImpossible;
    if (m_big) // among thousands of lines only a free place counts
        return m_scene.grid.linesThrough(rect, line, 1) > 0 ? kImpossible : 0;
    return kForeignLine * m_scene.grid.linesThrough(rect, line, 4);
}

bool LabelPlacer::take(std::vector<Candidate> candidates, std::uint32_t line, QRectF& placed)
{
    std::ranges::stable_sort(candidates, {}, &Candidate::cost);
    double best = kImpossible;
    for (const Candidate& candidate : candidates) {
        if (candidate.cost >= best)
            break;
        const double cost = candidate.cost + obstruction(candidate.rect, line);
        if (cost < best) {
            best = cost;
            placed = candidate.rect;
        }
    }
    if (best >= kImpossible) {
        placed = {};
        return false;
    }
    occupy(placed);
    return true;
}

void LabelPlacer::placeBadges()
{
    for (std::size_t i = 0; i < m_scene.edges.size(); ++i)
        placeBadge(i);
}

/// Before the arrow; larger glyphs in the middle of the last stretch between two columns, where
/// their words have room.
void LabelPlacer::placeBadge(std::size_t edge)
{
    EdgeShape& shape = m_scene.edges[edge];
    const SceneBadge& badge = m_scene.model->edges[edge].badge;
    shape.badgeRect = {};
    shape.wordsRect = {};
    if (badge.kind == BadgeKind::None || !shape.drawn())
        return;
    const bool small = isSmallBadge(badge.kind);
    const double radius = small ? 6 : 13;
    const double last = std::min(shape.length, 136.0);
    const double roomy
        = badge.words.isEmpty() ? 34 : last * (badge.kind == BadgeKind::Tripped ? 0.6 : 0.46);
    double fromEnd = small ? 28 : std::max(34.0, shape.split >= 0 ? 34.0 : roomy);
    fromEnd = std::min(fromEnd, shape.length * 0.55);
    double bestAt = shape.length - fromEnd;
    for (const double shift : {0.0, 14.0, -14.0, 28.0, 42.0, 56.0, 80.0}) {
        const double at = shape.length - fromEnd - shift;
        if (at < 8 || at > shape.length - 16)
            continue;
        if (!taken(around(pointAlong(shape.points, at), 2 * radius, 2 * radius))) {
            bestAt = at;
            break;
        }
    }
    shape.badgeAt = bestAt;
    shape.badge = pointAlong(shape.points, bestAt);
    shape.badgeRect = around(shape.badge, 2 * radius, 2 * radius);
    occupy(shape.badgeRect);
}

void LabelPlacer::placeWords(std::size_t edge)
{
    EdgeShape& shape = m_scene.edges[edge];
    const SceneBadge& badge = m_scene.model->edges[edge].badge;
    if (shape.badgeRect.isNull() || badge.words.isEmpty())
        return;
    const double width = pillWidth(m_words, badge.words);
    const double down = 25;
    std::vector<Candidate> candidates;
    for (const double dx : {0.0, -14.0, 14.0, -width / 2, width / 2}) {
        candidates.push_back(
            {around(shape.badge + QPointF(dx, down), width, kWordsHeight), std::abs(dx) * 0.2});
        candidates.push_back({around(shape.badge + QPointF(dx, -down), width, kWordsHeight),
            8 + std::abs(dx) * 0.2});
    }
    const double side = width / 2 + 17;
    candidates.push_back({around(shape.badge + QPointF(-side, 0), width, kWordsHeight), 24});
    candidates.push_back({around(shape.badge + QPointF(side, 0), width, kWordsHeight), 26});
    take(std::move(candidates), static_cast<std::uint32_t>(edge), shape.wordsRect);
}

void LabelPlacer::placeWeights(std::size_t split)
{
    SplitShape& shape = m_scene.splits[split];
    const SceneSplit& model = m_scene.model->splits[split];
    shape.weightsRect = {};
    shape.newWeightsRect = {};
    if (shape.diamondRect.isNull())
        return;
    if (model.weights.empty())
        return;
    QString text;
    for (const int weight : model.weights)
        text += (text.isEmpty() ? QString() : QStringLiteral(" · ")) + QString::number(weight);
    const double width = m_words.horizontalAdvance(text) + 6;
    const auto line = static_cast<std::uint32_t>(m_scene.edges.size() + split);
    // Room for one row more, away from the diamond: what a drag would make of the weights.
    for (const double height : {2 * kWeightsRow, kWeightsRow}) {
        std::vector<Candidate> candidates;
        const double off = 16 + height / 2;
        for (const double dy : {off, -off}) {
            for (const double dx : {-width * 0.25, -width * 0.5, 0.0})
                candidates.push_back({around(shape.diamond + QPointF(dx, dy), width, height),
                    (dy < 0 ? 6 : 0) + (dx == 0 ? 4 : 0) + (dx < -width * 0.3 ? 3.0 : 0.0)});
        }
        if (take(std::move(candidates), line, shape.weightsRect))
            break;
    }
    const bool above = shape.weightsRect.center().y() < shape.diamond.y();
    if (shape.weightsRect.isNull())
        shape.newWeightsRect = around(shape.diamond + QPointF(0, 24), width, kWeightsRow);
    else if (above)
        shape.weightsRect.setTop(shape.weightsRect.bottom() - kWeightsRow);
    else
        shape.weightsRect.setBottom(shape.weightsRect.top() + kWeightsRow);
    if (shape.newWeightsRect.isNull())
        shape.newWeightsRect = shape.weightsRect.translated(0, above ? -kWeightsRow : kWeightsRow);
}

void LabelPlacer::placeLabel(const QString& text, const QPolygonF& points, double length,
    double width, std::uint32_t line, const QRectF& before, QRectF& placed)
{
    placed = {};
    if (text.isEmpty() || points.size() < 2)
        return;
    const double pill = pillWidth(m_label, text);
    if (!before.isNull() && before.width() >= pill && before.width() - pill < 40
        && !taken(before)) {
        placed = before;
        occupy(placed);
        return;
    }
    std::vector<Candidate> candidates;
    const double off = width / 2 + kPillHeight / 2 + 4;
    for (const double share : {0.5, 0.42, 0.58, 0.34, 0.66, 0.25, 0.75, 0.16, 0.84}) {
        if (m_big && candidates.size() > 12)
            break;
        double angle = 0;
        const QPointF at = pointAlong(points, length * share, &angle);
        const double level = std::abs(std::cos(angle * M_PI / 180));
        const double away = std::abs(share - 0.5) * 30;
        if (level > 0.9) {
            for (const double lift : {0.0, 6.0, 14.0, 24.0}) {
                candidates.push_back(
                    {around(at - QPointF(0, off + lift), pill, kPillHeight), away + lift * 0.4});
                candidates.push_back({around(at + QPointF(0, off + lift), pill, kPillHeight),
                    away + 7 + lift * 0.4});
            }
        } else {
            candidates.push_back({around(at, pill, kPillHeight), away + 8});
            candidates.push_back(
                {around(at - QPointF(pill / 2 + 8, 0), pill, kPillHeight), away + 12});
            candidates.push_back(
                {around(at + QPointF(pill / 2 + 8, 0), pill, kPillHeight), away + 12});
        }
    }
    take(std::move(candidates), line, placed);
}

} // namespace meshyard::scene
