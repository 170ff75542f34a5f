// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of ScenePainter: edges, splits, drags and traffic.
#include "widgets/scene/fonts.h"
#include "widgets/scene/glyphs.h"
#include "widgets/scene/scene_painter.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace meshyard::scene {
namespace {

constexpr double kArrowLength = 9;

QColor faded(QColor colour, double opacity)
{
    colour.setAlphaF(static_cast<float>(opacity));
    return colour;
}

QString joined(const std::vector<int>& weights)
{
    QString text;
    for (const int weight : weights)
        text += (text.isEmpty() ? QString() : QStringLiteral(" · ")) + QString::number(weight);
    return text;
}

QPen dotted(const QColor& colour, double width)
{
    QPen pen(colour, width, Qt::CustomDashLine, Qt::RoundCap);
    pen.setDashPattern({0.1, 5.6 / width + 1});
    return pen;
}

} // namespace

bool ScenePainter::cut(std::size_t edge) const
{
    const SceneBadge& badge = m_scene.model->edges[edge].badge;
    return !badge.partial && (badge.kind == BadgeKind::Open || badge.kind == BadgeKind::Tripped);
}

QColor ScenePainter::lineColour(std::size_t edge) const
{
    const SceneEdge& model = m_scene.model->edges[edge];
    if (model.badge.kind == BadgeKind::Tripped || model.badge.kind == BadgeKind::Draining)
        return m_tokens.op;
    if (model.health == Health::Warn || model.health == Health::Bad)
        return healthColour(m_tokens, model.health);
    return m_tokens.flow;
}

double ScenePainter::edgeOpacity(std::size_t edge) const
{
    const SceneEdge& model = m_scene.model->edges[edge];
    if (model.dimmed)
        return 0.3;
    if (m_state.lost || model.stale)
        return 0.5;
    return 1;
}

bool ScenePainter::edgeSelected(std::size_t edge) const
{
    const Part& part = m_state.selected;
    return part.id == m_scene.model->edges[edge].id
        && (part.kind == PartKind::Edge || part.kind == PartKind::EdgeEnd
            || part.kind == PartKind::Badge);
}

void ScenePainter::strokePart(
    QPainter& painter, const EdgeShape& shape, double from, double to, const QPen& pen) const
{
    const QPolygonF part = partOf(shape.points, from, to);
    if (part.size() < 2)
        return;
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    if (m_clip.isNull() || pen.style() != Qt::SolidLine || m_clip.contains(part.boundingRect())) {
        painter.drawPolyline(part);
        return;
    }
    QPolygonF run; // stroking what nobody sees costs as much as what they see
    for (qsizetype i = 0; i + 1 < part.size(); ++i) {
        if (segmentMeets(m_clip, part[i], part[i + 1])) {
            if (run.isEmpty())
                run << part[i];
            run << part[i + 1];
        } else if (!run.isEmpty()) {
            painter.drawPolyline(run);
            run.clear();
        }
    }
    if (!run.isEmpty())
        painter.drawPolyline(run);
}

void ScenePainter::paintArrow(
    QPainter& painter, QPointF tip, double angle, double width, const QColor& colour) const
{
    const double half = std::max(4.0, width * 0.5 + 2.4);
    painter.save();
    painter.translate(tip);
    painter.rotate(-angle);
    painter.setPen(QPen(colour, 1, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(colour);
    painter.drawPolygon(QPolygonF{{-1, 0}, {-kArrowLength, -half}, {-kArrowLength, half}});
    painter.restore();
}

void ScenePainter::paintLine(QPainter& painter, std::size_t edge) const
{
    const EdgeShape& shape = m_scene.edges[edge];
    if (!shape.drawn())
        return;
    if (distant() && !edgeSelected(edge)) {
        paintDistantLine(painter, edge);
        return;
    }
    const SceneEdge& model = m_scene.model->edges[edge];
    painter.save();
    painter.setOpacity(edgeOpacity(edge));
    const QColor colour = lineColour(edge);
    const bool moved = m_state.preview.edge == model.id && !m_state.preview.target.isEmpty();
    if (edgeSelected(edge)) {
        const QPen halo(faded(m_tokens.accent, 0.28), shape.width + 9, Qt::SolidLine, Qt::FlatCap);
        strokePart(painter, shape, 0, shape.length, halo);
    } else if (m_state.hovered.id == model.id && m_state.hovered.kind != PartKind::Node) {
        const QPen halo(faded(m_tokens.accent, 0.14), shape.width + 8, Qt::SolidLine, Qt::FlatCap);
        strokePart(painter, shape, 0, shape.length, halo);
    }
    const double solidEnd = shape.length - kArrowLength + 1;
    if (model.health == Health::Idle || moved) {
        strokePart(painter, shape, 0, solidEnd, dotted(faded(m_tokens.flow, moved ? 0.6 : 1), 1.8));
    } else if (cut(edge) && !shape.badgeRect.isNull()) {
        strokePart(painter, shape, 0, shape.badgeAt,
            QPen(colour, shape.width, Qt::SolidLine, Qt::FlatCap));
        strokePart(painter, shape, shape.badgeAt, shape.length, dotted(colour, 1.8));
    } else {
        QPen pen(colour, shape.width, Qt::SolidLine, Qt::FlatCap);
        if (model.uncertain)
            pen.setDashPattern({9 / shape.width, 4 / shape.width});
        strokePart(painter, shape, 0, solidEnd, pen);
    }
    if (!cut(edge)) {
        paintArrow(painter, shape.points.back(), 0, shape.width, colour); // all ways end level
    }
    const bool looked = edgeSelected(edge) || m_state.hovered.id == model.id;
    if (shape.split < 0 && (model.tls == TlsMark::Missing || looked || m_state.zoom >= 1.3))
        drawLock(painter, m_tokens, model.tls, pointAlong(shape.points, 11));
    painter.restore();
}

/// From afar a line is a few straight pieces, one device pixel or more.
void ScenePainter::paintDistantLine(QPainter& painter, std::size_t edge) const
{
    const EdgeShape& shape = m_scene.edges[edge];
    const double wide = shape.width * m_state.zoom;
    QPen pen(faded(lineColour(edge), edgeOpacity(edge) * std::clamp(wide, 0.35, 1.0)),
        std::max(1.0, wide));
    pen.setCosmetic(true);
    if (m_scene.model->edges[edge].health == Health::Idle)
        pen.setStyle(Qt::DotLine);
    painter.setPen(pen);
    QPolygonF few;
    const qsizetype step = m_state.zoom < 0.12 ? 6 : 3;
    for (qsizetype i = 0; i < shape.points.size(); i += step)
        few << shape.points[i];
    few << shape.points.back();
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.drawPolyline(few);
    painter.setRenderHint(QPainter::Antialiasing, true);
}

void ScenePainter::paintTrunk(QPainter& painter, std::size_t split) const
{
    const SplitShape& shape = m_scene.splits[split];
    if (shape.points.size() < 2)
        return;
    const SceneSplit& model = m_scene.model->splits[split];
    const bool trouble = model.health == Health::Warn || model.health == Health::Bad;
    const QColor colour = trouble ? healthColour(m_tokens, model.health) : m_tokens.flow;
    painter.setBrush(Qt::NoBrush);
    if (m_state.selected.id == model.id) {
        painter.setPen(
            QPen(faded(m_tokens.accent, 0.28), shape.width + 9, Qt::SolidLine, Qt::FlatCap));
        painter.drawPolyline(shape.points);
    }
    painter.setPen(model.health == Health::Idle
            ? dotted(m_tokens.flow, 1.8)
            : QPen(colour, shape.width, Qt::SolidLine, Qt::FlatCap));
    painter.setOpacity(m_state.lost ? 0.5 : 1);
    painter.drawPolyline(shape.points);
    painter.setOpacity(1);
}

void ScenePainter::paintSplitMarks(QPainter& painter, std::size_t split) const
{
    const SplitShape& shape = m_scene.splits[split];
    if (shape.diamondRect.isNull())
        return;
    const SceneSplit& model = m_scene.model->splits[split];
    const bool active = m_state.selected.id == model.id || m_state.hovered.id == model.id
        || m_state.focused.id == model.id;
    const double half = active ? 13 : 11.5;
    painter.setPen(QPen(model.editable ? m_tokens.accent : m_tokens.sub, active ? 2.6 : 2));
    painter.setBrush(m_tokens.panel);
    const QPointF at = shape.diamond;
    painter.drawPolygon(QPolygonF{at + QPointF(0, -half), at + QPointF(half, 0),
        at + QPointF(0, half), at + QPointF(-half, 0)});
    if (!detailed())
        return;
    const auto preview
        = std::ranges::find(m_state.preview.weights, model.id, &ScenePreview::Weights::split);
    const bool changes = preview != m_state.preview.weights.end();
    if (!shape.weightsRect.isNull()) {
        QFont font = textFont(11, changes ? QFont::Normal : QFont::DemiBold);
        font.setStrikeOut(changes);
        painter.setFont(font);
        painter.setPen(changes ? m_tokens.sub : m_tokens.accent);
        const QRectF wide = shape.weightsRect.adjusted(-20, 0, 20, 0);
        painter.drawText(wide, Qt::AlignCenter, joined(model.weights));
    }
    if (changes && !shape.newWeightsRect.isNull()) {
        painter.setFont(textFont(11, QFont::Bold));
        painter.setPen(m_tokens.accent);
        painter.drawText(shape.newWeightsRect.adjusted(-20, 0, 20, 0), Qt::AlignCenter,
            joined(preview->weights));
    }
    if (!shape.labelRect.isNull())
        paintPill(painter, shape.labelRect, model.label, m_tokens.border, m_tokens.text, false);
}

void ScenePainter::paintBadge(QPainter& painter, std::size_t edge) const
{
    const EdgeShape& shape = m_scene.edges[edge];
    const SceneEdge& model = m_scene.model->edges[edge];
    if (shape.badgeRect.isNull()
        || (m_state.preview.edge == model.id && !m_state.preview.target.isEmpty()))
        return;
    const bool hovered = m_state.hovered.id == model.id || m_state.focused.id == model.id;
    const bool quiet = badgeColour(m_tokens, model.badge.kind) == m_tokens.sub;
    const bool small = model.badge.kind == BadgeKind::Closed;
    if (!hovered && ((small && !detailed()) || (quiet && distant())))
        return;
    painter.save();
    painter.setOpacity(edgeOpacity(edge));
    const bool full = hovered || (edgeSelected(edge) && model.badge.kind == BadgeKind::Closed);
    drawBreakerGlyph(painter, m_tokens, model.badge, shape.badge, full);
    if (detailed() && !shape.wordsRect.isNull())
        paintPill(painter, shape.wordsRect, model.badge.words,
            badgeColour(m_tokens, model.badge.kind), badgeWordColour(m_tokens, model.badge.kind),
            true);
    painter.restore();
}

void ScenePainter::paintLabel(QPainter& painter, std::size_t edge) const
{
    const EdgeShape& shape = m_scene.edges[edge];
    if (shape.labelRect.isNull())
        return;
    const SceneEdge& model = m_scene.model->edges[edge];
    const bool trouble = model.health == Health::Warn || model.health == Health::Bad;
    painter.save();
    painter.setOpacity(edgeOpacity(edge));
    paintPill(painter, shape.labelRect, model.label,
        trouble ? healthColour(m_tokens, model.health) : m_tokens.border,
        trouble ? healthWordColour(m_tokens, model.health) : m_tokens.text, false);
    painter.restore();
}

void ScenePainter::paintEdgeAbove(QPainter& painter, int edge) const
{
    const auto index = static_cast<std::size_t>(edge);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    paintLine(painter, index);
    if (m_scene.edges[index].split >= 0)
        paintSplitMarks(painter, static_cast<std::size_t>(m_scene.edges[index].split));
    paintBadge(painter, index);
    if (detailed())
        paintLabel(painter, index);
    painter.restore();
}

void ScenePainter::paintSplitAbove(QPainter& painter, int split) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    paintTrunk(painter, static_cast<std::size_t>(split));
    paintSplitMarks(painter, static_cast<std::size_t>(split));
    painter.restore();
}

void ScenePainter::paintGrip(QPainter& painter, int edge) const
{
    const EdgeShape& shape = m_scene.edges[static_cast<std::size_t>(edge)];
    if (!shape.drawn())
        return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_tokens.accent, 2));
    painter.setBrush(m_tokens.panel);
    painter.drawEllipse(shape.gripRect.center(), 5, 5);
    painter.restore();
}

void ScenePainter::paintDragLine(QPainter& painter, int edge, QPointF tip) const
{
    const EdgeShape& shape = m_scene.edges[static_cast<std::size_t>(edge)];
    if (!shape.drawn())
        return;
    const QPointF start = shape.points.front();
    QPainterPath path(start);
    const double half = std::max(24.0, std::abs(tip.x() - start.x()) * 0.5);
    path.cubicTo(start + QPointF(half, 0), tip - QPointF(half, 0), tip);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QPen pen(m_tokens.accent, std::max(3.0, shape.width));
    pen.setDashPattern({2.2, 1.6});
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    painter.setPen(QPen(m_tokens.accent, 2.4));
    painter.setBrush(m_tokens.panel);
    painter.drawEllipse(tip, 6, 6);
    painter.restore();
}

void ScenePainter::paintTraffic(QPainter& painter, const Traffic& traffic, double seconds) const
{
    const auto& [points, stop, rate, failures, colour, covers] = traffic;
    if (rate <= 0.05 || stop < 30)
        return;
    const double speed = 46; // px a second
    const double spacing = std::clamp(130 / (0.6 + std::log10(1 + rate)), 34.0, 150.0);
    const double shift = std::fmod(seconds * speed, spacing);
    const auto step = static_cast<std::int64_t>(seconds * speed / spacing);
    std::int64_t number = 0;
    for (double at = shift; at < stop - 10; at += spacing, ++number) {
        if (at < 6)
            continue;
        const QPointF point = pointAlong(points, at);
        if (std::ranges::any_of(covers, [&point](const QRectF& rect) {
                return rect.adjusted(-3, -3, 3, 3).contains(point);
            }))
            continue; // words stay readable
        // A fixed share of the running numbers is failed; each keeps its shape on its way.
        const double slot = static_cast<double>(((step - number) * 61 % 100 + 100) % 100) / 100;
        painter.setPen(QPen(colour, 1.6));
        painter.setBrush(m_tokens.canvas);
        if (slot < failures) {
            painter.setPen(QPen(m_tokens.bad, 1.7));
            painter.drawPolygon(QPolygonF{point + QPointF(0, -4.2), point + QPointF(4.2, 0),
                point + QPointF(0, 4.2), point + QPointF(-4.2, 0)});
        } else {
            painter.drawEllipse(point, 2.6, 2.6);
        }
    }
}

void ScenePainter::paintParticles(QPainter& painter, const QRectF& visible, double seconds) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    for (const std::uint32_t line : m_scene.grid.linesIn(visible)) {
        if (line < m_scene.edges.size()) {
            const EdgeShape& shape = m_scene.edges[line];
            const SceneEdge& model = m_scene.model->edges[line];
            if (model.health == Health::Idle || model.stale || model.dimmed)
                continue;
            const double stop
                = shape.badgeRect.isNull() || !cut(line) ? shape.length : shape.badgeAt - 6;
            paintTraffic(painter,
                {shape.points, stop, model.rate, model.failureRatio, lineColour(line),
                    {shape.labelRect, shape.badgeRect, shape.wordsRect}},
                seconds);
        } else {
            const SplitShape& shape = m_scene.splits[line - m_scene.edges.size()];
            double rate = 0;
            double failed = 0;
            for (const int branch : shape.branches) {
                const SceneEdge& edge = m_scene.model->edges[static_cast<std::size_t>(branch)];
                rate += edge.rate;
                failed += edge.rate * edge.failureRatio;
            }
            paintTraffic(painter,
                {shape.points, shape.length - 8, rate, rate > 0 ? failed / rate : 0, m_tokens.flow,
                    {shape.labelRect, shape.weightsRect, QRectF()}},
                seconds);
        }
    }
    painter.restore();
}

} // namespace meshyard::scene
