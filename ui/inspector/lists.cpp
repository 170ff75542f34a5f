// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/lists.h"

#include "ui/theme/figures.h"
#include "ui/theme/theme.h"
#include "ui/topology/edge_words.h"

#include <QHelpEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolTip>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kLineHeight = 22;
constexpr int kTimeLeft = 16;
constexpr int kTextLeft = 82;

} // namespace

PolicyList::PolicyList(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(1);
}

void PolicyList::show(const std::vector<PolicyStore::InForce>& documents)
{
    QStringList shown;
    for (const auto& document : documents)
        shown << document.id << document.title << document.summary;
    if (shown == m_shown)
        return;
    m_shown = shown;
    while (QLayoutItem* item = m_layout->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    for (const auto& document : documents) {
        auto* link = new QPushButton(document.title, this);
        link->setProperty("role", u"link"_s);
        link->setCursor(Qt::PointingHandCursor);
        link->setEnabled(!document.id.isEmpty());
        connect(link, &QPushButton::clicked, this,
            [this, id = document.id] { Q_EMIT documentWanted(id); });
        auto* summary = new QLabel(document.summary, this);
        summary->setProperty("role", u"sub"_s);
        summary->setTextFormat(Qt::PlainText);
        summary->setWordWrap(true);
        m_layout->addWidget(link);
        m_layout->addWidget(summary);
    }
}

EventList::EventList(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
{
    setAccessibleName(tr("Events"));
    connect(&context.theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void EventList::show(const MeshModel& model, const std::function<bool(const Event&)>& wanted,
    int most, EventWords words)
{
    std::vector<Line> lines;
    const auto& events = model.events();
    for (auto it = events.rbegin(); it != events.rend() && static_cast<int>(lines.size()) < most;
        ++it) {
        if (!wanted(*it))
            continue;
        const BreakerState to = it->transition ? it->transition->to : BreakerState::Unspecified;
        lines.push_back({it->kind, to, clockText(it->unixMs), eventText(*it, words)});
    }
    if (lines == m_lines)
        return;
    m_lines = std::move(lines);
    QStringList said;
    for (const Line& line : m_lines)
        said << line.time + u' ' + line.text;
    setAccessibleDescription(said.join(u"; "_s));
    updateGeometry();
    update();
}

QSize EventList::sizeHint() const
{
    return {260, std::max(1, static_cast<int>(m_lines.size())) * kLineHeight};
}

QColor EventList::colorOf(const Line& line) const
{
    const auto& t = m_context.theme.tokens();
    switch (line.kind) {
    case EventKind::Breaker:
        return line.to == BreakerState::Open    ? t.bad
            : line.to == BreakerState::HalfOpen ? t.warn
                                                : t.ok;
    case EventKind::Override:
        return t.op;
    case EventKind::Revision:
        return t.accent;
    case EventKind::Nack:
    case EventKind::Alert:
        return t.bad;
    case EventKind::Instance:
    case EventKind::Unspecified:
        break;
    }
    return t.idle;
}

void EventList::paintEvent(QPaintEvent*)
{
    const auto& t = m_context.theme.tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QFont small = font();
    small.setPixelSize(12);
    if (m_lines.empty()) {
        painter.setFont(small);
        painter.setPen(t.sub);
        painter.drawText(
            rect(), Qt::AlignLeft | Qt::AlignVCenter, tr("Nothing has happened here."));
    }
    int y = 0;
    for (const Line& line : m_lines) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(colorOf(line));
        painter.drawEllipse(QPointF(5, y + kLineHeight / 2.0), 3.5, 3.5);
        painter.setPen(t.sub);
        painter.setFont(Theme::monoFont(11));
        painter.drawText(QRect(kTimeLeft, y, kTextLeft - kTimeLeft, kLineHeight),
            Qt::AlignLeft | Qt::AlignVCenter, line.time);
        painter.setPen(t.text);
        painter.setFont(small);
        const QRect room(kTextLeft, y, width() - kTextLeft, kLineHeight);
        painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter,
            painter.fontMetrics().elidedText(line.text, Qt::ElideRight, room.width()));
        y += kLineHeight;
    }
}

bool EventList::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int row = help->pos().y() / kLineHeight;
        if (row >= 0 && row < static_cast<int>(m_lines.size()))
            QToolTip::showText(help->globalPos(),
                m_lines[static_cast<std::size_t>(row)].text.toHtmlEscaped(), this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace meshyard::ui
