// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/topology/scene_builder.h"

#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <set>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct SceneWords
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::SceneWords)
};

constexpr auto kPrimaryEnvironment = "production";

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}
QString serviceId(const std::string& ns, const std::string& service)
{
    return qs(ns) + u'/' + qs(service);
}

scene::Health sceneHealth(Health health)
{
    switch (health) {
    case Health::Healthy:
        return scene::Health::Ok;
    case Health::Degraded:
        return scene::Health::Warn;
    case Health::Failing:
        return scene::Health::Bad;
    case Health::Idle:
    case Health::Stale:
        break;
    }
    return scene::Health::Idle;
}

scene::NodeShape sceneShape(NodeKind kind)
{
    switch (kind) {
    case NodeKind::Service:
        return scene::NodeShape::Service;
    case NodeKind::Gateway:
        return scene::NodeShape::Gateway;
    case NodeKind::External:
        return scene::NodeShape::External;
    case NodeKind::Database:
        return scene::NodeShape::Database;
    case NodeKind::Unknown:
        break;
    }
    return scene::NodeShape::Unknown;
}

/// The edges between two versions stand side by side in the model's order.
template <typename Take>
void eachBetween(
    const MeshModel& model, const NodeKey& source, const NodeKey& destination, const Take& take)
{
    const EdgeKey first{source, destination, {}, Protocol::Unspecified};
    for (auto it = model.edges().lower_bound(first); it != model.edges().end(); ++it) {
        if (it->first.source != source || it->first.destination != destination)
            return;
        take(it->first, it->second);
    }
}

/// Sums over the last ten seconds of several edges.
struct Total
{
    double rate = 0;
    Outcomes outcomes;
    LatencySketch latency;

    void add(const EdgeWindow& window)
    {
        rate += window.rate();
        outcomes.add(window.outcomes);
        latency.merge(window.latency);
    }
    std::optional<double> success() const
    {
        const auto finished = outcomes.finished();
        if (finished == 0)
            return std::nullopt;
        return 1.0 - static_cast<double>(outcomes.failed()) / static_cast<double>(finished);
    }
};

class Builder final
{
public:
    Builder(const MeshModel& model, const SceneInputs& inputs)
        : m_model(model)
        , m_inputs(inputs)
        , m_scene(std::make_shared<scene::SceneModel>())
    {
    }

    scene::SceneModelPtr build()
    {
        countVersions();
        sumIncoming();
        addNodes();
        addEnvironments();
        addFrames();
        addEdges();
        addSplits();
        return m_scene;
    }

private:
    using ServiceKey = std::pair<std::string, std::string>; // namespace, service

    bool shows(const NodeKey& key) const
    {
        return m_inputs.environment.isEmpty() || qs(key.ns) == m_inputs.environment;
    }
    bool hides(const Node& node) const
    {
        return m_inputs.find && !m_inputs.find->isEmpty() && m_inputs.find->hides()
            && m_inputs.find->matches(m_model, node);
    }

    void countVersions()
    {
        for (const auto& [key, node] : m_model.nodes())
            if (shows(key) && !hides(node))
                m_shown.insert(key);
        for (const NodeKey& key : m_shown)
            ++m_versions[{key.ns, key.service}];
    }

    void sumIncoming()
    {
        for (const auto& [key, edge] : m_model.edges()) {
            const EdgeWindow window = m_model.window(key);
            m_incoming[key.destination].add(window);
            m_outgoing[key.source].add(window);
        }
    }

    const Total& totalOf(const NodeKey& key)
    {
        const auto incoming = m_incoming.find(key);
        return incoming != m_incoming.end() ? incoming->second : m_outgoing[key];
    }

    QString nodeSubtitle(const Node& node, const Total& total) const
    {
        if (!node.captured)
            return SceneWords::tr("outside: its own calls are not seen");
        QStringList parts;
        const bool inFrame = m_versions.at({node.key.ns, node.key.service}) > 1;
        if (!inFrame && !node.key.version.empty())
            parts << qs(node.key.version);
        if (node.kind == NodeKind::Gateway)
            parts = {SceneWords::tr("gateway")};
        else if (node.kind == NodeKind::External)
            parts << SceneWords::tr("external");
        else if (node.instances > 0)
            parts << SceneWords::tr("%1 of %2").arg(node.ready).arg(node.instances);
        if (total.outcomes.finished() == 0) {
            if (node.ready > 0 || node.instances == 0)
                parts << SceneWords::tr("no traffic");
        } else {
            parts << rateFigure(total.rate).text();
            if (node.kind != NodeKind::Gateway && (inFrame || node.key.version.empty()))
                parts << latencyFigure(total.latency.quantileMicros(0.99)).text();
        }
        return parts.join(u" · "_s);
    }

    void addNodes()
    {
        for (const NodeKey& key : m_shown) {
            const Node& node = *m_model.node(key);
            const Total& total = totalOf(key);
            scene::SceneNode item;
            item.id = sceneId(key);
            const bool inFrame = m_versions[{key.ns, key.service}] > 1;
            item.title = inFrame && !key.version.empty() ? qs(key.version) : qs(key.service);
            item.subtitle = nodeSubtitle(node, total);
            item.shape = sceneShape(node.kind);
            item.health = sceneHealth(m_model.nodeHealth(key));
            item.environment = qs(key.ns);
            item.frame = inFrame ? serviceId(key.ns, key.service) : QString();
            item.starting = node.instances > 0 && node.ready == 0;
            item.stale = m_inputs.allStale || m_model.nodeHealth(key) == Health::Stale;
            item.dimmed = m_inputs.find && !m_inputs.find->isEmpty() && !m_inputs.find->hides()
                && !m_inputs.find->matches(m_model, node);
            if (item.starting)
                item.subtitle = SceneWords::tr("starting");
            //: read aloud; %1 a service, %2 its environment, %3 its figures
            item.accessibleName
                = SceneWords::tr("%1 in %2, %3").arg(nodeText(key), qs(key.ns), item.subtitle);
            item.toolTip = nodeToolTip(node, total);
            m_scene->nodes.push_back(std::move(item));
        }
    }

    static QString nodeToolTip(const Node& node, const Total& total)
    {
        QStringList lines{nodeText(node.key).toHtmlEscaped()};
        lines << SceneWords::tr("%1 of %2 instances ready").arg(node.ready).arg(node.instances);
        if (total.outcomes.finished() > 0)
            lines << SceneWords::tr("%1, %2 ok, p99 %3, over the last 10 s (n %4)")
                         .arg(rateFigure(total.rate).text(), percentFigure(total.success()).text(),
                             latencyFigure(total.latency.quantileMicros(0.99)).text(),
                             countText(total.latency.count()));
        return lines.join(u"<br>"_s);
    }

    void addEnvironments()
    {
        std::set<std::string> names;
        for (const NodeKey& key : m_shown)
            names.insert(key.ns);
        std::vector<std::string> ordered(names.begin(), names.end());
        std::stable_partition(ordered.begin(), ordered.end(),
            [](const std::string& name) { return name == kPrimaryEnvironment; });
        for (const std::string& name : ordered) {
            scene::SceneEnvironment item;
            item.id = qs(name);
            item.title = qs(name);
            item.primary = name == kPrimaryEnvironment;
            item.subtitle = environmentSubtitle(name);
            item.accessibleName
                = SceneWords::tr("environment %1, %2").arg(item.title, item.subtitle);
            m_scene->environments.push_back(std::move(item));
        }
    }

    /// Traffic of an environment is what comes in at its entries: sources that nobody calls.
    QString environmentSubtitle(const std::string& name) const
    {
        std::set<QString> zones;
        Total entries;
        for (const NodeKey& key : m_shown) {
            if (key.ns != name)
                continue;
            for (const std::string& locality : m_model.node(key)->localities)
                zones.insert(qs(locality));
        }
        for (const auto& [key, edge] : m_model.edges())
            if (key.destination.ns == name && !m_incoming.contains(key.source))
                entries.add(m_model.window(key));
        QStringList parts;
        if (!zones.empty())
            parts << QStringList(zones.begin(), zones.end()).join(u", "_s);
        if (const auto success = entries.success())
            parts << rateFigure(entries.rate).text()
                  << SceneWords::tr("%1 ok").arg(percentFigure(success).text());
        else
            parts << SceneWords::tr("no traffic");
        return parts.join(u" · "_s);
    }

    void addFrames()
    {
        for (const auto& [service, versions] : m_versions) {
            if (versions < 2)
                continue;
            scene::SceneFrame item;
            item.id = serviceId(service.first, service.second);
            item.environment = qs(service.first);
            item.title = qs(service.second);
            item.subtitle = SceneWords::tr("%n version(s)", nullptr, versions);
            item.accessibleName = SceneWords::tr("service %1, %2").arg(item.title, item.subtitle);
            m_scene->frames.push_back(std::move(item));
        }
    }

    bool showsEdge(const EdgeState& edge) const
    {
        if (!m_shown.contains(edge.edge.key.source) || !m_shown.contains(edge.edge.key.destination)
            || !isDrawn(m_model, edge.edge.key))
            return false;
        return !m_inputs.find || m_inputs.find->isEmpty() || !m_inputs.find->hides()
            || !m_inputs.find->matches(m_model, edge);
    }

    void addEdges()
    {
        for (const auto& [key, edge] : m_model.edges())
            if (showsEdge(edge))
                addEdge(key, edge);
    }

    void addEdge(const EdgeKey& key, const EdgeState& edge)
    {
        const EdgeWindow window = windowBetween(m_model, key.source, key.destination);
        scene::SceneEdge item;
        item.id = sceneId(key);
        item.source = sceneId(key.source);
        item.target = sceneId(key.destination);
        item.rate = window.rate();
        item.failureRatio = 1.0 - window.success().value_or(1.0);
        item.health = sceneHealth(edge.health);
        item.stale = m_inputs.allStale || edge.health == Health::Stale;
        item.label = item.stale
            ? SceneWords::tr("%1 old").arg(ageText(std::max(edge.ageMs, m_inputs.extraAgeMs)))
            : edgeLabel(m_model, edge, m_inputs.figure);
        if (item.stale && m_inputs.allStale)
            item.label.clear(); // one banner says it for all
        item.uncertain = edge.breaker.known == Knowledge::Inferred;
        item.badge = badgeOf(edge);
        if (!edge.seconds.empty() && edge.seconds.back().tlsConnections > 0)
            item.tls = scene::TlsMark::Locked;
        item.dimmed = m_inputs.find && !m_inputs.find->isEmpty() && !m_inputs.find->hides()
            && !m_inputs.find->matches(m_model, edge);
        item.whyNotEditable = whyNotEditable(edge);
        item.editable = item.whyNotEditable.isEmpty();
        item.accessibleName = edgeSentence(m_model, edge);
        item.toolTip = edgeToolTip(edge, window);
        m_edgeIndex[key] = m_scene->edges.size();
        m_scene->edges.push_back(std::move(item));
    }

    QString whyNotEditable(const EdgeState& edge) const
    {
        if (!m_inputs.editRefusal.isEmpty())
            return m_inputs.editRefusal;
        if (edge.breaker.known == Knowledge::Inferred)
            return SceneWords::tr("This edge is inferred from an Envoy's statistics; it is not "
                                  "routed from here.");
        if (edge.edge.key.protocol == Protocol::Tcp)
            return SceneWords::tr("TCP connections have no HTTP route to change.");
        return {};
    }

    QString edgeToolTip(const EdgeState& edge, const EdgeWindow& window) const
    {
        const EdgeWindow latency = m_model.latencyWindow(edge.edge.key);
        QStringList lines{edgeText(edge.edge.key).toHtmlEscaped()};
        lines << SceneWords::tr("%1 finished calls a second over %2 s (n %3)")
                     .arg(threeDigits(window.rate()))
                     .arg(window.seconds)
                     .arg(countText(window.outcomes.finished()));
        lines << SceneWords::tr("p50 %1, p95 %2, p99 %3 over %4 s (n %5)")
                     .arg(latencyFigure(latency.latency.quantileMicros(0.5)).text(),
                         latencyFigure(latency.latency.quantileMicros(0.95)).text(),
                         latencyFigure(latency.latency.quantileMicros(0.99)).text())
                     .arg(latency.seconds)
                     .arg(countText(latency.latency.count()));
        lines << knowledgeText(edge.breaker.known);
        return lines.join(u"<br>"_s);
    }

    scene::SceneBadge badgeOf(const EdgeState& edge) const
    {
        scene::SceneBadge badge;
        badge.kind = badgeKind(edge);
        badge.words = breakerWords(edge.breaker);
        if (badge.kind == scene::BadgeKind::Stale)
            badge.words = SceneWords::tr("%1 old").arg(ageText(edge.ageMs));
        if (badge.kind == scene::BadgeKind::TooFewCalls)
            //: inside a small ring: fewer calls than the breaker wants to judge
            badge.mark = SceneWords::tr("n %1").arg(edge.breaker.windowCalls);
        const QString state
            = badge.words.isEmpty() ? breakerStateText(edge.breaker.state) : badge.words;
        badge.accessibleName
            = SceneWords::tr("breaker of %1: %2").arg(edgeText(edge.edge.key), state);
        badge.toolTip = SceneWords::tr("Breaker %1: %2 of %3 calls failed in its window. %4 "
                                       "Click to trip or reset it.")
                            .arg(state)
                            .arg(edge.breaker.windowFailures)
                            .arg(edge.breaker.windowCalls)
                            .arg(edge.breaker.shared
                                    ? SceneWords::tr("Shared by the versions of the service.")
                                    : QString());
        return badge;
    }

    void addSplits()
    {
        std::map<std::pair<NodeKey, ServiceKey>, std::vector<const EdgeState*>> groups;
        for (const auto& [key, edge] : m_model.edges())
            if (m_edgeIndex.contains(key)
                && m_versions[{key.destination.ns, key.destination.service}] > 1)
                groups[{key.source, {key.destination.ns, key.destination.service}}].push_back(
                    &edge);
        for (const auto& [group, edges] : groups)
            if (edges.size() > 1)
                addSplit(group.first, group.second, edges);
    }

    void addSplit(const NodeKey& source, const ServiceKey& service,
        const std::vector<const EdgeState*>& edges)
    {
        scene::SceneSplit item;
        item.id = splitSceneId(source, service.first, service.second);
        item.source = sceneId(source);
        item.frame = serviceId(service.first, service.second);
        Total total;
        scene::Health worst = scene::Health::Idle;
        for (const EdgeState* edge : edges) {
            m_scene->edges[m_edgeIndex[edge->edge.key]].split = item.id;
            total.add(windowBetween(m_model, source, edge->edge.key.destination));
        }
        item.weights = branchWeights(service, edges, total);
        if (const auto success = total.success())
            worst = *success >= 1.0 ? scene::Health::Ok
                : *success >= 0.9   ? scene::Health::Warn
                                    : scene::Health::Bad;
        item.health = worst;
        item.label = total.outcomes.finished() == 0 ? QString() : rateFigure(total.rate).text();
        item.whyNotEditable = m_inputs.editRefusal;
        item.editable = item.whyNotEditable.isEmpty();
        QStringList shares;
        for (std::size_t i = 0; i < edges.size(); ++i)
            shares << SceneWords::tr("%1 % to %2")
                          .arg(item.weights[i])
                          .arg(qs(edges[i]->edge.key.destination.version));
        item.accessibleName = SceneWords::tr("split of %1 to %2: %3")
                                  .arg(nodeText(source), qs(service.second), shares.join(u", "_s));
        item.toolTip = shares.join(u"<br>"_s);
        m_scene->splits.push_back(std::move(item));
    }

    /// The weights of the route where there are any for these branches, else the measured shares.
    std::vector<int> branchWeights(const ServiceKey& service,
        const std::vector<const EdgeState*>& edges, const Total& total) const
    {
        std::vector<int> weights(edges.size(), 0);
        const auto route = m_inputs.weights
            ? m_inputs.weights->find(service.first + '/' + service.second)
            : std::map<std::string, RouteWeights>::const_iterator();
        if (m_inputs.weights && route != m_inputs.weights->end()) {
            for (std::size_t i = 0; i < edges.size(); ++i)
                for (const auto& [subset, weight] : route->second.subsets)
                    if (subset == edges[i]->edge.key.subset
                        || subset == edges[i]->edge.key.destination.version)
                        weights[i] = weight;
            return weights;
        }
        const auto finished = std::max<std::uint64_t>(1, total.outcomes.finished());
        int given = 0;
        std::size_t largest = 0;
        for (std::size_t i = 0; i < edges.size(); ++i) {
            const auto calls
                = windowBetween(m_model, edges[i]->edge.key.source, edges[i]->edge.key.destination)
                      .outcomes.finished();
            weights[i] = static_cast<int>(
                std::lround(100.0 * static_cast<double>(calls) / static_cast<double>(finished)));
            given += weights[i];
            largest = weights[i] > weights[largest] ? i : largest;
        }
        if (total.outcomes.finished() > 0)
            weights[largest] += 100 - given; // rounding must not make 101 of it
        return weights;
    }

    const MeshModel& m_model;
    const SceneInputs& m_inputs;
    std::shared_ptr<scene::SceneModel> m_scene;
    std::set<NodeKey> m_shown;
    std::map<ServiceKey, int> m_versions;
    std::map<NodeKey, Total> m_incoming;
    std::map<NodeKey, Total> m_outgoing;
    std::map<EdgeKey, std::size_t> m_edgeIndex;
};

} // namespace

scene::SceneModelPtr buildScene(const MeshModel& model, const SceneInputs& inputs)
{
    return Builder(model, inputs).build();
}

QString sceneId(const NodeKey& key)
{
    return qs(toString(key));
}
QString sceneId(const EdgeKey& key)
{
    return qs(toString(key));
}

QString splitSceneId(const NodeKey& source, const std::string& ns, const std::string& service)
{
    return u"split:"_s + sceneId(source) + u"->"_s + serviceId(ns, service);
}

bool isDrawn(const MeshModel& model, const EdgeKey& key)
{
    const auto rank = [&model](const EdgeKey& candidate, const EdgeState& edge) {
        return std::pair(
            edge.breaker.overrideKind != OverrideKind::None, model.window(candidate).rate());
    };
    const EdgeState* own = model.edge(key);
    if (!own)
        return false;
    bool drawn = true;
    eachBetween(
        model, key.source, key.destination, [&](const EdgeKey& other, const EdgeState& edge) {
            if (!drawn || other == key || other.protocol != key.protocol)
                return;
            const auto mine = rank(key, *own);
            const auto theirs = rank(other, edge);
            drawn = theirs < mine || (theirs == mine && key < other);
        });
    return drawn;
}

EdgeWindow windowBetween(const MeshModel& model, const NodeKey& source, const NodeKey& destination)
{
    EdgeWindow total;
    eachBetween(model, source, destination, [&](const EdgeKey& key, const EdgeState&) {
        const EdgeWindow window = model.window(key);
        total.seconds = std::max(total.seconds, window.seconds);
        total.outcomes.add(window.outcomes);
        total.bytesIn += window.bytesIn;
        total.bytesOut += window.bytesOut;
        total.latency.merge(window.latency);
    });
    return total;
}

const EdgeState* edgeOfSceneId(const MeshModel& model, const QString& id)
{
    for (const auto& [key, edge] : model.edges())
        if (sceneId(key) == id)
            return &edge;
    return nullptr;
}

const Node* nodeOfSceneId(const MeshModel& model, const QString& id)
{
    for (const auto& [key, node] : model.nodes())
        if (sceneId(key) == id)
            return &node;
    return nullptr;
}

scene::BadgeKind badgeKind(const EdgeState& edge)
{
    using scene::BadgeKind;
    const EdgeBreaker& b = edge.breaker;
    switch (b.overrideKind) {
    case OverrideKind::ForcedOpen:
        return BadgeKind::Tripped;
    case OverrideKind::ForcedClosed:
        return BadgeKind::HeldClosed;
    case OverrideKind::Draining:
        return BadgeKind::Draining;
    case OverrideKind::None:
        break;
    }
    if (b.known == Knowledge::Stale || edge.health == Health::Stale)
        return BadgeKind::Stale;
    if (b.known == Knowledge::Inferred)
        return BadgeKind::Inferred;
    if (b.known == Knowledge::Unknown || b.known == Knowledge::Unspecified
        || b.state == BreakerState::Unspecified)
        return BadgeKind::Unknown;
    if (b.panic)
        return BadgeKind::Panic;
    if (b.observeOnly)
        return BadgeKind::Observe;
    if (b.state == BreakerState::Open)
        return BadgeKind::Open;
    if (b.state == BreakerState::HalfOpen)
        return BadgeKind::HalfOpen;
    if (b.limited)
        return BadgeKind::Limited;
    return b.insufficient ? BadgeKind::TooFewCalls : BadgeKind::Closed;
}

} // namespace meshyard::ui
