// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/snapshot/snapshot.h"

#include "client/model/mesh_model.h"

#include <algorithm>

namespace meshyard {

namespace {

/// The share of `total` that falls into part `index` of `parts`; the parts add up to the total.
std::uint64_t part(std::uint64_t total, std::uint64_t index, std::uint64_t parts)
{
    return total * (index + 1) / parts - total * index / parts;
}

EdgeSample partOf(const EdgeFigures& figures, std::uint32_t index)
{
    const std::uint64_t parts = std::max(figures.windowS, 1U);
    const auto share = [index, parts](std::uint64_t total) { return part(total, index, parts); };
    const Outcomes& all = figures.outcomes;
    EdgeSample sample;
    sample.edge = figures.edge.id;
    sample.outcomes = {share(all.ok), share(all.clientErrors), share(all.serverErrors),
        share(all.connectErrors), share(all.timeouts), share(all.rejected), share(all.limited),
        share(all.noEndpoint), share(all.faults), share(all.retries), share(all.cancelled)};
    sample.bytesOut = share(figures.bytesOut);
    sample.bytesIn = share(figures.bytesIn);
    sample.inFlight = figures.inFlight;
    sample.connections = figures.connections;
    sample.tlsConnections = figures.tlsConnections;
    const auto counts = figures.latency.counts();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (const std::uint64_t count = share(counts[i]); count > 0)
            sample.latency.addToBucket(i, static_cast<std::uint32_t>(count));
    }
    sample.latency.setSumAndMax(share(figures.latency.sumMicros()), figures.latency.maxMicros());
    return sample;
}

} // namespace

Snapshot takeSnapshot(const MeshModel& model, std::uint32_t seconds)
{
    Snapshot snapshot{model.toFrame(), edgeFigures(model, seconds)};
    for (EdgeSample& sample : snapshot.frame.samples) {
        EdgeSample breakerOnly;
        breakerOnly.edge = sample.edge;
        breakerOnly.ageMs = sample.ageMs;
        breakerOnly.breaker = std::move(sample.breaker);
        sample = std::move(breakerOnly);
    }
    return snapshot;
}

MeshFrame snapshotFrame(const Snapshot& snapshot)
{
    MeshFrame frame = snapshot.frame;
    frame.full = true;
    frame.closesSecond = true;
    std::unordered_map<EdgeId, EdgeSample*> samples;
    for (EdgeSample& sample : frame.samples)
        samples.emplace(sample.edge, &sample);
    std::uint32_t window = 1;
    for (const EdgeFigures& figures : snapshot.edges)
        window = std::max(window, std::min(figures.windowS, 60U));
    frame.before.emplace(window - 1);
    for (const EdgeFigures& figures : snapshot.edges) {
        // The newest seconds are the covered ones: a young edge has a shorter window.
        const std::uint32_t covered = std::min(figures.windowS, window);
        for (std::uint32_t i = 0; i + 1 < covered; ++i)
            (*frame.before)[window - covered + i].push_back(partOf(figures, i));
        const auto newest = samples.find(figures.edge.id);
        if (newest == samples.end() || covered == 0)
            continue;
        EdgeSample last = partOf(figures, covered - 1);
        last.breaker = std::move(newest->second->breaker);
        last.ageMs = newest->second->ageMs;
        *newest->second = std::move(last);
    }
    return frame;
}

} // namespace meshyard
