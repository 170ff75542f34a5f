// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/key_figure.h"

#include "ui/theme/theme.h"

#include <QPainter>

#include <algorithm>

namespace meshyard::ui {
namespace {

constexpr int kCaptionHeight = 16;
constexpr int kValueBaseline = 36;

int digitCell(const QFontMetrics& metrics)
{
    int widest = 0;
    for (char digit = '0'; digit <= '9'; ++digit)
        widest = std::max(widest, metrics.horizontalAdvance(QLatin1Char(digit)));
    return widest;
}

} // namespace

int drawFigure(QPainter& painter, const QPoint& baseline, const QString& text)
{
    const QFontMetrics metrics = painter.fontMetrics();
    const int cell = digitCell(metrics);
    int x = baseline.x();
    for (const QChar c : text) {
        const int own = metrics.horizontalAdvance(c);
        const int width = c.isDigit() ? cell : own;
        painter.drawText(x + (width - own) / 2, baseline.y(), QString(c));
        x += width;
    }
    return x - baseline.x();
}

KeyFigure::KeyFigure(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
{
    connect(&context.theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void KeyFigure::set(
    const QString& caption, const Figure& figure, Tone tone, const QString& explanation)
{
    if (caption == m_caption && figure == m_figure && tone == m_tone)
        return;
    m_caption = caption;
    m_figure = figure;
    m_tone = tone;
    setToolTip(explanation);
    setAccessibleName(caption);
    setAccessibleDescription(figure.text());
    update();
}

void KeyFigure::paintEvent(QPaintEvent*)
{
    const auto& t = m_context.theme.tokens();
    QPainter painter(this);
    QFont small = font();
    small.setPixelSize(11);
    painter.setFont(small);
    painter.setPen(t.sub);
    const QString caption = painter.fontMetrics().elidedText(m_caption, Qt::ElideRight, width());
    painter.drawText(
        QRect(0, 0, width(), kCaptionHeight), Qt::AlignLeft | Qt::AlignVCenter, caption);
    QFont big = font();
    big.setPixelSize(19);
    big.setWeight(QFont::DemiBold);
    painter.setFont(big);
    painter.setPen(m_tone == Tone::Bad ? t.badText : m_tone == Tone::Warn ? t.warnText : t.text);
    const int used = drawFigure(painter, {0, kValueBaseline}, m_figure.value);
    painter.setFont(small);
    painter.setPen(t.sub);
    painter.drawText(used + 3, kValueBaseline, m_figure.unit);
}

} // namespace meshyard::ui
