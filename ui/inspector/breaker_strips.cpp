// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/breaker_strips.h"

#include "ui/theme/theme.h"

#include <QPainter>

#include <algorithm>

namespace meshyard::ui {
namespace {

constexpr int kRowHeight = 24;
constexpr int kNameWidth = 112;
constexpr int kWordsWidth = 78;
constexpr std::int64_t kSpanMs = 60'000;

} // namespace

BreakerStrips::BreakerStrips(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
{
    setAccessibleName(tr("Breaker, by caller"));
    connect(&context.theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize BreakerStrips::sizeHint() const
{
    return {260, std::max(1, static_cast<int>(m_rows.size())) * kRowHeight};
}

void BreakerStrips::setRows(std::vector<Row> rows, std::int64_t nowMs)
{
    const bool resized = rows.size() != m_rows.size();
    m_rows = std::move(rows);
    m_nowMs = nowMs;
    QStringList words;
    for (const Row& row : m_rows)
        words << tr("%1 %2").arg(row.name, row.words);
    setAccessibleDescription(words.join(QLatin1String(", ")));
    if (resized)
        updateGeometry();
    update();
}

QColor BreakerStrips::colorOf(BreakerState state) const
{
    const auto& t = m_context.theme.tokens();
    switch (state) {
    case BreakerState::Open:
        return t.bad;
    case BreakerState::HalfOpen:
        return t.warn;
    case BreakerState::Closed:
    case BreakerState::Unspecified:
        break;
    }
    return t.border;
}

void BreakerStrips::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QFont font = this->font();
    font.setPixelSize(12);
    painter.setFont(font);
    if (m_rows.empty()) {
        painter.setPen(m_context.theme.tokens().sub);
        painter.drawText(
            rect(), Qt::AlignLeft | Qt::AlignVCenter, tr("No caller has reported yet."));
    }
    int y = 0;
    for (const Row& row : m_rows) {
        paintRow(painter, row, y);
        y += kRowHeight;
    }
}

void BreakerStrips::paintRow(QPainter& painter, const Row& row, int y) const
{
    const auto& t = m_context.theme.tokens();
    painter.setPen(t.text);
    const QRect name(0, y, kNameWidth - 6, kRowHeight);
    painter.drawText(name, Qt::AlignLeft | Qt::AlignVCenter,
        painter.fontMetrics().elidedText(row.name, Qt::ElideMiddle, name.width()));
    const QRectF strip(kNameWidth, y + 8, std::max(20, width() - kNameWidth - kWordsWidth - 8), 9);
    const auto xOf = [&](std::int64_t ms) {
        const double share = static_cast<double>(ms - (m_nowMs - kSpanMs)) / kSpanMs;
        return strip.left() + std::clamp(share, 0.0, 1.0) * strip.width();
    };
    double from = strip.left();
    BreakerState state = row.before;
    painter.setPen(Qt::NoPen);
    const auto piece = [&](double to) {
        // Height says it too: what is not closed stands out also without colour.
        const double grow = state == BreakerState::Closed ? 0 : 3;
        painter.setBrush(colorOf(state));
        painter.drawRoundedRect(QRectF(from, strip.top() - grow, std::max(2.0, to - from - 1),
                                    strip.height() + 2 * grow),
            2, 2);
        from = to;
    };
    for (const Change& change : row.changes) {
        piece(xOf(change.unixMs));
        state = change.to;
    }
    state = row.changes.empty() ? row.state : state;
    piece(strip.right());
    painter.setPen(row.state == BreakerState::Open ? t.badText
            : row.state == BreakerState::HalfOpen  ? t.warnText
                                                   : t.sub);
    QFont bold = painter.font();
    bold.setWeight(row.state == BreakerState::Closed ? QFont::Normal : QFont::DemiBold);
    painter.save();
    painter.setFont(bold);
    painter.drawText(QRect(width() - kWordsWidth, y, kWordsWidth, kRowHeight),
        Qt::AlignRight | Qt::AlignVCenter, row.words);
    painter.restore();
}

} // namespace meshyard::ui
