// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/glyphs.h"

#include "widgets/scene/fonts.h"

#include <QPainter>
#include <QPainterPath>

#include <cmath>

namespace meshyard::scene {
namespace {

constexpr double kRadius = 12;

QPen roundPen(const QColor& colour, double width)
{
    return {colour, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin};
}

QPolygonF octagon(double radius)
{
    QPolygonF corners;
    for (int i = 0; i < 8; ++i) {
        const double angle = (i + 0.5) * M_PI / 4;
        corners << QPointF(radius * std::cos(angle), radius * std::sin(angle));
    }
    return corners;
}

void drawRing(QPainter& painter, const Tokens& tokens, const QPen& pen)
{
    painter.setPen(pen);
    painter.setBrush(tokens.panel);
    painter.drawEllipse(QPointF(0, 0), kRadius, kRadius);
}

/// A switch whose lever lies on both contacts.
void drawClosedContact(QPainter& painter, const QColor& colour)
{
    painter.setPen(roundPen(colour, 1.8));
    painter.drawLine(QPointF(-5, 0), QPointF(5, 0));
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(QPointF(-5.5, 0), 2, 2);
    painter.drawEllipse(QPointF(5.5, 0), 2, 2);
}

void drawOpenLever(QPainter& painter, const QColor& colour, bool broken)
{
    QPen lever = roundPen(colour, 2);
    if (broken)
        lever.setDashPattern({1.2, 1.6});
    painter.setPen(lever);
    painter.drawLine(QPointF(-5, 2.5), QPointF(3.5, -3.8));
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(QPointF(-5.5, 2.8), 1.8, 1.8);
    painter.drawEllipse(QPointF(5.5, 2.8), 1.8, 1.8);
}

void drawLockBody(QPainter& painter, const QColor& colour, const QColor& hole)
{
    painter.setPen(roundPen(colour, 1.9));
    painter.setBrush(Qt::NoBrush);
    QPainterPath shackle;
    shackle.moveTo(-3.2, 0);
    shackle.lineTo(-3.2, -2.4);
    shackle.arcTo(QRectF(-3.2, -5.8, 6.4, 6.8), 180, -180);
    shackle.lineTo(3.2, 0);
    painter.drawPath(shackle);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(QRectF(-5, -0.8, 10, 7), 1.4, 1.4);
    painter.setBrush(hole);
    painter.drawEllipse(QPointF(0, 2.6), 1.2, 1.2);
}

void drawEye(QPainter& painter, const QColor& colour)
{
    painter.setPen(roundPen(colour, 1.5));
    painter.setBrush(Qt::NoBrush);
    QPainterPath eye;
    eye.moveTo(-7, 0);
    eye.quadTo(0, -7.4, 7, 0);
    eye.quadTo(0, 7.4, -7, 0);
    painter.drawPath(eye);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(QPointF(0, 0), 2.1, 2.1);
}

void drawBars(QPainter& painter, const QColor& colour)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRect(QRectF(-5.5, 1, 3, 4.5));
    painter.drawRect(QRectF(-1.5, -2, 3, 7.5));
    painter.drawRect(QRectF(2.5, -5, 3, 10.5));
}

void drawDrain(QPainter& painter, const QColor& colour)
{
    painter.setPen(roundPen(colour, 1.8));
    painter.drawLine(QPointF(0, -6), QPointF(0, 2));
    painter.drawPolyline(QPolygonF{{-3.2, -0.8}, {0, 2.4}, {3.2, -0.8}});
    painter.drawLine(QPointF(-4.6, 6), QPointF(4.6, 6));
}

void drawPanic(QPainter& painter, const Tokens& tokens)
{
    painter.setPen(roundPen(tokens.warn, 2));
    painter.setBrush(tokens.warn);
    painter.drawPolygon(QPolygonF{{0, -11}, {12, 10}, {-12, 10}});
    painter.setPen(roundPen(tokens.onAccent, 2.2));
    painter.drawLine(QPointF(0, -3.5), QPointF(0, 3));
    painter.drawPoint(QPointF(0, 6.8));
}

void drawText(QPainter& painter, const QString& text, double pixels, const QColor& colour)
{
    painter.setPen(colour);
    painter.setFont(textFont(pixels, QFont::DemiBold));
    painter.drawText(QRectF(-20, -12, 40, 24), Qt::AlignCenter, text);
}

void drawTick(QPainter& painter, const Tokens& tokens)
{
    painter.setPen(QPen(tokens.flow, 1.4));
    painter.setBrush(tokens.panel);
    painter.drawEllipse(QPointF(0, 0), 5.2, 5.2);
    painter.setPen(roundPen(tokens.sub, 1.4));
    painter.drawLine(QPointF(-2.4, 0), QPointF(2.4, 0));
}

void drawOctagon(QPainter& painter, const QPen& pen, const QBrush& brush)
{
    painter.setPen(pen);
    painter.setBrush(brush);
    painter.drawPolygon(octagon(kRadius + 0.6));
}

void drawOperatorGlyph(QPainter& painter, const Tokens& tokens, BadgeKind kind)
{
    const QPen outline = roundPen(tokens.op, 2);
    if (kind == BadgeKind::Tripped) {
        drawOctagon(painter, outline, tokens.op);
        drawLockBody(painter, tokens.onAccent, tokens.op);
    } else if (kind == BadgeKind::HeldClosed) {
        painter.setPen(outline);
        painter.setBrush(tokens.op);
        painter.drawEllipse(QPointF(0, 0), kRadius, kRadius);
        drawClosedContact(painter, tokens.onAccent);
    } else {
        drawOctagon(painter, outline, tokens.panel);
        drawDrain(painter, tokens.op);
    }
}

void drawKnowledgeGlyph(QPainter& painter, const Tokens& tokens, BadgeKind kind)
{
    QPen ring(kind == BadgeKind::Inferred ? tokens.sub : tokens.faint, 1.8);
    if (kind == BadgeKind::Inferred)
        ring.setDashPattern({2.2, 1.8});
    if (kind == BadgeKind::Unknown) {
        ring.setDashPattern({0.1, 2.2});
        ring.setCapStyle(Qt::RoundCap);
    }
    drawRing(painter, tokens, ring);
    if (kind == BadgeKind::Inferred) {
        drawClosedContact(painter, tokens.sub);
    } else if (kind == BadgeKind::Unknown) {
        drawText(painter, QStringLiteral("?"), 13, tokens.sub);
    } else {
        painter.setPen(roundPen(tokens.sub, 1.8));
        painter.drawPolyline(QPolygonF{{0, -6.5}, {0, 0}, {4.2, 2.4}});
    }
}

} // namespace

void drawBreakerGlyph(
    QPainter& painter, const Tokens& tokens, const SceneBadge& badge, QPointF centre, bool full)
{
    painter.save();
    painter.translate(centre);
    painter.setRenderHint(QPainter::Antialiasing);
    switch (badge.kind) {
    case BadgeKind::None:
        break;
    case BadgeKind::Closed:
        if (full) {
            drawRing(painter, tokens, QPen(tokens.ok, 2));
            drawClosedContact(painter, tokens.ok);
        } else {
            drawTick(painter, tokens);
        }
        break;
    case BadgeKind::Observe:
        drawRing(painter, tokens, QPen(tokens.sub, 1.8));
        drawEye(painter, tokens.sub);
        break;
    case BadgeKind::TooFewCalls:
        drawRing(painter, tokens, QPen(tokens.faint, 1.6));
        drawText(painter, badge.mark, badge.mark.size() > 4 ? 7 : 8, tokens.sub);
        break;
    case BadgeKind::HalfOpen:
        drawRing(painter, tokens, QPen(tokens.warn, 2.4));
        drawOpenLever(painter, tokens.warn, true);
        break;
    case BadgeKind::Open:
        drawOctagon(painter, roundPen(tokens.bad, 1), tokens.bad);
        drawOpenLever(painter, tokens.onAccent, false);
        break;
    case BadgeKind::Limited:
        drawRing(painter, tokens, QPen(tokens.warn, 2));
        drawBars(painter, tokens.warn);
        break;
    case BadgeKind::Tripped:
    case BadgeKind::HeldClosed:
    case BadgeKind::Draining:
        drawOperatorGlyph(painter, tokens, badge.kind);
        break;
    case BadgeKind::Panic:
        drawPanic(painter, tokens);
        break;
    case BadgeKind::Inferred:
    case BadgeKind::Unknown:
    case BadgeKind::Stale:
        drawKnowledgeGlyph(painter, tokens, badge.kind);
        break;
    }
    painter.restore();
}

QColor badgeColour(const Tokens& tokens, BadgeKind kind)
{
    switch (kind) {
    case BadgeKind::HalfOpen:
    case BadgeKind::Limited:
    case BadgeKind::Panic:
        return tokens.warn;
    case BadgeKind::Open:
        return tokens.bad;
    case BadgeKind::Tripped:
    case BadgeKind::HeldClosed:
    case BadgeKind::Draining:
        return tokens.op;
    default:
        return tokens.sub;
    }
}

QColor badgeWordColour(const Tokens& tokens, BadgeKind kind)
{
    const QColor colour = badgeColour(tokens, kind);
    if (colour == tokens.warn)
        return tokens.warnText;
    return colour == tokens.bad ? tokens.badText : colour;
}

void drawNodeIcon(QPainter& painter, NodeShape shape, QPointF centre, const QColor& colour)
{
    painter.save();
    painter.translate(centre);
    painter.setPen(roundPen(colour, 1.6));
    painter.setBrush(Qt::NoBrush);
    switch (shape) {
    case NodeShape::Service:
        painter.drawPolygon(QPolygonF{{0, -8}, {7, -4}, {7, 4}, {0, 8}, {-7, 4}, {-7, -4}});
        break;
    case NodeShape::Gateway: {
        QPainterPath arch;
        arch.moveTo(-8, 8);
        arch.lineTo(-8, 0);
        arch.arcTo(QRectF(-8, -8, 16, 16), 180, -180);
        arch.lineTo(8, 8);
        arch.moveTo(-3.5, 8);
        arch.lineTo(-3.5, 1);
        arch.arcTo(QRectF(-3.5, -2.5, 7, 7), 180, -180);
        arch.lineTo(3.5, 8);
        painter.drawPath(arch);
        break;
    }
    case NodeShape::External:
        painter.drawEllipse(QPointF(0, 0), 8, 8);
        painter.drawEllipse(QPointF(0, 0), 3.6, 8);
        painter.drawLine(QPointF(-8, 0), QPointF(8, 0));
        break;
    case NodeShape::Database: {
        painter.drawEllipse(QRectF(-7, -8, 14, 5));
        QPainterPath barrel;
        barrel.moveTo(-7, -5.5);
        barrel.lineTo(-7, 5.5);
        barrel.arcTo(QRectF(-7, 3, 14, 5), 180, 180);
        barrel.lineTo(7, -5.5);
        painter.drawPath(barrel);
        break;
    }
    case NodeShape::Unknown: {
        QPen dashed = roundPen(colour, 1.6);
        dashed.setDashPattern({1.6, 2});
        painter.setPen(dashed);
        painter.drawEllipse(QPointF(0, 0), 8, 8);
        drawText(painter, QStringLiteral("?"), 11, colour);
        break;
    }
    }
    painter.restore();
}

void drawLock(QPainter& painter, const Tokens& tokens, TlsMark mark, QPointF centre)
{
    if (mark == TlsMark::None)
        return;
    const bool missing = mark == TlsMark::Missing;
    const QColor colour = missing ? tokens.warn : tokens.flow;
    painter.save();
    painter.translate(centre);
    painter.setPen(QPen(tokens.canvas, 3));
    painter.setBrush(tokens.canvas);
    painter.drawRoundedRect(QRectF(-4, -4.5, 8, 9), 2, 2);
    painter.setPen(roundPen(colour, 1.3));
    painter.setBrush(Qt::NoBrush);
    painter.drawArc(QRectF(-2.3 + (missing ? 2.4 : 0), -4.6, 4.6, 6), 0, 180 * 16);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(QRectF(-3.6, -1.4, 7.2, 5.4), 1, 1);
    painter.restore();
}

QColor healthColour(const Tokens& tokens, Health health)
{
    switch (health) {
    case Health::Ok:
        return tokens.ok;
    case Health::Warn:
        return tokens.warn;
    case Health::Bad:
        return tokens.bad;
    case Health::Idle:
        break;
    }
    return tokens.idle;
}

QColor healthWordColour(const Tokens& tokens, Health health)
{
    switch (health) {
    case Health::Ok:
        return tokens.okText;
    case Health::Warn:
        return tokens.warnText;
    case Health::Bad:
        return tokens.badText;
    case Health::Idle:
        break;
    }
    return tokens.sub;
}

} // namespace meshyard::scene
