// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/scene_export.h"

#include "widgets/scene/fonts.h"
#include "widgets/scene/glyphs.h"
#include "widgets/scene/scene_painter.h"

#include <QFontMetricsF>
#include <QIODevice>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <algorithm>
#include <cmath>

namespace meshyard::scene {
namespace {

constexpr double kMargin = 24;
constexpr double kHeader = 40;
constexpr double kLegend = 36;
constexpr double kSign = 34;

} // namespace

SceneExport::SceneExport(const Tokens& tokens, const PlacedScene& scene, ExportText text)
    : m_tokens(tokens)
    , m_scene(scene)
    , m_text(std::move(text))
{
}

QSizeF SceneExport::size() const
{
    double legend = 0;
    const QFontMetricsF metrics(textFont(11));
    for (const QString& words : m_text.legend)
        legend += kSign + metrics.horizontalAdvance(words) + 20;
    const QFontMetricsF title(textFont(16, QFont::DemiBold));
    const double header
        = title.horizontalAdvance(m_text.title) + metrics.horizontalAdvance(m_text.timeLine) + 80;
    const double width = std::max({m_scene.extent.width(), legend, header}) + 2 * kMargin;
    const double height
        = m_scene.extent.height() + 2 * kMargin + kHeader + (m_text.legend.isEmpty() ? 0 : kLegend);
    return {std::ceil(width), std::ceil(height)};
}

void SceneExport::paint(QPainter& painter) const
{
    const QSizeF whole = size();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(QRectF(QPointF(0, 0), whole), m_tokens.canvas);
    painter.setFont(textFont(16, QFont::DemiBold));
    painter.setPen(m_tokens.text);
    painter.drawText(QPointF(kMargin, kMargin + 16), m_text.title);
    painter.setFont(monoFont(12));
    painter.setPen(m_tokens.time);
    painter.drawText(QRectF(kMargin, kMargin, whole.width() - 2 * kMargin, 20),
        Qt::AlignRight | Qt::AlignVCenter, m_text.timeLine);
    painter.save();
    painter.translate(QPointF(kMargin, kMargin + kHeader) - m_scene.extent.topLeft());
    const SceneState state;
    ScenePainter(m_tokens, m_scene, state).paint(painter, m_scene.extent);
    painter.restore();
    paintLegend(painter, {kMargin, whole.height() - kMargin});
}

void SceneExport::paintLegend(QPainter& painter, QPointF at) const
{
    const QFontMetricsF metrics(textFont(11));
    for (qsizetype i = 0; i < m_text.legend.size(); ++i) {
        paintSign(painter, static_cast<LegendSign>(i), at + QPointF(0, -4));
        painter.setFont(textFont(11));
        painter.setPen(m_tokens.sub);
        painter.drawText(at + QPointF(kSign, 0), m_text.legend[i]);
        at.rx() += kSign + metrics.horizontalAdvance(m_text.legend[i]) + 20;
    }
}

void SceneExport::paintSign(QPainter& painter, LegendSign sign, QPointF at) const
{
    SceneBadge badge;
    QPen pen(m_tokens.flow, 3, Qt::SolidLine, Qt::FlatCap);
    switch (sign) {
    case LegendSign::Healthy:
        break;
    case LegendSign::Degraded:
        pen.setColor(m_tokens.warn);
        break;
    case LegendSign::Failing:
        pen.setColor(m_tokens.bad);
        break;
    case LegendSign::NoTraffic:
        pen = QPen(m_tokens.flow, 1.8, Qt::CustomDashLine, Qt::RoundCap);
        pen.setDashPattern({0.1, 3.6});
        break;
    case LegendSign::BreakerOpen:
        badge.kind = BadgeKind::Open;
        break;
    case LegendSign::Tripped:
        badge.kind = BadgeKind::Tripped;
        break;
    }
    if (badge.kind != BadgeKind::None) {
        painter.save();
        painter.translate(at + QPointF(14, 0));
        painter.scale(0.75, 0.75);
        drawBreakerGlyph(painter, m_tokens, badge, {0, 0});
        painter.restore();
        return;
    }
    painter.setPen(pen);
    painter.drawLine(at, at + QPointF(26, 0));
}

QImage SceneExport::image(double scale) const
{
    const QSizeF whole = size() * scale;
    QImage image(whole.toSize(), QImage::Format_RGB32);
    if (image.isNull())
        return image;
    image.fill(m_tokens.canvas);
    QPainter painter(&image);
    painter.scale(scale, scale);
    paint(painter);
    return image;
}

bool SceneExport::writePng(QIODevice& device, double scale) const
{
    const QImage picture = image(scale);
    return !picture.isNull() && picture.save(&device, "PNG");
}

bool SceneExport::writeSvg(QIODevice& device) const
{
    QSvgGenerator generator;
    generator.setOutputDevice(&device);
    generator.setTitle(m_text.title);
    generator.setDescription(m_text.timeLine);
    generator.setSize(size().toSize());
    generator.setViewBox(QRectF(QPointF(0, 0), size()));
    QPainter painter;
    if (!painter.begin(&generator))
        return false;
    paint(painter);
    return painter.end();
}

bool SceneExport::writePdf(QIODevice& device) const
{
    constexpr double kPointsPerPixel = 0.75;
    QPdfWriter writer(&device);
    writer.setTitle(m_text.title);
    writer.setResolution(96);
    writer.setPageSize(
        QPageSize(size() * kPointsPerPixel, QPageSize::Point, QString(), QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    QPainter painter;
    if (!painter.begin(&writer))
        return false;
    paint(painter);
    return painter.end();
}

} // namespace meshyard::scene
