// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/node_panel.h"

#include "ui/inspector/key_figure.h"
#include "ui/inspector/lists.h"
#include "ui/session/mesh_session.h"
#include "ui/session/selection.h"
#include "ui/topology/edge_words.h"
#include "ui/topology/scene_builder.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

QLabel* label(const QString& role, QVBoxLayout& layout, QWidget* parent)
{
    auto* item = new QLabel(parent);
    item->setProperty("role", role);
    item->setTextFormat(Qt::PlainText);
    item->setWordWrap(true);
    layout.addWidget(item);
    return item;
}

KeyFigure::Tone toneOf(Health health)
{
    if (health == Health::Failing)
        return KeyFigure::Tone::Bad;
    return health == Health::Degraded ? KeyFigure::Tone::Warn : KeyFigure::Tone::Plain;
}

/// Calls that come into what `wanted` accepts, merged.
EdgeWindow incoming(const MeshModel& model, const std::function<bool(const EdgeKey&)>& wanted)
{
    EdgeWindow total;
    for (const auto& [key, edge] : model.edges()) {
        if (!wanted(key))
            continue;
        const EdgeWindow window = model.window(key);
        total.seconds = std::max(total.seconds, window.seconds);
        total.outcomes.add(window.outcomes);
        total.latency.merge(window.latency);
    }
    return total;
}

LinkList::Item edgeItem(const MeshModel& model, const EdgeState& edge, const QString& text)
{
    const QString words = breakerWords(edge.breaker);
    const QString traffic = edgeLabel(model, edge, EdgeFigure::P99);
    QString detail = traffic.isEmpty() ? LinkList::tr("no traffic") : traffic;
    if (!words.isEmpty())
        detail += u" · "_s + words;
    return {sceneId(edge.edge.key), text, detail};
}

void selectEdge(const UiContext& context, const QString& id)
{
    if (const EdgeState* edge = edgeOfSceneId(context.session.model(), id))
        context.selection.set(edge->edge.key);
}

} // namespace

LinkList::LinkList(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(1);
    rebuild({});
}

void LinkList::show(const std::vector<Item>& items, const QString& emptyText)
{
    const bool same = std::equal(items.begin(), items.end(), m_items.begin(), m_items.end(),
        [](const Item& a, const Item& b) { return a.key == b.key && a.text == b.text; });
    m_items = items;
    if (!same || items.empty())
        rebuild(emptyText);
    for (std::size_t i = 0; i < m_details.size() && i < items.size(); ++i)
        m_details[i]->setText(items[i].detail);
}

void LinkList::rebuild(const QString& emptyText)
{
    while (QLayoutItem* item = m_layout->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    m_details.clear();
    for (const Item& item : m_items) {
        auto* link = new QPushButton(item.text, this);
        link->setProperty("role", u"link"_s);
        link->setCursor(Qt::PointingHandCursor);
        connect(link, &QPushButton::clicked, this, [this, key = item.key] { Q_EMIT chosen(key); });
        m_layout->addWidget(link);
        m_details.push_back(label(u"sub"_s, *m_layout, this));
    }
    if (m_items.empty())
        label(u"sub"_s, *m_layout, this)->setText(emptyText);
}

NodePanel::NodePanel(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 16, 16, 16);
    layout->setSpacing(6);
    m_title = label(u"title"_s, *layout, this);
    m_subtitle = label(u"sub"_s, *layout, this);
    auto* row = new QHBoxLayout;
    for (KeyFigure** figure : {&m_rate, &m_success, &m_latency}) {
        *figure = new KeyFigure(context, this);
        row->addWidget(*figure, 1);
    }
    layout->addSpacing(6);
    layout->addLayout(row);
    addHeading(*layout, tr("Called by"));
    m_callers = new LinkList(this);
    layout->addWidget(m_callers);
    addHeading(*layout, tr("Calls"));
    m_called = new LinkList(this);
    layout->addWidget(m_called);
    addHeading(*layout, tr("Instances"));
    m_instances = label(u"mono"_s, *layout, this);
    m_instances->setTextInteractionFlags(Qt::TextSelectableByMouse);
    addHeading(*layout, tr("Events"));
    m_events = new EventList(context, this);
    layout->addWidget(m_events);
    layout->addStretch();
    for (LinkList* list : {m_callers, m_called})
        connect(list, &LinkList::chosen, this,
            [this](const QString& id) { selectEdge(m_context, id); });
}

QLabel* NodePanel::addHeading(QVBoxLayout& layout, const QString& text)
{
    layout.addSpacing(8);
    QLabel* heading = label(u"section"_s, layout, this);
    heading->setText(text);
    return heading;
}

void NodePanel::show(const MeshModel& model, const Node& node)
{
    m_title->setText(nodeText(node.key));
    QStringList parts{QString::fromStdString(node.key.ns),
        tr("%1 of %2 instances ready").arg(node.ready).arg(node.instances)};
    for (const std::string& locality : node.localities)
        parts << QString::fromStdString(locality);
    if (!node.captured)
        parts << tr("its own calls do not pass a sidecar");
    m_subtitle->setText(parts.join(u" · "_s));
    showFigures(model, node);
    showLinks(model, node);
    QStringList lines;
    for (const auto& [id, instance] : model.instances())
        if (instance.node == node.key)
            lines << tr("%1  %2").arg(QString::fromStdString(id),
                instance.ready ? tr("ready") : QString::fromStdString(instance.state));
    m_instances->setText(lines.isEmpty() ? tr("none") : lines.join(u'\n'));
    m_events->show(model, [&node](const Event& event) {
        return event.node == node.key
            || (event.edge
                && (event.edge->source == node.key || event.edge->destination == node.key));
    });
}

void NodePanel::showFigures(const MeshModel& model, const Node& node)
{
    EdgeWindow window
        = incoming(model, [&](const EdgeKey& key) { return key.destination == node.key; });
    QString what = tr("What its callers measured, last %1 s, n %2.");
    if (window.outcomes.finished() == 0) {
        window = incoming(model, [&](const EdgeKey& key) { return key.source == node.key; });
        what = tr("What it measured as a caller, last %1 s, n %2.");
    }
    what = what.arg(window.seconds).arg(countText(window.outcomes.finished()));
    m_rate->set(tr("Rate"), rateFigure(window.rate()), KeyFigure::Tone::Plain, what);
    m_success->set(
        tr("Success"), percentFigure(window.success()), toneOf(model.nodeHealth(node.key)), what);
    m_latency->set(tr("p99 · n %1").arg(countText(window.latency.count())),
        latencyFigure(window.latency.quantileMicros(0.99)), KeyFigure::Tone::Plain, what);
}

void NodePanel::showLinks(const MeshModel& model, const Node& node)
{
    std::vector<LinkList::Item> callers;
    std::vector<LinkList::Item> called;
    for (const auto& [key, edge] : model.edges()) {
        if (key.destination == node.key)
            callers.push_back(edgeItem(model, edge, nodeText(key.source)));
        if (key.source == node.key)
            called.push_back(edgeItem(model, edge, nodeText(key.destination)));
    }
    m_callers->show(callers, tr("Nobody has called it yet."));
    m_called->show(called, tr("It has called nobody yet."));
}

MeshPanel::MeshPanel(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 16, 16, 16);
    layout->setSpacing(6);
    m_title = label(u"title"_s, *layout, this);
    m_subtitle = label(u"sub"_s, *layout, this);
    auto* row = new QHBoxLayout;
    for (KeyFigure** figure : {&m_rate, &m_success, &m_services}) {
        *figure = new KeyFigure(context, this);
        row->addWidget(*figure, 1);
    }
    layout->addSpacing(6);
    layout->addLayout(row);
    layout->addSpacing(8);
    label(u"section"_s, *layout, this)->setText(tr("Needs attention"));
    m_attention = new LinkList(this);
    layout->addWidget(m_attention);
    layout->addSpacing(8);
    label(u"section"_s, *layout, this)->setText(tr("Events"));
    m_events = new EventList(context, this);
    layout->addWidget(m_events);
    layout->addStretch();
    connect(m_attention, &LinkList::chosen, this,
        [this](const QString& id) { selectEdge(m_context, id); });
}

void MeshPanel::show(const MeshModel& model)
{
    const MeshInfo& mesh = model.mesh();
    m_title->setText(tr("The whole mesh"));
    m_subtitle->setText(mesh.gatewayAddress.empty()
            ? tr("Select a service or an edge to see more.")
            : tr("Entry: %1. Select a service or an edge to see more.")
                  .arg(QString::fromStdString(mesh.gatewayAddress)));
    std::set<NodeKey> called;
    for (const auto& [key, edge] : model.edges())
        called.insert(key.destination);
    const EdgeWindow entries
        = incoming(model, [&](const EdgeKey& key) { return !called.contains(key.source); });
    const QString what = tr("Calls that enter the mesh, last %1 s, n %2.")
                             .arg(entries.seconds)
                             .arg(countText(entries.outcomes.finished()));
    m_rate->set(tr("Rate"), rateFigure(entries.rate()), KeyFigure::Tone::Plain, what);
    m_success->set(tr("Success"), percentFigure(entries.success()), KeyFigure::Tone::Plain, what);
    m_services->set(tr("Edges"), {countText(model.edges().size()), {}}, KeyFigure::Tone::Plain,
        tr("Pairs of versions that have called each other."));
    std::vector<LinkList::Item> attention;
    for (const auto& [key, edge] : model.edges()) {
        const bool quiet = edge.health == Health::Healthy || edge.health == Health::Idle;
        if (!quiet || !breakerWords(edge.breaker).isEmpty())
            attention.push_back(edgeItem(model, edge, edgeText(key)));
    }
    if (attention.size() > 8)
        attention.resize(8);
    m_attention->show(attention, tr("Nothing. Every edge is healthy."));
    m_events->show(model, [](const Event&) { return true; }, 12);
}

} // namespace meshyard::ui
