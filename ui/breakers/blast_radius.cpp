// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/breakers/blast_radius.h"

#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"

#include <QCoreApplication>

#include <algorithm>
#include <set>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct BlastWords
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::BlastRadius)
};

bool shareCluster(const Edge& a, const Edge& b)
{
    return std::any_of(a.clusters.begin(), a.clusters.end(), [&](const std::string& cluster) {
        return std::find(b.clusters.begin(), b.clusters.end(), cluster) != b.clusters.end();
    });
}

} // namespace

BlastRadius blastRadius(const MeshModel& model, const EdgeKey& edge)
{
    BlastRadius radius;
    const EdgeSelector selector = selectorOf(edge);
    const EdgeState* tripped = model.edge(edge);
    EdgeWindow window;
    std::set<std::string> versions;
    for (const auto& [key, state] : model.edges()) {
        // A breaker belongs to a cluster: every version behind it is tripped at once.
        if (!covers(selector, key))
            continue;
        const EdgeWindow one = model.window(key);
        window.outcomes.add(one.outcomes);
        radius.rejectedPerSecond += one.rate();
        radius.callers = std::max(radius.callers, std::max(1U, state.breaker.instances));
        versions.insert(key.destination.version);
        radius.oneCluster = radius.oneCluster && tripped && shareCluster(tripped->edge, state.edge);
    }
    radius.versions = versions.size();
    Outcomes incoming;
    for (const auto& [key, state] : model.edges())
        if (key.destination == edge.source)
            incoming.add(model.window(key).outcomes);
    const auto finished = static_cast<double>(incoming.finished());
    if (finished <= 0)
        return radius;
    const double ok = finished - static_cast<double>(incoming.failed());
    // Calls here that succeed now would fail; one answer may need several calls, so this is a
    // bound.
    const auto lost = static_cast<double>(window.outcomes.finished() - window.outcomes.failed());
    radius.callerSuccess = ok / finished;
    radius.callerSuccessAfter = std::max(0.0, ok - lost) / finished;
    return radius;
}

QString blastText(const MeshModel& model, const EdgeKey& edge)
{
    const BlastRadius radius = blastRadius(model, edge);
    QString text
        = BlastWords::tr("Rejects %1 from %n caller(s).", nullptr, static_cast<int>(radius.callers))
              .arg(rateFigure(radius.rejectedPerSecond).text());
    const QString service = QString::fromStdString(edge.destination.service);
    if (radius.versions > 1)
        text += u' '
            + (radius.oneCluster
                    ? BlastWords::tr("Trips all versions of %1: they share one cluster.")
                    : BlastWords::tr("Trips all versions of %1."))
                  .arg(service);
    if (radius.callerSuccess)
        text += u' '
            + BlastWords::tr("%1: success %2 → %3 at worst.")
                  .arg(nodeText(edge.source), percentFigure(radius.callerSuccess).value,
                      percentFigure(radius.callerSuccessAfter).text());
    return text;
}

} // namespace meshyard::ui
