// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_view.h"

#include <QDateTime>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <array>
#include <cmath>

namespace meshyard::widgets {
namespace {

constexpr double kLeft = 72; // room for the rate scale
constexpr double kRight = 52; // and for the latency scale
constexpr double kTop = 8;
constexpr double kMarkRow = 16;
constexpr double kTimeRow = 16;
constexpr std::int64_t kMinSpanMs = 60'000;
constexpr std::int64_t kMaxSpanMs = 7LL * 24 * 3600 * 1000;

double roundUp(double value)
{
    if (value <= 0)
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 4.0, 5.0, 10.0})
        if (value <= step * power)
            return step * power;
    return 10 * power;
}

std::int64_t tickStepMs(std::int64_t spanMs)
{
    constexpr std::array<std::int64_t, 14> kSteps{5'000, 10'000, 30'000, 60'000, 120'000, 300'000,
        600'000, 1'800'000, 3'600'000, 7'200'000, 14'400'000, 43'200'000, 86'400'000, 172'800'000};
    for (const std::int64_t step : kSteps)
        if (spanMs / step <= 12)
            return step;
    return kSteps.back();
}

} // namespace

TimelineView::TimelineView(QWidget* parent)
    : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumHeight(84);
}

void TimelineView::setTokens(const scene::Tokens& tokens)
{
    m_tokens = tokens;
    update();
}

void TimelineView::setData(std::vector<Bar> bars, std::vector<Mark> marks)
{
    m_bars = std::move(bars);
    m_marks = std::move(marks);
    rescale();
    describe();
    update();
}

void TimelineView::setRange(std::int64_t fromMs, std::int64_t toMs)
{
    m_fromMs = fromMs;
    m_toMs = std::max(toMs, fromMs + 1000);
    rescale();
    update();
}

void TimelineView::setPlayhead(std::int64_t unixMs, bool live)
{
    m_playheadMs = unixMs;
    m_live = live;
    describe();
    update();
}

void TimelineView::rescale()
{
    double most = 0;
    double slowest = 1;
    for (const Bar& bar : m_bars) {
        if (bar.unixMs < m_fromMs - bar.stepMs || bar.unixMs > m_toMs)
            continue;
        most = std::max(most, bar.requestsPerSecond);
        slowest = std::max(slowest, bar.p99Ms.value_or(0));
    }
    m_rateTop = roundUp(most * 1.1);
    m_latencyTop = std::pow(10.0, std::ceil(std::log10(slowest)));
    m_latencyFloor = m_latencyTop / 1000;
}

void TimelineView::describe()
{
    setAccessibleDescription(
        locale().toString(QDateTime::fromMSecsSinceEpoch(m_playheadMs), QLocale::ShortFormat));
}

QRectF TimelineView::chart() const
{
    return QRectF(kLeft, kTop, std::max(10.0, width() - kLeft - kRight),
        std::max(10.0, height() - kTop - kMarkRow - kTimeRow));
}

double TimelineView::xOf(std::int64_t unixMs) const
{
    const QRectF area = chart();
    const double share = static_cast<double>(unixMs - m_fromMs)
        / static_cast<double>(std::max<std::int64_t>(1, m_toMs - m_fromMs));
    return area.left() + share * area.width();
}

std::int64_t TimelineView::msAt(double x) const
{
    const QRectF area = chart();
    const double share = std::clamp((x - area.left()) / area.width(), 0.0, 1.0);
    return m_fromMs + static_cast<std::int64_t>(share * static_cast<double>(m_toMs - m_fromMs));
}

void TimelineView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), m_tokens.panel);
    if (m_toMs <= m_fromMs)
        return;
    paintAxes(painter);
    paintBars(painter);
    paintLatency(painter);
    paintMarks(painter);
    paintPlayhead(painter);
    if (hasFocus()) {
        painter.setPen(QPen(m_tokens.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }
}

void TimelineView::paintAxes(QPainter& painter) const
{
    const QRectF area = chart();
    QFont font = painter.font();
    font.setPixelSize(11);
    painter.setFont(font);
    painter.setPen(m_tokens.grid);
    painter.drawLine(area.topLeft(), area.topRight());
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    painter.setPen(m_tokens.sub);
    const auto at = [&](double x, double y, double w, int flags, const QString& text) {
        painter.drawText(QRectF(x, y, w, 14), flags | Qt::AlignVCenter, text);
    };
    at(0, area.top() - 5, kLeft - 8, Qt::AlignRight, rateWords ? rateWords(m_rateTop) : QString());
    at(0, area.bottom() - 9, kLeft - 8, Qt::AlignRight, QStringLiteral("0"));
    if (latencyWords) {
        at(area.right() + 8, area.top() - 5, kRight - 8, Qt::AlignLeft, latencyWords(m_latencyTop));
        at(area.right() + 8, area.bottom() - 9, kRight - 8, Qt::AlignLeft,
            latencyWords(m_latencyFloor));
    }
    const std::int64_t step = tickStepMs(m_toMs - m_fromMs);
    const std::int64_t offset = QDateTime::currentDateTime().offsetFromUtc() * 1000LL;
    const std::int64_t first = ((m_fromMs + offset) / step + 1) * step - offset;
    const QString format = step < 60'000 ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm");
    for (std::int64_t ms = first; ms <= m_toMs; ms += step) {
        const double x = xOf(ms);
        const QString text = QDateTime::fromMSecsSinceEpoch(ms).time().toString(format);
        painter.drawText(
            QRectF(x - 40, height() - kTimeRow, 80, kTimeRow - 2), Qt::AlignCenter, text);
    }
}

void TimelineView::paintBars(QPainter& painter) const
{
    const QRectF area = chart();
    painter.save();
    painter.setClipRect(area);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(Qt::NoPen);
    QColor calls = m_tokens.flow;
    calls.setAlphaF(0.35F);
    for (const Bar& bar : m_bars) {
        if (bar.unixMs + bar.stepMs < m_fromMs || bar.unixMs > m_toMs)
            continue;
        const double left = xOf(bar.unixMs);
        const double right = std::max(left + 1, xOf(bar.unixMs + bar.stepMs));
        const auto column = [&](double value) {
            const double high = std::min(1.0, value / m_rateTop) * area.height();
            return QRectF(left, area.bottom() - high, right - left, high);
        };
        painter.fillRect(column(bar.requestsPerSecond), calls);
        if (bar.failedPerSecond > 0) {
            QRectF failed = column(bar.failedPerSecond);
            failed.setTop(std::min(failed.top(), area.bottom() - 1.5));
            painter.fillRect(failed, m_tokens.bad);
        }
    }
    painter.restore();
}

void TimelineView::paintLatency(QPainter& painter) const
{
    const QRectF area = chart();
    QPainterPath path;
    bool down = false;
    for (const Bar& bar : m_bars) {
        if (!bar.p99Ms || bar.unixMs + bar.stepMs < m_fromMs || bar.unixMs > m_toMs) {
            down = false;
            continue;
        }
        const double value = std::max(*bar.p99Ms, m_latencyFloor);
        const double share
            = std::log(value / m_latencyFloor) / std::log(m_latencyTop / m_latencyFloor);
        const QPointF point(xOf(bar.unixMs + bar.stepMs / 2),
            area.bottom() - std::clamp(share, 0.0, 1.0) * area.height());
        if (down)
            path.lineTo(point);
        else
            path.moveTo(point);
        down = true;
    }
    painter.save();
    painter.setClipRect(area);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(m_tokens.text, 1));
    painter.drawPath(path);
    painter.restore();
}

void TimelineView::paintMarks(QPainter& painter) const
{
    for (const Mark& mark : m_marks)
        if (mark.unixMs >= m_fromMs && mark.unixMs <= m_toMs)
            paintMark(painter, mark);
}

void TimelineView::paintMark(QPainter& painter, const Mark& mark) const
{
    const double x = xOf(mark.unixMs);
    const double y = chart().bottom() + kMarkRow / 2 + 1;
    painter.setPen(Qt::NoPen);
    switch (mark.kind) {
    case MarkKind::Revision:
        painter.setBrush(m_tokens.accent);
        painter.drawPolygon(QPolygonF({{x, y - 4.5}, {x + 4.5, y + 4}, {x - 4.5, y + 4}}));
        break;
    case MarkKind::Breaker:
        painter.setBrush(m_tokens.bad);
        painter.drawEllipse(QPointF(x, y), 4, 4);
        break;
    case MarkKind::Recovered:
        painter.setBrush(m_tokens.panel);
        painter.setPen(QPen(m_tokens.ok, 1.6));
        painter.drawEllipse(QPointF(x, y), 3.6, 3.6);
        break;
    case MarkKind::Operator:
        painter.setBrush(m_tokens.op);
        painter.drawPolygon(QPolygonF({{x - 3, y - 5}, {x + 6, y - 2}, {x - 3, y + 1}}));
        painter.setPen(QPen(m_tokens.op, 1.4));
        painter.drawLine(QPointF(x - 3, y - 5), QPointF(x - 3, y + 5));
        break;
    }
}

void TimelineView::paintPlayhead(QPainter& painter) const
{
    const QRectF area = chart();
    const double x = m_live ? area.right() : xOf(m_playheadMs);
    if (x < area.left() - 1 || x > area.right() + 1)
        return;
    painter.setPen(QPen(m_tokens.time, 2));
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    painter.setPen(Qt::NoPen);
    painter.setBrush(m_tokens.time);
    painter.drawPolygon(
        QPolygonF({{x - 5, area.top() - 6}, {x + 5, area.top() - 6}, {x, area.top() + 2}}));
}

const TimelineView::Mark* TimelineView::markAt(const QPointF& point) const
{
    const double y = chart().bottom() + kMarkRow / 2;
    if (std::abs(point.y() - y) > kMarkRow)
        return nullptr;
    const Mark* nearest = nullptr;
    double best = 7;
    for (const Mark& mark : m_marks) {
        const double away = std::abs(xOf(mark.unixMs) - point.x());
        if (away < best) {
            best = away;
            nearest = &mark;
        }
    }
    return nearest;
}

void TimelineView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    setFocus(Qt::MouseFocusReason);
    const Mark* mark = markAt(event->position());
    Q_EMIT scrubbed(mark ? mark->unixMs : msAt(event->position().x()));
}

void TimelineView::mouseMoveEvent(QMouseEvent* event)
{
    if (event->buttons().testFlag(Qt::LeftButton))
        Q_EMIT scrubbed(msAt(event->position().x()));
    setCursor(chart().contains(event->position()) ? Qt::SizeHorCursor : Qt::ArrowCursor);
}

void TimelineView::wheelEvent(QWheelEvent* event)
{
    const double factor = event->angleDelta().y() > 0 ? 0.7 : 1 / 0.7;
    const std::int64_t span = m_toMs - m_fromMs;
    const auto wanted = std::clamp(
        static_cast<std::int64_t>(static_cast<double>(span) * factor), kMinSpanMs, kMaxSpanMs);
    if (m_live) {
        Q_EMIT rangeWanted(m_toMs - wanted, m_toMs);
    } else {
        const std::int64_t anchor = msAt(event->position().x());
        const double share = static_cast<double>(anchor - m_fromMs)
            / static_cast<double>(std::max<std::int64_t>(1, span));
        const std::int64_t from
            = anchor - static_cast<std::int64_t>(share * static_cast<double>(wanted));
        Q_EMIT rangeWanted(from, from + wanted);
    }
    event->accept();
}

void TimelineView::keyPressEvent(QKeyEvent* event)
{
    const int stride = event->modifiers().testFlag(Qt::ShiftModifier) ? 10 : 1;
    switch (event->key()) {
    case Qt::Key_Left:
        Q_EMIT stepped(-stride);
        break;
    case Qt::Key_Right:
        Q_EMIT stepped(stride);
        break;
    case Qt::Key_Home:
        Q_EMIT scrubbed(m_bars.empty() ? m_fromMs : m_bars.front().unixMs);
        break;
    case Qt::Key_End:
    case Qt::Key_Escape:
        Q_EMIT liveWanted();
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

bool TimelineView::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const Mark* mark = markAt(help->pos());
        const std::int64_t ms = mark ? mark->unixMs : msAt(help->pos().x());
        QString text
            = QDateTime::fromMSecsSinceEpoch(ms).time().toString(QStringLiteral("HH:mm:ss"));
        if (mark)
            text += QStringLiteral("  ") + mark->words;
        QToolTip::showText(help->globalPos(), text.toHtmlEscaped(), this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace meshyard::widgets
