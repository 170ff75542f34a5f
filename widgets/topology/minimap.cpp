// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/minimap.h"

#include "widgets/scene/glyphs.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace meshyard::widgets {
namespace {

constexpr double kInset = 8;

} // namespace

Minimap::Minimap(QWidget* parent)
    : QWidget(parent)
{
    setFixedSize(152, 76);
    setFocusPolicy(Qt::NoFocus);
    setAccessibleName(tr("Overview of the mesh"));
    setToolTip(tr("The whole mesh. Click or drag to go there."));
}

void Minimap::setTokens(const scene::Tokens& tokens)
{
    m_tokens = &tokens;
    update();
}

void Minimap::show(const scene::PlacedScenePtr& scene, const QRectF& visible)
{
    if (m_scene == scene && m_visible == visible)
        return;
    m_scene = scene;
    m_visible = visible;
    update();
}

double Minimap::scale() const
{
    const QRectF extent = m_scene->extent;
    return std::min((width() - 2 * kInset) / std::max(1.0, extent.width()),
        (height() - 2 * kInset) / std::max(1.0, extent.height()));
}

QPointF Minimap::offset() const
{
    return QPointF(width() / 2.0, height() / 2.0) - m_scene->extent.center() * scale();
}

void Minimap::paintEvent(QPaintEvent* event)
{
    Q_UNUSED(event)
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_tokens->border, 1));
    painter.setBrush(m_tokens->panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
    if (m_scene == nullptr || m_scene->nodes.empty())
        return;
    const double factor = scale();
    const QPointF shift = offset();
    painter.setPen(Qt::NoPen);
    for (std::size_t i = 0; i < m_scene->nodes.size(); ++i) {
        const QRectF& node = m_scene->nodes[i];
        const scene::Health health = m_scene->model->nodes[i].health;
        const bool trouble = health == scene::Health::Warn || health == scene::Health::Bad;
        painter.setBrush(trouble ? scene::healthColour(*m_tokens, health) : m_tokens->flow);
        painter.drawRoundedRect(QRectF(node.topLeft() * factor + shift,
                                    QSizeF(std::max(2.0, node.width() * factor),
                                        std::max(1.5, node.height() * factor))),
            1.5, 1.5);
    }
    const QRectF view(m_visible.topLeft() * factor + shift, m_visible.size() * factor);
    painter.setPen(QPen(m_tokens->accent, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(view.intersected(QRectF(rect()).adjusted(1, 1, -1, -1)), 5, 5);
}

void Minimap::go(QPointF point)
{
    if (m_scene != nullptr && !m_scene->nodes.empty())
        Q_EMIT centreWanted((point - offset()) / scale());
}

void Minimap::mousePressEvent(QMouseEvent* event)
{
    go(event->position());
}

void Minimap::mouseMoveEvent(QMouseEvent* event)
{
    if (event->buttons().testFlag(Qt::LeftButton))
        go(event->position());
}

} // namespace meshyard::widgets
