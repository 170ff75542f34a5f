// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/edge_panel.h"

#include "ui/inspector/breaker_strips.h"
#include "ui/inspector/key_figure.h"
#include "ui/inspector/lists.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"
#include "ui/topology/edge_words.h"
#include "widgets/plots/time_plot.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include <limits>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kChartHeight = 76;
constexpr int kPillHeight = 22;
constexpr int kChartSeconds = 60;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

QLabel* addLabel(QVBoxLayout& layout, const QString& role, QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setProperty("role", role);
    label->setTextFormat(Qt::PlainText);
    layout.addWidget(label);
    return label;
}

/// A heading with a word at its right end; returns the word's label.
QLabel* addHeading(QVBoxLayout& layout, const QString& text, QWidget* parent)
{
    auto* row = new QHBoxLayout;
    auto* heading = new QLabel(text, parent);
    heading->setProperty("role", u"section"_s);
    auto* top = new QLabel(parent);
    top->setProperty("role", u"sub"_s);
    row->addWidget(heading);
    row->addStretch();
    row->addWidget(top);
    layout.addSpacing(8);
    layout.addLayout(row);
    return top;
}

void setPill(QLabel* label, const QString& kind, const QString& text)
{
    label->setVisible(!text.isEmpty());
    label->setText(text);
    if (label->property("pill").toString() == kind)
        return;
    label->setProperty("pill", kind);
    label->style()->unpolish(label);
    label->style()->polish(label);
}

KeyFigure::Tone toneOf(Health health)
{
    if (health == Health::Failing)
        return KeyFigure::Tone::Bad;
    return health == Health::Degraded ? KeyFigure::Tone::Warn : KeyFigure::Tone::Plain;
}

QString memberWords(const BreakerMember& member)
{
    if (member.state == BreakerState::Open)
        return EdgePanel::tr("open %1 s").arg((member.openLeftMs + 999) / 1000);
    if (member.state == BreakerState::HalfOpen)
        return EdgePanel::tr("trial %1/%2").arg(member.trialsOk).arg(member.trialsWanted);
    return EdgePanel::tr("closed");
}

} // namespace

EdgePanel::EdgePanel(const UiContext& context, PolicyStore& policies, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_store(policies)
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 16, 16, 16);
    layout->setSpacing(6);
    addHead(*layout);
    addFigures(*layout);
    addCharts(*layout);
    addHeading(*layout, tr("Breaker, by caller"), this);
    m_strips = new BreakerStrips(context, this);
    layout->addWidget(m_strips);
    addButtons(*layout);
    addHeading(*layout, tr("Policy in force"), this);
    m_policies = new PolicyList(this);
    layout->addWidget(m_policies);
    addHeading(*layout, tr("Events"), this);
    m_events = new EventList(context, this);
    layout->addWidget(m_events);
    layout->addStretch();
    connect(m_policies, &PolicyList::documentWanted, this, &EdgePanel::documentWanted);
    connect(&context.theme, &Theme::changed, this, &EdgePanel::applyTheme);
    applyTheme();
}

void EdgePanel::addHead(QVBoxLayout& layout)
{
    m_title = addLabel(layout, u"title"_s, this);
    m_title->setWordWrap(true);
    m_subtitle = addLabel(layout, u"sub"_s, this);
    m_subtitle->setWordWrap(true);
    auto* pills = new QHBoxLayout;
    m_breakerPill = new QLabel(this);
    m_healthPill = new QLabel(this);
    for (QLabel* pill : {m_breakerPill, m_healthPill}) {
        pill->setProperty("pill", u"sub"_s);
        pill->setFixedHeight(kPillHeight);
    }
    pills->addWidget(m_breakerPill);
    pills->addWidget(m_healthPill);
    pills->addStretch();
    layout.addLayout(pills);
}

void EdgePanel::addFigures(QVBoxLayout& layout)
{
    auto* row = new QHBoxLayout;
    for (KeyFigure** figure : {&m_rate, &m_success, &m_latency, &m_inFlight}) {
        *figure = new KeyFigure(m_context, this);
        row->addWidget(*figure, 1);
    }
    layout.addSpacing(4);
    layout.addLayout(row);
}

void EdgePanel::addCharts(QVBoxLayout& layout)
{
    using widgets::TimePlot;
    m_outcomeTop = addHeading(layout, tr("Requests by outcome"), this);
    m_outcomes = new TimePlot(TimePlot::Scale::Linear, this);
    m_outcomes->setAccessibleName(tr("Requests by outcome, last minute"));
    m_latencyTop = addHeading(layout, tr("Latency p50, p95, p99"), this);
    m_latencies = new TimePlot(TimePlot::Scale::Logarithmic, this);
    m_latencies->setAccessibleName(tr("Latency p50, p95, p99, last minute"));
    layout.insertWidget(layout.count() - 2, m_outcomes); // above the second heading and its space
    layout.addWidget(m_latencies);
    for (TimePlot* plot : {m_outcomes, m_latencies})
        plot->setFixedHeight(kChartHeight);
}

void EdgePanel::addButtons(QVBoxLayout& layout)
{
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    m_trip = new QPushButton(tr("Trip"), this);
    m_trip->setObjectName(u"tripButton"_s);
    m_trip->setProperty("role", u"op"_s);
    m_reset = new QPushButton(tr("Reset"), this);
    m_reset->setObjectName(u"resetButton"_s);
    m_reset->setToolTip(tr("Clear the window, close the breaker and start counting anew."));
    m_edit = new QPushButton(tr("Edit policy"), this);
    m_edit->setObjectName(u"editPolicyButton"_s);
    for (QPushButton* button : {m_trip, m_reset, m_edit})
        row->addWidget(button, 1);
    layout.addSpacing(6);
    layout.addLayout(row);
    connect(m_trip, &QPushButton::clicked, this,
        [this] { m_tripped ? Q_EMIT releaseWanted() : Q_EMIT tripWanted(); });
    connect(m_reset, &QPushButton::clicked, this, &EdgePanel::resetWanted);
    connect(m_edit, &QPushButton::clicked, this, &EdgePanel::editPolicyWanted);
}

void EdgePanel::applyTheme()
{
    const auto& t = m_context.theme.tokens();
    m_outcomes->setTokens(t);
    m_outcomes->setSeries(
        {{tr("all"), t.flow, true, Qt::SolidLine}, {tr("failed"), t.bad, true, Qt::SolidLine}});
    m_latencies->setTokens(t);
    m_latencies->setSeries({{u"p50"_s, t.faint, false, Qt::SolidLine},
        {u"p95"_s, t.sub, false, Qt::SolidLine}, {u"p99"_s, t.text, false, Qt::SolidLine}});
}

void EdgePanel::show(const MeshModel& model, const EdgeState& edge)
{
    showHead(edge);
    showFigures(model, edge);
    showCharts(model, edge);
    showBreaker(model, edge);
    showButtons(edge);
    const EdgeKey key = edge.edge.key;
    m_policies->show(m_store.inForce(key));
    m_events->show(
        model, [&key](const Event& event) { return event.edge == key; }, 8, EventWords::OfItsEdge);
}

void EdgePanel::showHead(const EdgeState& edge)
{
    const EdgeBreaker& breaker = edge.breaker;
    m_title->setText(edgeText(edge.edge.key));
    QStringList parts{protocolText(edge.edge.key.protocol)};
    if (!edge.seconds.empty() && edge.seconds.back().tlsConnections > 0)
        parts << tr("mTLS");
    parts << tr("%n caller(s)", nullptr, static_cast<int>(std::max(1U, breaker.instances)));
    parts << knowledgeText(breaker.known);
    m_subtitle->setText(parts.join(u" · "_s));
    const QString words = breakerWords(breaker);
    QString kind = u"sub"_s;
    if (breaker.overrideKind != OverrideKind::None)
        kind = u"op"_s;
    else if (breaker.state == BreakerState::Open && !breaker.observeOnly)
        kind = u"bad"_s;
    else if (!words.isEmpty())
        kind = u"warn"_s;
    setPill(m_breakerPill, kind, words.isEmpty() ? QString() : tr("breaker %1").arg(words));
    QString health;
    if (edge.health == Health::Stale)
        health = tr("no report for some seconds");
    else if (edge.health == Health::Failing)
        health = tr("failing");
    else if (edge.health == Health::Degraded)
        health = tr("degraded");
    else if (edge.health == Health::Idle)
        health = tr("no traffic");
    const bool quiet = edge.health == Health::Stale || edge.health == Health::Idle;
    setPill(m_healthPill,
        quiet                                ? u"sub"_s
            : edge.health == Health::Failing ? u"bad"_s
                                             : u"warn"_s,
        health);
}

void EdgePanel::showFigures(const MeshModel& model, const EdgeState& edge)
{
    const EdgeWindow window = model.window(edge.edge.key);
    const EdgeWindow latency = model.latencyWindow(edge.edge.key);
    const QString source = knowledgeText(edge.breaker.known);
    m_rate->set(tr("Rate"), rateFigure(window.rate()), KeyFigure::Tone::Plain,
        tr("Finished calls a second, rejected ones included, retries apart. Last %1 s, n %2, %3.")
            .arg(window.seconds)
            .arg(countText(window.outcomes.finished()), source));
    m_success->set(tr("Success"), percentFigure(window.success()), toneOf(edge.health),
        tr("Share of finished calls that did not fail for the caller. Last %1 s, n %2, %3.")
            .arg(window.seconds)
            .arg(countText(window.outcomes.finished()), source));
    const QString n = countText(latency.latency.count());
    m_latency->set(tr("p99 · n %1").arg(n), latencyFigure(latency.latency.quantileMicros(0.99)),
        KeyFigure::Tone::Plain,
        tr("99 of 100 calls were at least this fast, rejected ones apart. Shortest window with 100 "
           "calls: last %1 s, n %2, %3.")
            .arg(latency.seconds)
            .arg(n, source));
    const std::uint32_t inFlight = edge.seconds.empty() ? 0 : edge.seconds.back().inFlight;
    m_inFlight->set(tr("In flight"), {countText(inFlight), {}}, KeyFigure::Tone::Plain,
        tr("Calls under way at the end of the last second, %1.").arg(source));
}

void EdgePanel::showCharts(const MeshModel& model, const EdgeState& edge)
{
    std::vector<widgets::TimePlot::Point> all;
    std::vector<widgets::TimePlot::Point> failed;
    std::vector<widgets::TimePlot::Point> quantiles[3];
    const double now = static_cast<double>(model.unixMs()) / 1000.0;
    double at = now - static_cast<double>(edge.seconds.size());
    for (const EdgeSample& second : edge.seconds) {
        at += 1;
        all.push_back({at, static_cast<double>(second.outcomes.finished())});
        failed.push_back({at, static_cast<double>(second.outcomes.failed())});
        const double shares[] = {0.5, 0.95, 0.99};
        for (std::size_t i = 0; i < 3; ++i) {
            const auto micros = second.latency.quantileMicros(shares[i]);
            quantiles[i].push_back({at, micros ? *micros / 1000 : kNothing});
        }
    }
    for (widgets::TimePlot* plot : {m_outcomes, m_latencies})
        plot->setTimeRange(now - kChartSeconds, now);
    m_outcomes->setPoints(0, all);
    m_outcomes->setPoints(1, failed);
    for (std::size_t i = 0; i < 3; ++i)
        m_latencies->setPoints(i, quantiles[i]);
    m_outcomeTop->setText(rateFigure(m_outcomes->valueMaximum()).text());
    m_latencyTop->setText(
        tr("%1, log").arg(latencyFigure(m_latencies->valueMaximum() * 1000).text()));
}

void EdgePanel::showBreaker(const MeshModel& model, const EdgeState& edge)
{
    std::vector<BreakerStrips::Row> rows;
    for (const BreakerMember& member : edge.breaker.members) {
        BreakerStrips::Row row;
        row.name = QString::fromStdString(member.instance);
        row.state = member.state;
        row.words = memberWords(member);
        row.before = member.state;
        for (const Event& event : model.events()) {
            if (event.instance != member.instance || event.edge != edge.edge.key
                || !event.transition || event.unixMs < model.unixMs() - kChartSeconds * 1000)
                continue;
            if (row.changes.empty())
                row.before = event.transition->from;
            row.changes.push_back({event.unixMs, event.transition->to});
        }
        rows.push_back(std::move(row));
    }
    m_strips->setRows(std::move(rows), model.unixMs());
}

void EdgePanel::showButtons(const EdgeState& edge)
{
    const QString refusal = m_context.session.editRefusal();
    m_tripped = edge.breaker.overrideKind != OverrideKind::None;
    m_trip->setText(m_tripped ? tr("Release") : tr("Trip"));
    m_trip->setToolTip(!refusal.isEmpty() ? refusal
            : m_tripped ? tr("End the override now; the edge goes on with trial calls.")
                        : tr("Reject every call on this edge for a while."));
    m_trip->setAccessibleName(m_trip->text());
    for (QPushButton* button : {m_trip, m_reset, m_edit})
        button->setEnabled(refusal.isEmpty());
    const QString edit
        = refusal.isEmpty() ? tr("Breaker, limits and outlier detection as a form.") : refusal;
    m_edit->setToolTip(edit);
}

} // namespace meshyard::ui
