// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reroute/prediction.h"

#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct RerouteWords
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::Reroute)
};

using config::RouteShare;

constexpr std::size_t kMaxDownstream = 3;

double rateInto(const MeshModel& model, const NodeKey& node)
{
    double rate = 0;
    for (const auto& [key, edge] : model.edges())
        if (key.destination == node)
            rate += model.window(key).rate();
    return rate;
}

NodeKey nodeOf(const RouteShare& share)
{
    return {share.service.ns, share.service.service, share.version};
}

unsigned sumOf(const std::vector<RouteShare>& shares)
{
    return std::accumulate(shares.begin(), shares.end(), 0U,
        [](unsigned sum, const RouteShare& share) { return sum + share.weight; });
}

const RouteShare* find(const std::vector<RouteShare>& shares, const NodeKey& node)
{
    for (const RouteShare& share : shares)
        if (nodeOf(share) == node)
            return &share;
    return nullptr;
}

/// The edge from the caller to a version, by whatever subset and protocol.
const EdgeState* edgeTo(const MeshModel& model, const NodeKey& source, const NodeKey& node)
{
    for (const auto& [key, edge] : model.edges())
        if (key.source == source && key.destination == node && isDrawn(model, key))
            return &edge;
    return nullptr;
}

/// What comes into a version from anybody; where the caller never called it, others tell.
EdgeWindow windowInto(const MeshModel& model, const NodeKey& source, const NodeKey& node)
{
    if (const EdgeWindow own = windowBetween(model, source, node); own.outcomes.finished() > 0)
        return own;
    EdgeWindow total;
    for (const auto& [key, edge] : model.edges()) {
        if (key.destination != node)
            continue;
        const EdgeWindow window = model.window(key);
        total.seconds = std::max(total.seconds, window.seconds);
        total.outcomes.add(window.outcomes);
        total.latency.merge(window.latency);
    }
    return total;
}

class Predictor final
{
public:
    Predictor(const MeshModel& model, const RerouteDraft& draft)
        : m_model(model)
        , m_draft(draft)
    {
        for (const RouteShare& share : draft.before)
            m_rate += windowBetween(model, draft.source, nodeOf(share)).rate();
        m_sum = std::max(1U, sumOf(draft.after));
    }

    Prediction predict()
    {
        for (const RouteShare& share : m_draft.after)
            addVersion(share);
        addSuccess();
        return std::move(m_prediction);
    }

private:
    double nowOf(const NodeKey& node) const
    {
        return windowBetween(m_model, m_draft.source, node).rate();
    }

    void addVersion(const RouteShare& share)
    {
        const NodeKey node = nodeOf(share);
        const RouteShare* old = find(m_draft.before, node);
        const double now = nowOf(node);
        const double then = m_rate * share.weight / m_sum;
        const bool changed = !old || old->weight != share.weight;
        if (!changed && std::abs(now - then) < 0.5)
            return;
        m_prediction.figures.push_back({nodeText(node), threeDigits(now), rateFigure(then).text(),
            PredictedFigure::Tone::Plain, sceneId(node)});
        if (then > now)
            addConcurrency(node, now, then);
        addDownstream(node, now, then);
    }

    void addConcurrency(const NodeKey& node, double now, double then)
    {
        const EdgeWindow window = windowInto(m_model, m_draft.source, node);
        const auto p95 = window.latency.quantileMicros(0.95);
        if (!p95)
            return;
        const double seconds = *p95 / 1e6;
        const double inFlight = std::ceil(then * seconds);
        const EdgeState* edge = edgeTo(m_model, m_draft.source, node);
        const std::uint32_t limit = edge ? edge->breaker.limitInFlight : 0;
        QString after = threeDigits(inFlight);
        if (limit > 0)
            after = RerouteWords::tr("%1 of %2").arg(after).arg(limit);
        m_prediction.figures.push_back({RerouteWords::tr("in flight at p95"),
            threeDigits(std::ceil(now * seconds)), after, PredictedFigure::Tone::Sub, {}});
        if (limit > 0 && inFlight > limit)
            m_prediction.crossed << RerouteWords::tr(
                "%1 would reach its limit of %2 calls at once.")
                                        .arg(nodeText(node))
                                        .arg(limit);
    }

    void addDownstream(const NodeKey& node, double now, double then)
    {
        const double into = rateInto(m_model, node);
        if (into <= 0)
            return;
        std::size_t shown = 0;
        for (const auto& [key, edge] : m_model.edges()) {
            if (key.source != node || shown >= kMaxDownstream)
                continue;
            const double rate = m_model.window(key).rate();
            const double callsPerCall = rate / into;
            const double after = std::max(0.0, rate + (then - now) * callsPerCall);
            if (std::abs(after - rate) < 0.05)
                continue;
            const bool tripped = edge.breaker.overrideKind == OverrideKind::ForcedOpen
                || edge.breaker.state == BreakerState::Open;
            m_prediction.figures.push_back({edgeText(key), threeDigits(rate),
                rateFigure(after).text(),
                tripped && after > rate ? PredictedFigure::Tone::Bad : PredictedFigure::Tone::Plain,
                {}});
            if (tripped && after > rate)
                m_prediction.crossed << RerouteWords::tr("%1 is open: its calls would be rejected.")
                                            .arg(edgeText(key));
            ++shown;
        }
    }

    void addSuccess()
    {
        double now = 0;
        double then = 0;
        for (const RouteShare& share : m_draft.after) {
            const auto success
                = windowInto(m_model, m_draft.source, nodeOf(share)).success().value_or(1.0);
            then += success * share.weight / m_sum;
            now += success * nowOf(nodeOf(share));
        }
        if (m_rate <= 0)
            return;
        now = std::min(1.0, now / m_rate);
        const auto tone = then > now + 0.0005 ? PredictedFigure::Tone::Good
            : then < now - 0.0005             ? PredictedFigure::Tone::Bad
                                              : PredictedFigure::Tone::Plain;
        m_prediction.figures.push_back(
            {RerouteWords::tr("success of %1").arg(QString::fromStdString(m_draft.host.service)),
                percentFigure(now).value, percentFigure(then).text(), tone, {}});
    }

    const MeshModel& m_model;
    const RerouteDraft& m_draft;
    double m_rate = 0;
    unsigned m_sum = 1;
    Prediction m_prediction;
};

} // namespace

std::vector<RouteShare> currentShares(const MeshModel& model,
    const std::map<std::string, RouteWeights>& weights, const NodeKey& source,
    const config::HostTarget& host)
{
    std::vector<RouteShare> shares;
    double total = 0;
    std::vector<double> rates;
    for (const auto& [key, node] : model.nodes()) {
        if (key.ns != host.ns || key.service != host.service)
            continue;
        rates.push_back(windowBetween(model, source, key).rate());
        total += rates.back();
        shares.push_back({host, key.version, 0});
    }
    const auto route = weights.find(host.ns + '/' + host.service);
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (route == weights.end()) {
            if (total > 0)
                shares[i].weight = static_cast<unsigned>(std::lround(100 * rates[i] / total));
            continue;
        }
        for (const auto& [subset, weight] : route->second.subsets)
            if (subset == shares[i].version)
                shares[i].weight = static_cast<unsigned>(std::max(0, weight));
    }
    return shares;
}

RerouteDraft moveEdge(const MeshModel& model, const std::map<std::string, RouteWeights>& weights,
    const EdgeKey& edge, const NodeKey& target)
{
    RerouteDraft draft;
    draft.source = edge.source;
    draft.host = {edge.destination.ns, edge.destination.service};
    draft.before = currentShares(model, weights, edge.source, draft.host);
    draft.after = draft.before;
    unsigned moved = 0;
    for (RouteShare& share : draft.after) {
        if (nodeOf(share) != edge.destination)
            continue;
        moved = share.weight;
        share.weight = 0;
    }
    if (sumOf(draft.before) == 0)
        moved = 100; // nothing is known of the division: all of it
    for (RouteShare& share : draft.after) {
        if (nodeOf(share) == target) {
            share.weight += moved;
            return draft;
        }
    }
    draft.after.push_back({{target.ns, target.service}, target.version, moved});
    return draft;
}

Prediction predict(const MeshModel& model, const RerouteDraft& draft)
{
    return Predictor(model, draft).predict();
}

} // namespace meshyard::ui
