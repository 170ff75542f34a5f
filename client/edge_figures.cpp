// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/edge_figures.h"

#include "client/model/mesh_model.h"

namespace meshyard {

double EdgeFigures::rps() const
{
    return windowS == 0 ? 0.0 : static_cast<double>(outcomes.finished()) / windowS;
}

std::optional<double> EdgeFigures::successRate() const
{
    const std::uint64_t finished = outcomes.finished();
    if (finished == 0)
        return std::nullopt;
    return 1.0 - static_cast<double>(outcomes.failed()) / static_cast<double>(finished);
}

std::optional<double> EdgeFigures::percentileMs(double quantile) const
{
    const std::optional<double> micros = latency.quantileMicros(quantile);
    return micros ? std::optional(*micros / 1000.0) : std::nullopt;
}

bool EdgeFigures::mtls() const
{
    return connections > 0 && tlsConnections == connections;
}

std::vector<EdgeFigures> edgeFigures(const MeshModel& model, std::uint32_t seconds)
{
    std::vector<EdgeFigures> figures;
    figures.reserve(model.edges().size());
    for (const auto& [key, state] : model.edges()) {
        EdgeWindow window = model.window(key, seconds);
        EdgeFigures& one = figures.emplace_back();
        one.edge = state.edge;
        one.windowS = window.seconds;
        one.outcomes = window.outcomes;
        one.bytesOut = window.bytesOut;
        one.bytesIn = window.bytesIn;
        one.latency = std::move(window.latency);
        one.breaker = state.breaker;
        if (state.seconds.empty())
            continue;
        one.inFlight = state.seconds.back().inFlight;
        one.connections = state.seconds.back().connections;
        one.tlsConnections = state.seconds.back().tlsConnections;
    }
    return figures;
}

} // namespace meshyard
