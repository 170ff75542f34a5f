// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/mesh_tables.h"

#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"

#include <QCoreApplication>

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct MeshTables
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::MeshTables)
};

using Cell = TableModel::Cell;
using Row = TableModel::Row;
using Tone = TableModel::Tone;

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

Cell plain(const QString& text, Tone tone = Tone::Plain)
{
    return {text, {}, tone};
}

Cell latencyCell(const EdgeWindow& window, double quantile)
{
    const auto micros = window.latency.quantileMicros(quantile);
    return {latencyFigure(micros).text(), micros.value_or(-1.0), Tone::Plain};
}

Tone toneOf(Health health)
{
    switch (health) {
    case Health::Failing:
        return Tone::Bad;
    case Health::Degraded:
        return Tone::Warn;
    case Health::Stale:
    case Health::Idle:
        return Tone::Sub;
    case Health::Healthy:
        break;
    }
    return Tone::Plain;
}

Tone toneOf(const EdgeBreaker& breaker)
{
    if (breaker.overrideKind != OverrideKind::None)
        return Tone::Op;
    if (breaker.state == BreakerState::Open)
        return Tone::Bad;
    return breaker.state == BreakerState::HalfOpen || breaker.limited ? Tone::Warn : Tone::Plain;
}

QString breakerText(const EdgeBreaker& breaker)
{
    const QString words = breakerWords(breaker);
    return words.isEmpty() ? breakerStateText(breaker.state) : words;
}

Row memberRow(const EdgeState& edge, const BreakerMember& member)
{
    const double share = member.windowCalls == 0
        ? 0.0
        : static_cast<double>(member.windowFailures) / member.windowCalls;
    QString left;
    if (member.state == BreakerState::Open)
        left = countdownText((member.openLeftMs + 999) / 1000);
    else if (member.state == BreakerState::HalfOpen)
        left = MeshTables::tr("trial %1/%2").arg(member.trialsOk).arg(member.trialsWanted);
    Tone tone = Tone::Plain;
    if (member.state == BreakerState::Open)
        tone = Tone::Bad;
    else if (member.state == BreakerState::HalfOpen)
        tone = Tone::Warn;
    return {qs(toString(edge.edge.key)) + u'\t' + qs(member.instance),
        {plain(edgeText(edge.edge.key)), plain(qs(edge.edge.key.source.ns), Tone::Sub),
            plain(qs(member.instance)), plain(breakerStateText(member.state), tone), plain(left),
            {countText(member.windowCalls), member.windowCalls, Tone::Plain},
            {percentFigure(share).text(), share, Tone::Plain}},
        edgeSentence(MeshModel(), edge)};
}

void sortByKey(std::vector<Row>& rows)
{
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.key < b.key; });
}

} // namespace

QStringList edgeHeaders()
{
    return {MeshTables::tr("Edge"), MeshTables::tr("Environment"), MeshTables::tr("Rate"),
        MeshTables::tr("Success"), MeshTables::tr("p50"), MeshTables::tr("p95"),
        MeshTables::tr("p99"), MeshTables::tr("Calls"), MeshTables::tr("Breaker")};
}

std::vector<Row> edgeRows(const MeshModel& model)
{
    std::vector<Row> rows;
    for (const auto& [key, edge] : model.edges()) {
        const EdgeWindow window = model.window(key);
        const EdgeWindow latency = model.latencyWindow(key);
        const auto success = window.success();
        rows.push_back({qs(toString(key)),
            {plain(edgeText(key), toneOf(edge.health)), plain(qs(key.source.ns), Tone::Sub),
                {rateFigure(window.rate()).text(), window.rate(), Tone::Plain},
                {percentFigure(success).text(), success.value_or(-1.0), toneOf(edge.health)},
                latencyCell(latency, 0.5), latencyCell(latency, 0.95), latencyCell(latency, 0.99),
                {countText(window.outcomes.finished()),
                    static_cast<qulonglong>(window.outcomes.finished()), Tone::Sub},
                plain(breakerText(edge.breaker), toneOf(edge.breaker))},
            edgeSentence(model, edge)});
    }
    sortByKey(rows);
    return rows;
}

QStringList instanceHeaders()
{
    return {MeshTables::tr("Instance"), MeshTables::tr("Service"), MeshTables::tr("Environment"),
        MeshTables::tr("State"), MeshTables::tr("Address"), MeshTables::tr("Locality"),
        MeshTables::tr("Process")};
}

std::vector<Row> instanceRows(const MeshModel& model)
{
    std::vector<Row> rows;
    for (const auto& [id, instance] : model.instances()) {
        const QString state = instance.ready ? MeshTables::tr("ready")
            : instance.state.empty()         ? MeshTables::tr("not ready")
                                             : qs(instance.state);
        rows.push_back({qs(id),
            {plain(qs(id)), plain(nodeText(instance.node)), plain(qs(instance.node.ns), Tone::Sub),
                plain(state, instance.ready ? Tone::Ok : Tone::Warn), plain(qs(instance.address)),
                plain(qs(instance.locality)),
                {QString::number(instance.pid), instance.pid, Tone::Sub}},
            {}});
    }
    sortByKey(rows);
    return rows;
}

QStringList breakerHeaders()
{
    return {MeshTables::tr("Edge"), MeshTables::tr("Environment"), MeshTables::tr("Caller"),
        MeshTables::tr("State"), MeshTables::tr("Next"), MeshTables::tr("Calls in window"),
        MeshTables::tr("Failed")};
}

std::vector<Row> breakerRows(const MeshModel& model)
{
    std::vector<Row> rows;
    for (const auto& [key, edge] : model.edges()) {
        if (edge.breaker.members.empty())
            rows.push_back({qs(toString(key)),
                {plain(edgeText(key)), plain(qs(key.source.ns), Tone::Sub),
                    plain(MeshTables::tr("all callers")),
                    plain(breakerText(edge.breaker), toneOf(edge.breaker)), plain({}),
                    {countText(edge.breaker.windowCalls), edge.breaker.windowCalls, Tone::Plain},
                    plain({})},
                edgeSentence(model, edge)});
        for (const BreakerMember& member : edge.breaker.members)
            rows.push_back(memberRow(edge, member));
    }
    sortByKey(rows);
    return rows;
}

QStringList proxyHeaders()
{
    return {MeshTables::tr("Proxy"), MeshTables::tr("Kind"), MeshTables::tr("In sync"),
        MeshTables::tr("Revision"), MeshTables::tr("Memory"), MeshTables::tr("CPU"),
        MeshTables::tr("Last refusal")};
}

std::vector<Row> proxyRows(const MeshModel& model)
{
    std::vector<Row> rows;
    for (const auto& [id, proxy] : model.proxies()) {
        const QString sync = !proxy.connected ? MeshTables::tr("not connected")
            : proxy.inSync                    ? MeshTables::tr("in sync")
                                              : MeshTables::tr("pending");
        const Tone tone = !proxy.connected ? Tone::Bad : proxy.inSync ? Tone::Ok : Tone::Warn;
        rows.push_back({qs(id),
            {plain(qs(id)), plain(qs(proxy.kind), Tone::Sub), plain(sync, tone),
                {QString::number(proxy.ackedRevision), static_cast<qulonglong>(proxy.ackedRevision),
                    Tone::Plain},
                {bytesFigure(static_cast<double>(proxy.rssBytes)).text(),
                    static_cast<qulonglong>(proxy.rssBytes), Tone::Plain},
                {percentFigure(proxy.cpu).text(), proxy.cpu, Tone::Plain},
                plain(qs(proxy.nack), Tone::Bad)},
            qs(proxy.nack)});
    }
    sortByKey(rows);
    return rows;
}

QStringList eventHeaders()
{
    return {MeshTables::tr("Time"), MeshTables::tr("What happened"), MeshTables::tr("Who")};
}

std::vector<Row> eventRows(const MeshModel& model)
{
    std::vector<Row> rows;
    for (const Event& event : model.events()) {
        const auto descending = ~static_cast<qulonglong>(event.id);
        Tone tone = Tone::Plain;
        if (event.kind == EventKind::Override)
            tone = Tone::Op;
        else if (event.kind == EventKind::Nack)
            tone = Tone::Bad;
        rows.push_back({u"%1"_s.arg(descending, 20, 10, QChar(u'0')),
            {plain(clockText(event.unixMs), Tone::Sub), plain(eventText(event), tone),
                plain(qs(event.actor), Tone::Sub)},
            eventText(event)});
    }
    sortByKey(rows);
    rows.erase(std::unique(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.key == b.key; }),
        rows.end());
    return rows;
}

int breakersNotClosed(const MeshModel& model)
{
    return static_cast<int>(
        std::count_if(model.edges().begin(), model.edges().end(), [](const auto& item) {
            const EdgeBreaker& b = item.second.breaker;
            if (b.overrideKind != OverrideKind::None)
                return true;
            return !b.observeOnly
                && (b.state == BreakerState::Open || b.state == BreakerState::HalfOpen);
        }));
}

int proxiesOutOfSync(const MeshModel& model)
{
    return static_cast<int>(std::count_if(model.proxies().begin(), model.proxies().end(),
        [](const auto& item) { return !item.second.connected || !item.second.inSync; }));
}

} // namespace meshyard::ui
