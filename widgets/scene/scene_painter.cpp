// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/scene_painter.h"

#include "widgets/scene/fonts.h"
#include "widgets/scene/glyphs.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>

namespace meshyard::scene {
namespace {

constexpr double kDimmed = 0.38;

QColor faded(QColor colour, double opacity)
{
    colour.setAlphaF(static_cast<float>(opacity));
    return colour;
}

} // namespace

ScenePainter::ScenePainter(const Tokens& tokens, const PlacedScene& scene, const SceneState& state)
    : m_tokens(tokens)
    , m_scene(scene)
    , m_state(state)
{
}

void ScenePainter::paint(QPainter& painter, const QRectF& visible) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::TextAntialiasing);
    paintEnvironments(painter);
    paintFrames(painter);
    const QRectF near = visible.adjusted(-60, -60, 60, 60);
    m_clip = near.contains(m_scene.extent) ? QRectF() : near;
    const auto lines = m_scene.grid.linesIn(near);
    for (const std::uint32_t line : lines) {
        if (line < m_scene.edges.size())
            paintLine(painter, line);
        else
            paintTrunk(painter, line - m_scene.edges.size());
    }
    for (std::size_t i = 0; i < m_scene.nodes.size(); ++i) {
        if (m_scene.nodes[i].intersects(near))
            paintNode(painter, i);
    }
    for (std::size_t i = 0; i < m_scene.splits.size(); ++i)
        paintSplitMarks(painter, i);
    for (const std::uint32_t line : lines) {
        if (line < m_scene.edges.size() && m_scene.edges[line].badgeRect.intersects(near))
            paintBadge(painter, line);
    }
    if (detailed()) {
        for (const std::uint32_t line : lines) {
            if (line < m_scene.edges.size() && m_scene.edges[line].labelRect.intersects(near))
                paintLabel(painter, line);
        }
    }
    painter.restore();
}

void ScenePainter::paintEnvironments(QPainter& painter) const
{
    for (std::size_t i = 0; i < m_scene.environments.size(); ++i) {
        const QRectF& rect = m_scene.environments[i];
        if (rect.isEmpty())
            continue;
        const SceneEnvironment& environment = m_scene.model->environments[i];
        const QColor tint = environment.primary ? m_tokens.accent : m_tokens.sub;
        painter.setPen(QPen(faded(tint, environment.primary ? 0.36 : 0.42), 1.2));
        painter.setBrush(faded(tint, 0.04));
        painter.drawRoundedRect(rect, 14, 14);
        const QFont title = textFont(13, QFont::DemiBold);
        const QPointF at = rect.topLeft() + QPointF(16, 26);
        painter.setFont(title);
        painter.setPen(m_tokens.text);
        painter.drawText(at, environment.title);
        if (!detailed())
            continue;
        const double width = QFontMetricsF(title).horizontalAdvance(environment.title);
        painter.setFont(textFont(12));
        painter.setPen(m_tokens.sub);
        painter.drawText(at + QPointF(width + 14, 0), environment.subtitle);
    }
}

void ScenePainter::paintFrames(QPainter& painter) const
{
    for (const FrameShape& shape : m_scene.frames) {
        const SceneFrame& frame = m_scene.model->frames[static_cast<std::size_t>(shape.frame)];
        bool valid = false;
        for (std::size_t i = 0; m_state.dragging && i < m_scene.nodes.size(); ++i) {
            const SceneNode& node = m_scene.model->nodes[i];
            valid = valid
                || (node.frame == frame.id
                    && m_state.targets.value(node.id, TargetState::Dimmed) == TargetState::Valid);
        }
        QPen pen(valid ? m_tokens.accent : m_tokens.border, valid ? 1.4 : 1.2);
        pen.setDashPattern({4, 3});
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(shape.rect, 9, 9);
        const QFont title = textFont(13, QFont::DemiBold);
        const QPointF at = shape.rect.topLeft() + QPointF(14, 23);
        painter.setFont(title);
        painter.setPen(m_tokens.text);
        painter.drawText(at, frame.title);
        if (!detailed())
            continue;
        const double width = QFontMetricsF(title).horizontalAdvance(frame.title);
        painter.setFont(textFont(11));
        painter.setPen(m_tokens.sub);
        painter.drawText(at + QPointF(width + 10, 0), frame.subtitle);
    }
}

double ScenePainter::nodeOpacity(std::size_t node) const
{
    const SceneNode& model = m_scene.model->nodes[node];
    if (m_state.dragging
        && m_state.targets.value(model.id, TargetState::Dimmed) == TargetState::Dimmed)
        return kDimmed;
    return model.dimmed || m_state.lost || model.stale ? (model.dimmed ? kDimmed : 0.55) : 1.0;
}

QString ScenePainter::subtitleOf(std::size_t node) const
{
    const SceneNode& model = m_scene.model->nodes[node];
    for (const ScenePreview::NodeText& text : m_state.preview.nodes) {
        if (text.node == model.id)
            return text.subtitle;
    }
    return model.subtitle;
}

void ScenePainter::paintNode(QPainter& painter, std::size_t node) const
{
    const SceneNode& model = m_scene.model->nodes[node];
    const QRectF& rect = m_scene.nodes[node];
    if (distant() && !m_state.dragging) {
        painter.fillRect(rect, m_tokens.border);
        painter.fillRect(rect.adjusted(8, 8, -8, -8), m_tokens.panel);
        painter.fillRect(QRectF(rect.left(), rect.top(), 24, rect.height()),
            healthColour(m_tokens, model.health));
        return;
    }
    const bool selected = m_state.selected == Part{PartKind::Node, model.id};
    const bool focused = m_state.focused == Part{PartKind::Node, model.id};
    const bool hovered = m_state.hovered == Part{PartKind::Node, model.id};
    const bool valid = m_state.dragging && m_state.targets.value(model.id) == TargetState::Valid;
    const bool candidate = valid && m_state.candidate == model.id;
    if (selected || candidate) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(faded(m_tokens.accent, 0.22));
        painter.drawRoundedRect(rect.adjusted(-4, -4, 4, 4), 12, 12);
    }
    // An opaque underlay: what is dimmed must not let the lines behind it through.
    painter.setPen(Qt::NoPen);
    painter.setBrush(m_tokens.dark ? m_tokens.canvas : QColor(m_tokens.canvas).darker(104));
    painter.drawRoundedRect(rect.translated(0, m_tokens.dark ? 0 : 1.2), 9, 9);
    painter.save();
    painter.setOpacity(nodeOpacity(node));
    QPen border(m_tokens.border, 1.2);
    if (valid) {
        border = QPen(m_tokens.accent, 2);
        border.setDashPattern({4, 2.6});
    } else if (selected || focused) {
        border = QPen(m_tokens.accent, 2);
    } else if (hovered) {
        border = QPen(m_tokens.sub, 1.2);
    }
    if (model.starting)
        border.setDashPattern({3, 3});
    painter.setPen(border);
    painter.setBrush(model.starting ? m_tokens.canvas : m_tokens.panel);
    painter.drawRoundedRect(rect, 9, 9);
    painter.setPen(Qt::NoPen);
    painter.setBrush(model.starting ? m_tokens.border : healthColour(m_tokens, model.health));
    painter.drawRoundedRect(QRectF(rect.left() - 1, rect.top() + 8, 4, rect.height() - 16), 2, 2);
    paintNodeText(painter, node);
    painter.restore();
}

void ScenePainter::paintNodeText(QPainter& painter, std::size_t node) const
{
    const SceneNode& model = m_scene.model->nodes[node];
    const QRectF& rect = m_scene.nodes[node];
    const bool trouble = model.health == Health::Warn || model.health == Health::Bad;
    const QColor icon = trouble ? healthColour(m_tokens, model.health) : m_tokens.sub;
    drawNodeIcon(painter, model.shape, {rect.left() + 22, rect.center().y()}, icon);
    const double room = rect.width() - 46;
    const QFont title = textFont(13, QFont::DemiBold);
    const QFontMetricsF titleMetrics(title);
    painter.setFont(title);
    painter.setPen(m_tokens.text);
    const QString subtitle = subtitleOf(node);
    const bool one = subtitle.isEmpty() || !detailed();
    const double titleY = one ? rect.center().y() + 4.5 : rect.top() + 22;
    painter.drawText(QPointF(rect.left() + 38, titleY),
        titleMetrics.elidedText(model.title, Qt::ElideMiddle, room));
    if (one)
        return;
    const QFont small = textFont(11);
    painter.setFont(small);
    painter.setPen(m_tokens.sub);
    painter.drawText(QPointF(rect.left() + 38, rect.top() + 39),
        QFontMetricsF(small).elidedText(subtitle, Qt::ElideRight, room + 4));
}

void ScenePainter::paintPill(QPainter& painter, const QRectF& rect, const QString& text,
    const QColor& line, const QColor& words, bool bold) const
{
    const double radius = rect.height() / 2;
    painter.setPen(QPen(line, 1.2));
    painter.setBrush(m_tokens.panel);
    painter.drawRoundedRect(rect, radius, radius);
    painter.setFont(textFont(11, bold ? QFont::DemiBold : QFont::Normal));
    painter.setPen(words);
    painter.drawText(rect, Qt::AlignCenter, text);
}

void ScenePainter::paintNodeAbove(QPainter& painter, int node) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    paintNode(painter, static_cast<std::size_t>(node));
    painter.restore();
}

} // namespace meshyard::scene
