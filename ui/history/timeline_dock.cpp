// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/history/timeline_dock.h"

#include "ui/session/mesh_session.h"
#include "ui/theme/figures.h"
#include "ui/theme/theme.h"
#include "ui/topology/edge_words.h"
#include "widgets/timeline/timeline_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include <chrono>

using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace meshyard::ui {
namespace {

using widgets::TimelineView;

constexpr std::size_t kLiveSeconds = 3600;
constexpr int kOverviewSteps = 900;

enum LegendSign { Requests, Failed, P99, Revision, Breaker, Operator };

/// The newest second of all edges together, as the history counts it.
TrafficStep stepOf(const MeshModel& model)
{
    TrafficStep step;
    step.unixMs = model.unixMs() - 1000;
    LatencySketch latency;
    for (const auto& [key, edge] : model.edges()) {
        if (edge.seconds.empty())
            continue;
        step.requests += edge.seconds.back().outcomes.finished();
        step.failed += edge.seconds.back().outcomes.failed();
        latency.merge(edge.seconds.back().latency);
    }
    step.p99Micros = latency.quantileMicros(0.99);
    return step;
}

TimelineView::Bar barOf(const TrafficStep& step)
{
    const double seconds = static_cast<double>(step.stepMs) / 1000.0;
    TimelineView::Bar bar;
    bar.unixMs = step.unixMs;
    bar.stepMs = step.stepMs;
    bar.requestsPerSecond = static_cast<double>(step.requests) / seconds;
    bar.failedPerSecond = static_cast<double>(step.failed) / seconds;
    if (step.p99Micros)
        bar.p99Ms = *step.p99Micros / 1000;
    return bar;
}

std::optional<TimelineView::Mark> markOf(const Event& event)
{
    TimelineView::Mark mark{event.unixMs, TimelineView::MarkKind::Revision, eventText(event)};
    switch (event.kind) {
    case EventKind::Revision:
        return mark;
    case EventKind::Override:
        mark.kind = TimelineView::MarkKind::Operator;
        return mark;
    case EventKind::Breaker:
        if (!event.transition || event.transition->to == BreakerState::HalfOpen)
            return std::nullopt;
        mark.kind = event.transition->to == BreakerState::Open ? TimelineView::MarkKind::Breaker
                                                               : TimelineView::MarkKind::Recovered;
        return mark;
    case EventKind::Nack:
    case EventKind::Alert:
        mark.kind = TimelineView::MarkKind::Breaker;
        return mark;
    case EventKind::Instance:
    case EventKind::Unspecified:
        break;
    }
    return std::nullopt;
}

QPixmap legendPixmap(int sign, const scene::Tokens& t, qreal scale)
{
    QPixmap pixmap(QSize(14, 12) * scale);
    pixmap.setDevicePixelRatio(scale);
    pixmap.fill(Qt::transparent);
    QPainter p(&pixmap);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(Qt::NoPen);
    QColor calls = t.flow;
    calls.setAlphaF(0.5F);
    switch (sign) {
    case Requests:
        p.fillRect(QRectF(1, 2, 12, 8), calls);
        break;
    case Failed:
        p.fillRect(QRectF(1, 2, 12, 8), t.bad);
        break;
    case P99:
        p.fillRect(QRectF(1, 5.5, 12, 1.2), t.text);
        break;
    case Revision:
        p.setBrush(t.accent);
        p.drawPolygon(QPolygonF({{7, 1.5}, {11.5, 10}, {2.5, 10}}));
        break;
    case Breaker:
        p.setBrush(t.bad);
        p.drawEllipse(QPointF(7, 6), 4, 4);
        break;
    default:
        p.setBrush(t.op);
        p.drawPolygon(QPolygonF({{4, 1}, {13, 4}, {4, 7}}));
        p.fillRect(QRectF(3, 1, 1.4, 10), t.op);
    }
    return pixmap;
}

} // namespace

TimelineDock::TimelineDock(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_view(new TimelineView(this))
{
    setObjectName(u"timelineDock"_s);
    setAttribute(Qt::WA_StyledBackground);
    setMinimumHeight(136);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 6, 12, 4);
    layout->setSpacing(2);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    addHead(*head);
    layout->addLayout(head);
    layout->addWidget(m_view, 1);
    m_view->setAccessibleName(tr("History"));
    m_view->rateWords = [](double rate) { return rateFigure(rate).text(); };
    m_view->latencyWords = [](double ms) { return latencyFigure(ms * 1000).text(); };
    MeshSession& session = context.session;
    connect(m_view, &TimelineView::scrubbed, &session, &MeshSession::goTo);
    connect(m_view, &TimelineView::stepped, &session, &MeshSession::step);
    connect(m_view, &TimelineView::liveWanted, &session, &MeshSession::backToLive);
    connect(m_view, &TimelineView::rangeWanted, this, [this](qint64 from, qint64 to) {
        m_spanMs = to - from;
        m_endMs = to;
        follow();
        askOverview();
    });
    connect(&session, &MeshSession::liveFrame, this, &TimelineDock::takeLive);
    connect(&session, &MeshSession::timeChanged, this, &TimelineDock::refreshTime);
    connect(&session, &MeshSession::phaseChanged, this, &TimelineDock::startOver);
    connect(&context.theme, &Theme::changed, this, &TimelineDock::applyTheme);
    m_ask.setInterval(15s);
    connect(&m_ask, &QTimer::timeout, this, &TimelineDock::askOverview);
    m_ask.start();
    applyTheme();
    refreshTime();
}

void TimelineDock::addHead(QHBoxLayout& row)
{
    auto* title = new QLabel(tr("History"), this);
    QFont bold = title->font();
    bold.setWeight(QFont::DemiBold);
    title->setFont(bold);
    m_reach = new QLabel(this);
    m_reach->setProperty("role", u"sub"_s);
    row.addWidget(title);
    row.addWidget(m_reach);
    row.addStretch();
    MeshSession& session = m_context.session;
    m_first = addButton(row, u"step-first"_s, tr("To the beginning"));
    m_back = addButton(row, u"step-back"_s, tr("One second back"));
    m_play = addButton(row, u"play"_s, tr("Play"));
    m_last = addButton(row, u"step-last"_s, tr("Back to live"));
    connect(m_first, &QToolButton::clicked, this, [this] {
        const auto& steps = m_overview.steps;
        m_context.session.goTo(steps.empty() ? m_view->fromMs() : steps.front().unixMs + 1000);
    });
    connect(m_back, &QToolButton::clicked, &session, [&session] { session.step(-1); });
    connect(m_play, &QToolButton::clicked, &session,
        [&session] { session.setPlaying(!session.isPlaying()); });
    connect(m_last, &QToolButton::clicked, &session, &MeshSession::backToLive);
    row.addStretch();
    addLegend(row);
    row.addStretch();
    m_clock = new QLabel(this);
    m_clock->setProperty("role", u"time"_s);
    m_clock->setAccessibleName(tr("Time shown"));
    row.addWidget(m_clock);
}

QToolButton* TimelineDock::addButton(QHBoxLayout& row, const QString& icon, const QString& name)
{
    auto* button = new QToolButton(this);
    button->setAutoRaise(true);
    button->setProperty("iconName", icon);
    button->setAccessibleName(name);
    button->setToolTip(name);
    button->setIconSize({16, 16});
    row.addWidget(button);
    return button;
}

void TimelineDock::addLegend(QHBoxLayout& row)
{
    const std::pair<int, QString> signs[]
        = {{Requests, tr("requests")}, {Failed, tr("failed")}, {P99, tr("p99")},
            {Revision, tr("revision")}, {Breaker, tr("breaker")}, {Operator, tr("operator")}};
    for (const auto& [sign, words] : signs) {
        auto* mark = new QLabel(this);
        auto* text = new QLabel(words, this);
        text->setProperty("role", u"sub"_s);
        row.addWidget(mark);
        row.addWidget(text);
        m_legend.emplace_back(mark, sign);
    }
}

void TimelineDock::applyTheme()
{
    const auto& t = m_context.theme.tokens();
    m_view->setTokens(t);
    for (const auto& [label, sign] : m_legend)
        label->setPixmap(legendPixmap(sign, t, devicePixelRatioF()));
    for (QToolButton* button : {m_first, m_back, m_play, m_last})
        button->setIcon(m_context.theme.icon(button->property("iconName").toString()));
}

void TimelineDock::startOver()
{
    if (m_context.session.phase() == MeshSession::Phase::FirstRun) {
        m_live.clear();
        m_overview = {};
    }
    askOverview();
}

void TimelineDock::takeLive(const MeshFramePtr& frame)
{
    if (!frame->closesSecond)
        return;
    m_live.push_back(stepOf(m_context.session.liveModel()));
    if (m_live.size() > kLiveSeconds)
        m_live.pop_front();
    if (m_live.size() == 3)
        askOverview();
    follow();
    refreshView();
    refreshTime();
}

void TimelineDock::follow()
{
    const bool live = !m_context.session.isPast();
    const std::int64_t end = live ? m_context.session.liveModel().unixMs() : m_endMs;
    if (end == 0)
        return;
    m_endMs = end;
    m_view->setRange(end - m_spanMs, end);
}

void TimelineDock::askOverview()
{
    PastReader* past = m_context.session.past();
    if (!past || m_endMs == 0)
        return;
    past->overview(m_endMs - m_spanMs, m_endMs, kOverviewSteps, this,
        [this](const Result<PastOverview>& reply) {
            if (reply)
                takeOverview(*reply);
            else
                Q_EMIT historySaid(QString::fromStdString(reply.error().message));
        });
}

void TimelineDock::takeOverview(const PastOverview& overview)
{
    m_overview = overview;
    if (overview.storedBytes > 0)
        Q_EMIT historySaid(
            tr("history %1").arg(bytesFigure(static_cast<double>(overview.storedBytes)).text()));
    refreshView();
}

void TimelineDock::refreshView()
{
    std::vector<TimelineView::Bar> bars;
    const std::int64_t liveFrom = m_live.empty() ? INT64_MAX : m_live.front().unixMs;
    for (const TrafficStep& step : m_overview.steps)
        if (step.unixMs + step.stepMs <= liveFrom)
            bars.push_back(barOf(step));
    for (const TrafficStep& step : m_live)
        bars.push_back(barOf(step));
    std::vector<TimelineView::Mark> marks;
    const auto& events = m_context.session.liveModel().events();
    const std::int64_t eventsFrom = events.empty() ? INT64_MAX : events.front().unixMs;
    for (const Event& event : m_overview.events)
        if (const auto mark = markOf(event); mark && event.unixMs < eventsFrom)
            marks.push_back(*mark);
    for (const Event& event : events)
        if (const auto mark = markOf(event))
            marks.push_back(*mark);
    m_reach->setText(
        bars.empty() ? QString() : tr("every second since %1").arg(clockText(bars.front().unixMs)));
    m_view->setData(std::move(bars), std::move(marks));
}

void TimelineDock::refreshTime()
{
    const MeshSession& session = m_context.session;
    const std::int64_t ms = session.shownMs();
    m_view->setPlayhead(ms, !session.isPast());
    m_clock->setText(ms == 0 ? QString() : clockText(ms));
    const bool hasPast = session.past() != nullptr;
    for (QToolButton* button : {m_first, m_back})
        button->setEnabled(hasPast);
    m_play->setEnabled(session.isPast());
    m_last->setEnabled(session.isPast());
    const QString icon = session.isPlaying() ? u"pause"_s : u"play"_s;
    if (m_play->property("iconName").toString() != icon) {
        m_play->setProperty("iconName", icon);
        m_play->setIcon(m_context.theme.icon(icon));
        const QString name = session.isPlaying() ? tr("Pause") : tr("Play");
        m_play->setAccessibleName(name);
        m_play->setToolTip(name);
    }
}

} // namespace meshyard::ui
